"""Luck, measured: the papers' own examples, simulations with a known answer, and a slow second opinion."""

from itertools import combinations, pairwise
from math import sqrt

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadInput
from research.data.candles import FloatArray
from research.statistics.overfit import (
    deflated_sharpe,
    expected_maximum,
    probabilistic,
    probabilistic_sharpe,
    probability_of_overfitting,
)

YEAR = 250  # the paper's days in a year


def noise(rows: int, trials: int, seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(0.0, 0.01, (rows, trials))


def test_the_example_of_bailey_and_lopez_de_prado() -> None:
    # 100 trials, variance 1/2 of yearly Sharpe ratios; the best: 2.5, 1,250 days, skew -3, kurtosis 10.
    luck = expected_maximum(100, 0.5 / YEAR)
    assert luck == pytest.approx(0.1132, abs=5e-5)
    assert probabilistic(2.5 / sqrt(YEAR), 1250, -3, 10, luck) == pytest.approx(0.9004, abs=5e-5)


def test_after_46_trials_the_example_would_have_been_significant() -> None:
    luck = expected_maximum(46, 0.5 / YEAR)
    assert probabilistic(2.5 / sqrt(YEAR), 1250, -3, 10, luck) == pytest.approx(0.9505, abs=5e-5)


def test_the_best_of_many_without_skill_is_as_lucky_as_expected() -> None:
    draw = np.random.default_rng(7)
    for trials, near in ((10, 0.04), (100, 0.01), (1000, 0.01)):  # an approximation for many trials
        best = draw.normal(0.0, 0.3, (4000, trials)).max(axis=1).mean()
        assert expected_maximum(trials, 0.09) == pytest.approx(best, rel=near)


def test_one_trial_expects_no_luck() -> None:
    assert expected_maximum(1, 0.5) == 0.0


def test_moments_are_those_of_scipy() -> None:
    returns = np.random.default_rng(3).standard_t(5, 400) * 0.01 + 0.001
    ratio = returns.mean() / returns.std(ddof=1)
    skew, kurtosis = scipy.stats.skew(returns), scipy.stats.kurtosis(returns, fisher=False)
    value = (ratio - 0.02) * sqrt(399) / sqrt(1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2)
    assert probabilistic_sharpe(returns, 0.02) == pytest.approx(scipy.stats.norm.cdf(value), rel=1e-12)


def test_the_best_of_noise_is_rarely_called_skill_though_it_looks_significant() -> None:
    fooled = found = 0
    for seed in range(200):
        table = noise(250, 50, seed)
        ratios = table.mean(axis=0) / table.std(axis=0, ddof=1)
        best = table[:, ratios.argmax()]
        fooled += probabilistic_sharpe(best) > 0.95
        found += deflated_sharpe(best, ratios) > 0.95
    assert fooled > 180
    assert found < 20  # 5 % of 200 is 10; three standard deviations above it


def test_real_skill_survives_deflation() -> None:
    table = noise(1000, 50, 1)
    table[:, 7] += 0.003
    ratios = table.mean(axis=0) / table.std(axis=0, ddof=1)
    assert deflated_sharpe(table[:, 7], (50, float(np.var(np.delete(ratios, 7), ddof=1)))) > 0.99


def test_number_and_variance_stand_for_the_trials_themselves() -> None:
    ratios = np.random.default_rng(2).normal(0, 0.05, 30)
    returns = noise(300, 1, 4)[:, 0]
    assert deflated_sharpe(returns, ratios) == deflated_sharpe(returns, (30, float(np.var(ratios, ddof=1))))


@given(st.integers(1, 2000), st.integers(1, 2000), st.integers(0, 100))
def test_more_trials_never_make_a_result_look_better(few: int, more: int, seed: int) -> None:
    returns = noise(100, 1, seed)[:, 0] + 0.001
    few, more = sorted((few, more))
    low, high = deflated_sharpe(returns, (more, 0.01)), deflated_sharpe(returns, (few, 0.01))
    assert 0 <= low <= high <= 1


@pytest.mark.parametrize(
    ("returns", "trials", "says"),
    [
        ([0.1], (5, 0.1), r"shape \(1,\) must be one series of at least 2"),
        ([0.1, 0.1, 0.1], (5, 0.1), "no variance"),
        ([0.1, float("nan")], (5, 0.1), "value nan at place 1 must be a finite number"),
        ([0.1, 0.2, -0.1], (0, 0.1), "trials 0 must be at least 1"),
        ([0.1, 0.2, -0.1], (5, -0.1), r"variance -0.1 .* must be at least 0"),
    ],
)
def test_deflation_refuses_what_cannot_be(returns: list[float], trials: tuple[int, float], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        deflated_sharpe(np.array(returns), trials)


def test_impossible_moments_are_refused() -> None:
    with pytest.raises(BadInput, match="leave no variance"):
        probabilistic(1.0, 100, 3.0, 1.0, 0.0)
    with pytest.raises(BadInput, match="observations 1 must be at least 2"):
        probabilistic(1.0, 1, 0.0, 3.0, 0.0)


def test_noise_is_overfit_half_of_the_time() -> None:
    # One draw scatters widely (its deviation is about 0.2); the mean of 40 draws to about 0.03.
    found = [probability_of_overfitting(noise(480, 20, seed), 10).probability for seed in range(40)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.1)


def test_noise_of_equal_total_is_always_overfit() -> None:
    # The paper's case of no skill: what is won in sample is lost outside.
    table = noise(1000, 100, 5)
    found = probability_of_overfitting((table - table.mean(axis=0)) / table.std(axis=0))
    assert found.probability > 0.99
    assert found.slope == pytest.approx(-1, abs=0.1)
    assert found.loss > 0.99


def test_one_truly_good_trial_is_not_overfit() -> None:
    table = noise(1000, 50, 6)
    table[:, 31] += 0.004
    found = probability_of_overfitting(table)
    assert found.probability < 0.01
    assert found.loss < 0.01
    assert (found.trials, found.blocks, found.combinations) == (50, 16, 12_870)
    assert len(found.logits) == 12_870
    assert "logits" not in found.plain()


def plainly(table: FloatArray, blocks: int) -> tuple[list[float], list[float], list[float]]:
    """Return logits and both scores the slow way: a matrix per combination."""
    edges = np.linspace(0, len(table), blocks + 1).astype(int)
    parts = [table[a:b] for a, b in pairwise(edges)]
    logits, inside, outside = [], [], []
    for chosen in combinations(range(blocks), blocks // 2):
        half = np.concatenate([parts[i] for i in chosen])
        rest = np.concatenate([parts[i] for i in range(blocks) if i not in chosen])
        first, second = (each.mean(axis=0) / each.std(axis=0, ddof=1) for each in (half, rest))
        best = int(first.argmax())
        share = scipy.stats.rankdata(second)[best] / (table.shape[1] + 1)
        logits.append(np.log(share / (1 - share)))
        inside.append(first[best])
        outside.append(second[best])
    return logits, inside, outside


@pytest.mark.parametrize(("rows", "trials", "blocks"), [(60, 5, 6), (67, 12, 8), (9, 2, 2), (8, 3, 4)])
def test_block_sums_give_what_whole_matrices_give(rows: int, trials: int, blocks: int) -> None:
    table = noise(rows, trials, rows) + 0.002
    found = probability_of_overfitting(table, blocks)
    logits, inside, outside = plainly(table, blocks)
    assert found.logits == pytest.approx(logits, abs=1e-9)
    assert found.probability == np.mean(np.array(logits) <= 0)
    assert found.loss == np.mean(np.array(outside) < 0)
    line = scipy.stats.linregress(inside, outside)
    assert found.slope == pytest.approx(line.slope, rel=1e-6)
    assert found.intercept == pytest.approx(line.intercept, rel=1e-6)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(2, 9), st.floats(1e-6, 1e6))
def test_a_trials_unit_does_not_matter(seed: int, trials: int, unit: float) -> None:
    table = noise(40, trials, seed)
    scales = np.where(np.arange(trials) % 2, unit, 1.0)
    one, two = (probability_of_overfitting(each, 4) for each in (table, table * scales))
    assert one.logits == pytest.approx(two.logits)


def test_a_trial_that_never_trades_scores_nothing_and_breaks_nothing() -> None:
    table = noise(80, 4, 8)
    table[:, 2] = 0.0
    table[:40, 3] = 0.0
    found = probability_of_overfitting(table, 8)
    assert np.isfinite(found.logits).all()
    idle = probability_of_overfitting(np.zeros((80, 4)), 8)
    assert (idle.slope, idle.intercept, idle.loss) == (None, None, 0.0)


@pytest.mark.parametrize(
    ("shape", "blocks", "says"),
    [
        ((100, 1), 16, r"shape \(100, 1\) .* at least 2 trials"),
        ((100,), 16, r"shape \(100,\)"),
        ((100, 3), 7, "blocks 7 must be even, from 2 to 20"),
        ((100, 3), 22, "blocks 22 must be even, from 2 to 20"),
        ((100, 3), 0, "blocks 0 must be even"),
        ((15, 3), 16, "15 returns per trial; 16 blocks need at least 16"),
        ((3, 3), 2, "3 returns per trial; 2 blocks need at least 4"),
    ],
)
def test_cross_validation_refuses_what_cannot_be(shape: tuple[int, ...], blocks: int, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        probability_of_overfitting(np.zeros(shape), blocks)


def test_a_return_that_is_no_number_is_refused() -> None:
    table = noise(100, 3, 1)
    table[4, 1] = np.inf
    with pytest.raises(BadInput, match="value inf at place 13"):
        probability_of_overfitting(table)

"""Calibrators against scikit-learn's, and what must hold of any table."""

import random
from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from domain import calibrator
from domain.times import utc
from learning import calibration, scores
from learning.forecasts import Forecast, Resolved

Sample = tuple[list[float], list[bool]]


def sklearn(module: str) -> Any:
    """Return a module of scikit-learn: two seconds' imports, for the worker that is asked alone."""
    return import_module(f"sklearn.{module}")


def sample(count: int, seed: int = 5, places: int = 1000) -> Sample:
    """Return forecasts that are overconfident: what they say is twice as far from even odds as what comes."""
    chance = random.Random(seed)
    said = [chance.randrange(1, places) / places for _ in range(count)]
    return said, [chance.random() < 0.5 + (each - 0.5) / 2 for each in said]


@pytest.mark.parametrize("count", [2, 37, 800])
def test_scores_are_those_of_scikit_learn(count: int) -> None:
    said, won = sample(count)
    won[:2] = [True, False]
    kept = [scores.clipped(each) for each in said]
    metrics = sklearn("metrics")
    assert scores.brier(said, won) == pytest.approx(metrics.brier_score_loss(won, said), abs=1e-15)
    assert scores.log_loss(said, won) == pytest.approx(metrics.log_loss(won, kept), abs=1e-13)
    share, mean = sklearn("calibration").calibration_curve(won, said, n_bins=10, strategy="quantile")
    bins = scores.reliability(said, won)
    assert [each.won for each in bins] == pytest.approx(list(share), abs=1e-15)
    assert [each.probability for each in bins] == pytest.approx(list(mean), abs=1e-12)
    assert sum(each.count for each in bins) == count


def test_equal_forecasts_share_a_bin_and_the_interval_is_wilsons() -> None:
    (only,) = scores.reliability([0.7] * 10, [True] * 8 + [False] * 2)
    assert (only.count, only.won) == (10, 0.8)
    assert only.probability == pytest.approx(0.7)
    # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I: 81 of 263.
    assert scores.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_skill_is_nothing_for_the_base_rate_and_below_it_for_worse() -> None:
    won = [True, False, False, False]
    assert scores.skill([0.25] * 4, [0.25] * 4, won) == 0.0
    assert scores.skill([0.9] * 4, [0.25] * 4, won) < 0.0  # type: ignore[operator]
    assert scores.skill([0.5], [1.0], [True]) is None


@pytest.mark.parametrize("count", [150, 399])
def test_the_sigmoid_is_the_one_logistic_regression_finds_for_platts_targets(count: int) -> None:
    said, won = sample(count)
    odds = [calibration._odds(each) for each in said]
    yes, no = sum(won), count - sum(won)
    target = np.where(won, (yes + 1) / (yes + 2), 1 / (no + 2))
    twice = np.array(odds + odds).reshape(-1, 1)
    weights = np.concatenate([target, 1 - target])
    oracle = sklearn("linear_model").LogisticRegression(C=1e12, tol=1e-12, max_iter=10_000)
    oracle.fit(twice, [1] * count + [0] * count, sample_weight=weights)
    slope, level = calibration.sigmoid(odds, won)
    assert slope == pytest.approx(float(oracle.coef_[0, 0]), abs=1e-5)
    assert level == pytest.approx(float(oracle.intercept_[0]), abs=1e-5)


def isotonic_with(said: Sequence[float], won: Sequence[bool], place: float, *, one: bool) -> float:
    """Return Venn-Abers's end by its definition: isotonic regression with the forecast added."""
    model = sklearn("isotonic").IsotonicRegression(out_of_bounds="clip").fit([*said, place], [*won, one])
    return float(model.predict([place])[0])


@pytest.mark.parametrize("places", [40, 1000])
def test_venn_abers_is_its_definition_at_the_places_and_never_narrower_between(places: int) -> None:
    said, won = sample(420, places=places)
    made = calibration.venn_abers(said, won)
    for number, place in enumerate(made.at):
        assert made.low[number] == pytest.approx(scores.clipped(isotonic_with(said, won, place, one=False)))
        assert made.high[number] == pytest.approx(scores.clipped(isotonic_with(said, won, place, one=True)))
    for place in (0.0, 0.0005, 0.2222, 0.5, 0.7777, 1.0):
        low, high = made.ends(place)
        assert low <= scores.clipped(isotonic_with(said, won, place, one=False)) + 1e-12
        assert high >= scores.clipped(isotonic_with(said, won, place, one=True)) - 1e-12
        assert low <= made.chance(place) <= high


def test_pooling_is_scikit_learns_isotonic_regression() -> None:
    said, won = sample(300, places=60)
    pooled = calibration._pooled(said, won)
    oracle = sklearn("isotonic").IsotonicRegression().fit(said, won).predict([each[0] for each in pooled])
    assert calibration.isotonic(pooled) == pytest.approx(list(oracle))


@pytest.mark.parametrize("count", [0, 1, 149, 150, 399, 400, 700])
@pytest.mark.parametrize("turned", [False, True])
def test_every_table_rises_within_its_bounds_and_is_of_the_kind_its_outcomes_allow(
    count: int,
    *,
    turned: bool,
) -> None:
    said, won = sample(count, seed=count)
    made = calibration.fitted([1 - each for each in said] if turned else said, won)
    kinds = {0: "constant", 150: "Platt", 400: "Venn-Abers"}
    assert made.kind == kinds[max(least for least in kinds if least <= count)]
    ends = [made.ends(number / 50) for number in range(51)]
    for side in zip(*ends, strict=True):
        assert list(side) == sorted(side)
        assert min(side) >= calibrator.LEAST
        assert max(side) <= calibrator.MOST
    assert all(low <= high for low, high in ends)


def test_what_ranks_the_wrong_way_round_is_flat() -> None:
    said, won = sample(300)
    made = calibration.platt([1 - each for each in said], won)
    assert made.low[0] == pytest.approx(made.low[-1])


@pytest.mark.parametrize("count", [20, 200, 420])
def test_machine_code_reads_the_same_bits_out_of_a_table(count: int) -> None:
    said, won = sample(count)
    made = calibration.fitted(said, won)
    import numba  # noqa: PLC0415  # half a second

    njit: Any = numba.njit
    machine = njit(calibrator.looked_up)
    at, low, high = (np.array(each) for each in (made.at, made.low, made.high))
    for chance in (*said[:60], *made.at, -0.1, 0.0, 1.0, 1.1, float("nan")):
        ends = machine(chance, at, low, -1), machine(chance, at, high, 1), machine(chance, at, low, 0)
        plain = (
            calibrator.looked_up(chance, made.at, made.low, -1),
            calibrator.looked_up(chance, made.at, made.high, 1),
            calibrator.looked_up(chance, made.at, made.low, 0),
        )
        assert repr(ends) == repr(plain), "to the bit, and what is no number is none in both"


def resolved(days: float, chance: float, won: int, *, later: float = 0.5, base: float = 0.4) -> Resolved:
    given = utc(0) + timedelta(days=days)
    at = round(given.timestamp() * 1000)
    told = Forecast("rsi", 1, "BTC/USDT", at, 1, chance, base)
    return Resolved(told, 0.01 if won else -0.01, at + round(later * 86_400_000), "trade")


def test_a_forecast_is_judged_by_what_was_known_before_its_month() -> None:
    said, won = sample(1_000)
    done = [resolved(number / 4, *each) for number, each in enumerate(zip(said, won, strict=True))]
    before = calibration.prequential(done)
    # January 1970 has 124 of them: too few for a fit, so February is told the base rate.
    assert before[:124] == [0.4] * 124
    assert before[124 + 112] != 0.4
    turned = [*done[:500], *(resolved(n / 4, said[n], not won[n]) for n in range(500, 1_000))]
    month = calibration.month_of(done[500].forecast.at)
    same = [n for n, each in enumerate(done) if calibration.month_of(each.forecast.at) <= month]
    other = calibration.prequential(turned)
    assert [before[n] for n in same] == [other[n] for n in same]
    assert before != other


def test_an_outcome_that_came_after_the_month_began_is_not_known_in_it() -> None:
    said, won = sample(400)
    late = [resolved(number / 20, *each, later=40) for number, each in enumerate(zip(said, won, strict=True))]
    probe = resolved(32, 0.9, True)
    assert calibration.prequential([*late, probe])[-1] == 0.4

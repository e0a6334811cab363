"""Resampling: seeded, the same however it is split, and true to what was traded."""

import json
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadInput
from research.statistics.monte_carlo import (
    block_bootstrap,
    bootstrapped,
    default_block,
    shuffle_trades,
    shuffled_falls,
    stationary,
)
from research.statistics.ratios import sharpe

PNL = np.array([50, -30, 20, -60, 90, -10, 40], dtype=np.int64)


def days(count: int = 200, seed: int = 1) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(0.001, 0.02, count)


def test_the_order_of_trades_changes_the_way_and_never_the_end() -> None:
    found = shuffle_trades(PNL, 1000, 500, 3)
    assert found.final_return.p5 == found.final_return.p95 == pytest.approx(0.1)
    assert found.max_drawdown.p5 < found.max_drawdown.p95
    assert (found.loss, found.sharpe, found.block) == (0.0, None, None)


def test_shuffled_drawdowns_are_those_of_all_orders() -> None:
    falls = []
    for order in permutations([50.0, -30.0, 20.0, -60.0]):
        worth = np.cumsum([1000.0, *order])
        falls.append(float(np.max(1 - worth / np.maximum.accumulate(worth))))
    found = shuffled_falls(np.array([50, -30, 20, -60]), 1000, range(6000), 1)
    assert set(np.round(found, 12)) == set(np.round(falls, 12))
    assert found.mean() == pytest.approx(np.mean(falls), rel=0.02)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    one, two, other = (block_bootstrap(days(), 50, seed) for seed in (5, 5, 6))
    assert json.dumps(one.plain()) == json.dumps(two.plain())
    assert one.final_return != other.final_return
    assert shuffle_trades(PNL, 1000, 50, 5) == shuffle_trades(PNL, 1000, 50, 5)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 40), max_size=4), st.integers(0, 10**9))
def test_runs_are_the_same_however_they_are_split(cuts: list[int], seed: int) -> None:
    edges = [0, *sorted(cuts), 40]
    parts = [range(a, b) for a, b in pairwise(edges)]
    whole = bootstrapped(days(30), range(40), seed, 3.0, 365)
    split = [bootstrapped(days(30), part, seed, 3.0, 365) for part in parts]
    for place in range(3):
        assert np.concatenate([each[place] for each in split]).tobytes() == whole[place].tobytes()
    falls = [shuffled_falls(PNL, 1000, part, seed) for part in parts]
    assert np.concatenate(falls).tobytes() == shuffled_falls(PNL, 1000, range(40), seed).tobytes()


def test_blocks_have_the_mean_length_asked_for_and_every_day_is_as_likely() -> None:
    generator = np.random.default_rng(2)
    places = np.concatenate([stationary(100, 5.0, generator) for _ in range(2000)]).reshape(2000, 100)
    begins = np.diff(places, axis=1) % 100 != 1
    assert 1 / begins.mean() == pytest.approx(5.0 / 0.99, rel=0.02)  # 1 in 100 new blocks goes on by chance
    assert np.bincount(places.ravel(), minlength=100) == pytest.approx(2000, rel=0.15)


def test_a_block_of_one_draws_single_days_and_keeps_mean_and_spread() -> None:
    returns = days(300, 4)
    found = block_bootstrap(returns, 2000, 1, 1)
    mean = np.log1p(returns).sum()
    assert np.log1p(found.final_return.p50) == pytest.approx(mean, abs=0.05)
    ratio = sharpe(returns, 365)
    assert found.sharpe is not None
    assert found.sharpe.p50 == pytest.approx(ratio, abs=0.1)


def test_blocks_keep_what_hangs_together() -> None:
    wave = 0.02 * np.sign(np.sin(np.arange(400) / 400 * 2 * np.pi * 5))  # 40 days up, 40 days down
    long, short = (block_bootstrap(wave, 400, 1, block).max_drawdown.p50 for block in (40, 1))
    assert long > 1.3 * short


def test_the_default_block_is_the_cube_root_of_the_days() -> None:
    assert [default_block(count) for count in (2, 8, 27, 28, 365, 1000)] == [2, 2, 3, 4, 8, 10]
    assert block_bootstrap(days(365), 5, 1).block == 8.0


@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=40), st.integers(0, 99))
@settings(max_examples=50)
def test_quantiles_rise_and_shares_are_shares(values: list[float], seed: int) -> None:
    found = block_bootstrap(np.array(values), 20, seed, limit=0.1)
    for spread in (found.final_return, found.max_drawdown, found.sharpe):
        if spread is not None:
            assert spread.p5 <= spread.p25 <= spread.p50 <= spread.p75 <= spread.p95
    assert 0 <= found.max_drawdown.p5 <= found.max_drawdown.p95 <= 1
    assert 0 <= found.loss <= 1
    assert 0 <= found.beyond <= 1


def test_a_limit_is_asked_of_every_run() -> None:
    falls = shuffled_falls(PNL, 1000, range(200), 9)
    found = shuffle_trades(PNL, 1000, 200, 9, limit=0.07)
    assert found.beyond == np.mean(falls > 0.07)
    assert 0 < found.beyond < 1


def test_days_that_never_move_have_no_sharpe() -> None:
    found = block_bootstrap(np.zeros(10), 5, 1)
    assert (found.sharpe, found.final_return.p50, found.loss) == (None, 0.0, 0.0)


def test_a_row_of_losses_larger_than_the_account_loses_everything_and_no_more() -> None:
    assert shuffle_trades(np.array([-80, -80]), 100, 5, 1).max_drawdown.p50 == 1.0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"pnl": np.array([1])}, r"trades of shape \(1,\); at least 2"),
        ({"pnl": np.array([1.0, np.nan])}, "trades: place 1 must be a finite number"),
        ({"opening": 0}, "opening 0 must be above 0"),
        ({"runs": 0}, "runs 0 must be from 1 to 1000000"),
        ({"seed": -1}, "seed -1 must be at least 0"),
        ({"limit": 1.5}, "limit 1.5 must be from 0 to 1"),
    ],
)
def test_shuffling_refuses_what_cannot_be(change: dict[str, object], says: str) -> None:
    given_values: dict[str, object] = {"pnl": PNL, "opening": 1000, "runs": 5, "seed": 1, **change}
    with pytest.raises(BadInput, match=says):
        shuffle_trades(**given_values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "block", "says"),
    [([0.1], None, r"days of shape \(1,\); at least 2"), ([0.1, -1.0], None, "return -1.0 must be above -1"),
     ([0.1, 0.2], 0.5, "block 0.5 must be from 1 to the 2 days"), ([0.1, 0.2], 3, "block 3 must be from 1")],
)  # fmt: skip
def test_drawing_refuses_what_cannot_be(values: list[float], block: float | None, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        block_bootstrap(np.array(values), 5, 1, block)

"""The ATR made in lanes is what one candle after the other comes to, whatever the candles are."""

from typing import Any

import numpy as np
import pytest

from reasoning.kernels.features import PLAN
from reasoning.kernels.indicators import ATR_SIZE, atr_step
from research.engine import ranges
from research.engine.compiler import plain

Columns = tuple[Any, Any, Any]


def walked(count: int, seed: int) -> Columns:
    rng = np.random.default_rng(seed)
    close = 100_000 + np.cumsum(rng.integers(-50, 51, count))
    return close + rng.integers(0, 40, count), close - rng.integers(0, 40, count), close


def halted(count: int, seed: int) -> Columns:
    """Nothing moves from a third on: averages come nearer to each other and are never the same."""
    high, low, close = walked(count, seed)
    for each in (high, low, close):
        each[count // 3 :] = close[count // 3]
    return high, low, close


def same_range(count: int, _seed: int) -> Columns:
    close = np.full(count, 5_000, dtype=np.int64)
    return close + 7, close - 4, close


def by_one(columns: Columns, memory: list[float]) -> list[float]:
    rows = zip(*(each.tolist() for each in columns), strict=True)
    return [atr_step(memory, 0, PLAN.atr, float(high), float(low), float(close)) for high, low, close in rows]


@pytest.mark.parametrize("market", [walked, halted, same_range])
@pytest.mark.parametrize("settled", [8, 64, 600])
@pytest.mark.parametrize("before", [0, 5, 300])
def test_lanes_write_what_one_does(
    monkeypatch: pytest.MonkeyPatch, market: Any, settled: int, before: int
) -> None:
    """Also with candles behind it, where lanes settle too late, and where none is long enough."""
    monkeypatch.setattr(ranges, "SETTLED", settled)
    columns = market(4_099, 11)
    memory = [0.0] * ATR_SIZE
    by_one(walked(before, 3), memory)
    block, written = np.array(memory), np.zeros(4_099)
    ranges.fill_ranges(ranges.step_lanes, written, block, PLAN.atr, columns)
    assert written.tobytes() == np.array(by_one(columns, memory)).tobytes()
    assert block.tolist() == memory


def test_a_lane_that_had_not_settled_is_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the case above is worth: with nothing joined, guesses would be told for averages."""
    monkeypatch.setattr(ranges, "SETTLED", 8)
    columns, written = walked(4_099, 11), np.zeros(4_099)
    monkeypatch.setattr(ranges, "_joined", lambda *_: True)
    ranges.fill_ranges(ranges.step_lanes, written, np.zeros(ATR_SIZE), PLAN.atr, columns)
    assert written.tolist() != by_one(columns, [0.0] * ATR_SIZE)


def test_series_of_lists_are_those_of_arrays() -> None:
    high, low, close = walked(100, 5)
    volume = np.linspace(1.0, 2.0, 100)
    arrays, block = np.empty(300), np.zeros(ATR_SIZE)
    ranges.fill_series(ranges.step_lanes, arrays, block, PLAN, high, low, close, volume)
    lists, memory = [0.0] * 300, [0.0] * ATR_SIZE
    plain().fill_series(lists, memory, PLAN, *(each.tolist() for each in (high, low, close, volume)))
    assert lists == arrays.tolist()
    assert all(type(each) is float for each in lists)
    assert memory == block.tolist()

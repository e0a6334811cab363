"""A tape holds what the loop meets: the same candles, quotes and instants, in bulk or one by one."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.settings.instruments import instrument
from domain.errors import BadInput
from perception.driven.market import Cursor
from research.data.candles import Candles
from research.engine.tape import Tape, bulk_tape, tape_of
from tests.seeded import halted, market, present

BTC = instrument("BTC-USDT", {})


def as_the_loop(candles: Candles, warmup: int) -> list[tuple[Any, ...]]:
    """Return what the loop's cursor gives at each instant: time, new candles, quote."""
    cursor = Cursor(candles.rows(), BTC, candles.timeframe_ms, after=None, warmup=warmup)
    told, last = [], None
    while not cursor.over:
        at = cursor.opens
        cursor.turn()
        new = cursor.new(last)
        last = new[-1] if new else last
        told.append((at, new, cursor.quote.price if cursor.quote else 0))
    return told


def as_the_tape(tape: Tape) -> list[tuple[Any, ...]]:
    rows = list(
        zip(*(c.tolist() for c in (tape.time, tape.open, tape.high, tape.low, tape.close)), strict=True)
    )
    told, begun = [], 0
    for at, end, quote in zip(
        tape.turn_ms.tolist(), tape.turn_end.tolist(), tape.turn_quote.tolist(), strict=True
    ):
        told.append((at, rows[begun:end], quote))
        begun = end
    return told


def same(candles: Candles, warmup: int) -> None:
    loop = as_the_loop(candles, warmup)
    assert as_the_tape(tape_of(candles, BTC, warmup)) == [
        (at, [candle[:5] for candle in new], quote) for at, new, quote in loop
    ]


def walk(seed: int, count: int, jump: float) -> Candles:
    rng = np.random.default_rng(seed)
    close = 20_000 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    close[count // 2 :] *= jump
    opened = close * np.exp(rng.normal(0, 0.002, count))
    spread = np.exp(np.abs(rng.normal(0, 0.003, count)))
    high, low = np.maximum(opened, close) * spread, np.minimum(opened, close) / spread
    opened, high, low, close = (np.round(column, 3) for column in (opened, high, low, close))
    time = 1_600_000_020_000 + 60_000 * np.cumsum(np.where(rng.random(count) > 0.95, 3, 1))
    return Candles("BTC-USDT", 60_000, time, opened, high, low, close, rng.random(count))


@given(st.integers(0, 10_000), st.integers(10, 60), st.sampled_from([1.0, 0.3, 0.5, 3.5, 11.0]))
@settings(max_examples=40)
def test_a_tape_is_what_the_loop_meets(seed: int, count: int, jump: float) -> None:
    same(walk(seed, count, jump), 5)


@given(
    st.integers(0, 10_000),
    st.sampled_from([1.0, 0.5, 3.5, 11.0]),
    st.sampled_from([1, 10**9]),
    st.sampled_from([0, 99]),
)
@settings(max_examples=30)
def test_parts_behind_one_another_are_one_tape(seed: int, jump: float, larger: int, long: int) -> None:
    made = walk(seed, 60, jump)
    opened, high, low, close = (each * larger for each in (made.open, made.high, made.low, made.close))
    candles = Candles("BTC-USDT", 60_000, made.time, opened, high, low, close, made.volume)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("research.engine.tape.AT_ONCE", 7)
        patch.setattr("research.engine.tape.LONG", long)
        same(candles, 5)


@pytest.mark.parametrize("column", ["open", "high", "low", "close", "volume"])
@pytest.mark.parametrize("wrong", [math.nan, math.inf, 0.0, -1.0, 1e16])
def test_a_candle_that_is_none_goes_the_loop_s_way(column: str, wrong: float) -> None:
    """Whatever is wrong with it, in the middle of a part, it does not come through in bulk."""
    made = walk(7, 60, 1.0)
    getattr(made, column)[33] = wrong
    sound = column == "volume" and wrong in {0.0, 1e16}
    assert (bulk_tape(made, BTC, 5) is not None) is sound


@pytest.mark.parametrize(
    ("name", "count"),
    present(("seeded/1m/BTC-USDT", 2_000), ("crypto/1m/BTC-USDT_1m_20230316-20230501.csv.gz", 12_500)),
)
def test_candles_with_gaps_and_a_halt(name: str, count: int) -> None:
    candles = market(name, count)
    same(candles[9_500:] if count > 9_500 else halted(candles, 1_000), 200)


def test_a_jump_is_doubted_as_in_the_loop() -> None:
    tape = tape_of(walk(3, 60, 11.0), BTC, 5)
    assert 0 in tape.turn_quote.tolist()
    assert tape.turn_mark.min() > 0


def test_too_few_candles_are_refused() -> None:
    with pytest.raises(BadInput, match=r"BTC-USDT: 20 candles; a warm-up of 20 needs 21"):
        tape_of(walk(1, 20, 1.0), BTC, 20)

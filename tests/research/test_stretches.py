"""The promise: a stretch crossed by the extremes of its blocks comes to what walking it does."""

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.times import DAY_MS
from research.data.candles import Candles
from research.engine.backtest import Setup, opened
from research.engine.compiler import plain
from research.engine.exit_tables import no_exits
from research.engine.layout import (
    ACCT,
    DECIDED,
    FALL,
    FIRST_LOTS,
    WANT_LIMIT,
    WANT_LOTS,
    WANT_PLAN,
    WANTED,
    Blocks,
)
from research.engine.layout import EVENT as EVENT_PLACE
from research.engine.lone_pass import is_lone, replay_lone
from research.engine.recording import Recording
from research.engine.signals import CONFIDENCE, EVENT
from research.engine.spans import extremes_of, with_spans
from research.engine.stretches import FEW, MANY, blocks_of, instant_of
from tests.research.searching import HOUR_MS, setup_for, walk

COUNT, WARMUP = 700, 10
PASSING = (EVENT_PLACE, DECIDED, FIRST_LOTS, WANTED, WANT_LOTS, WANT_LIMIT, WANT_PLAN)
"""Fields that only tell what one cycle wants, or that declared exits ask for: the short pass needs none."""


def market(seed: int) -> Candles:
    """Return a month of hours."""
    return walk(COUNT, seed)


def recorded(candles: Candles, setup: Setup) -> Recording:
    return Recording([candles], setup.instruments, WARMUP, plain())


def votes(seed: int, prepared: Recording, count: int) -> tuple[list[int], list[float]]:
    """Return events at random turns: votes both ways, stops and targets far, none, or met to the tick."""
    draw = np.random.default_rng(seed)
    cycles = np.sort(draw.choice(len(prepared.instants) - 60, count, replace=False))
    tape = prepared.tapes[0]
    event: list[int] = []
    for cycle in cycles.tolist():
        side = 1 if draw.random() < 0.6 else -1
        quote, first = int(tape.turn_quote[cycle]), int(tape.turn_end[cycle])
        later = slice(first, first + int(draw.integers(1, 60)))
        stop, target = int(quote * 0.8), 0
        if draw.random() < 0.4:
            stop = min(int(tape.low[later].min()), quote - 1)
        if draw.random() < 0.4:
            target = max(int(tape.high[later].max()), quote + 1)
        event += [cycle, cycle, side, 0, stop, target]
    return event, [1.0, 90.0] * count


def lived(
    prepared: Recording, setup: Setup, seed: int, count: int, *, blocks: bool, daily: bool, lone: bool = False
) -> tuple[Any, ...]:
    """Return what a session comes to: its books, and equity at each day's end."""
    event, confidence = votes(seed, prepared, count)
    assert len(event) == count * EVENT
    assert len(confidence) == count * CONFIDENCE
    ints, floats = opened(prepared, setup, [count])
    market, give = prepared.market, prepared.give
    if not blocks:
        market = market._replace(blocks=Blocks(market.blocks.day, market.blocks.after, [], [], []))
    days = len(market.blocks.after)
    books = give(ints), give(floats), [0] * (days if daily else len(prepared.instants))
    beside = prepared.slips({}), prepared.unheard, no_exits(prepared)
    house = setup.house(prepared)
    if lone:
        assert is_lone(house, market, *beside)
        # Every other time without what makes stretches quick, as a single backtest has it.
        spanned = with_spans(asked_as_arrays(market.blocks)) if seed % 2 else market.blocks
        given_to = market.blocks._replace(spans=list(map(int, spanned.spans)))
        replay_lone(*books, house, given_to, event, confidence)
    else:
        prepared.engine.replay(*books, house, market, event, confidence, *beside)
    books[0][FALL] = 0  # remembered to compare less, and allowed to be less than it was
    for field in PASSING:
        books[0][ACCT + field] = 0
    ends = [each if daily else market.blocks.after[each] - 1 for each in range(days)]
    return books[0], books[1], [books[2][each] for each in ends]


def setup(candles: Candles, daily_loss: int, *, strict: bool = False) -> Setup:
    """Return a setup whose gate lets nearly all pass, or one that is `strict`: as shipped."""
    made = setup_for([candles], "sma")
    limits = made.policy.limits._replace(daily_loss=daily_loss)
    if not strict:
        limits = limits._replace(
            cool_down_ms=0, min_reward_risk=0.0, loss_streak=1_000, max_trades_per_day=1_000
        )
    return replace(made, warmup=WARMUP, policy=msgspec.structs.replace(made.policy, limits=limits))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([2, 12, 60]),
    st.sampled_from([10**9, 10**10, 10**15]),
    st.booleans(),
)
def test_crossed_is_walked(seed: int, count: int, daily_loss: int, strict: bool) -> None:  # noqa: FBT001  # drawn
    candles = market(seed)
    asked = setup(candles, daily_loss, strict=strict)
    prepared = recorded(candles, asked)
    walked = lived(prepared, asked, seed, count, blocks=False, daily=False)
    for daily in (True, False):
        assert lived(prepared, asked, seed, count, blocks=True, daily=daily) == walked
        assert lived(prepared, asked, seed, count, blocks=True, daily=daily, lone=True) == walked
    assert lived(prepared, asked, seed, count, blocks=False, daily=True) == walked


def asked_as_arrays(blocks: Blocks) -> Blocks:
    rows: Any = np.array(blocks.rows, dtype=np.int32)
    after: Any = np.array(blocks.after)
    return blocks._replace(rows=rows, after=after)


@pytest.mark.parametrize("step", [HOUR_MS, HOUR_MS // 60])
def test_two_looks_tell_the_extremes_of_a_stretch(step: int) -> None:
    candles = market(13)
    tape = recorded(candles, setup(candles, 10**12)).tapes[0]
    begin = int(tape.time[0])
    time, turns = (begin + (each - begin) // HOUR_MS * step for each in (tape.time, tape.turn_ms))
    blocks = with_spans(blocks_of([replace(tape, time=time, turn_ms=turns)], turns))
    closed, longest = tape.turn_end - 1, int(np.diff(blocks.after, prepend=0).max())
    draw = np.random.default_rng(1)
    for length in {8, 9, 15, 16, 17, 31, 33, longest} & set(range(longest + 1)):
        first = int(draw.integers(0, len(turns) - length + 1))
        among = slice(first, first + length)
        quotes = tape.turn_quote[among]
        low, high = min(*quotes, *tape.low[closed[among]]), max(*quotes, *tape.high[closed[among]])
        told = extremes_of(blocks, first, first + length)
        assert told == (True, low, high, min(quotes), max(quotes))
    assert not extremes_of(blocks, 0, 7).known
    assert not extremes_of(blocks, 0, 2 * longest + 16).known


def test_blocks_hold_the_extremes_of_candles_and_quotes() -> None:
    candles = market(3)
    tape = recorded(candles, setup(candles, 10**12)).tapes[0]
    blocks = recorded(candles, setup(candles, 10**12)).market.blocks
    for record, size in ((blocks.few, FEW), (blocks.many, MANY)):
        for block in range(len(tape.turn_ms) // size):
            turns = slice(block * size, (block + 1) * size)
            quotes, closed = tape.turn_quote[turns], tape.turn_end[turns] - 1
            low, high = min(*quotes, *tape.low[closed]), max(*quotes, *tape.high[closed])
            assert list(record[4 * block : 4 * block + 4]) == [low, high, min(quotes), max(quotes)]


def test_days_are_counted_and_none_is_lost() -> None:
    candles = market(5)
    prepared = recorded(candles, setup(candles, 10**12))
    blocks = prepared.market.blocks
    days = prepared.instants // DAY_MS
    assert [days[0] + each for each in blocks.day] == days.tolist()
    assert blocks.after[-1] == len(days)


@pytest.mark.parametrize("broken", ["gap", "doubt", "symbols"])
def test_what_is_no_even_row_of_candles_is_walked(broken: str) -> None:
    candles = market(7)
    given_to = [candles]
    if broken == "gap":
        kept = np.delete(np.arange(COUNT), 400)
        given_to = [Candles(candles.symbol, HOUR_MS, *(each[kept] for each in columns(candles)))]
    if broken == "doubt":
        candles.low[300] /= 20
    if broken == "symbols":
        given_to = [candles, walk(COUNT, 8, "ETH-USDT")]
    asked = setup_for(given_to, "sma")
    blocks = Recording(given_to, asked.instruments, WARMUP, plain()).market.blocks
    assert (len(blocks.few) == 0) == (broken != "gap")


@pytest.mark.parametrize("step", [HOUR_MS, 1_500, 7])
def test_a_row_tells_its_instant_to_the_millisecond(step: int) -> None:
    candles = market(9)
    tape = recorded(candles, setup(candles, 10**12)).tapes[0]
    begin = int(tape.time[0])
    time, turns = (begin + (each - begin) // HOUR_MS * step for each in (tape.time, tape.turn_ms))
    blocks = blocks_of([replace(tape, time=time, turn_ms=turns)], turns)
    assert [instant_of(blocks, cycle) for cycle in range(len(turns))] == turns.tolist()


def test_a_price_that_finds_no_place_in_a_row_is_walked() -> None:
    candles = market(11)
    tape = recorded(candles, setup(candles, 10**12)).tapes[0]
    assert len(blocks_of([replace(tape, high=tape.high + (2**31 - 1 - tape.high.max()))], tape.turn_ms).rows)
    assert not len(blocks_of([replace(tape, high=tape.high + (2**31 - tape.high.max()))], tape.turn_ms).rows)


def columns(candles: Candles) -> tuple[Any, ...]:
    return candles.time, candles.open, candles.high, candles.low, candles.close, candles.volume

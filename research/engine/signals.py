"""First pass: what a strategy says about every candle of one tape; it knows no account.

A signal depends on candles alone, so it is worked out before the replay, once, and only the candles
with a vote are handed on, as the events of `layout`. Features shared by all strategies are asked
for at those candles only.
"""

from collections.abc import Callable, MutableSequence, Sequence
from typing import Any

from domain.decision import Signal
from domain.kernel import kernel
from reasoning.kernels.features import FeaturePlan, Features, features_at
from reasoning.kernels.indicators import Memory
from reasoning.kernels.strategy import Strategy
from research.engine.ahead_of import fetch
from research.engine.crossings import AT_ONCE, WORD, mark, mark_level, take_marked
from research.engine.layout import (
    EVENT_CYCLE,
    EVENT_TURN,
    EVENT_VOICES,
    PER_VOICE,
    STOP_OF,
    STOP_PPM_OF,
    TARGET_OF,
    VOTE,
)

Floats = MutableSequence[float]
Ints = MutableSequence[int]
"""Arrays when compiled, lists in plain Python."""

FLOAT = 8
"""Bytes of a float."""
LINE = 8
"""Floats of one line of the processor's cache."""
EVENT, CONFIDENCE, KNOWN = EVENT_VOICES + PER_VOICE, 2, 4
"""Numbers of an event of one voice: integers, floats; and of a candle's features with their flag."""


@kernel
def keep_features(known: Floats, k: int, now: Features) -> None:
    """Write a candle's features into `known` at `k`; the ATR stands in the series."""
    known[k] = float(1 + now.ready + 2 * now.wild + 4 * (now.trend + 1))
    known[k + 1] = now.volume
    known[k + 2] = now.volatility
    known[k + 3] = now.baseline


@kernel
def features_of(series: Floats, known: Floats, plan: FeaturePlan, count: int, index: int) -> Features:
    """Return a candle's features out of `known`, where the first who asks writes them.

    `known` has room for every candle's, or for none of them, which are then worked out anew: those that
    nobody reads are not, for a compiler sees that.
    """
    if len(known) <= KNOWN:
        return features_at(series, 0, count, index, index + 1, plan)
    k = KNOWN * index
    if known[k] == 0.0:
        keep_features(known, k, features_at(series, 0, count, index, index + 1, plan))
    flags = int(known[k]) - 1
    atr = series[2 * count + index]
    return Features(
        known[k + 1], known[k + 2], (flags >> 2) - 1, flags >> 1 & 1, atr, known[k + 3], flags & 1
    )  # fmt: skip  # in their order


@kernel
def write_event(
    event: Ints, confidence: Floats, row: int, cycle: int, turn: int, text: Signal, features: Features
) -> None:
    """Write a vote as an event's row."""
    e = EVENT * row
    event[e + EVENT_CYCLE] = cycle
    event[e + EVENT_TURN] = turn
    event[e + EVENT_VOICES + VOTE] = text.vote
    event[e + EVENT_VOICES + STOP_PPM_OF] = text.stop_ppm
    event[e + EVENT_VOICES + STOP_OF] = text.stop
    event[e + EVENT_VOICES + TARGET_OF] = text.target
    measured = features.baseline > 0.0 and features.atr > 0.0
    confidence[CONFIDENCE * row] = features.baseline / features.atr if measured else 1.0
    confidence[CONFIDENCE * row + 1] = text.confidence


def with_time(strategy: Strategy[Any]) -> Callable[..., int]:
    """Return a strategy's step that takes a candle's open time last, whether it looks at it or not."""
    if strategy.timed:
        return strategy.step
    step = strategy.step

    def timed(memory, packed, opened, high, low, close, volume, _time):  # type: ignore[no-untyped-def]  # a compiler finds the types
        return step(memory, packed, opened, high, low, close, volume)

    return timed


def find_events(
    step: Callable[..., int],
    signal: Callable[..., Any],
    memory: Memory,
    packed: tuple[Any, ...],
    plan: FeaturePlan,
    series: Floats,
    known: Floats,
    opened: Sequence[int],
    high: Sequence[int],
    low: Sequence[int],
    close: Sequence[int],
    volume: Sequence[float],
    time: Sequence[int],
    turn_of: Sequence[int],
    cycle_of: Sequence[int],
    event: Ints,
    confidence: Floats,
    first: int,
) -> int:
    """Step a strategy over a tape and write its votes as events from row `first`; return the next row.

    `step` takes a candle's open time last.

    An event is a vote on a candle that was news in some cycle. Beyond the room in `event` they are counted
    but not kept: ask again with more room.
    """
    row = first
    count = len(close)
    room = len(event) // EVENT
    for index in range(count):
        ended = float(close[index])
        vote = step(
            memory,
            packed,
            float(opened[index]),
            float(high[index]),
            float(low[index]),
            ended,
            volume[index],
            float(time[index]),
        )
        if vote == 0 or turn_of[index] < 0:
            continue
        if row < room:
            features = features_of(series, known, plan, count, index)
            text = signal(memory, packed, vote, ended, features)
            write_event(event, confidence, row, cycle_of[index], turn_of[index], text, features)
        row += 1
    return row


def gather(
    step: Callable[..., int],
    memory: Memory,
    packed: tuple[Any, ...],
    opened: Sequence[int],
    high: Sequence[int],
    low: Sequence[int],
    close: Sequence[int],
    volume: Sequence[float],
    time: Sequence[int],
    places: Sequence[int],
    out: Floats,
) -> None:
    """Step a strategy over a tape and write what it keeps at some places of its memory after each candle.

    `out` has the numbers of one place behind those of another. `step` takes a candle's open time last.
    """
    count = len(close)
    for index in range(count):
        step(
            memory,
            packed,
            float(opened[index]),
            float(high[index]),
            float(low[index]),
            float(close[index]),
            volume[index],
            float(time[index]),
        )
        for number in range(len(places)):
            out[number * count + index] = memory[places[number]]


def find_many(  # noqa: C901, PLR0912  # one loop within the other, as candles and trials go
    decide_at: Callable[..., int],
    signal_at: Callable[..., Any],
    columns_at: Callable[..., tuple[Sequence[float], ...]],
    packed_at: Callable[..., tuple[Any, ...]],
    column_at: Callable[..., Any],
    addresses: Any,
    level: Any,
    packs: Any,
    ahead: Any,
    pairs: int,
    first: int,
    until: int,
    plan: FeaturePlan,
    series: Floats,
    known: Floats,
    bits: Any,
    candidate: Any,
    turn_of: Sequence[int],
    cycle_of: Sequence[int],
    event: Ints,
    confidence: Floats,
    begins: Ints,
    counts: Ints,
) -> int:
    """Ask a strategy that decides over columns where it can vote, trial by trial; write as `find_events`.

    Candles from `first` until `until` are looked at, and the one before them. `addresses` int64[trials,
    columns + 2 * pairs] are those of a trial's columns and of the columns that cross, 0 where that is
    `level` float64[trials, pairs]; `packs` its parameters. `ahead` are the addresses of columns whose next
    piece is asked for meanwhile. Without pairs every candle is asked about. Trial t has room from row
    `begins[t]` to `begins[t + 1]`, and `counts[t]`, which goes on from what it is, is how many events it has:
    beyond its room they are counted only. Returns the trials before the first that finds no room. All trials
    go through one piece of the candles before the next, so what they share stays in the cache.
    """
    count, trials = len(turn_of), len(packs)
    for begin in range(first, until, WORD * AT_ONCE):
        marked = part = min(until - begin, WORD * AT_ONCE)
        # One after the other, for what is read here and there waits for memory each time.
        for index in range(begin, begin + part if len(known) > KNOWN else begin):
            if known[KNOWN * index] == 0.0:
                keep_features(known, KNOWN * index, features_at(series, 0, count, index, index + 1, plan))
        near = (min(until - begin - part, WORD * AT_ONCE) + LINE - 1) // LINE
        for trial in range(trials):
            # Each trial asks for its part, for what is asked for at once is waited for.
            for column in range(len(ahead)):
                for rank in range(near * trial // trials, near * (trial + 1) // trials):
                    fetch(column_at(ahead[column], count), begin + part + LINE * rank)
            for pair in range(pairs):
                at = addresses.shape[1] - 2 * pairs + 2 * pair
                one, other = addresses[trial, at], addresses[trial, at + 1]
                line = column_at(one + FLOAT * begin, part)
                before = column_at(one + FLOAT * (begin - 1), 1)[0] if begin > 0 else 0.0
                if other == 0:
                    limit = level[trial, pair]
                    mark_level(line, limit, before if begin > 0 else limit, 0, bits)
                else:
                    beside = column_at(other + FLOAT * (begin - 1), 1)[0] if begin > 0 else 0.0
                    mark(line, column_at(other + FLOAT * begin, part), before, beside, 0, bits)
            if pairs > 0:
                marked = take_marked(bits, candidate)
            columns, packed = columns_at(addresses, trial, count), packed_at(packs, trial)
            row, end = begins[trial] + counts[trial], begins[trial + 1]
            for rank in range(marked):
                index = begin + (candidate[rank] if pairs > 0 else rank)
                vote = decide_at(columns, index, packed)
                if vote == 0 or turn_of[index] < 0:
                    continue
                if row < end:
                    features = features_of(series, known, plan, count, index)
                    text = signal_at(columns, index, packed, vote, features)
                    write_event(event, confidence, row, cycle_of[index], turn_of[index], text, features)
                row += 1
            counts[trial] = row - begins[trial]
    for trial in range(trials):
        if begins[trial] + counts[trial] > begins[trial + 1]:
            return trial
    return trials

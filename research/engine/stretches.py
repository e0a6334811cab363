"""Stretches in which a lone position is held and nothing happens, crossed by the extremes of blocks.

What could end such a stretch is a price: one that reaches the stop, the target or the day's limit. Smallest
and largest prices of every eight and of every sixty-four cycles are worked out once per tape, so a stretch
costs as many looks as it has blocks. Peak and drawdown come from the same blocks; only where a new peak and
a new worst fall lie in one stretch is it walked. What comes out is what a walk comes to, to the bit.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from domain.kernel import kernel
from domain.tally import drawdown
from domain.times import DAY_MS, MINUTE_MS
from research.data.candles import IntArray
from research.engine.ahead_of import fetch
from research.engine.layout import (
    ACCT,
    CASH,
    DAY,
    DAY_START,
    EQUITY,
    FACTOR,
    FALL,
    HELD_CYCLES,
    KILLED,
    LOTS,
    MARK,
    NEVER,
    PEAK,
    QUOTE,
    QUOTE_MS,
    STOP,
    TARGET,
    TURN,
    WORST,
    Blocks,
    Floats,
    Ints,
)
from research.engine.tape import NOTHING, Tape

FEW, MANY = 8, 64
"""Cycles of a block of each size."""
LEAST, MOST, LEAST_QUOTE, MOST_QUOTE, RECORD = 0, 1, 2, 3, 4
"""A block's record: smallest and largest of all prices of its cycles, and of its quotes alone."""
AT, QUOTED, HIGH, LOW, ROW = 0, 1, 2, 3, 4
"""A cycle's row: its instant, its quote, and the highest and lowest price of the candle that closed."""
NEAR = 4
"""Rows that a processor reads at once, 64 bytes."""
UNITS = (MINUTE_MS, 1_000, 1)
"""What instants may be counted in, in ms: the largest that all of them are whole numbers of."""
LARGEST = 2**31
"""Prices and counts from here on find no place in a row."""
NO_TARGET = 2**62
NO_SPANS: Any = np.zeros(0, dtype=np.int32)
SURELY = 1.0 - 1e-12
"""A fall is surely no new worst one when it is below this share of it, whatever rounding does."""


AT_ONCE = 65_536
"""Cycles gone over at a time, whole blocks of them, so that what is worked out between stays in the cache."""
Prices = np.ndarray[Any, np.dtype[np.int32]]
Extremes = tuple[Prices, Prices, Prices, Prices]


def blocks_of(tapes: Sequence[Tape], instants: IntArray) -> Blocks:
    """Return the days of a session, and the blocks of a lone tape whose every turn closes one candle."""
    days, after = _days_of(instants)
    none: Any = NOTHING
    if len(tapes) != 1 or not _regular(tapes[0]):
        return Blocks(days, after, none, none, none, spans=NO_SPANS)
    rows: Prices = np.empty((len(instants), ROW), dtype=np.int32)
    unit = _write_instants(rows, instants)
    if unit == 0:
        return Blocks(days, after, none, none, none, spans=NO_SPANS)
    few = _write_prices(rows, tapes[0])
    many = _records(_extremes(*np.ascontiguousarray(few.T)))
    flat: list[Any] = [each.reshape(-1) for each in (rows, few, many)]
    return Blocks(days, after, flat[0], flat[1], flat[2], int(instants[0]), unit, NO_SPANS)


def _write_instants(rows: Prices, instants: IntArray) -> int:
    """Write instants, counted from the first in the largest unit that all are whole numbers of; return it.

    Returns 0 where they find no place in a row.
    """
    passed, step = int(instants[-1] - instants[0]), int(instants[:2][-1] - instants[0])
    even = passed == step * (len(instants) - 1) and _evenly(instants, step)
    if even:
        unit = next(each for each in UNITS if step % each == 0)
    else:
        unit = next(each for each in UNITS if all(_counted(*part, each) for part in _parts(rows, instants)))
    if passed // unit >= LARGEST:
        return 0
    if even:
        rows[:, AT] = np.arange(len(rows), dtype=np.int32) * np.int32(step // unit)
    return unit


def _evenly(instants: IntArray, step: int) -> bool:
    """Tell whether one instant lies so far behind the other throughout."""
    later = (instants[begin : begin + AT_ONCE + 1] for begin in range(0, len(instants) - 1, AT_ONCE))
    return all(bool((part[1:] - part[:-1] == step).all()) for part in later)


def _parts(rows: Prices, instants: IntArray) -> Iterator[tuple[Prices, IntArray]]:
    for begin in range(0, len(rows), AT_ONCE):
        yield rows[begin : begin + AT_ONCE, AT], instants[begin : begin + AT_ONCE] - instants[0]


def _counted(row: Prices, passed: IntArray, unit: int) -> bool:
    count = passed // unit
    row[:] = count
    return np.array_equal(count * unit, passed)


def _write_prices(rows: Prices, tape: Tape) -> Prices:
    """Write quotes, highest and lowest prices, and return the extremes of every eight."""
    first, cycles = int(tape.turn_end[0]) - 1, len(rows)
    few: Prices = np.empty((cycles // FEW, RECORD), dtype=np.int32)
    for begin in range(0, cycles, AT_ONCE):
        until = min(begin + AT_ONCE, cycles)
        closed = slice(first + begin, first + until)
        part = tape.turn_quote[begin:until], tape.high[closed], tape.low[closed]
        quote, high, low = (each.astype(np.int32) for each in part)
        rows[begin:until, QUOTED], rows[begin:until, HIGH], rows[begin:until, LOW] = quote, high, low
        eight = _extremes(np.minimum(low, quote), np.maximum(high, quote), quote, quote)
        few[begin // FEW : until // FEW] = _records(eight)
    return few


def _days_of(instants: IntArray) -> tuple[Any, Any]:
    """Return each instant's day, counted from the first that has one, and where each day ends."""
    first, last = int(instants[0]) // DAY_MS, int(instants[-1]) // DAY_MS
    ends = np.searchsorted(instants, np.arange(first + 1, last + 2) * DAY_MS)
    counts = np.diff(ends, prepend=0)
    after = ends[counts > 0]
    return np.repeat(np.arange(len(after), dtype=np.int32), counts[counts > 0]), after


def _regular(tape: Tape) -> bool:
    """Tell whether each turn closes the candle whose opening was the quote of the turn before."""
    quote, first = tape.turn_quote, int(tape.turn_end[0])
    later = slice(first, first + len(quote) - 1)
    return bool(
        first > 0
        and len(tape.doubt_ms) == 0
        and tape.even
        and quote.min() > 0
        and max(quote.max(), tape.high.max()) < LARGEST
        and (tape.turn_mark is quote or np.array_equal(tape.turn_mark, quote))
        and same(tape.open[later], quote[:-1])
        and same(tape.time[later], tape.turn_ms[:-1])
    )


def same(one: IntArray, other: IntArray) -> bool:
    """Tell whether two columns are the same, which two views of one place need not be read for."""
    if len(one) == len(other) and one.__array_interface__ == other.__array_interface__:
        return True
    return np.array_equal(one, other)


def _extremes(least: Prices, most: Prices, least_quote: Prices, most_quote: Prices) -> Extremes:
    """Return smallest and largest prices, and the same of quotes, of every eight."""
    extremes = (least, np.minimum), (most, np.maximum), (least_quote, np.minimum), (most_quote, np.maximum)
    return tuple(_of_eight(each, better) for each, better in extremes)  # type: ignore[return-value]  # four


def _of_eight(values: Prices, better: Any) -> Prices:
    # Twos of twos of twos, for a reduction along rows of eight does one row at a time.
    result = values[: len(values) // FEW * FEW]
    for _ in range(3):
        result = better(result[::2], result[1::2])
    return result


def _records(extremes: Extremes) -> Prices:
    return np.stack(extremes, axis=1)


@kernel
def is_daily(equity: Sequence[int], blocks: Blocks) -> bool:
    """Tell whether equity is asked for at the end of each day only."""
    return len(equity) == len(blocks.after)


@kernel
def write_equity(equity: Ints, blocks: Blocks, day: int, cycle: int, value: int) -> None:
    """Write the equity of one cycle; where days are asked for, over that of the day's earlier ones."""
    equity[day if is_daily(equity, blocks) else cycle] = value


@kernel
def write_flat(equity: Ints, blocks: Blocks, day: int, first: int, until: int, value: int) -> None:
    """Write the equity of cycles in which it does not change; `day` is that of the cycle before the first."""
    if is_daily(equity, blocks):
        first = day
        while blocks.after[day] < until:
            day += 1
        until = day + 1
    for index in range(first, until):
        equity[index] = value


@kernel
def instant_of(blocks: Blocks, cycle: int) -> int:
    """Return the instant of a cycle that has a row, in ms."""
    return blocks.begin + blocks.unit * int(blocks.rows[cycle * ROW + AT])


@kernel
def is_quiet(block: Sequence[int], at: int, floor: int, target: int) -> bool:
    """Tell whether no price of a block reaches the floor or the target."""
    return block[at + LEAST] > floor and block[at + MOST] < target


@kernel
def loss_quote(ints: Ints, units: int, limit: int) -> int:
    """Return the quote at and below which the day's loss passes its limit; NEVER once it has."""
    return NEVER if ints[KILLED] != 0 else (ints[DAY_START] - limit - ints[CASH] - 1) // units


@kernel
def cross(
    ints: Ints, floats: Floats, equity: Ints, blocks: Blocks, first: int, until: int, limit: int
) -> int:
    """Live through cycles of a lone symbol's position in which nothing but its value changes.

    Returns the first cycle, from `first` and before `until`, that needs all the rules: a stop or target is
    reached, a day begins, the day's loss passes `limit`.
    """
    p = ACCT
    rows, few, many = blocks.rows, blocks.few, blocks.many
    until = min(until, blocks.after[ints[DAY]])
    if first >= until:
        return first
    units, stop = ints[p + LOTS] * ints[p + FACTOR], ints[p + STOP]
    target = ints[p + TARGET] if ints[p + TARGET] > 0 else NO_TARGET
    floor = max(stop, loss_quote(ints, units, limit))
    least, most = NO_TARGET, 0
    cycle = first
    while cycle < until:
        if cycle % MANY == 0 and cycle + MANY <= until:
            at = cycle // MANY * RECORD
            if is_quiet(many, at, floor, target):
                least, most = min(least, many[at + LEAST_QUOTE]), max(most, many[at + MOST_QUOTE])
                cycle += MANY
                continue
        if cycle % FEW == 0 and cycle + FEW <= until:
            at = cycle // FEW * RECORD
            if is_quiet(few, at, floor, target):
                least, most = min(least, few[at + LEAST_QUOTE]), max(most, few[at + MOST_QUOTE])
                cycle += FEW
                continue
        at = cycle * ROW
        quote = rows[at + QUOTED]
        if quote <= floor or quote >= target or rows[at + LOW] <= stop or rows[at + HIGH] >= target:
            break
        least, most = min(least, quote), max(most, quote)
        cycle += 1
    if cycle > first:
        hold_through(ints, floats, equity, blocks, first, cycle, least, most)
        show(ints, blocks, cycle - 1)
    return cycle


@kernel
def fetch_around(blocks: Blocks, cycle: int) -> None:
    """Have what `cross` reads where a stretch begins or ends on its way: rows and their block."""
    row = cycle * ROW
    fetch(blocks.rows, row - NEAR * ROW)
    fetch(blocks.rows, row)
    fetch(blocks.rows, row + NEAR * ROW)
    fetch(blocks.few, cycle // FEW * RECORD)
    fetch(blocks.many, cycle // MANY * RECORD)


@kernel
def show(ints: Ints, blocks: Blocks, cycle: int) -> None:
    """Show a lone symbol the quote of a cycle."""
    ints[ACCT + QUOTE] = ints[ACCT + MARK] = blocks.rows[cycle * ROW + QUOTED]
    ints[ACCT + QUOTE_MS] = instant_of(blocks, cycle)
    ints[ACCT + TURN] = cycle + 1


@kernel
def hold_through(
    ints: Ints,
    floats: Floats,
    equity: Ints,
    blocks: Blocks,
    first: int,
    until: int,
    least: int,
    most: int,
) -> None:
    """Bring equity, its peak and the worst drawdown through quotes from `least` to `most`."""
    units, cash = ints[ACCT + LOTS] * ints[ACCT + FACTOR], ints[CASH]
    lowest, highest = cash + least * units, cash + most * units
    peak = ints[PEAK]
    if highest < peak:
        if peak - lowest > ints[FALL]:
            ints[FALL] = peak - lowest
            floats[WORST] = max(floats[WORST], drawdown(lowest, peak))
    elif drawdown(lowest, highest) < floats[WORST] * SURELY:
        ints[PEAK] = highest
        ints[FALL] = 0
    else:
        walk_falls(ints, floats, first, until, cash, units, blocks.rows)
    ints[EQUITY] = cash + blocks.rows[(until - 1) * ROW + QUOTED] * units
    if is_daily(equity, blocks):
        equity[ints[DAY]] = ints[EQUITY]
    else:
        for cycle in range(first, until):
            equity[cycle] = cash + blocks.rows[cycle * ROW + QUOTED] * units
    ints[HELD_CYCLES] += until - first


@kernel
def walk_falls(
    ints: Ints, floats: Floats, first: int, until: int, cash: int, units: int, rows: Sequence[int]
) -> None:
    """Bring peak and worst drawdown through the quotes one after the other."""
    peak, fall = ints[PEAK], ints[FALL]
    for cycle in range(first, until):
        worth = cash + rows[cycle * ROW + QUOTED] * units
        if worth >= peak:
            peak, fall = worth, 0
        elif peak - worth > fall:
            fall = peak - worth
            floats[WORST] = max(floats[WORST], drawdown(worth, peak))
    ints[PEAK], ints[FALL] = peak, fall

"""Candles of a symbol as a pair list measures them: what was traded and its range, by blocks of time.

Loop and backtest come to the same bits: what was traded is counted in whole units, which add up in any order,
and prices are compared, never summed. A window begins at a block's beginning.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from domain.candle import Candle
from domain.times import MINUTE_MS
from perception.pairs.filters import PairMeasures
from perception.pairs.settings import HOUR_MS

BLOCK_MS = 15 * MINUTE_MS
UNITS = 10_000
"""Units in one of the quote."""
MOST_UNITS = 10**15
"""What one candle counts for at most: a sum over years fits 64 bits."""
DAY_MS = 24 * HOUR_MS


class PairBlock(NamedTuple):
    """A block of time: units of the quote that were traded, highest and lowest price."""

    time: int
    units: int
    high: float
    low: float


class PairWindow(NamedTuple):
    """A window: units of the quote that were traded, highest and lowest price; 0 for none."""

    units: int
    high: float
    low: float


class PairCoverage(NamedTuple):
    """The open time of a symbol's first candle, and the time since when none is missing."""

    first_ms: int
    since_ms: int


class PairTape(msgspec.Struct, frozen=True):
    """The blocks of a symbol's last candles, oldest first, and when its first and last candle opened.

    Nothing is missing from `since_ms` on: what lies before it was let go, or never seen.
    """

    first_ms: int
    last_ms: int
    since_ms: int
    blocks: tuple[PairBlock, ...]


def units_of(close: float, volume: float) -> int:
    """Return what a candle counts for; `research` rounds arrays of the same product the same way."""
    product = close * volume * UNITS
    return round(min(product, MOST_UNITS)) if product > 0 else 0


def begin_of(at_ms: int, window_ms: int) -> int:
    """Return where the window of a list made at `at_ms` begins."""
    return at_ms // BLOCK_MS * BLOCK_MS - window_ms


def after_candles(
    tape: PairTape | None, candles: Sequence[Candle], tick: float, window_ms: int
) -> PairTape | None:
    """Return a tape with candles that closed since; what is too old for any later window is let go."""
    new = [each for each in candles if tape is None or each.time > tape.last_ms]
    if not new:
        return tape
    blocks = {} if tape is None else {block.time: block for block in tape.blocks}
    for candle in new:
        time = candle.time // BLOCK_MS * BLOCK_MS
        units = units_of(candle.close * tick, candle.volume)
        high, low = candle.high * tick, candle.low * tick
        old = blocks.get(time)
        blocks[time] = (
            PairBlock(time, units, high, low)
            if old is None
            else PairBlock(time, old.units + units, max(old.high, high), min(old.low, low))
        )
    oldest = begin_of(new[-1].time, window_ms)
    kept = tuple(block for time, block in blocks.items() if time >= oldest)
    first = new[0].time if tape is None else tape.first_ms
    since = first if tape is None else tape.since_ms
    return PairTape(first, new[-1].time, max(since, oldest), kept)


def measures_of(
    symbol: str, tape: PairTape | None, at_ms: int, window_ms: int, spread_bp: float
) -> PairMeasures:
    """Return a symbol's measurements from its candles; those of a window not seen in full are not known."""
    if tape is None:
        return PairMeasures(symbol, spread_bp=spread_bp, why="none of its candles has been seen yet")
    begin = begin_of(at_ms, window_ms)
    blocks = [block for block in tape.blocks if block.time >= begin]
    window = PairWindow(
        sum(block.units for block in blocks),
        max((block.high for block in blocks), default=0.0),
        min((block.low for block in blocks), default=0.0),
    )
    return measured(symbol, at_ms, window_ms, PairCoverage(tape.first_ms, tape.since_ms), window, spread_bp)


def measured(
    symbol: str, at_ms: int, window_ms: int, coverage: PairCoverage, window: PairWindow, spread_bp: float
) -> PairMeasures:
    """Return the measurements that a window comes to."""
    age = max(at_ms - coverage.first_ms, 0) / DAY_MS
    if coverage.since_ms > begin_of(at_ms, window_ms):
        hours = max(at_ms - coverage.since_ms, 0) / HOUR_MS
        why = f"{hours:.4g} h of its candles have been seen, the window is {window_ms // HOUR_MS} h"
        return PairMeasures(symbol, age_days=age, spread_bp=spread_bp, why=why)
    volatility = (window.high - window.low) / window.low * 100 if window.low > 0 else None
    return PairMeasures(symbol, window.units / UNITS, age, spread_bp, volatility)

"""A symbol's candles as the loop meets them: in ticks, with the instants at which each has closed.

The loop takes a candle in when the next one opens, and that opening price is the quote. A tape holds
the same as arrays. Sound data are converted in bulk; where a candle needs a closer look (a jump, an
odd time) the loop's own cursor goes over the whole series, so the two can never disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any

import numpy as np

from domain.candle import Candle
from domain.errors import BadInput
from domain.instrument import Instrument
from domain.money import MAX_CASH
from domain.times import MINUTE_MS, grid
from perception.driven.market import NEVER, Cursor
from perception.quality.collar import FACTOR, LEVEL_CANDLES
from research.data.candles import Candles, FloatArray, IntArray

NOTHING: IntArray = np.zeros(0, dtype=np.int64)
AT_ONCE = 16_384
"""Candles gone over at a time, so that what is worked out between stays in a core's cache."""


@dataclass(frozen=True, eq=False)
class Tape:
    """One symbol's session. Prices in ticks, volume in base units, times in ms (UTC).

    `time` to `volume` hold the candles the loop believes. Turn j happens at `turn_ms[j]`: by then
    `turn_end[j]` candles have closed, the quote is `turn_quote[j]` (0 where it is not believed) and
    the last quote known is `turn_mark[j]`. `doubt_ms` and `doubt_low` are of candles the loop does
    not believe and judges stops by, each first told at turn `doubt_turn`. `even` says that every turn after
    the first closes one candle.
    """

    symbol: str
    time: IntArray
    open: IntArray
    high: IntArray
    low: IntArray
    close: IntArray
    volume: FloatArray
    turn_ms: IntArray
    turn_end: IntArray
    turn_quote: IntArray
    turn_mark: IntArray
    doubt_ms: IntArray
    doubt_low: IntArray
    doubt_turn: IntArray
    even: bool = False


def no_tape(symbol: str) -> Tape:
    """Return the tape of a symbol without a candle."""
    prices, turns, doubts = [NOTHING] * 4, [NOTHING] * 4, [NOTHING] * 3
    columns: tuple[Any, ...] = (NOTHING, *prices, np.zeros(0), *turns, *doubts)
    return Tape(symbol, *columns)


def tape_of(candles: Candles, instrument: Instrument, warmup: int) -> Tape:
    """Return the tape of a session whose first `warmup` candles are delivered together.

    Raises BadInput when there is no candle behind the warm-up.
    """
    if len(candles) < warmup + 1:
        raise BadInput(f"{candles.symbol}: {len(candles)} candles; a warm-up of {warmup} needs {warmup + 1}")
    fast = bulk_tape(candles, instrument, warmup)
    return fast if fast is not None else _one_by_one(candles, instrument, warmup)


def bulk_tape(candles: Candles, instrument: Instrument, warmup: int) -> Tape | None:
    """Return the tape of candles that are all sound, or None where one needs a closer look.

    Turn j then closes candle `max(warmup, 1) + j - 1`, and the quote is the open of the next.
    """
    columns = tuple(np.empty(len(candles), dtype=np.int64) for _ in range(4))
    level = None
    for begin in range(0, len(candles), AT_ONCE):
        part = candles[begin : begin + AT_ONCE]
        priced = [each / instrument.tick for each in (part.open, part.high, part.low, part.close)]
        late = begin == 0 or part.time[0] > candles.time[begin - 1]
        if not (late and _timely(part, instrument) and _sound(part, instrument, priced)):
            return None
        _, high, low, close = ticks = [_whole(each) for each in priced]
        if level is None:
            level = median_low(close[: min(LEVEL_CANDLES, max(warmup, 1))].tolist())
        levels = np.append(np.int64(level), close[:-1])
        if not (np.all(low * FACTOR > levels) and np.all(high < levels * FACTOR)):
            return None
        level = int(close[-1])
        for column, each in zip(columns, ticks, strict=True):
            column[begin : begin + AT_ONCE] = each
    opened, high, low, close = columns
    first = max(warmup, 1)
    quote = opened[first:]
    return Tape(
        candles.symbol,
        candles.time[:-1],
        opened[:-1],
        high[:-1],
        low[:-1],
        close[:-1],
        candles.volume[:-1],
        candles.time[first:],
        np.arange(first, len(candles), dtype=np.int64),
        quote,
        quote,
        *(NOTHING, NOTHING, NOTHING),
        even=True,
    )


def ticks_of(prices: FloatArray, instrument: Instrument) -> IntArray:
    """Return sound prices in ticks."""
    return _whole(prices / instrument.tick)


def _whole(quotients: FloatArray) -> IntArray:
    # The same quotient and the same rounding, half to even, as Python's round(price / tick).
    return np.rint(quotients).astype(np.int64)


def _timely(candles: Candles, instrument: Instrument) -> bool:
    """Tell whether open times rise and lie where the loop expects them."""
    time, length = candles.time, candles.timeframe_ms
    schedule = grid(length) if instrument.asset_class == "crypto" else min(length, MINUTE_MS)
    steps = time[1:] - time[:-1]
    if time[0] <= 0:
        return False
    if length % schedule == 0 and np.all(steps == length):
        return bool(time[0] % schedule == 0)
    return bool(np.all(steps > 0) and np.all(time % schedule == 0))


def _sound(candles: Candles, instrument: Instrument, priced: Sequence[FloatArray]) -> bool:
    """Tell whether every candle passes the loop's checks of single candles; `priced` are prices in ticks."""
    o, h, l, c = candles.open, candles.high, candles.low, candles.close  # noqa: E741  # the field's letters
    _, high, low, _ = priced
    return bool(
        np.all((l > 0) & (l <= o) & (o <= h) & (l <= c) & (c <= h))
        and np.all((candles.volume >= 0) & np.isfinite(candles.volume))
        and np.all(low >= 1)
        and np.all(high <= MAX_CASH / instrument.cash_factor)
    )


def _one_by_one(candles: Candles, instrument: Instrument, warmup: int) -> Tape:
    cursor = Cursor(candles.rows(), instrument, candles.timeframe_ms, after=None, warmup=warmup)
    believed: list[Candle] = []
    turns: list[tuple[int, int, int]] = []
    doubts: list[tuple[int, int, int]] = []
    while not cursor.over:
        at = cursor.opens
        cursor.turn()
        # Told again at every turn until it is believed or dropped: it counts once.
        report = max(doubts[-1][0] if doubts else -NEVER, believed[-1].time if believed else -NEVER)
        doubts.extend((each.time, each.low, len(turns)) for each in cursor.doubted if each.time > report)
        believed.extend(cursor.new(believed[-1] if believed else None))
        turns.append((at, len(believed), 0 if cursor.quote is None else cursor.quote.price))
    table = np.array(turns, dtype=np.int64).reshape(-1, 3)
    columns = np.array([candle[:5] for candle in believed], dtype=np.int64).reshape(-1, 5)
    volume = np.array([candle.volume for candle in believed], dtype=np.float64)
    doubted = np.array(doubts, dtype=np.int64).reshape(-1, 3)
    quote = np.ascontiguousarray(table[:, 2])
    time, opened, high, low, close = (np.ascontiguousarray(columns[:, index]) for index in range(5))
    doubt_ms, doubt_low, doubt_turn = (np.ascontiguousarray(doubted[:, index]) for index in range(3))
    return Tape(
        candles.symbol,
        time,
        opened,
        high,
        low,
        close,
        volume,
        np.ascontiguousarray(table[:, 0]),
        np.ascontiguousarray(table[:, 1]),
        quote,
        _last_known(quote),
        doubt_ms,
        doubt_low,
        doubt_turn,
        bool(np.all(np.diff(table[:, 1]) == 1)),
    )


def _last_known(quote: IntArray) -> IntArray:
    known = np.where(quote > 0, np.arange(len(quote)), -1)
    last = np.maximum.accumulate(known)
    return np.where(last >= 0, quote[last], 0)

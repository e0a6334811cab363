"""A symbol's candles as the loop meets them: in ticks, with the instants at which each has closed.

The loop takes a candle in when the next one opens, and that opening price is the quote. A tape holds
the same as arrays. Sound data are converted in bulk; where a candle needs a closer look (a jump, an
odd time) the loop's own cursor goes over the whole series, so the two can never disagree.
"""

from dataclasses import dataclass
from statistics import median_low

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


@dataclass(frozen=True, eq=False)
class Tape:
    """One symbol's session. Prices in ticks, volume in base units, times in ms (UTC).

    `time` to `volume` hold the candles the loop believes. Turn j happens at `turn_ms[j]`: by then
    `turn_end[j]` candles have closed, the quote is `turn_quote[j]` (0 where it is not believed) and
    the last quote known is `turn_mark[j]`. `doubt_ms` and `doubt_low` are of candles the loop does
    not believe and judges stops by, each first told at turn `doubt_turn`.
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


def tape_of(candles: Candles, instrument: Instrument, warmup: int) -> Tape:
    """Return the tape of a session whose first `warmup` candles are delivered together.

    Raises BadInput when there is no candle behind the warm-up.
    """
    if len(candles) < warmup + 1:
        raise BadInput(f"{candles.symbol}: {len(candles)} candles; a warm-up of {warmup} needs {warmup + 1}")
    fast = _in_bulk(candles, instrument, warmup)
    return fast if fast is not None else _one_by_one(candles, instrument, warmup)


def _ticks(prices: FloatArray, tick: float) -> IntArray:
    # The same quotient and the same rounding, half to even, as Python's round(price / tick).
    return np.rint(prices / tick).astype(np.int64)


def _in_bulk(candles: Candles, instrument: Instrument, warmup: int) -> Tape | None:
    if not _sound(candles, instrument):
        return None
    tick = instrument.tick
    opened, high = _ticks(candles.open, tick), _ticks(candles.high, tick)
    low, close = _ticks(candles.low, tick), _ticks(candles.close, tick)
    level = np.empty_like(close)
    level[0] = median_low(close[: min(LEVEL_CANDLES, max(warmup, 1))].tolist())
    level[1:] = close[:-1]
    if not (np.all(low * FACTOR > level) and np.all(high < level * FACTOR)):
        return None
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
    )


def _sound(candles: Candles, instrument: Instrument) -> bool:
    """Tell whether every candle passes the loop's checks of single candles."""
    o, h, l, c = candles.open, candles.high, candles.low, candles.close  # noqa: E741  # the field's letters
    always_open = instrument.asset_class == "crypto"
    schedule = grid(candles.timeframe_ms) if always_open else min(candles.timeframe_ms, MINUTE_MS)
    return bool(
        np.all(candles.time % schedule == 0)
        and np.all(np.diff(candles.time) > 0)
        and candles.time[0] > 0
        and np.all((l > 0) & (l <= o) & (o <= h) & (l <= c) & (c <= h))
        and np.all((candles.volume >= 0) & np.isfinite(candles.volume))
        and np.all(l / instrument.tick >= 1)
        and np.all(h / instrument.tick <= MAX_CASH / instrument.cash_factor)
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
        *(np.ascontiguousarray(doubted[:, index]) for index in range(3)),
    )


def _last_known(quote: IntArray) -> IntArray:
    known = np.where(quote > 0, np.arange(len(quote)), -1)
    last = np.maximum.accumulate(known)
    return np.where(last >= 0, quote[last], 0)

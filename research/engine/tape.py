"""A symbol's candles as the loop meets them: in ticks, with the instants at which each has closed.

The loop takes a candle in when the next one opens, and that opening price is the quote. A tape holds
the same as arrays. Sound data are converted in bulk; where a candle needs a closer look (a jump, an
odd time) the loop's own cursor goes over the whole series, so the two can never disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median_low
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.candle import Candle
from domain.errors import BadInput
from domain.instrument import Instrument
from domain.money import MAX_CASH
from domain.times import MINUTE_MS, grid
from perception.driven.market import NEVER, Cursor
from perception.quality.collar import FACTOR, LEVEL_CANDLES
from research.data.candles import Candles, FloatArray, IntArray
from research.engine.meanwhile import meanwhile

NOTHING: IntArray = np.zeros(0, dtype=np.int64)
AT_ONCE = 131_072
"""Candles gone over at a time, so that what is worked out between stays in a core's cache."""
LONG = 200_000
"""Candles from which on a second thread is worth its start."""
WHOLE = 1.5 * 2**52
WHOLE_BITS = int(np.float64(WHOLE).view(np.int64))
"""A float around which floats are whole numbers, and neighbours in their bits as well: a sum with it is
rounded to a whole number, half to even, and its bits tell which. NumPy does that in two thirds of the time of
rounding and conversion."""
SUM_WHOLE = 2.0**51
"""Numbers below which that holds."""


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
    first = max(warmup, 1)
    if len(candles) < LONG:
        sound = _sound(candles, instrument)
        written = sound and _write_parts(candles, instrument, columns, first)
    else:
        looked_at = meanwhile(partial(_sound, candles, instrument))
        written = _write_parts(candles, instrument, columns, first)
        sound = looked_at()
    if not (sound and written):
        return None
    opened, high, low, close = columns
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


def _write_parts(candles: Candles, instrument: Instrument, columns: Sequence[IntArray], first: int) -> bool:
    """Write candles in ticks; tell whether no price is too small, too large or a jump from the close before.

    That is told of candles that `_sound` tells to be sound. The first is compared with the closes that are
    delivered with it, `first` in number.
    """
    room, level = np.empty(min(len(candles), AT_ONCE)), None
    for begin in range(0, len(candles), AT_ONCE):
        ticks = [each[begin : begin + AT_ONCE] for each in columns]
        bounds = _write_ticks(candles[begin : begin + AT_ONCE], instrument, room, ticks)
        if bounds is None:
            return False
        if level is None:
            level = median_low(ticks[3][: min(LEVEL_CANDLES, first)].tolist())
        if not _steady(ticks, bounds, level):
            return False
        level = int(ticks[3][-1])
    return True


def _sound(candles: Candles, instrument: Instrument) -> bool:
    """Tell whether times are those the loop expects, and prices and volumes some, however large."""
    o, h, l, c = candles.open, candles.high, candles.low, candles.close  # noqa: E741  # the field's letters
    flags = np.empty(len(candles), dtype=np.bool_)
    return (
        _timely(candles, instrument, flags)
        and all(bool(np.less_equal(*each, out=flags).all()) for each in ((l, o), (o, h), (l, c), (c, h)))
        and bool(candles.volume.min() >= 0 and candles.volume.max() < np.inf)
    )


def _timely(candles: Candles, instrument: Instrument, flags: NDArray[np.bool_]) -> bool:
    """Tell whether open times rise and lie where the loop expects them."""
    time, length = candles.time, candles.timeframe_ms
    schedule = grid(length) if instrument.asset_class == "crypto" else min(length, MINUTE_MS)
    steps = time[1:] - time[:-1]
    if time[0] <= 0:
        return False
    if length % schedule == 0 and np.equal(steps, length, out=flags[1:]).all():
        return bool(time[0] % schedule == 0)
    return bool(np.all(steps > 0) and np.all(time % schedule == 0))


def _write_ticks(
    candles: Candles, instrument: Instrument, room: FloatArray, columns: Sequence[IntArray]
) -> tuple[int, int] | None:
    """Write open, high, low and close in ticks, and return the lowest and the highest.

    Returns None where one is below one tick or too large. What is in `room` afterwards is nobody's.
    """
    opened, high, low, close = columns
    room = room[: len(candles)]
    most = float(np.divide(candles.high, instrument.tick, out=room).max())
    if not most <= MAX_CASH / instrument.cash_factor:
        return None
    _write_whole(room, most, high)
    least = float(np.divide(candles.low, instrument.tick, out=room).min())
    if not least >= 1:
        return None
    _write_whole(room, most, low)
    for prices, column in ((candles.open, opened), (candles.close, close)):
        _write_whole(np.divide(prices, instrument.tick, out=room), most, column)
    return round(least), round(most)


def _steady(ticks: Sequence[IntArray], bounds: tuple[int, int], level: int) -> bool:
    """Tell whether no candle jumps from the close or level before it; `bounds` are all prices'."""
    least, most = bounds
    if least * FACTOR > max(most, level) and most < min(least, level) * FACTOR:
        return True
    _, high, low, close = ticks
    levels = np.append(np.int64(level), close[:-1])
    return bool(np.all(low * FACTOR > levels) and np.all(high < levels * FACTOR))


def ticks_of(prices: FloatArray, instrument: Instrument) -> IntArray:
    """Return sound prices in ticks."""
    return _whole(prices / instrument.tick)


def _whole(quotients: FloatArray) -> IntArray:
    # The same quotient and the same rounding, half to even, as Python's round(price / tick).
    return np.rint(quotients).astype(np.int64)


def _write_whole(quotients: FloatArray, most: float, column: IntArray) -> None:
    """Write quotients up to `most` as `_whole` rounds them; what is in their place afterwards is nobody's."""
    if most >= SUM_WHOLE:
        with np.errstate(invalid="ignore"):  # of what `_sound` refuses meanwhile
            column[:] = _whole(quotients)
        return
    np.add(quotients, WHOLE, out=quotients)
    np.subtract(quotients.view(np.int64), WHOLE_BITS, out=column)


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

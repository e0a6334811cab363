"""Raw prices and an instrument's tick grid: what is no price, what is off the grid, and the short way."""

from math import inf, isfinite

from domain.candle import Candle, RawCandle
from domain.instrument import Instrument
from domain.money import MAX_CASH
from perception.quality.collar import FACTOR

OFF_GRID = 0.01
"""How far from a tick, in ticks, a price may lie before it is off the grid: floats carry noise."""


def on_grid(instrument: Instrument, price: float) -> int | None:
    """Return a raw price in ticks, or None when it is no price: not finite, not positive, too large."""
    steps = price / instrument.tick
    if not 0.5 < steps <= MAX_CASH / instrument.cash_factor:
        return None  # NaN as well
    return round(steps)


def follower(instrument: Instrument, row: RawCandle, after: Candle, timeframe_ms: int) -> Candle | None:
    """Return a raw candle on the grid if it follows `after` directly and nothing at all is wrong with it.

    The short way through the checks, about 2 µs, for the common case; None only means: look closer.
    """
    time, open_, high, low, close, volume = row
    sound = 0 < low <= open_ <= high < inf and low <= close <= high and 0 <= volume < inf
    if not sound or time - after.time != timeframe_ms or time % timeframe_ms:
        return None
    tick = instrument.tick
    opened, top, bottom, closed = open_ / tick, high / tick, low / tick, close / tick
    if bottom < 1 or top * instrument.cash_factor > MAX_CASH:
        return None
    o, h, l, c = round(opened), round(top), round(bottom), round(closed)  # noqa: E741  # the field's letters
    if abs(opened - o) > OFF_GRID or abs(top - h) > OFF_GRID or abs(bottom - l) > OFF_GRID:
        return None
    if abs(closed - c) > OFF_GRID:
        return None
    level = after.close
    if l * FACTOR <= level or h >= level * FACTOR:
        return None
    return Candle(time, o, h, l, c, volume)


def rounded(row: RawCandle, instrument: Instrument) -> tuple[Candle, bool]:
    """Return a sound raw candle in ticks, each price to the nearest, and whether all lay on the grid."""
    tick = instrument.tick
    opened, top, bottom, closed = steps = [price / tick for price in row[1:5]]
    candle = Candle(row.time, round(opened), round(top), round(bottom), round(closed), row.volume)
    return candle, all(abs(step - round(step)) <= OFF_GRID for step in steps)


def fault_of(row: RawCandle, instrument: Instrument) -> tuple[str, str] | None:
    """Return finding kind and detail of what makes a raw candle unbelievable by itself, or None."""
    _, open_, high, low, close, volume = row
    shown = f"open {open_}, high {high}, low {low}, close {close}, volume {volume}"
    if not all(map(isfinite, row[1:])):
        return "not_finite", shown
    if min(open_, high, low, close) <= 0 or volume < 0:
        return "not_positive", shown
    if not (low <= open_ <= high and low <= close <= high):
        return "high_low", shown
    if on_grid(instrument, low) is None:
        return "not_positive", f"low {low} is 0 ticks of {instrument.tick:g}"
    if on_grid(instrument, high) is None:
        return "too_large", f"high {high} exceeds {MAX_CASH // instrument.cash_factor} ticks"
    return None

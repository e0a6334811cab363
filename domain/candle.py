"""Candles and quotes on an instrument's grid."""

from datetime import datetime
from typing import NamedTuple

from domain.times import utc


class RawCandle(NamedTuple):
    """One candle as a provider gives it: open time in ms (UTC), prices and base volume as floats."""

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class Candle(NamedTuple):
    """One closed candle: open time in ms (UTC), prices in ticks, base volume as a float."""

    time: int
    open: int
    high: int
    low: int
    close: int
    volume: float

    @property
    def opened_at(self) -> datetime:
        """Open time as an aware datetime."""
        return utc(self.time)


class LastPrice(NamedTuple):
    """The last known price in ticks and when it was true, in ms (UTC)."""

    price: int
    time: int

    @property
    def at(self) -> datetime:
        """Time of the price as an aware datetime."""
        return utc(self.time)

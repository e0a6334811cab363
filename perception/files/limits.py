"""The limits of a candle in a file: prices and a volume that markets have, between a high and a low."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import isfinite

from domain.candle import RawCandle
from domain.times import DAY_MS, MONTH_MS, utc

FIELDS = ("timestamp", "open", "high", "low", "close", "volume")
LEAST_PRICE, MOST_PRICE, MOST_VOLUME = 1e-12, 1e12, 1e18
"""Beyond any pair's: bitcoin in dong is some 1e9, the cheapest coin in bitcoin some 1e-11."""
SAMPLE_ROWS = 200
"""Rows whose steps tell the timeframe."""


def fault(candle: RawCandle, previous: float) -> str:
    """Return what is wrong with a candle after one that opened at `previous`, or ""."""
    time, opened, top, bottom, closed, traded = candle
    sound = (
        time > previous
        and LEAST_PRICE <= bottom <= opened <= top <= MOST_PRICE
        and bottom <= closed <= top
        and 0 <= traded <= MOST_VOLUME
    )
    return "" if sound else reason(candle, previous)


def reason(candle: RawCandle, previous: float) -> str:
    """Return words for a candle that is not sound."""
    if candle.time <= previous:
        before = utc(int(previous)).isoformat()
        order = "repeats" if candle.time == previous else "is before"
        return f"time {utc(candle.time).isoformat()} {order} the last candle's {before}; oldest first"
    for name, value in zip(FIELDS[1:], candle[1:], strict=True):
        if text := _value(name, value):
            return text
    if candle.high < candle.low:
        return f"high {candle.high} is below low {candle.low}"
    return f"open {candle.open} or close {candle.close} is outside low {candle.low} to high {candle.high}"


def usual_step(times: Sequence[int]) -> int | None:
    """Return the most common step of the first rows, the smallest of several; MONTH_MS for months.

    None for less than two rows.
    """
    steps = Counter(map(_month, (later - earlier for earlier, later in pairwise(times[:SAMPLE_ROWS]))))
    most = max(steps.values(), default=0)
    return min((step for step, count in steps.items() if count == most), default=None)


def shown(value: object) -> str:
    """Return a value of a file as a message shows it."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _month(step: int) -> int:
    return MONTH_MS if 28 * DAY_MS <= step <= 31 * DAY_MS else step


def _value(name: str, value: float) -> str:
    if not isfinite(value):
        return f"{name} {value} is not finite"
    if name == "volume":
        limit = f"volume {value} is above {MOST_VOLUME:g}" if value > MOST_VOLUME else ""
        return f"volume {value} is below 0" if value < 0 else limit
    if value <= 0:
        return f"{name} {value} is not above 0"
    if not LEAST_PRICE <= value <= MOST_PRICE:
        return f"{name} {value} is no price: it must be from {LEAST_PRICE:g} to {MOST_PRICE:g}"
    return ""

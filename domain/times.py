"""Instants: timezone-aware datetimes in messages, integer milliseconds since 1970 (UTC) in kernels.

A candle of a timeframe fills a slot. Slots are counted from 1970 as Binance opens its candles: weeks on
Mondays, months on their first day, all else in multiples of the length. A month has no fixed length: MONTH_MS
names it, `closing` says when one ends.
"""

from datetime import UTC, datetime

EPOCH = datetime.fromtimestamp(0, UTC)
SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS
MONTH_MS = 30 * DAY_MS
"""Stands for a calendar month, of 28 to 31 days."""

TIMEFRAMES: dict[str, int] = {
    "1s": SECOND_MS,
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": WEEK_MS,
    "1M": MONTH_MS,
}
"""Length of each supported candle timeframe in milliseconds."""


def length_name(length_ms: int) -> str:
    """Return the name of a candle length in ms, such as 1h; of one that has none its milliseconds."""
    return next((name for name, each in TIMEFRAMES.items() if each == length_ms), f"{length_ms} ms")


MONDAY_MS = 4 * DAY_MS
"""The first Monday: 1970 began on a Thursday."""


def utc(milliseconds: int) -> datetime:
    """Turn milliseconds since 1970 into an aware datetime."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def millis(instant: datetime) -> int:
    """Turn an aware datetime into milliseconds since 1970.

    Raises ValueError for a naive datetime: guessing a zone is how bots trade at the wrong hour.
    """
    if instant.tzinfo is None:
        raise ValueError(f"time {instant.isoformat()} has no timezone")
    return round(instant.timestamp() * 1000)


def slot(time_ms: int, timeframe_ms: int) -> int:
    """Return the number of the slot that an instant falls into."""
    if timeframe_ms == MONTH_MS:
        instant = utc(time_ms)
        return (instant.year - 1970) * 12 + instant.month - 1
    return (time_ms - _shift(timeframe_ms)) // timeframe_ms


def opening(number: int, timeframe_ms: int) -> int:
    """Return when the slot of a number opens."""
    if timeframe_ms == MONTH_MS:
        years, months = divmod(number, 12)
        return millis(datetime(1970 + years, months + 1, 1, tzinfo=UTC))
    return number * timeframe_ms + _shift(timeframe_ms)


def opened_by(time_ms: int, timeframe_ms: int) -> int:
    """Return the open time of the slot that an instant falls into."""
    return opening(slot(time_ms, timeframe_ms), timeframe_ms)


def closing(opened_ms: int, timeframe_ms: int) -> int:
    """Return when a candle that opened then is over; it need not have opened on a slot."""
    if timeframe_ms != MONTH_MS:
        return opened_ms + timeframe_ms
    number = slot(opened_ms, MONTH_MS)
    return opening(number + 1, MONTH_MS) + opened_ms - opening(number, MONTH_MS)


def grid(timeframe_ms: int) -> int:
    """Return what an open time must be a multiple of: exchanges begin long candles on days of their own."""
    return min(timeframe_ms, DAY_MS)


def lasting(milliseconds: float) -> str:
    """Return a length of time in the unit a person would choose: `30 min`, `6.5 h`, `12 days`."""
    if milliseconds < 2 * MINUTE_MS:
        return f"{milliseconds / SECOND_MS:.3g} s"
    if milliseconds < 2 * HOUR_MS:
        return f"{milliseconds / MINUTE_MS:.3g} min"
    return (
        f"{milliseconds / HOUR_MS:.3g} h"
        if milliseconds < 2 * DAY_MS
        else f"{milliseconds / DAY_MS:.4g} days"
    )


def _shift(timeframe_ms: int) -> int:
    return MONDAY_MS if timeframe_ms == WEEK_MS else 0

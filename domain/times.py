"""Instants: timezone-aware datetimes in messages, integer milliseconds since 1970 (UTC) in kernels."""

from datetime import UTC, datetime

EPOCH = datetime.fromtimestamp(0, UTC)
SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

TIMEFRAMES: dict[str, int] = {
    "1s": SECOND_MS,
    "1m": MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "4h": 4 * HOUR_MS,
    "1d": DAY_MS,
}
"""Length of each supported candle timeframe in milliseconds."""


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

"""Binance's candle intervals and their grid."""

from decimal import Decimal

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

INTERVALS: dict[str, int] = {
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
    "1w": 7 * DAY_MS,
}
"""Length of each interval in ms; the month, which has no fixed length, is left out."""

_NAMES = {length: name for name, length in INTERVALS.items()}
_MONDAY = 4 * DAY_MS  # 1970 began on a Thursday


def name_of(length_ms: int) -> str:
    """Return the name of a length."""
    return _NAMES[length_ms]


def opening(time_ms: int, length_ms: int) -> int:
    """Return the open time of the candle that `time_ms` falls into."""
    shift = _MONDAY if length_ms == INTERVALS["1w"] else 0
    return (time_ms - shift) // length_ms * length_ms + shift


def played_length(timeframe_ms: int, speed: Decimal) -> int:
    """Return how long a candle lasts when played at this speed.

    Raises ValueError when that is no interval of Binance's, naming the speeds that give one.
    """
    if speed > 0:
        length = Decimal(timeframe_ms) / speed
        if length == length.to_integral_value() and int(length) in _NAMES:
            return int(length)
    possible = sorted({Decimal(timeframe_ms) / length for length in INTERVALS.values()})
    whole = [f"{value:f}" for value in possible if value == value.to_integral_value()]
    raise ValueError(
        f"speed {speed:f} plays candles of {timeframe_ms / 1000:g} s as none of Binance's intervals; "
        f"possible: {', '.join(whole)}"
    )

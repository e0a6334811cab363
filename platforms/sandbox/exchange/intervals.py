"""Binance's candle intervals and their grid."""

from decimal import Decimal

from domain.times import MONTH_MS, TIMEFRAMES

INTERVALS: dict[str, int] = {name: length for name, length in TIMEFRAMES.items() if length != MONTH_MS}
"""Length of each interval in ms; the month, which has no fixed length, is left out."""

_NAMES = {length: name for name, length in INTERVALS.items()}


def name_of(length_ms: int) -> str:
    """Return the name of a length."""
    return _NAMES[length_ms]


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

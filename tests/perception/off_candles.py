"""Small honest series and files that the offline tests share."""

import gzip
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from domain.candle import Candle, RawCandle
from domain.instrument import Instrument
from domain.times import DAY_MS, MINUTE_MS, utc

START = 1_704_067_200_000
"""2024-01-01T00:00:00Z in milliseconds."""
HEADER = "timestamp,open,high,low,close,volume"


def instrument(symbol: str = "BTC-USDT", tick: str = "0.01", asset_class: str = "crypto") -> Instrument:
    """Return an instrument with a grid that money fits."""
    base, _, quote = symbol.partition("-")
    step = Decimal("0.00001") if asset_class == "crypto" else Decimal(1)
    return Instrument(
        symbol, base, quote or "USD", Decimal(tick), step, step, Decimal(5), asset_class=asset_class
    )


BTC = instrument()


def series(
    count: int, *, start: int = START, step: int = MINUTE_MS, price: int = 5_000_000
) -> list[RawCandle]:
    """Return sound candles on the 0.01 grid that wander a little and never repeat."""
    rows = []
    for number in range(count):
        open_ = price + (number * 37) % 101
        close = price + (number * 53 + 11) % 97
        high, low = max(open_, close) + number % 7, min(open_, close) - number % 5
        time, volume = start + number * step, 1.0 + number % 3
        rows.append(RawCandle(time, open_ / 100, high / 100, low / 100, close / 100, volume))
    return rows


def ticks(row: RawCandle, tick: float = 0.01) -> Candle:
    """Return a raw candle in ticks, worked out independently of the code under test."""
    open_, high, low, close = (int(Decimal(str(price)) / Decimal(str(tick))) for price in row[1:5])
    return Candle(row.time, open_, high, low, close, row.volume)


def stamp(time: int) -> str:
    """Return an open time as candle files write it."""
    return utc(time).strftime("%Y-%m-%dT%H:%M:%SZ")


def text(rows: Iterable[RawCandle]) -> str:
    """Return candles as the text of a CSV file."""
    lines = [HEADER]
    lines += [",".join([stamp(row.time), *(repr(value) for value in row[1:])]) for row in rows]
    return "\n".join(lines) + "\n"


def write(path: Path, rows: Iterable[RawCandle]) -> Path:
    """Write candles to a .csv or .csv.gz file."""
    if path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(text(rows).encode()))
    else:
        path.write_text(text(rows))
    return path


def at(milliseconds: int) -> datetime:
    """Return an aware datetime."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


__all__ = [
    "BTC",
    "DAY_MS",
    "HEADER",
    "MINUTE_MS",
    "START",
    "at",
    "instrument",
    "series",
    "stamp",
    "text",
    "ticks",
    "write",
]

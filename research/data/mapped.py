"""Candles mapped from disk: the catalogue's columns as they lie in memory, beside its Parquet file.

A file of columns is made when it is first asked for, is named after the candles' fingerprint and read back
against it, and goes when other candles were mapped. It can be removed at any time. What is mapped costs
memory only while it is read: `Candles.release` gives it back.
"""

import mmap
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from edge.files import write_whole
from research.data.candles import COLUMNS, Candles

SUFFIX = ".columns"
NUMBER = 8
"""Bytes of a number; a column is so many of them in a row, columns lie behind one another."""


def columns_file(path: Path, fingerprint: str) -> Path:
    """Return where the columns of a catalogue's file lie while its candles are these."""
    return path.with_name(f".{path.stem}.{fingerprint[:16]}{SUFFIX}")


def write_columns(path: Path, candles: Candles) -> None:
    """Write a file of columns beside the catalogue's, and remove that of other candles. Raises OSError."""
    target = columns_file(path, candles.fingerprint)
    content: Any = np.concatenate([getattr(candles, name).view(np.uint8) for name in COLUMNS])
    write_whole(target, content.data)
    for old in path.parent.glob(f".{path.stem}.*{SUFFIX}"):
        if old != target:
            with suppress(OSError):
                old.unlink()


def read_columns(file: Path, symbol: str, timeframe_ms: int, fingerprint: str) -> Candles | None:
    """Return the candles of a file of columns, mapped; None where there is none or it is not theirs."""
    try:
        with file.open("rb") as opened:
            # Copied where written, for the compiler would make a second version for arrays that cannot be.
            memory = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError):
        return None
    count = len(memory) // (NUMBER * len(COLUMNS))
    if len(memory) != count * NUMBER * len(COLUMNS):
        return None
    kinds = (np.int64, *[np.float64] * (len(COLUMNS) - 1))
    columns: list[Any] = [
        np.frombuffer(memory, dtype=kind, count=count, offset=index * count * NUMBER)
        for index, kind in enumerate(kinds)
    ]
    candles = Candles(symbol, timeframe_ms, *columns, memory=memory)
    if candles.fingerprint != fingerprint:
        return None
    candles.release()
    return candles

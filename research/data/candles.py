"""Candles as arrays: one symbol, one timeframe, decimal prices."""

import hashlib
import mmap
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from domain.candle import RawCandle

COLUMNS = ("time", "open", "high", "low", "close", "volume")
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Candles:
    """Closed candles of one symbol, oldest first, strictly rising in time.

    `time` is the open time in ms (UTC); prices and volume are decimals of the quote and base asset,
    all arrays of one length. `memory` is what they are mapped from, if they are (research.data.mapped).
    """

    symbol: str
    timeframe_ms: int
    time: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    memory: mmap.mmap | None = field(default=None, kw_only=True, repr=False)

    def __len__(self) -> int:
        """Return the number of candles."""
        return len(self.time)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over symbol, timeframe and every value: the same data always has the same one."""
        digest = hashlib.sha256(f"{self.symbol}|{self.timeframe_ms}|{len(self)}".encode())
        for column in (self.time, self.open, self.high, self.low, self.close, self.volume):
            digest.update(np.ascontiguousarray(column).data)
            self.release()
        return digest.hexdigest()

    def release(self) -> None:
        """Give memory back that can be read again: that of mapped candles."""
        if self.memory is not None and hasattr(mmap, "MADV_DONTNEED"):
            self.memory.madvise(mmap.MADV_DONTNEED)

    def between(self, start_ms: int | None, end_ms: int | None) -> "Candles":
        """Return the candles that open at or after `start_ms` and before `end_ms`; views, not copies."""
        first = 0 if start_ms is None else int(np.searchsorted(self.time, start_ms))
        last = len(self) if end_ms is None else int(np.searchsorted(self.time, end_ms))
        return self[first:last]

    def rows(self) -> Generator[RawCandle, None, None]:
        """Return the candles one by one, as the loop's providers give them."""
        columns = (self.time, self.open, self.high, self.low, self.close, self.volume)
        for row in zip(*(column.tolist() for column in columns), strict=True):
            yield RawCandle(*row)

    def __getitem__(self, part: slice) -> "Candles":
        """Return a run of candles; views, not copies."""
        return Candles(
            self.symbol,
            self.timeframe_ms,
            self.time[part],
            self.open[part],
            self.high[part],
            self.low[part],
            self.close[part],
            self.volume[part],
            memory=self.memory,
        )


def merged(times: Iterable[IntArray]) -> IntArray:
    """Return every instant of rising series once, in order; there is one at least."""
    series = iter(times)
    result = next(series)
    for each in series:
        if not np.array_equal(each, result):  # symbols of one market trade at the same instants
            both = np.concatenate((result, each))
            both.sort(kind="stable")  # two runs that rise, which it merges
            result = both[np.append(True, both[1:] != both[:-1])]
    return result

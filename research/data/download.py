"""Candles of the past from Binance's public market data, page by page into the catalogue.

Only what the catalogue lacks is asked for, so a download that was cut off goes on where it stopped.
Every page goes through the loop's own guard: deadline, retries, rate and bans are as there.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from domain.candle import RawCandle
from domain.errors import BadAnswer, BadInput, VenueFault
from domain.ports import CandleRequest, Clock
from domain.times import MONTH_MS, millis, opened_by, slot, utc
from perception.build import binance
from perception.guard.provider import GuardedProvider
from perception.providers.binance import MOST_ROWS
from perception.settings import BinanceSettings, PerceptionSettings
from research.data.candles import Candles
from research.data.catalogue import Catalogue
from research.data.load import Range
from research.data.slots import closings

FLUSH_ROWS = 100_000
"""Candles kept in memory before they are written: each writing replaces the whole file."""

Progress = Callable[[int, int], None]
"""Told how many candles' time is done, of how many."""


class CandleSource(Protocol):
    """A provider of candles, as the download needs it."""

    @property
    def name(self) -> str:
        """Name as in the settings."""
        ...

    def candles(self, request: CandleRequest, deadline_seconds: float | None = None) -> Sequence[RawCandle]:
        """Return candles oldest first. Raises VenueFault."""
        ...


class Downloaded(NamedTuple):
    """The result of a download: new candles, requests made, all candles in the range now.

    `left_out` says of each candle that cannot be why it is not kept.
    """

    new: int
    requests: int
    held: int
    left_out: tuple[str, ...] = ()


def binance_source(
    settings: BinanceSettings, shared: PerceptionSettings, clock: Clock, home: Path
) -> GuardedProvider:
    """Build the guarded Binance provider; `close` it after use."""
    return binance(settings, shared, clock, home)


def download(
    source: CandleSource,
    catalogue: Catalogue,
    symbol: str,
    timeframe_ms: int,
    span: Range,
    at: datetime,
    progress: Progress = lambda _done, _total: None,
) -> Downloaded:
    """Fetch the candles of the range that are closed at `at` and not in the catalogue yet.

    Raises BadInput for a range that is still to come, VenueFault when the venue fails; what came
    before is in the catalogue.
    """
    span = (span[0] or 0, min(_closed_until(millis(at), timeframe_ms), span[1] or millis(at)))
    if span[0] >= span[1]:
        raise BadInput(f"no candle of the range is closed yet: it begins at {utc(span[0]).isoformat()}")
    held = catalogue.held(symbol, timeframe_ms)
    pages = _Pages(source, symbol, timeframe_ms, lacking(held, span, timeframe_ms), progress)
    new, rows = 0, list[RawCandle]()
    try:
        for page in pages:
            rows.extend(page)
            if len(rows) >= FLUSH_ROWS:
                rows, full = [], rows
                new += _kept(catalogue, symbol, timeframe_ms, full, source.name, at)
    except VenueFault as fault:
        new += _kept(catalogue, symbol, timeframe_ms, rows, source.name, at)
        raise type(fault)(f"{fault}; {new} new candles are kept, run it again to go on") from fault
    except KeyboardInterrupt:
        _kept(catalogue, symbol, timeframe_ms, rows, source.name, at)
        raise
    new += _kept(catalogue, symbol, timeframe_ms, rows, source.name, at)
    now = catalogue.held(symbol, timeframe_ms)
    held_now = len(now.between(*span)) if now else 0
    return Downloaded(new, pages.requests, held_now, tuple(pages.left_out))


def lacking(held: Candles | None, span: tuple[int, int], timeframe_ms: int) -> list[tuple[int, int]]:
    """Return the parts of the span, end not included, that hold no candle yet but room for one."""
    inside = held.between(*span).time if held else np.empty(0, dtype=np.int64)
    begins = [span[0], *closings(inside, timeframe_ms).tolist()]
    ends = [*inside.tolist(), span[1]]
    return [part for part in zip(begins, ends, strict=True) if _slots(*part, timeframe_ms) > 0]


class _Pages:
    """The venue's answers for each part that is lacking."""

    def __init__(
        self,
        source: CandleSource,
        symbol: str,
        timeframe_ms: int,
        parts: list[tuple[int, int]],
        progress: Progress,
    ) -> None:
        self.requests = 0
        self.left_out: list[str] = []
        self._source = source
        self._symbol = symbol
        self._timeframe_ms = timeframe_ms
        self._parts = parts
        self._progress = progress

    def __iter__(self) -> Iterator[Sequence[RawCandle]]:
        total = sum(_slots(*part, self._timeframe_ms) for part in self._parts)
        done = 0
        self._progress(done, total)
        for since, end in self._parts:
            for page, left in self._part(since, end):
                yield page
                self._progress(done + _slots(since, end, self._timeframe_ms) - left, total)
            done += _slots(since, end, self._timeframe_ms)
            self._progress(done, total)

    def _part(self, since: int, end: int) -> Iterator[tuple[Sequence[RawCandle], int]]:
        """Yield pages of one part and how many candles may still be to come."""
        while left := _slots(since, end, self._timeframe_ms):
            limit = min(left, MOST_ROWS)
            request = CandleRequest(self._symbol, self._timeframe_ms, since, end - 1, limit)
            page = self._source.candles(request)
            self.requests += 1
            _check(page, since, end)
            if not page:
                return
            wrong = {candle.time: odd for candle in page if (odd := _odd(candle))}
            if len(wrong) == len(page):
                raise BadAnswer(wrong[page[0].time])
            self.left_out += wrong.values()
            # Not a timeframe on: after an outage the exchange has opened candles off the grid.
            since = page[-1].time + 1
            sound = [candle for candle in page if candle.time not in wrong]
            yield sound, _slots(since, end, self._timeframe_ms)
            if len(page) < limit:
                return


def _slots(since: int, end: int, timeframe_ms: int) -> int:
    """Return how many open times on the grid there are from `since` up to, not including, `end`."""
    return max(0, slot(end - 1, timeframe_ms) - slot(since - 1, timeframe_ms))


def _closed_until(at_ms: int, timeframe_ms: int) -> int:
    """Return the instant before which every candle opened that is closed at `at_ms`."""
    return opened_by(at_ms, MONTH_MS) if timeframe_ms == MONTH_MS else at_ms - timeframe_ms + 1


def _check(page: Sequence[RawCandle], since: int, end: int) -> None:
    """Refuse a page that is no row of candles: what is in the catalogue is believed later."""
    previous = since - 1
    for candle in page:
        if not previous < candle.time < end:
            times = f"{utc(candle.time).isoformat()} after {utc(previous).isoformat()}"
            raise BadAnswer(f"candle {times} cannot be: its time is not asked for, or comes too late")
        previous = candle.time


def _odd(candle: RawCandle) -> str:
    """Say why a candle cannot be, "" when it can."""
    time, open_, high, low, close, volume = candle
    right = 0 < low <= open_ <= high and low <= close <= high and volume >= 0
    if right and isfinite(high + volume):
        return ""
    values = f"open {open_}, high {high}, low {low}, close {close}, volume {volume}"
    return f"candle {utc(time).isoformat()} cannot be: {values}"


def _kept(
    catalogue: Catalogue, symbol: str, timeframe_ms: int, rows: list[RawCandle], source: str, at: datetime
) -> int:
    """Write candles to the catalogue and return how many were new."""
    if not rows:
        return 0
    columns = np.array(rows, dtype=np.float64)
    time, *values = (np.ascontiguousarray(columns[:, index]) for index in range(6))
    candles = Candles(symbol, timeframe_ms, time.astype(np.int64), *values)
    return catalogue.add(candles, source, at).new

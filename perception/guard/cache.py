"""Answers kept: fresh ones serve again, the last good one serves when nothing else can, with its age."""

from collections.abc import Hashable
from datetime import datetime
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from cachetools import LRUCache, TTLCache

from domain.candle import RawCandle
from domain.ports import CandleRequest, Clock
from domain.times import closing, millis

T = TypeVar("T")

LATEST = 1 << 62
"""As `now_ms` of a request: up to the newest candle there is."""
LONGEST_SERIES = 2000
MOST_SERIES = 64


class Kept(NamedTuple, Generic[T]):
    """A value and the instant it was fetched."""

    value: T
    fetched_at: datetime


Series = Kept[tuple[RawCandle, ...]]


class AnswerCache(Generic[T]):
    """At most `max_entries` answers, each fresh for `ttl_seconds` (monotonic). Thread-safe."""

    def __init__(self, clock: Clock, *, ttl_seconds: float, max_entries: int) -> None:
        self._clock = clock
        self._lock = Lock()
        self._kept: TTLCache[Hashable, Kept[T]] = TTLCache(max_entries, ttl_seconds, timer=clock.monotonic)

    def fresh(self, key: Hashable) -> Kept[T] | None:
        """Return the answer kept under `key` while it is fresh."""
        with self._lock:
            return self._kept.get(key)

    def keep(self, key: Hashable, value: T) -> Kept[T]:
        """Keep an answer as fetched now and return it."""
        kept = Kept(value, self._clock.now())
        with self._lock:
            self._kept[key] = kept
        return kept


class LastGood:
    """The newest candles ever fetched per symbol and timeframe, whatever their age. Thread-safe.

    Answers are joined, so that a short update does not push out the long history before it; where
    they overlap the newer answer holds. At most 2000 candles each.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._series: LRUCache[tuple[str, int], Series] = LRUCache(MOST_SERIES)

    def add(self, request: CandleRequest, fresh: Series) -> None:
        """Join an answer to what is kept; an empty one moves the fetch time only."""
        key = (request.symbol, request.timeframe_ms)
        with self._lock:
            old = self._series.get(key)
            if old is not None:
                past = closed_by(old, request.timeframe_ms, millis(old.fetched_at))
                fresh = Kept(_joined(past, fresh.value), fresh.fetched_at)
            self._series[key] = fresh

    def get(self, request: CandleRequest) -> Series | None:
        """Return what is kept for the request with its fetch time; None when nothing was ever fetched.

        A candle that was still forming when fetched and has closed since is left out: its values
        are not final.
        """
        with self._lock:
            kept = self._series.get((request.symbol, request.timeframe_ms))
        if kept is None:
            return None
        sound = kept.value
        if outdated(kept, request.timeframe_ms, request.now_ms):
            sound = closed_by(kept, request.timeframe_ms, millis(kept.fetched_at))
        return Kept(within(sound, request), kept.fetched_at)


def outdated(kept: Series, timeframe_ms: int, now_ms: int) -> bool:
    """Say whether a candle was still forming when fetched and has closed by `now_ms`.

    It need not be the last one: after the clock was set back, older fetches hold newer candles.
    """
    fetched = millis(kept.fetched_at)
    return any(fetched < closing(candle.time, timeframe_ms) <= now_ms for candle in reversed(kept.value))


def closed_by(kept: Series, timeframe_ms: int, instant_ms: int) -> tuple[RawCandle, ...]:
    """Return the candles that had closed by `instant_ms`."""
    return tuple(candle for candle in kept.value if closing(candle.time, timeframe_ms) <= instant_ms)


def within(candles: tuple[RawCandle, ...], request: CandleRequest) -> tuple[RawCandle, ...]:
    """Return the candles the request asks for: those in its span, of more than `limit` the oldest."""
    inside = (candle for candle in candles if request.since_ms <= candle.time <= request.now_ms)
    return tuple(inside)[: request.limit]


def _joined(old: tuple[RawCandle, ...], new: tuple[RawCandle, ...]) -> tuple[RawCandle, ...]:
    if not new:
        return old
    first, last = min(candle.time for candle in new), max(candle.time for candle in new)
    before = tuple(candle for candle in old if candle.time < first)
    after = tuple(candle for candle in old if candle.time > last)
    return (before + new + after)[-LONGEST_SERIES:]

"""A network provider behind its guard and its caches: what the chain of providers uses."""

from collections.abc import Callable, Hashable
from datetime import datetime
from threading import Lock
from typing import Protocol, TypeVar

from cachetools import TTLCache

from domain.candle import RawCandle
from domain.errors import NoData, Refused, VenueFault
from domain.observation import Headline
from domain.ports import CandleRequest, Clock, NewsProvider, Provider
from domain.times import millis
from perception.guard.cache import AnswerCache, Kept, LastGood, Series, outdated, within
from perception.guard.faults import public
from perception.guard.guard import Guard, GuardCounts
from perception.settings import CacheSettings

T = TypeVar("T")


class NetworkProvider(Provider, Protocol):
    """A provider that is asked over the network."""

    def missing(self) -> str:
        """Return what it lacks to be asked at all (a key), or ""."""
        ...

    def widened(self, request: CandleRequest) -> CandleRequest:
        """Return the request as it is sent: requests with the same answer become equal."""
        ...


class FaultMemory:
    """Faults of some kinds, remembered for a while so that they cost one request and not one a cycle."""

    def __init__(self, clock: Clock, settings: CacheSettings, *kinds: type[VenueFault]) -> None:
        self._kinds = kinds
        self._lock = Lock()
        self._faults: TTLCache[Hashable, VenueFault] = TTLCache(
            settings.max_entries, settings.refusal_seconds, timer=clock.monotonic
        )

    def run(self, subject: Hashable, ask: Callable[[], T]) -> T:
        """Return what `ask` returns. Raises the remembered fault, without asking, where there is one."""
        with self._lock:
            known = self._faults.get(subject)
        if known is not None:
            raise public(known)
        try:
            return ask()
        except self._kinds as fault:
            with self._lock:
                self._faults[subject] = public(fault)
            raise


class GuardedProvider:
    """Candles of one network provider, each call under its guard. Implements `Provider`; thread-safe.

    `ttl_seconds` is the age up to which an answer serves again; it never serves past the close of a
    candle that was still forming in it.
    """

    def __init__(
        self,
        provider: NetworkProvider,
        guard: Guard,
        clock: Clock,
        settings: CacheSettings,
        ttl_seconds: float,
    ) -> None:
        self.guard = guard
        self._provider = provider
        self._clock = clock
        self._answers: AnswerCache[tuple[RawCandle, ...]] = AnswerCache(
            clock, ttl_seconds=ttl_seconds, max_entries=settings.max_entries
        )
        self._last = LastGood()
        self._noes = FaultMemory(clock, settings, Refused, NoData)

    @property
    def name(self) -> str:
        """Name as in the settings."""
        return self._provider.name

    @property
    def state(self) -> str:
        """State of the circuit breaker: "closed", "open" or "half-open"."""
        return self.guard.state

    @property
    def counts(self) -> GuardCounts:
        """The counts of the guard so far."""
        return self.guard.counts

    def reason(self) -> str:
        """Return why a call made now would be refused without a request, or ""."""
        return self._provider.missing() or self.guard.reason()

    def candles(self, request: CandleRequest, deadline_seconds: float | None = None) -> tuple[RawCandle, ...]:
        """Return candles oldest first, of more than `limit` the oldest; from the cache while fresh.

        `deadline_seconds` may tighten the provider's own deadline. Raises Unreachable, BadAnswer,
        RateLimited, Refused or NoData. `last_good` right after tells when they were fetched.
        """
        sent = self._provider.widened(request)
        kept = self._answers.fresh(sent)
        if kept is None or outdated(kept, request.timeframe_ms, millis(self._clock.now())):
            kept = self._fetched(sent, deadline_seconds)
        return within(kept.value, request)

    def _fetched(self, sent: CandleRequest, deadline_seconds: float | None) -> Series:
        def ask() -> tuple[RawCandle, ...]:
            return self.guard.run(lambda: tuple(self._provider.candles(sent)), deadline_seconds)

        kept = self._answers.keep(sent, self._noes.run((sent.symbol, sent.timeframe_ms), ask))
        self._last.add(sent, kept)
        return kept

    def last_good(self, request: CandleRequest) -> tuple[tuple[RawCandle, ...], datetime] | None:
        """Return the newest candles ever fetched for the request, however old, and when; else None."""
        return self._last.get(request)

    def close(self) -> None:
        """Close the provider's connections."""
        self._provider.close()


class GuardedNews:
    """Headlines of one network provider under the same guard. Implements `NewsProvider`; thread-safe.

    News shares the day's budget with candles, so fetched headlines serve again for `refresh_seconds`
    and after a fault it is not asked again for `refusal_seconds`. No headlines is an answer, not a fault.
    """

    def __init__(
        self, news: NewsProvider, guard: Guard, clock: Clock, settings: CacheSettings, refresh_seconds: float
    ) -> None:
        self.guard = guard
        self._news = news
        self._faults = FaultMemory(clock, settings, VenueFault)
        self._answers: AnswerCache[tuple[datetime, tuple[Headline, ...]]] = AnswerCache(
            clock, ttl_seconds=refresh_seconds, max_entries=settings.max_entries
        )

    def headlines(
        self, symbol: str, since: datetime, limit: int, deadline_seconds: float | None = None
    ) -> tuple[Headline, ...]:
        """Return headlines published after `since`, newest first. Raises as `GuardedProvider.candles`."""
        key = (symbol, limit)
        kept = self._answers.fresh(key)
        if kept is None or kept.value[0] > since:
            kept = self._fetched(key, since, deadline_seconds)
        return tuple(headline for headline in kept.value[1] if headline.published_at > since)

    def _fetched(
        self, key: tuple[str, int], since: datetime, deadline_seconds: float | None
    ) -> Kept[tuple[datetime, tuple[Headline, ...]]]:
        symbol, limit = key

        def ask() -> tuple[Headline, ...]:
            try:
                return self.guard.run(
                    lambda: tuple(self._news.headlines(symbol, since, limit)), deadline_seconds
                )
            except NoData:
                return ()

        return self._answers.keep(key, (since, self._faults.run(symbol, ask)))

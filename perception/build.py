"""Builds the network providers with their guards: settings in, guarded providers out."""

import importlib.util
import random
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import BadInput
from domain.extras import lacking
from domain.observation import Headline
from domain.ports import Clock, Provider
from perception.guard.budget import Budget
from perception.guard.cache import AnswerCache
from perception.guard.guard import Guard
from perception.guard.provider import GuardedNews, GuardedProvider
from perception.http.fetch import HttpFetch
from perception.providers.alpha_vantage.answers import ExchangeRate, SharePrice
from perception.providers.alpha_vantage.provider import AlphaVantageProvider
from perception.providers.binance import BinanceProvider
from perception.providers.day_tickers import DayTicker
from perception.providers.listed import Listed
from perception.settings import (
    AlphaVantageSettings,
    BinanceSettings,
    CacheSettings,
    PerceptionSettings,
    StreamSettings,
)

if TYPE_CHECKING:
    from perception.stream.provider import StreamProvider

Jitter = Callable[[], float]


class GuardedAlphaVantage(GuardedProvider):
    """Alpha Vantage under one guard: candles, headlines and exchange rates share its day's budget.

    Implements `Provider` and `NewsProvider`; thread-safe.
    """

    def __init__(
        self,
        provider: AlphaVantageProvider,
        guard: Guard,
        clock: Clock,
        settings: PerceptionSettings,
        ttl_seconds: float,
    ) -> None:
        super().__init__(provider, guard, clock, settings.cache, ttl_seconds)
        self._alpha_vantage = provider
        self._news = GuardedNews(provider, guard, clock, settings.cache, settings.news.refresh_seconds)
        most = settings.cache.max_entries
        self._rates: AnswerCache[ExchangeRate] = AnswerCache(clock, ttl_seconds=ttl_seconds, max_entries=most)
        self._quotes: AnswerCache[SharePrice] = AnswerCache(clock, ttl_seconds=ttl_seconds, max_entries=most)

    def headlines(
        self, symbol: str, since: datetime, limit: int, deadline_seconds: float | None = None
    ) -> tuple[Headline, ...]:
        """Return headlines published after `since`, newest first. Raises as `candles`."""
        return self._news.headlines(symbol, since, limit, deadline_seconds)

    def exchange_rate(self, base: str, quote: str, deadline_seconds: float | None = None) -> ExchangeRate:
        """Return the rate of `base` in `quote`, from the cache while fresh. Raises as `candles`."""
        kept = self._rates.fresh((base, quote))
        if kept is None:
            rate = self.guard.run(lambda: self._alpha_vantage.exchange_rate(base, quote), deadline_seconds)
            kept = self._rates.keep((base, quote), rate)
        return kept.value

    def quote(self, symbol: str, deadline_seconds: float | None = None) -> SharePrice:
        """Return what a share cost last, from the cache while fresh. Raises as `candles`."""
        kept = self._quotes.fresh(symbol)
        if kept is None:
            price = self.guard.run(lambda: self._alpha_vantage.quote(symbol), deadline_seconds)
            kept = self._quotes.keep(symbol, price)
        return kept.value


class GuardedBinance(GuardedProvider):
    """Binance's candles, how it lists a pair and what it tells of its day, under one guard; thread-safe."""

    def __init__(
        self,
        provider: BinanceProvider,
        guard: Guard,
        clock: Clock,
        settings: CacheSettings,
        ttl_seconds: float,
    ) -> None:
        super().__init__(provider, guard, clock, settings, ttl_seconds)
        self._binance = provider

    def listed(self, symbol: str, deadline_seconds: float | None = None) -> Listed:
        """Return how the exchange lists a pair. Raises as `candles`."""
        return self.guard.run(lambda: self._binance.listed(symbol), deadline_seconds)

    def day(self, symbols: Sequence[str], deadline_seconds: float | None = None) -> dict[str, DayTicker]:
        """Return each pair's last 24 hours. Raises as `candles`."""
        return self.guard.run(lambda: self._binance.day(symbols), deadline_seconds)

    def first_day(self, symbol: str, deadline_seconds: float | None = None) -> int | None:
        """Return when a pair was first traded, in ms; None for never. Raises as `candles`."""
        return self.guard.run(lambda: self._binance.first_day(symbol), deadline_seconds)


def alpha_vantage(
    settings: AlphaVantageSettings,
    shared: PerceptionSettings,
    clock: Clock,
    home: Path,
    jitter: Jitter = random.random,
) -> GuardedAlphaVantage:
    """Build Alpha Vantage; its day's budget is remembered in `home`/budgets/alpha_vantage.json."""
    budget = Budget(
        AlphaVantageProvider.name,
        clock,
        per_second=settings.requests_per_second,
        per_day=settings.requests_per_day,
        path=_budget_file(home, AlphaVantageProvider.name),
    )
    guard = _guard(clock, budget, settings.timeout_seconds, shared, jitter)
    provider = AlphaVantageProvider(settings, _fetch(settings, clock))
    return GuardedAlphaVantage(provider, guard, clock, shared, _ttl(settings, shared))


def binance(
    settings: BinanceSettings,
    shared: PerceptionSettings,
    clock: Clock,
    home: Path,
    jitter: Jitter = random.random,
) -> GuardedBinance:
    """Build Binance's public market data; a ban is remembered in `home`/budgets/binance.json."""
    budget = Budget(
        BinanceProvider.name,
        clock,
        per_second=settings.requests_per_second,
        path=_budget_file(home, BinanceProvider.name),
    )
    guard = _guard(clock, budget, settings.timeout_seconds, shared, jitter)
    provider = BinanceProvider(settings, _fetch(settings, clock))
    return GuardedBinance(provider, guard, clock, shared.cache, _ttl(settings, shared))


def binance_stream(
    settings: StreamSettings,
    rest: Provider,
    symbols: Sequence[str],
    timeframe_ms: int,
    clock: Clock,
    jitter: Jitter = random.random,
) -> "StreamProvider":
    """Build Binance's market stream of `symbols`; what it lacks comes from `rest`, which it closes too.

    Raises BadInput where the extra is not installed or the symbols cannot be streamed.
    """
    from perception.stream.provider import StreamProvider  # noqa: PLC0415  # for those who stream only

    if importlib.util.find_spec("websockets") is None:
        raise BadInput(lacking("the market stream", "live"))
    return StreamProvider(settings, rest, symbols, timeframe_ms, clock, jitter)


def _budget_file(home: Path, name: str) -> Path:
    return home / "budgets" / f"{name}.json"


def _ttl(settings: AlphaVantageSettings | BinanceSettings, shared: PerceptionSettings) -> float:
    return shared.cache.ttl_seconds if settings.cache_seconds is None else settings.cache_seconds


def _fetch(settings: AlphaVantageSettings | BinanceSettings, clock: Clock) -> HttpFetch:
    return HttpFetch(
        settings.base_url,
        timeout_seconds=settings.timeout_seconds,
        max_bytes=settings.max_bytes,
        monotonic=clock.monotonic,
    )


def _guard(
    clock: Clock, budget: Budget, timeout_seconds: float, shared: PerceptionSettings, jitter: Jitter
) -> Guard:
    return Guard(
        clock,
        budget,
        timeout_seconds=timeout_seconds,
        breaker=shared.breaker,
        retry=shared.retry,
        jitter=jitter,
    )

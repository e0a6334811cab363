"""The market of a session, live, recorded or simulated: its observations and instants."""

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from agent.loop.pacer import Timeline
from agent.loop.turn import IN_TICKS
from agent.settings.home import Home
from agent.settings.resolve import files_beside, files_by_symbol
from agent.wiring.folded import Parts
from agent.wiring.providers import headlines, live_providers, news_provider
from domain.candle import Candle
from domain.observation import Source
from domain.ports import Clock, Observer
from perception.chain import Chain
from perception.driven.market import Cursor, DrivenMarket, beside_cursor
from perception.driven.recorded import RecordedMarket
from perception.driven.simulated import SimulatedMarket, SimulatedProvider

if TYPE_CHECKING:
    from perception.stream.provider import StreamStatus  # WebSockets are an extra
    from research.data.candles import Candles  # NumPy is not needed where nothing is researched

NO_FILES: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True)
class MarketSource:
    """The source of a session's observations and instants."""

    observer: Observer
    timeline: Timeline | None
    breakers: Callable[[], dict[str, str]]
    position: Callable[[], int] = int
    total: Callable[[], int | None] = lambda: None
    close: Callable[[], None] = lambda: None
    streams: Callable[[], dict[str, "StreamStatus"]] = dict


@runtime_checkable
class Streaming(Protocol):
    """A provider that candles are pushed to."""

    def status(self) -> "StreamStatus":
        """Return the state of its connection and its counters."""
        ...


def market(parts: Parts, clock: Clock, home: Home) -> MarketSource:
    """Return the market the options name, going on where the journal left off."""
    if parts.options.provider == "recorded":
        return recorded(parts, files_by_symbol(parts.options), files_beside(parts.options))
    if parts.options.provider == "simulated":
        return _simulated(parts)
    return _wall(parts, clock, home)


def recorded(parts: Parts, files: Mapping[str, Path], beside: Mapping[str, Path] = NO_FILES) -> MarketSource:
    """Return a market of candle files; those `beside` are of symbols that are only looked at."""
    source = RecordedMarket(
        files,
        {**parts.grid, **parts.beside},
        parts.options.timeframe_ms,
        _last_candles(parts),
        warmup=warmup(parts),
        lived_until=parts.state.at,
        reading=parts.options.files.reading,
        beside=beside,
        kept=parts.mind.informative_kept,
    )
    return MarketSource(source, source, dict, lambda: source.position, lambda: source.total_candles)


def market_of_candles(
    parts: Parts, candles: "Sequence[Candles]", beside: "Sequence[Candles]" = ()
) -> MarketSource:
    """Return a recorded market of candles in memory; those `beside` are only looked at."""
    cursors = {
        each.symbol: Cursor(
            each.rows(), parts.grid[each.symbol], each.timeframe_ms, after=None, warmup=warmup(parts)
        )
        for each in candles
    }
    others = {
        each.symbol: beside_cursor(
            each.rows(),
            parts.beside[each.symbol],
            each.timeframe_ms,
            after=None,
            warmup=warmup(parts),
            kept=parts.mind.informative_kept,
            lived=False,
        )
        for each in beside
        if each.symbol in parts.beside
    }
    source = DrivenMarket(cursors, Source.RECORDED, beside=others)
    return MarketSource(source, source, dict)


def _last_candles(parts: Parts) -> dict[str, Candle]:
    last = {
        symbol: parts.state.last[symbol] for symbol in parts.options.symbols if symbol in parts.state.last
    }
    informed = {symbol: parts.mind.informed[symbol] for symbol in parts.beside}
    return last | {symbol: each.candles[-1] for symbol, each in informed.items() if each.candles}


def warmup(parts: Parts) -> int:
    """Return how many candles a cold start takes in first: as set, and enough for every strategy."""
    return max(parts.options.perception.warmup_candles, parts.mind.candles_needed)


def _simulated(parts: Parts) -> MarketSource:
    source = SimulatedMarket(
        parts.options.simulated,
        parts.grid,
        parts.options.timeframe_ms,
        _last_candles(parts),
        warmup=warmup(parts),
        lived_until=parts.state.at,
        beside=parts.beside,
        kept=parts.mind.informative_kept,
    )
    return MarketSource(source, source, dict, lambda: source.position)


def _wall(parts: Parts, clock: Clock, home: Home) -> MarketSource:
    """Return the market at the clock's time: live providers, their kept answers, else simulated."""
    options = parts.options
    shared = options.perception
    live = live_providers(options, clock, home, tuple(parts.beside))
    news = news_provider(options, clock, home, live)
    chain = Chain(
        list(live.values()),
        # Where real orders are placed nothing is made up: no candle is better than an invented one.
        None if options.remote else SimulatedProvider(options.simulated, {**parts.grid, **parts.beside}),
        ChainMap(parts.grid, parts.beside),
        options.timeframe_ms,
        warmup=warmup(parts),
        clock=clock,
        # Who was asked for by name gets all the time its own settings allow.
        budget_seconds=shared.budget_seconds if options.provider == "auto" else None,
        cached_seconds=shared.cached_seconds,
        news=headlines(news, options),
        series={**parts.state.series, **_series_beside(parts)},
        beside=parts.beside,
    )
    return MarketSource(
        chain,
        None,
        lambda: {name: each.state for name, each in live.items()},
        close=news.close if news else (lambda: None),
        streams=lambda: {name: each.status() for name, each in live.items() if isinstance(each, Streaming)},
    )


def _series_beside(parts: Parts) -> dict[str, str]:
    """Return the series that symbols which are only looked at were on, as their provider names it."""
    informed = {symbol: parts.mind.informed[symbol].series for symbol in parts.beside}
    return {symbol: series.partition(IN_TICKS)[0] for symbol, series in informed.items() if series}

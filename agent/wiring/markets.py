"""The market of a session, live, recorded or simulated: its observations, instants and pace."""

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from agent.loop.pacer import MarketPacer, SchedulePacer, SpeedPacer, Timeline, WallPacer
from agent.loop.turn import IN_TICKS
from agent.settings.changes import INTERVAL
from agent.settings.given import Settings
from agent.settings.home import Home
from agent.settings.resolve import files_beside, files_by_symbol
from agent.settings.schedule import Schedule
from agent.settings.settings import Options
from agent.state.changes import Changed
from agent.wiring.folded import Parts
from domain.candle import Candle
from domain.errors import VenueFault
from domain.observation import Source
from domain.ports import CandleRequest, Clock, Observer, Pacer
from domain.times import millis
from perception import build
from perception.chain import Chain, Guarded
from perception.driven.market import Cursor, DrivenMarket, beside_cursor
from perception.driven.recorded import RecordedMarket
from perception.driven.simulated import SimulatedMarket, SimulatedProvider
from perception.headlines import Headlines
from perception.settings import BinanceSettings

if TYPE_CHECKING:
    from perception.stream.provider import StreamStatus  # WebSockets are an extra
    from research.data.candles import Candles  # NumPy is not needed where nothing is researched

NO_FILES: Mapping[str, Path] = MappingProxyType({})
STREAMS = {
    "live": "wss://stream.binance.com:9443",
    "testnet": "wss://stream.testnet.binance.vision",
    "demo": "wss://demo-stream.binance.com",
}
"""Where each endpoint's market streams answer."""


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


def pacer(
    options: Options,
    source: MarketSource,
    clock: Clock,
    wait: Callable[[float], bool],
    changed: Callable[[], Mapping[str, Changed]] = dict,
) -> Pacer:
    """Return what says when the next cycle is due; `changed` are settings changed while it runs."""

    def pause() -> float:
        each = changed().get(INTERVAL)
        more = {} if each is None else {INTERVAL: float(each.value)}
        return pause_seconds(options.model_copy(update=more) if more else options)

    schedule = schedule_of(options)
    if source.timeline is None and schedule is not None:
        return SchedulePacer(clock, schedule, wait)
    if source.timeline is None:
        return WallPacer(clock, pause, wait)
    if isinstance(options.speed, float | int):
        return SpeedPacer(source.timeline, float(options.speed), wait)
    return MarketPacer(source.timeline, pause, wait)


def schedule_of(options: Options) -> Schedule | None:
    """Return the schedule cycles go by, None where they go at a pace or with a driven market."""
    if options.schedule is None or options.driven:
        return None
    return Schedule(options.schedule, options.schedule_zone)


def pause_seconds(options: Options) -> float:
    """Return the pause between two cycles, the longest where a schedule says when they are.

    Of a driven market it is that where it has no speed of its own.
    """
    schedule = schedule_of(options)
    if schedule is not None:
        return schedule.longest_gap().total_seconds()
    if options.driven and options.speed == "max":
        return 0.0
    if "interval_seconds" in options.model_fields_set:
        return options.interval_seconds
    if not options.driven:
        return min(options.interval_seconds, options.timeframe_ms / 1000)
    # Nobody waits a real minute for a recorded one; an endless simulation is slowed down to be read.
    return 0.0 if options.provider == "recorded" else 1.0


def _wall(parts: Parts, clock: Clock, home: Home) -> MarketSource:
    """Return the market at the clock's time: live providers, their kept answers, else simulated."""
    options = parts.options
    shared = options.perception
    live = _live(options, clock, home, tuple(parts.beside))
    news = _news_provider(options, clock, home, live)
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
        news=_headlines(news, options),
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


def _live(options: Options, clock: Clock, home: Home, beside: tuple[str, ...] = ()) -> dict[str, Guarded]:
    """Return the network providers to ask, in order: for pairs the one that needs no key comes first."""
    wanted: list[str] = [options.provider]
    if options.remote:
        venue = _traded_market(options, clock, home, beside)
        return {venue.name: venue}
    if options.provider == "auto":
        pairs = any("-" in symbol for symbol in (*options.symbols, *beside))
        wanted = (["binance"] if pairs else []) + ["alpha_vantage"]
    providers: dict[str, Guarded] = {}
    if "binance" in wanted:
        providers["binance"] = build.binance(options.binance, options.perception, clock, home.root)
    if "alpha_vantage" in wanted and (options.alpha_vantage.api_key or options.provider != "auto"):
        settings = options.alpha_vantage
        providers["alpha_vantage"] = build.alpha_vantage(settings, options.perception, clock, home.root)
    return providers


def unreachable(options: Options, clock: Clock, home: Home, seconds: float) -> str:
    """Ask the network providers for the last candle, each within `seconds`; "" when one answers."""
    problems = []
    live = _live(options, clock, home)
    try:
        now_ms = millis(clock.now())
        step = options.timeframe_ms
        request = CandleRequest(options.symbols[0], step, now_ms - 2 * step, now_ms, 2)
        for name, provider in live.items():
            try:
                provider.candles(request, seconds)
            except VenueFault as fault:
                problems.append(f"{name}: {fault}")
            else:
                return ""
    finally:
        for provider in live.values():
            provider.close()
    return "; ".join(problems) or f"no provider has {options.symbols[0]} without a key"


def _traded_market(options: Options, clock: Clock, home: Home, beside: tuple[str, ...]) -> Guarded:
    """Return the market of the exchange that is traded: its stream, and REST behind it."""
    stream, exchange = options.stream, options.exchange
    rest = build.binance(public_market(options), options.perception, clock, home.root)
    if not options.streaming:
        return rest
    if "base_url" not in stream.model_fields_set:
        own = exchange.base_url and f"ws{exchange.base_url.removeprefix('http')}"
        stream = stream.model_copy(update={"base_url": own or STREAMS[exchange.endpoint]})
    symbols = (*options.symbols, *beside)
    return build.binance_stream(stream, rest, symbols, options.timeframe_ms, clock)


def public_market(options: Options) -> BinanceSettings:
    """Return where the exchange's public data are asked for: of the exchange that is traded, where one is."""
    report = options.binance
    if not options.remote or "base_url" in report.model_fields_set:
        return report
    return report.model_copy(update={"base_url": options.exchange.rest_url})


def quotes(settings: Settings, clock: Clock, home: Path) -> build.GuardedAlphaVantage:
    """Return who says what a share or a pair costs just now; `close` it after use."""
    return build.alpha_vantage(settings.alpha_vantage, settings.perception, clock, home)


def _news_provider(
    options: Options, clock: Clock, home: Home, live: Mapping[str, Guarded]
) -> build.GuardedAlphaVantage | None:
    """Return who has the news, only Alpha Vantage: one guard and one day's budget for all it does."""
    if not options.perception.news.enabled or options.alpha_vantage.api_key is None:
        return None
    known = live.get("alpha_vantage")
    if isinstance(known, build.GuardedAlphaVantage):
        return known
    return build.alpha_vantage(options.alpha_vantage, options.perception, clock, home.root)


def _headlines(news: build.GuardedAlphaVantage | None, options: Options) -> Headlines | None:
    settings = options.perception.news
    if news is None:
        return None
    return Headlines(news, window_hours=settings.window_hours, limit=settings.limit)

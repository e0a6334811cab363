"""The one place that knows every concrete class: options in, a session out."""

import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cycle import Cycle
from agent.explicit import files_by_symbol
from agent.home import Home
from agent.instruments import instruments
from agent.machine import LoopMachine
from agent.pacer import MarketPacer, SpeedPacer, Timeline, WallPacer
from agent.reconciler import Reconciler
from agent.recovery import never, refold
from agent.session import Inbox, Session
from agent.settings import Options
from agent.state import State
from agent.version import code_version
from domain.candle import Candle
from domain.errors import BadInput
from domain.events import Event, SessionStarted
from domain.instrument import Instrument
from domain.money import PPM, to_cash
from domain.observation import Source
from domain.ports import Clock, Journal, Observer, Pacer, Platform, Records
from journal.sql import SqlJournal, open_journal
from perception import network
from perception.chain import Chain, Guarded
from perception.driven import Cursor, DrivenMarket
from perception.headlines import Headlines
from perception.recorded import RecordedMarket
from perception.simulated import SimulatedMarket, SimulatedProvider
from platforms.mock import MockTradingPlatform
from reasoning.minds import Mind
from risk.case import Policy

STREAMS = {
    "live": "wss://stream.binance.com:9443",
    "testnet": "wss://stream.testnet.binance.vision",
    "demo": "wss://demo-stream.binance.com",
}
"""Where each endpoint's market streams answer."""

if TYPE_CHECKING:
    from platforms.binance.platform import BinancePlatform
    from research.candles import Candles  # NumPy is not needed where nothing is researched


@dataclass(frozen=True)
class Parts:
    """The loop's parts, folded to the end of a journal and ready to run."""

    options: Options
    grid: dict[str, Instrument]
    state: State
    mind: Mind


def one_way_cost_ppm(options: Options) -> int:
    """Return a bound of what one way of a market order costs: the fee is taken of the slipped price."""
    costs = options.paper.costs()
    slipped = PPM + costs.slippage + (costs.spread + 1) // 2
    return -(-slipped * (PPM + costs.taker_fee) // PPM) - PPM + 1


def policy_of(options: Options) -> Policy:
    """Return the risk gate's settings, packed for the mode."""
    return Policy.pack(
        options.risk,
        options.sizing,
        mode=options.mode,
        timeframe_ms=options.timeframe_ms,
        cost_ppm=one_way_cost_ppm(options),
    )


def parts(
    options: Options,
    journal: Records,
    until: Callable[[Event], bool] = never,
    grid: dict[str, Instrument] | None = None,
) -> Parts:
    """Fold a journal into the parts of a session, up to the first event of which `until` is true.

    `grid` is the venue's own where it has one. Raises JournalFault where the chain is broken, BadInput
    where a symbol cannot be traded.
    """
    grid = instruments(options.symbols, options.instruments) if grid is None else grid
    state = State(options.learning, one_way_cost_ppm(options))
    mind = Mind(options.reasoning)
    refold(journal, state, mind, until)
    return Parts(options, grid, state, mind)


def paper_platform(made: Parts) -> Platform:
    """Return the paper exchange as the journal left it."""
    ledger = made.state.ledger
    fresh = not made.state.session
    return MockTradingPlatform(
        {**ledger.instruments, **made.grid},
        made.options.paper,
        cash=to_cash(made.options.paper.cash) if fresh else ledger.cash,
        holdings={symbol: held.lots for symbol, held in ledger.positions.items()},
        standing=[s for symbol in ledger.positions for s in ledger.resting(symbol)],
        next_id=len(ledger.trade_ids) + 1,
    )


def exchange(options: Options, clock: Clock) -> "BinancePlatform":
    """Return the exchange the options name, its filters read and its clock measured.

    Raises BadInput where the extra is not installed, VenueFault when the exchange does not answer.
    """
    try:
        from platforms.binance.platform import BinancePlatform  # noqa: PLC0415  # heavy, and an extra
    except ModuleNotFoundError as missing:
        if str(missing.name).partition(".")[0] not in ("binance", "websockets"):
            raise
        raise BadInput(f"mode {options.mode} needs the extra live: pip install 'boyd[live]'") from None
    return BinancePlatform(options.symbols, options.exchange, clock)


def session(
    made: Parts, journal: Journal, observer: Observer, platform: Platform, inbox: Inbox, *, at: datetime
) -> Session:
    """Join the parts into a session that has not begun."""
    options, state = made.options, made.state
    cycle = Cycle(
        symbols=options.symbols,
        machine=LoopMachine(),
        state=state,
        mind=made.mind,
        observer=observer,
        platform=platform,
        journal=journal,
        reasoning=options.reasoning,
        policy=policy_of(options),
        trading=inbox.trading,
        pending_kill=lambda: inbox.pending_kill,
    )
    reconciler = Reconciler(
        state=state,
        platform=platform,
        journal=journal,
        executor=cycle.executor,
        grid=made.grid,
        settings=options.orders,
        publish=cycle.publish,
    )
    fresh = not state.session
    started = SessionStarted(
        session=state.session + 1,
        at=at,
        mode=options.mode,
        code_version=code_version(),
        settings=options.public(),
        instruments=tuple(made.grid.values()),
        cash=to_cash(options.paper.cash) if fresh and not options.remote else 0,
    )
    return Session(
        started=started,
        cycle=cycle,
        inbox=inbox,
        reconciler=reconciler,
        observer=observer,
        platform=platform,
        journal=journal,
        state=state,
    )


@dataclass(frozen=True)
class MarketSource:
    """Where a session's observations and instants come from."""

    observer: Observer
    timeline: Timeline | None
    breakers: Callable[[], dict[str, str]]
    position: Callable[[], int] = int
    total: Callable[[], int | None] = lambda: None
    close: Callable[[], None] = lambda: None


def open_account(place: Path | str, name: str, grace_ms: int) -> SqlJournal:
    """Open an account's journal, or create it with an id of its own.

    `place` is its file, or the URL of a server where `name` is leased to one agent at a time; a successor
    waits `grace_ms` beyond the lease, for as long an order of the former holder may still arrive.
    """
    holder = f"{socket.gethostname()} process {os.getpid()}"
    return open_journal(place, secrets.token_hex(6), account=name, holder=holder, grace_ms=grace_ms)


def market(made: Parts, clock: Clock, home: Home) -> MarketSource:
    """Return the market the options name, going on where the journal left off."""
    if made.options.provider == "recorded":
        return recorded(made, files_by_symbol(made.options))
    if made.options.provider == "simulated":
        return _simulated(made)
    return _wall(made, clock, home)


def recorded(made: Parts, files: Mapping[str, Path]) -> MarketSource:
    """Return a market of candle files."""
    source = RecordedMarket(
        files,
        made.grid,
        made.options.timeframe_ms,
        _last_candles(made),
        warmup=warmup(made),
        lived_until=made.state.at,
    )
    return MarketSource(source, source, dict, lambda: source.position, lambda: source.total_candles)


def market_of_candles(made: Parts, candles: "Sequence[Candles]") -> MarketSource:
    """Return a recorded market of candles in memory."""
    cursors = {
        each.symbol: Cursor(
            each.rows(), made.grid[each.symbol], each.timeframe_ms, after=None, warmup=warmup(made)
        )
        for each in candles
    }
    source = DrivenMarket(cursors, Source.RECORDED)
    return MarketSource(source, source, dict)


def _last_candles(made: Parts) -> dict[str, Candle]:
    return {symbol: made.state.last[symbol] for symbol in made.options.symbols if symbol in made.state.last}


def warmup(made: Parts) -> int:
    """Return how many candles a cold start takes in first: as set, and enough for every strategy."""
    return max(made.options.perception.warmup_candles, made.mind.candles_needed)


def _simulated(made: Parts) -> MarketSource:
    source = SimulatedMarket(
        made.options.simulated,
        made.grid,
        made.options.timeframe_ms,
        _last_candles(made),
        warmup=warmup(made),
        lived_until=made.state.at,
    )
    return MarketSource(source, source, dict, lambda: source.position)


def pacer(options: Options, source: MarketSource, clock: Clock, wait: Callable[[float], bool]) -> Pacer:
    """Return what says when the next cycle is due."""
    if source.timeline is None:
        return WallPacer(clock, pause_seconds(options), wait)
    if isinstance(options.speed, float | int):
        return SpeedPacer(source.timeline, float(options.speed), wait)
    return MarketPacer(source.timeline, pause_seconds(options), wait)


def pause_seconds(options: Options) -> float:
    """Return the pause between two cycles, of a driven market where it has no speed of its own."""
    if options.driven and options.speed == "max":
        return 0.0
    if "interval_seconds" in options.model_fields_set:
        return options.interval_seconds
    if not options.driven:
        return min(options.interval_seconds, options.timeframe_ms / 1000)
    # Nobody waits a real minute for a recorded one; an endless simulation is slowed down to be read.
    return 0.0 if options.provider == "recorded" else 1.0


def _wall(made: Parts, clock: Clock, home: Home) -> MarketSource:
    """Return the market at the clock's time: live providers, their kept answers, else simulated."""
    options = made.options
    shared = options.perception
    live = _live(options, clock, home)
    news = _news_provider(options, clock, home, live)
    chain = Chain(
        list(live.values()),
        # Where real orders are placed nothing is made up: no candle is better than an invented one.
        None if options.remote else SimulatedProvider(options.simulated, made.grid),
        made.grid,
        options.timeframe_ms,
        warmup=warmup(made),
        clock=clock,
        # Who was asked for by name gets all the time its own settings allow.
        budget_seconds=shared.budget_seconds if options.provider == "auto" else None,
        cached_seconds=shared.cached_seconds,
        news=_headlines(news, options),
        series=made.state.series,
    )
    return MarketSource(
        chain,
        None,
        lambda: {name: each.state for name, each in live.items()},
        close=news.close if news else (lambda: None),
    )


def _live(options: Options, clock: Clock, home: Home) -> dict[str, Guarded]:
    """Return the network providers to ask, in order: for pairs the one that needs no key comes first."""
    wanted: list[str] = [options.provider]
    if options.remote:
        venue = _traded_market(options, clock, home)
        return {venue.name: venue}
    if options.provider == "auto":
        pairs = any("-" in symbol for symbol in options.symbols)
        wanted = (["binance"] if pairs else []) + ["alpha_vantage"]
    providers: dict[str, Guarded] = {}
    if "binance" in wanted:
        providers["binance"] = network.binance(options.binance, options.perception, clock, home.root)
    if "alpha_vantage" in wanted and (options.alpha_vantage.api_key or options.provider != "auto"):
        settings = options.alpha_vantage
        providers["alpha_vantage"] = network.alpha_vantage(settings, options.perception, clock, home.root)
    return providers


def _traded_market(options: Options, clock: Clock, home: Home) -> Guarded:
    """Return the market of the exchange that is traded: its stream, and REST behind it."""
    told, stream, exchange = options.binance, options.stream, options.exchange
    if "base_url" not in told.model_fields_set:
        told = told.model_copy(update={"base_url": exchange.rest_url})
    rest = network.binance(told, options.perception, clock, home.root)
    if not options.streaming:
        return rest
    if "base_url" not in stream.model_fields_set:
        own = exchange.base_url and f"ws{exchange.base_url.removeprefix('http')}"
        stream = stream.model_copy(update={"base_url": own or STREAMS[exchange.endpoint]})
    return network.binance_stream(stream, rest, options.symbols, options.timeframe_ms, clock)


def _news_provider(
    options: Options, clock: Clock, home: Home, live: Mapping[str, Guarded]
) -> network.GuardedAlphaVantage | None:
    """Return who has the news, only Alpha Vantage: one guard and one day's budget for all it does."""
    if not options.perception.news.enabled or options.alpha_vantage.api_key is None:
        return None
    known = live.get("alpha_vantage")
    if isinstance(known, network.GuardedAlphaVantage):
        return known
    return network.alpha_vantage(options.alpha_vantage, options.perception, clock, home.root)


def _headlines(news: network.GuardedAlphaVantage | None, options: Options) -> Headlines | None:
    settings = options.perception.news
    if news is None:
        return None
    return Headlines(news, window_hours=settings.window_hours, limit=settings.limit)

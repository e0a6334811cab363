"""Options in, a session out: the loop's parts, its account and its venue."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from agent.loop.cycle import Cycle
from agent.loop.inbox import Inbox
from agent.loop.machine import LoopMachine
from agent.loop.session import Session
from agent.orders.reconciler import Reconciler
from agent.settings.home import Home
from agent.settings.settings import Options
from agent.settings.version import code_version
from agent.state.checkpoint import Checkpoint, resumed
from agent.state.holdings import BOOKS
from agent.state.key import one_way_cost_ppm
from agent.state.record import Record
from agent.state.state import State
from agent.wiring.folded import Parts, PolicyInForce
from domain.errors import BadInput
from domain.events import SessionStarted
from domain.extras import lacking
from domain.impact import Impacts
from domain.instrument import Instrument
from domain.ports import Clock, Journal, Observer, Platform
from domain.regrid import Regrid
from platforms.paper.platform import MockTradingPlatform

if TYPE_CHECKING:
    from platforms.binance.platform import BinancePlatform


def parts_of(checkpoint: Checkpoint, options: Options) -> Parts:
    """Return the parts of a session as a checkpoint has them, for an account whose journal cannot be read.

    A mind that does not fit any more is left blank: it is not asked. Raises ValueError where the state does
    not fit.
    """
    cost_ppm = one_way_cost_ppm(options)
    fold = resumed(checkpoint, options, cost_ppm)
    if not fold.seq:
        checkpoint.give_state(fold.state)
    grid = {each.symbol: each for each in checkpoint.header.started.instruments}
    return Parts(options, grid, fold.state, fold.mind)


def paper_platform(parts: Parts, impacts: Impacts | None = None) -> Platform:
    """Return the paper exchange as the journal left it.

    Market orders cost what the `impacts` of past fills say, else the laws the session goes by, where that is
    more than the settings do.
    """
    ledger = parts.state.ledger
    fresh = not parts.state.session
    grid = {**ledger.instruments, **parts.grid}
    _one_quote(ledger.instruments, parts.grid)
    change = {symbol: Regrid(each, grid[symbol]) for symbol, each in ledger.instruments.items()}
    return MockTradingPlatform(
        grid,
        parts.options.paper,
        cash=parts.options.paper.opening_cash(parts.grid.values()) if fresh else ledger.cash,
        holdings={symbol: change[symbol].lots(held.lots) for symbol, held in ledger.positions.items()},
        standing=[change[symbol].standing(s) for symbol in ledger.positions for s in ledger.resting(symbol)],
        next_id=ledger.settled.fills + 1,
        impacts=parts.options.entries.impacts if impacts is None else impacts,
    )


def _one_quote(known: Mapping[str, Instrument], wanted: Mapping[str, Instrument]) -> None:
    """Refuse symbols of another quote than the journal's account counts in. Raises BadInput."""
    counted = {each.quote for each in known.values()}
    for symbol, each in wanted.items():
        if counted and each.quote not in counted:
            raise BadInput(
                f"{symbol} is quoted in {each.quote}, this journal counts in {', '.join(sorted(counted))}: "
                "name another one with --journal NAME, or put this one aside with --fresh"
            )


def held(state: State) -> dict[str, Instrument]:
    """Return what is held or has an order that is not done, whatever the settings name, by symbol."""
    ledger = state.ledger
    symbols = [*ledger.positions, *(each.order.symbol for each in ledger.open_orders.values())]
    return {symbol: ledger.instruments[symbol] for symbol in dict.fromkeys(symbols)}


def exchange(options: Options, clock: Clock, state: State | None = None) -> "BinancePlatform":
    """Return the exchange the options name, its filters read and its clock measured.

    It trades the symbols of the options and what is held by the `state` of a journal. Of symbols a journal
    knows the listing may be missing.

    Raises BadInput where the extra is not installed, VenueFault when the exchange does not answer.
    """
    try:
        from platforms.binance.platform import BinancePlatform  # noqa: PLC0415  # heavy, and an extra
    except ModuleNotFoundError as missing:
        if str(missing.name).partition(".")[0] not in ("binance", "websockets"):
            raise
        raise BadInput(lacking(f"mode {options.mode}", "live")) from None
    memory = Home(options.home).budgets
    more, known = (held(state), state.ledger.instruments) if state else ({}, {})
    symbols = dict.fromkeys((*options.symbols, *more))
    return BinancePlatform(symbols, options.exchange, clock, memory, known)


def new_prefix() -> str:
    """Return what client ids begin with that no other session of any journal has used."""
    return secrets.token_hex(4)


def session(
    parts: Parts,
    journal: Journal,
    observer: Observer,
    platform: Platform,
    inbox: Inbox,
    *,
    at: datetime,
    prefix: str | None = None,
) -> Session:
    """Join the parts into a session that has not begun; a `prefix` is that of a session run again."""
    options, state = parts.options, parts.state
    record = Record(journal, state, inbox.stop)
    cycle = Cycle(
        symbols=options.symbols,
        machine=LoopMachine(),
        record=record,
        observer=observer,
        platform=platform,
        reasoning=options.reasoning,
        policy=PolicyInForce(options, parts.grid, state),
        trading_lock=inbox.trading_lock,
        clock=inbox.clock,
        pending_kill=lambda: inbox.pending_kill,
        beside=parts.beside,
    )
    reconciler = Reconciler(
        record=record,
        platform=platform,
        executor=cycle.executor,
        grid=parts.grid,
        settings=options.orders,
        clock=inbox.clock,
        prefix=new_prefix if options.remote else str,
    )
    cycle.disturbed = reconciler.disturbed
    cycle.also_blocked = reconciler.blocked
    fresh = not state.session
    started = SessionStarted(
        session=state.session + 1,
        at=at,
        mode=options.mode,
        code_version=code_version(),
        settings=options.public(),
        instruments=tuple(parts.grid.values()),
        cash=options.paper.opening_cash(parts.grid.values()) if fresh and not options.remote else 0,
        books=BOOKS,
        prefix=(new_prefix() if prefix is None else prefix) if options.remote else "",
    )
    return Session(
        started=started,
        cycle=cycle,
        inbox=inbox,
        reconciler=reconciler,
        observer=observer,
        platform=platform,
        record=record,
        mind=parts.mind,
    )

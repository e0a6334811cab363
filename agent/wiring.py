"""The one place that knows every concrete class: options in, a session out."""

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.clock import SystemClock
from agent.cycle import Cycle
from agent.explicit import explicit, files_by_symbol, journal_name
from agent.home import Home
from agent.instruments import instruments
from agent.machine import LoopMachine
from agent.pacer import MarketPacer, SpeedPacer, Timeline, WallPacer
from agent.recovery import never, refold
from agent.session import Inbox, Session
from agent.settings import Options
from agent.state import State
from agent.version import code_version
from domain.candle import Candle
from domain.events import Event, SessionStarted
from domain.instrument import Instrument
from domain.money import to_cash
from domain.ports import Clock, Journal, Observer, Pacer, Platform
from journal.memory import MemoryJournal
from journal.sql import open_journal
from perception.recorded import RecordedMarket
from perception.simulated import SimulatedMarket
from platforms.mock import MockTradingPlatform
from reasoning.minds import Mind
from risk.case import Policy


@dataclass(frozen=True)
class Parts:
    """The loop's parts, folded to the end of a journal and ready to run."""

    options: Options
    grid: dict[str, Instrument]
    state: State
    mind: Mind
    journal: Journal


def one_way_cost_ppm(options: Options) -> int:
    """Return what one way of a market order costs at most: taker fee, slippage and half the spread."""
    costs = options.paper.costs()
    return costs.taker_fee + costs.slippage + (costs.spread + 1) // 2


def policy_of(options: Options) -> Policy:
    """Return the risk gate's settings, packed for the mode."""
    return Policy.pack(
        options.risk,
        options.sizing,
        mode=options.mode,
        timeframe_ms=options.timeframe_ms,
        cost_ppm=one_way_cost_ppm(options),
    )


def parts(options: Options, journal: Journal, until: Callable[[Event], bool] = never) -> Parts:
    """Fold a journal into the parts of a session, up to the first event of which `until` is true.

    Raises JournalFault where the chain is broken, BadInput where a symbol cannot be traded.
    """
    grid = instruments(options.symbols, options.instruments)
    state = State(options.learning, one_way_cost_ppm(options))
    mind = Mind(options.reasoning)
    refold(journal, state, mind, until)
    return Parts(options, grid, state, mind, journal)


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
        next_id=ledger.next_id,
    )


def session(
    made: Parts, observer: Observer, platform: Platform, inbox: Inbox, at: datetime
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
        journal=made.journal,
        reasoning=options.reasoning,
        policy=policy_of(options),
        pending_kill=lambda: inbox.pending_kill,
    )
    fresh = not state.session
    started = SessionStarted(
        session=state.session + 1,
        at=at,
        mode=options.mode,
        code_version=code_version(),
        settings=options.public(),
        instruments=tuple(made.grid.values()),
        cash=to_cash(options.paper.cash) if fresh else 0,
    )
    return Session(
        started=started,
        cycle=cycle,
        inbox=inbox,
        observer=observer,
        platform=platform,
        journal=made.journal,
        state=state,
    )

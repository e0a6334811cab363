"""Options in, a session out: the loop's parts, its account and its venue."""

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import structs

from agent.host import log
from agent.loop.cycle import Cycle
from agent.loop.inbox import Inbox
from agent.loop.machine import LoopMachine
from agent.loop.session import Session
from agent.orders.reconciler import Reconciler
from agent.settings import changes
from agent.settings.home import Home
from agent.settings.instruments import instruments
from agent.settings.load import BadSettings
from agent.settings.settings import Options
from agent.settings.version import code_version
from agent.state.changes import Changed, standing, values
from agent.state.checkpoint import Checkpoint, Resumed, blank, resumed
from agent.state.checkpoints import Checkpoints
from agent.state.fold import ignore, never, refold
from agent.state.holdings import BOOKS
from agent.state.keeper import FoldKeeper
from agent.state.key import configured_ppm, fold_key, one_way_cost_ppm
from agent.state.record import Record
from agent.state.state import State
from domain.errors import BadInput, JournalFault
from domain.events import Event, SessionStarted
from domain.extras import lacking
from domain.impact import Impacts
from domain.instrument import Instrument
from domain.ports import Clock, Journal, Observer, Platform, Records
from domain.regrid import Regrid, finest
from platforms.paper.platform import MockTradingPlatform
from reasoning.minds import StrategyRunner
from risk.case import Policy

if TYPE_CHECKING:
    from platforms.binance.platform import BinancePlatform


FAR = 20_000
"""Rows who stops an account does not wait for: a second of folding."""


@dataclass(frozen=True)
class Parts:
    """The loop's parts, folded to the end of a journal and ready to run."""

    options: Options
    grid: dict[str, Instrument]
    state: State
    mind: StrategyRunner
    since: int = 0
    """The row of the checkpoint at which the fold began: rows up to it were not looked at."""
    brief: bool = False
    """True where only the account was folded: the mind is blank and good for no decision."""


def policy_of(options: Options, grid: Mapping[str, Instrument]) -> Policy:
    """Return the risk gate's settings, packed for the mode and the account's cash unit."""
    return Policy.pack(
        options.risk,
        options.sizing,
        mode=options.mode,
        timeframe_ms=options.timeframe_ms,
        cost_ppm=one_way_cost_ppm(options),
        cash_decimals=next(iter(grid.values())).cash_decimals,
        orders=options.entries.pack(configured_ppm(options)),
        laws=options.entries.impacts,
    )


class PolicyInForce:
    """The risk gate's settings as the journal says they are now; packed anew when they were changed."""

    def __init__(self, options: Options, grid: Mapping[str, Instrument], state: State) -> None:
        self.options = options
        self.grid = grid
        self.state = state
        self._changed = state.changed
        self._policy = self._packed()

    def __call__(self) -> Policy:
        """Return the policy in force."""
        if self.state.changed is not self._changed:
            self._changed = self.state.changed
            self._policy = self._packed()
        return self._policy

    def _packed(self) -> Policy:
        try:
            return policy_of(options_in_force(self.options, self._changed), self.grid)
        except BadInput:  # of another program; a session that trades does not begin with it
            return policy_of(self.options, self.grid)


def options_in_force(options: Options, changed: Mapping[str, Changed]) -> Options:
    """Return the options with what was changed while the agent ran.

    What this version of the program refuses is left out: no exit waits for it, and no session that trades
    begins with it (see `refuse_stale`).
    """
    try:
        return changes.changed(options, values(changed))
    except BadSettings:
        for name, each in changed.items():
            with suppress(BadSettings):
                options = changes.changed(options, {name: each.value})
        return options


def refuse_stale(parts: Parts) -> None:
    """Raise BadSettings where settings that were changed while an agent ran are none of this program."""
    options = parts.options
    changed = standing(parts.state.changed, options.public())
    try:
        policy_of(changes.changed(options, values(changed)), parts.grid)
    except BadInput as fault:
        wrong = str(fault).replace("\n", "; ")
        names = ", ".join(changed)
        raise BadSettings(
            [f"changed while running, and not of this version: {wrong}. Set {names} anew in the settings"]
        ) from None


def parts(
    options: Options,
    journal: Records,
    until: Callable[[Event], bool] = never,
    grid: dict[str, Instrument] | None = None,
    *,
    checkpoints: Checkpoints | None = None,
    before: int | None = None,
    whole: bool = False,
    stopping: bool = False,
) -> Parts:
    """Fold a journal into the parts of a session, up to the first event of which `until` is true.

    `grid` is the venue's own where it has one. With `checkpoints` the fold begins at the nearest that
    can be believed, below row `before` where that is given, and leaves others behind; `whole` begins at the
    first row all the same. Who is `stopping` an account waits for no long fold: where no checkpoint is near,
    the account is taken from one of another program, and nothing but the account is folded. Raises
    JournalFault where the chain is broken, BadInput where a symbol cannot be traded.
    """
    grid = instruments(options.symbols, options.instruments) if grid is None else grid
    fold = brief = None
    if checkpoints is not None and not whole:
        nearest = checkpoints.nearest(journal, fold_key(options), before)
        if stopping and journal.head()[0] - (nearest.header.seq if nearest else 0) > FAR:
            fold = brief = _account_alone(journal, options, checkpoints)
        if fold is None and nearest is not None:
            fold = _gone_on(journal, options, checkpoints, nearest, until)
    if fold is None:
        fold = blank(options, one_way_cost_ppm(options))
        keeper = FoldKeeper(checkpoints, journal, options, fold) if checkpoints is not None else None
        refold(journal, fold.state, until, taken=keeper.taken if keeper else ignore)
    counted = counted_alike(grid, fold.state)
    if not options.remote:
        counted = {name: carried(each, fold.state) for name, each in counted.items()}
    return Parts(options, counted, fold.state, fold.mind, fold.seq, brief is not None)


def _gone_on(
    journal: Records,
    options: Options,
    checkpoints: Checkpoints,
    nearest: Checkpoint,
    until: Callable[[Event], bool],
) -> Resumed | None:
    """Return the fold from a checkpoint on; None where that does not go on, for then it is in doubt."""
    fold = resumed(nearest, options, one_way_cost_ppm(options))
    keeper = FoldKeeper(checkpoints, journal, options, fold)
    try:
        refold(journal, fold.state, until, after=fold.seq, taken=keeper.taken)
    except JournalFault:
        raise
    except Exception as error:  # noqa: BLE001 -- the rows are the truth, and are folded without it
        log.say("error", "a checkpoint does not go on", row=fold.seq, why=f"{type(error).__name__}: {error}")
        return None
    return fold


def _account_alone(journal: Records, options: Options, checkpoints: Checkpoints) -> Resumed | None:
    """Return the account as the latest checkpoint of any program and later rows have it, None without one."""
    nearest = checkpoints.nearest(journal, "")
    if nearest is None:
        return None
    fold = blank(options, one_way_cost_ppm(options))
    try:
        nearest.give_state(fold.state)
        fold.state.mind = None
        refold(journal, fold.state, after=nearest.header.seq)
    except JournalFault:
        raise
    except Exception as error:  # noqa: BLE001 -- of another program: then the rows are folded, all of them
        log.say("warning", "an account is of another program", why=f"{type(error).__name__}: {error}")
        return None
    log.say(
        "warning", "the account alone was folded, from another program's checkpoint", row=nearest.header.seq
    )
    fold.state.mind = fold.mind
    return fold._replace(seq=nearest.header.seq)


def carried(report: Instrument, state: State) -> Instrument:
    """Return an instrument of the settings on a grid that holds what the journal holds of it."""
    known = state.ledger.instruments.get(report.symbol)
    return report if known is None or not state.session else finest(known, report)


def counted_alike(grid: Mapping[str, Instrument], state: State) -> dict[str, Instrument]:
    """Return instruments with the cash unit the journal's account has been counted in so far.

    Raises BadInput where one does not fit it: such a journal is of a time before its unit was that fine.
    """
    if not state.ledger.instruments:
        return dict(grid)
    decimals = state.ledger.cash_decimals
    try:
        return {name: structs.replace(each, cash_decimals=decimals) for name, each in grid.items()}
    except ValueError as error:
        raise BadInput(f"{error}, in which this journal counts; begin a new one with --fresh") from None


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

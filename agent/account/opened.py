"""Opening an account in the home and running one session on it."""

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from enum import IntEnum
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

import tenacity

from agent import wiring
from agent.account.ahead import Ahead, Progress, ignore, long
from agent.account.catch_up import catch_up
from agent.account.handler import BriefHandler, Handler
from agent.account.left import at_rest
from agent.account.lock import AccountLock
from agent.account.old_rows import OldRows
from agent.account.remembered import remember
from agent.answers.account import DecisionRow, MarketRow, Status, StreamRow, Timing, Vitals
from agent.answers.cycle import Explanation
from agent.doctor.preflight import refuse_broken, refuse_unfit
from agent.doctor.verdicts import ASK_AGAIN, against_entries
from agent.explain.why import explain
from agent.host import log
from agent.host.clock import SystemClock
from agent.host.failpoints import armed, fused
from agent.host.process import may_live
from agent.host.stopwatch import BOUNDS
from agent.loop.inbox import Inbox
from agent.loop.noting import ProcessNotes
from agent.outage.at_rest import Lock
from agent.outage.journal import RESERVE_BYTES
from agent.outage.lost import Lost
from agent.parameters import spoken
from agent.settings.home import DRAFT, Home
from agent.settings.problems import BadSettings
from agent.settings.resolve import explicit, gridded, journal_name
from agent.settings.settings import Options
from agent.settings.version import fold_version
from agent.slippage.entries import with_laws
from agent.state.changes import standing
from agent.state.checkpoint import Checkpoint
from agent.state.checkpoints import Checkpoints
from agent.state.keeper import Keeper
from agent.state.key import PROGRAM
from agent.state.leaving import leaves
from agent.state.state import State
from agent.views import session as views
from agent.views.summary import before
from domain.commands import Kill
from domain.errors import BadInput, BoydError, RateLimited, VenueFault
from domain.ports import Clock, Journal, Platform
from journal.lease import alive
from journal.sql import SqliteJournal, SqlJournal

if TYPE_CHECKING:
    from perception.pairs.lister import PairLister
    from platforms.binance.platform import BinancePlatform

log.import_library()
wiring.import_all()

READABLE_SECONDS = 0.2
OUT_OF_TIME = -1021
"""The exchange's code for a request out of time: its clock leapt, and is measured before the next try."""
WHOLE = 5_000
"""Rows that a session which will trade folds all of, in a fifth of a second, and so has looked at all of."""

CHECK = "journal check"
"""Who throws the kill switch where an old row is not what was written."""

OPENINGS = 8
"""How often an exchange that does not answer is tried before a session is given up."""


class Hurry(IntEnum):
    """The urgency of opening an account: to trade (none), to look at it or compare it, to stop at once."""

    NONE = 0
    LOOK = 1
    STOP = 2


class Without(NamedTuple):
    """A journal that cannot be opened: what a checkpoint knows of it, and why it cannot."""

    checkpoint: Checkpoint
    why: str


class OpenedAccount:
    """An open account: lock held, journal folded, session ready. Use as a context.

    It begins at a checkpoint; what lies before that is looked at while a session that trades runs. One opened
    in a `hurry`, to stop or to compare, asks no more of key and journal than it needs. `progress` is told of
    a long fold, where no checkpoint fits. Raises Busy when another agent has the account, BadInput or
    JournalFault when it cannot be opened.
    """

    def __init__(
        self,
        options: Options,
        *,
        fresh: bool = False,
        clock: Clock | None = None,
        hurry: Hurry = Hurry.NONE,
        without: Without | None = None,
        progress: Progress = ignore,
    ) -> None:
        self.clock = clock or SystemClock()
        self.hurry = hurry
        self.gated = ""
        self.lawless: BadInput | None = None
        """Why the slippage model that entries are to go by cannot be read; they have a worst price then."""
        self.without = without
        self.options = explicit(options)
        self.name = journal_name(self.options)
        url = self.options.db_url
        self.home = Home(self.options.home, url.get_secret_value() if url else None)
        stopping = hurry is Hurry.STOP
        # A home that has become read-only (a disk that failed) keeps nobody from selling.
        with suppress(*([BadInput] if stopping else [])):
            self.home.make()
        self.home.keep_reserve(RESERVE_BYTES)
        if not hurry and not fresh and long(self.home, self.name):
            Ahead(self.home, self.name, self.options, self.clock).run(progress)
        self.account: AccountLock | None = None
        self.lock = self.home.lock(self.name, needed=not stopping)
        self.locks: list[Lock] = [self.lock]
        self.kept = None
        self.pairs: PairLister | None = None
        try:
            if not hurry and not fresh:
                self._refuse_half_restored()
            if fresh:
                stamp = f"{self.clock.now():%Y%m%dT%H%M%S}"
                self.kept = self.home.archive(self.name, stamp)
            if self.options.exchange.api_key is not None and self.options.remote:
                key = self.options.exchange.api_key.get_secret_value()
                # before anything private is asked
                self.locks.append(self.home.lock_account(key, needed=not stopping))
            if not hurry:
                self.options = wiring.live_grids(gridded(self.options), self.clock, self.home.root)
                self.options, self.lawless = _lawful(self.options)
            if self.options.mode == "live" and not hurry:
                refuse_broken(self.home, self.name)
            self._open()
        except BaseException:
            self._unlock()
            raise

    def _refuse_half_restored(self) -> None:
        """Raise BadInput for a journal that a restore cut off has put aside, or not brought back yet."""
        path = self.home.journal(self.name)
        draft = path.with_name(f"{path.name}{DRAFT}")
        if not self.home.server and draft.exists() and not path.exists():
            raise BadInput(
                f"journal {self.name}: a restore of it was cut off, and nothing is in its place: run `agent "
                f"restore` again. --fresh begins a new one all the same ({draft} may be removed then)"
            )

    def _unlock(self) -> None:
        for lock in self.locks:
            lock.release()

    def _venue(self, state: State) -> Platform:
        """Return the exchange, once it is fit to be traded; orders of an earlier session are known to it.

        Only reads, so a hiccup is asked again. Raises VenueFault naming the exchange, BadSettings.
        """
        again = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(OPENINGS),
            wait=tenacity.wait_random_exponential(multiplier=0.3, max=3),
            retry=tenacity.retry_if_exception(_passing),
            sleep=self.clock.sleep,
            reraise=True,
        )
        try:
            return again(self._fit_venue, state)
        except VenueFault as fault:
            raise VenueFault(f"exchange {self.options.exchange.host}: {fault}") from None

    def _fit_venue(self, state: State) -> Platform:
        venue = wiring.exchange(self.options, self.clock, state)
        try:
            # Selling and comparing wait for no examination of the account: only who may enter is examined.
            unfit = "" if self.hurry else self._unfit(venue)
        except RateLimited as silence:
            if not state.session:
                venue.close()
                raise
            # What an earlier session holds is protected and sold in a silence too, as far as exits go.
            unfit = f"the account could not be examined, begin the session anew: {silence}"
        except BaseException:
            venue.close()
            raise
        against = "; ".join(each for each in (unfit, self.gated) if each)
        if against:
            venue.hold_back("", against)
        venue.take_up(state.ledger.instruments, state.ledger.open_orders.values())
        return venue

    def _seat_advisers(self, held: Mapping[str, object]) -> None:
        """Seat those who are asked about entries; what is held is looked after without them too.

        Raises BadInput where they cannot and nothing is held.
        """
        try:
            wiring.seat_advisers(self.session, self.parts)
        except BadInput as fault:
            if not held:
                raise
            log.say("error", "no adviser is asked", why=str(fault), held=sorted(held))

    def _judge_lawless(self, held: Mapping[str, object]) -> None:
        """Go on with a worst price where no law of slippage can be read and something is held, else raise."""
        if self.lawless is None:
            return
        if not held:
            raise self.lawless
        log.say("error", "entries go by their worst price", why=str(self.lawless), held=sorted(held))

    def _gate(self, held: Mapping[str, object]) -> str:
        """Return why the gate lets a live session make no entry, "" where it may.

        What is held is protected and sold whatever the gate says; a session with nothing to look after is
        not begun. Raises BadSettings for that.
        """
        if self.hurry or self.options.mode != "live":
            return ""
        against = against_entries(self.home, self.name, self.options.reasoning.strategies)
        if not against:
            return ""
        if self.options.despite_gate:
            log.say("warning", "the gate is overridden", gate=against, reason=self.options.despite_gate)
            return ""
        if not held:
            raise BadSettings([f"{against}; {ASK_AGAIN}"])
        log.say("warning", "no entry is made", why=against, held=sorted(held))
        return against

    def _unfit(self, venue: "BinancePlatform") -> str:
        """Examine the account and lock it by its number; return what speaks against entries."""
        unfit = refuse_unfit(self.options, venue)
        if not self.account:
            self.account = AccountLock(self.options.exchange.host, venue.account_id())
            self.locks.append(self.account)
        return unfit

    def _opened(self, grace_ms: int) -> Journal:
        if self.without is not None:
            header = self.without.checkpoint.header
            return Lost(header.journal_id, header.seq, header.hash, self.without.why)
        lives = may_live if self.hurry else alive
        return wiring.open_account(self.home.journal_location(self.name), self.name, grace_ms, lives)

    def _fold(self) -> wiring.Parts:
        if self.without is not None:
            return wiring.parts_of(self.without.checkpoint, self.options)
        return wiring.parts(
            self.options,
            self.journal,
            checkpoints=self.checkpoints,
            whole=not self.hurry and self.journal.head()[0] <= WHOLE,
            stopping=self.hurry is Hurry.STOP,
        )

    def _open(self) -> None:
        grace_ms = self.options.exchange.certainty.horizon_ms
        self.checkpoints = Checkpoints(self.home.checkpoints(self.name))
        stopping = self.hurry is Hurry.STOP
        opened = self._opened(grace_ms)
        self.stored = opened if isinstance(opened, SqlJournal) else None
        """The journal itself, beneath what guards it; None where it cannot be opened."""
        self.journal = wiring.guarded(opened, self.home, self.name, emergency=stopping)
        try:
            self.parts = catch_up(self.journal, self._fold, self.clock.now())
            self.before = before(self.parts.state)
            if not self.hurry:
                self.parts.state.ledger.settled.ready()
                self._stale()
            held = wiring.held(self.parts.state)
            self._judge_lawless(held)
            self.besides = tuple(symbol for symbol in held if symbol not in self.options.symbols)
            if self.options.remote:
                log.ready()
                self.gated = self._gate(held)
                platform = self._venue(self.parts.state)
                traded = (*self.options.symbols, *self.besides)
                grid = {symbol: platform.instrument(symbol) for symbol in traded}
                counted = wiring.counted_alike(grid, self.parts.state)
                self.parts = dataclasses.replace(self.parts, grid=counted)
            else:
                platform = wiring.paper_platform(self.parts)
            self.journal.inner, platform = fused(self.journal.inner, platform, armed())
            self.inbox = Inbox(self.clock)
            self.market = wiring.market(self.parts, self.clock, self.home)
            self.session = wiring.session(
                self.parts,
                self.journal,
                self.market.observer,
                platform,
                self.inbox,
                at=self.clock.now(),
            )
            if not self.hurry:
                self._seat_advisers(held)
                self.pairs = wiring.seat_pairs(self.session, self.parts, self.home.root)
            if not self.parts.brief:
                self.session.keeper = Keeper(self.checkpoints, self.options, self.clock)
            self.session.notes = ProcessNotes(self.clock, self.market.streams)
            handler = BriefHandler if self.hurry else Handler
            self.handler = handler(self.session, self.parts, self.now)
            self.pacer = wiring.pacer(
                self.options,
                self.market,
                self.clock,
                self.inbox.wait,
                lambda: self.parts.state.changed,
            )
        except BaseException:
            self.journal.close()
            raise
        self.home.remember(self.name)

    def _stale(self) -> None:
        """Refuse changed settings that this program does not take, and say which are over."""
        changed = self.parts.state.changed
        over = changed.keys() - standing(changed, self.options.public()).keys()
        if over:
            log.say("warning", "changed settings are over: the settings say otherwise", settings=sorted(over))
        wiring.refuse_stale(self.parts)

    @property
    def quick(self) -> bool:
        """True when cycles come too quickly to be read one by one."""
        played = self.options.driven and self.options.speed is not None
        return played or wiring.pause_seconds(self.options) < READABLE_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.market.close()
        if self.pairs is not None:
            self.pairs.close()
        self.journal.close()
        self._unlock()

    def run(self) -> str:
        """Run the session to its end and return why it ended."""
        self.checkpoints.keep_only(fold_version()[:PROGRAM])
        check = self._old_rows()
        check.start()
        try:
            reason = self.session.run(self.pacer)
        finally:
            check.close()
        if not leaves(self.parts.state):  # the file of such an exit may be changed by the time somebody asks
            remember(self.home, self.journal.journal_id, self.session.head, at_rest(self.name, self.parts))
        return reason

    def _old_rows(self) -> OldRows:
        """Return who looks at what was not folded; not of a server, which could hold up an append."""

        def broken(what: str) -> None:
            with suppress(BoydError):  # the session has ended
                self.handler.handle(Kill(reason=what, by=CHECK))

        stored = self.stored if isinstance(self.stored, SqliteJournal) else None
        return OldRows(stored, self.parts.since, broken, lambda: self.inbox.closed)

    def now(self) -> datetime:
        """Return the session's present: the clock's, or that of the market that drives it."""
        return (self.parts.state.at if self.options.driven else None) or self.clock.now()

    def status(self) -> Status:
        """Return what the agent is doing; from any thread."""
        state, session = self.parts.state, self.session
        ended, now, kill = session.last_ended, self.now(), self.inbox.pending_kill
        vitals = self.vitals()
        return Status(
            running=not self.inbox.closed,
            journal=self.name,
            mode=self.options.mode,
            symbols=list(self.options.symbols),
            timeframe=self.options.timeframe,
            clock=now,
            driven=self.options.driven,
            next_candle_seconds=views.next_candle_seconds(state, self.options, now),
            session=state.session,
            state=session.cycle.machine.state,
            paused=self.inbox.paused,
            cycle=state.cycle_id,
            cycles=session.done,
            at=ended.at if ended else None,
            outcome=ended.outcome if ended else None,
            error=ended.error.message if ended and ended.error else None,
            market=self._market(),
            breakers=vitals.breakers,
            streams=vitals.streams,
            muted=vitals.muted,
            timings=vitals.timings,
            parameters=spoken.view(state, self.parts.mind),
            changed=views.changed(state),
            account=views.account(state, pending_kill=kill.reason if kill else None),
            positions=views.positions(state),
            decisions=self.decisions(1),
        )

    def vitals(self) -> Vitals:
        """Return what only this process knows; from any thread, and nobody waits for it."""
        watches = {"cycle": self.session.watch, "decision_to_wire": self.session.cycle.executor.watch}
        return Vitals(
            breakers=self.market.breakers(),
            streams={name: StreamRow(**each._asdict()) for name, each in self.market.streams().items()},
            muted=dict(self.parts.mind.muted),
            timings={
                name: Timing(bounds=list(BOUNDS), counts=list(each.counts), seconds=round(each.seconds, 6))
                for name, each in watches.items()
            },
        )

    def _market(self) -> list[MarketRow]:
        if not self.session.decided:
            return []
        return views.market(self.session.decided[-1], self.parts.grid)

    def decisions(self, count: int) -> list[DecisionRow]:
        """Return the decisions of the latest `count` cycles, oldest first."""
        events = list(self.session.decided)[-count:] if count > 0 else []
        return [row for event in events for row in views.decision(event, self.parts.grid, self.parts.mind)]

    def why(self, cycle: int | None) -> Explanation:
        """Explain a cycle; from any thread, for it only reads what is journaled."""
        return explain(self.journal, cycle, self.checkpoints)


def _lawful(options: Options) -> tuple[Options, BadInput | None]:
    """Return the options with the law of slippage they name; without it, why, and entries within a price."""
    try:
        return with_laws(options), None
    except BadInput as fault:
        plain = options.entries.model_copy(update={"order": "limit", "slices": 1})
        return options.model_copy(update={"entries": plain}), fault


def _passing(error: BaseException) -> bool:
    """Say whether a fault may pass by itself: a refusal (HTTP 4xx) will not, but for one out of time."""
    refused = 400 <= getattr(error, "status", 0) < 500 and getattr(error, "code", 0) != OUT_OF_TIME
    return isinstance(error, VenueFault) and not refused

"""Opening an account in the home and running one session on it."""

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from enum import IntEnum
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from agent import wiring
from agent.account.ahead import Ahead, Progress, ignore, long
from agent.account.catch_up import catch_up
from agent.account.entering import gated, judge_lawless, lawful, seat_advisers
from agent.account.explaining import leave_last_why
from agent.account.handler import BriefHandler, Handler
from agent.account.left import at_rest
from agent.account.lock import AccountLock
from agent.account.old_rows import OldRows
from agent.account.present import PresentSession
from agent.account.remembered import remember
from agent.account.venue import open_venue
from agent.answers.cycle import Explanation
from agent.doctor.preflight import refuse_broken, refuse_half_restored, refuse_unfit
from agent.explain.why import explain
from agent.host import log
from agent.host.clock import SystemClock
from agent.host.failpoints import armed, fused
from agent.host.process import may_live
from agent.loop.inbox import Inbox
from agent.loop.noting import ProcessNotes
from agent.outage.at_rest import Lock
from agent.outage.journal import RESERVE_BYTES
from agent.outage.lost import Lost
from agent.settings.home import Home
from agent.settings.key_lock import lock_key
from agent.settings.resolve import explicit, gridded, journal_name
from agent.settings.settings import Options
from agent.settings.version import fold_version
from agent.state.changes import standing
from agent.state.checkpoint import Checkpoint
from agent.state.checkpoints import Checkpoints
from agent.state.keeper import Keeper
from agent.state.key import PROGRAM
from agent.state.leaving import leaves
from agent.state.state import State
from agent.views.summary import before
from domain.commands import Kill
from domain.errors import BadInput, BoydError
from domain.ports import Clock, Journal, Platform
from journal.lease import alive
from journal.sql import SqliteJournal, SqlJournal

if TYPE_CHECKING:
    from perception.pairs.lister import PairLister
    from platforms.binance.platform import BinancePlatform

LATER = (
    "agent.account.asking",
    "agent.host.log_file",
    "platformdirs",
    "reasoning.news.polarity",
    "tempfile",
)
"""Modules that short commands import when they are used; who trades, or stops others, has them before."""

log.import_library()
wiring.import_all()
for _name in LATER:
    import_module(_name)

READABLE_SECONDS = 0.2
WHOLE = 5_000
"""Rows that a session which will trade folds all of, in a fifth of a second, and so has looked at all of."""

CHECK = "journal check"
"""Who throws the kill switch where an old row is not what was written."""


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
                refuse_half_restored(self.home, self.name)
            if fresh:
                stamp = f"{self.clock.now():%Y%m%dT%H%M%S}"
                self.kept = self.home.archive(self.name, stamp)
            if self.options.exchange.api_key is not None and self.options.remote:
                key = self.options.exchange.api_key.get_secret_value()
                # before anything private is asked
                self.locks.append(lock_key(key, needed=not stopping))
            if not hurry:
                self.options = wiring.live_grids(gridded(self.options), self.clock, self.home.root)
                self.options, self.lawless = lawful(self.options)
            if self.options.mode == "live" and not hurry:
                refuse_broken(self.home, self.name)
            self._open()
        except BaseException:
            self._unlock()
            raise

    def _unlock(self) -> None:
        for lock in self.locks:
            lock.release()

    def _venue(self, state: State, held: Mapping[str, object]) -> Platform:
        """Return the exchange; what speaks against entries is held against them."""
        against = "" if self.hurry else gated(self.options, self.home, self.name, held)
        return open_venue(self.options, self.clock, state, self._unfit, against)

    def _unfit(self, venue: "BinancePlatform") -> str:
        """Examine the account and lock it by its number; return what speaks against entries.

        Selling and comparing wait for no examination of the account: only who may enter is examined.
        """
        if self.hurry:
            return ""
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
            judge_lawless(self.lawless, held)
            self.besides = tuple(symbol for symbol in held if symbol not in self.options.symbols)
            self._begin(self._platform(held), held)
        except BaseException:
            self.journal.close()
            raise
        self.home.remember(self.name)

    def _platform(self, held: Mapping[str, object]) -> Platform:
        """Return the platform that is traded on; the exchange's grids are those of the parts from then on."""
        if not self.options.remote:
            return wiring.paper_platform(self.parts)
        log.ready()
        platform = self._venue(self.parts.state, held)
        grid = {symbol: platform.instrument(symbol) for symbol in (*self.options.symbols, *self.besides)}
        self.parts = dataclasses.replace(self.parts, grid=wiring.counted_alike(grid, self.parts.state))
        return platform

    def _begin(self, platform: Platform, held: Mapping[str, object]) -> None:
        """Make the session on the platform, with its market and all that runs beside it."""
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
            seat_advisers(self.session, self.parts, held)
            self.pairs = wiring.seat_pairs(self.session, self.parts, self.home.root)
        if not self.parts.brief:
            self.session.keeper = Keeper(self.checkpoints, self.options, self.clock)
        self.session.notes = ProcessNotes(self.clock, self.market.streams)
        handler = BriefHandler if self.hurry else Handler
        self.handler = handler(self.session, self.parts, self.now)
        self.present = PresentSession(self.name, self.parts, self.session, self.inbox, self.market, self.now)
        self.pacer = wiring.pacer(
            self.options, self.market, self.clock, self.inbox.wait, lambda: self.parts.state.changed
        )

    def _stale(self) -> None:
        """Refuse changed settings that this program does not take, and say which are over or do nothing."""
        for each in self.options.pairlist.without_effect(len(self.options.symbols)):
            log.say("warning", "settings without effect", why=each)
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
        leave_last_why(self.home, self.name, self.session.head[0], self.parts.state.cycle_id)
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

    def why(self, cycle: int | None) -> Explanation:
        """Explain a cycle; from any thread, for it only reads what is journaled."""
        return explain(self.journal, cycle, self.checkpoints)

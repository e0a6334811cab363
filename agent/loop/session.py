"""A session: one run of the loop, from SessionStarted to SessionEnded, and the commands it serves.

One thread runs the loop. Commands come from any other through `agent.account.handler`, which takes a turn
between two cycles. A kill takes effect at once: the cycle under way reads it before it judges.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from agent.host import log
from agent.host.service import ServiceManager
from agent.host.stopwatch import Stopwatch
from agent.loop.cycle import Cycle
from agent.loop.inbox import Inbox, Urgent
from agent.loop.machine import IDLE
from agent.loop.noting import ProcessNotes
from agent.orders.reconciler import Reconciler
from agent.state.keeper import Keeper
from agent.state.proving import demotions
from agent.state.record import Record
from domain.commands import Flatten, Stop
from domain.errors import LocalFault
from domain.events import (
    CommandAnswered,
    CommandReceived,
    CycleEnded,
    Event,
    KillSwitchSet,
    SessionEnded,
    SessionStarted,
)
from domain.ports import Observer, Pacer, Platform
from domain.replies import KillSwitch, Stopping
from reasoning.minds import StrategyRunner

LOOK_AGAIN_SECONDS = 1.0

CYCLES, EXHAUSTED = "cycles", "data exhausted"


class Session:
    """Runs the loop and keeps what others may look at."""

    def __init__(
        self,
        *,
        started: SessionStarted,
        cycle: Cycle,
        inbox: Inbox,
        reconciler: Reconciler,
        observer: Observer,
        platform: Platform,
        record: Record,
        mind: StrategyRunner,
    ) -> None:
        self.started = started
        self.cycle = cycle
        self.inbox = inbox
        self.reconciler = reconciler
        self.observer = observer
        self.platform = platform
        self.record = record
        self.journal = record.journal
        self.state = record.state
        self.mind = mind
        self.cycles: int = started.settings["cycles"]
        self.done = 0
        self.decided = record.decided
        self.listeners = record.listeners
        self.fault: BaseException | None = None
        self.head: tuple[int, str] = (0, "")
        self.keeper: Keeper | None = None
        self.notes: ProcessNotes | None = None
        self.watch = Stopwatch()
        self.manager = ServiceManager({}, self.inbox.clock.monotonic)
        self._looked = 0.0
        self.demoting = True
        """Whether promotions end by themselves; a backtest takes whoever is promoted as promoted."""

    @property
    def last_ended(self) -> CycleEnded | None:
        """Return the end of the last cycle."""
        return self.record.last_ended

    def run(self, pacer: Pacer) -> str:
        """Run until the cycles are done, the data is over or someone stops it; return which.

        Raises LocalFault when going on would not be safe. Every resource is closed either way.
        """
        reason = "fault"
        try:
            self.begin()
            reason = self._loop(pacer)
        except BaseException as fault:
            self.fault = fault
            reason = f"fault: {fault}"
            raise
        finally:
            self._finish(reason)
        return reason

    def begin(self, *, compare: bool = True) -> None:
        """Write the session's start, then bring orders and positions in line with the venue."""
        with self.inbox.trading_lock:
            self.note_start()
            self._take_up(compare=compare)
            self._keep(now=True)

    @contextmanager
    def once(self, reason: str) -> Iterator[None]:
        """Run a session without a loop, for one command, and end it with `reason`."""
        with self.inbox.trading_lock:
            try:
                self.note_start()
                self._take_up(compare=False, mend=False)
                yield
            except BaseException as fault:
                self.fault = fault
                reason = f"fault: {fault}"
                raise
            finally:
                self._finish(reason)

    def note_start(self) -> None:
        """Write the session's start; from now on commands may come."""
        self.record.write(self.started)
        self.inbox.open()

    def _take_up(self, *, compare: bool, mend: bool = True) -> None:
        """Resolve what the last session left open, end its cycle; compare, and protect what is bare."""
        at, state = self.started.at, self.state
        self.reconciler.resolve(at)
        if state.open_cycle is not None:
            lessons = tuple(state.new_lessons)
            self.record.write(CycleEnded(state.open_cycle, at, (IDLE, IDLE), "interrupted", lessons))
        self.reconciler.start(at, compare=compare, mend=mend)

    def _loop(self, pacer: Pacer) -> str:
        self.inbox.idle = self._idle
        while not self.cycles or self.done < self.cycles:
            at = pacer.next()
            with self.inbox.trading_lock:
                self.journal_urgent(at)
                if at is None:
                    return self.inbox.why if self.inbox.stopping else EXHAUSTED
                self.reconciler.tick(at)
            began = self.inbox.clock.monotonic()
            self.cycle.run(at)
            self.watch.since(began, self.inbox.clock.monotonic)
            self.done += 1
            self.manager.lives()
            with self.inbox.trading_lock:
                self._note(at)
                self._demote(at)
                self._keep()
        return CYCLES

    def _note(self, at: datetime) -> None:
        """Journal the state of the process when it is time; nothing waits for it or fails by it."""
        with suppress(Exception):
            noted = self.notes and self.notes.note(at)
            if noted:
                self.record.write(noted)

    def _demote(self, at: datetime) -> None:
        """Demote whoever no longer is what it was promoted for; nothing waits for it or fails by it."""
        try:
            state = self.state
            due = demotions(state.proving, state.advisers, state.models, at) if self.demoting else []
            if due:
                self.record.write(*due)
        except Exception as error:  # noqa: BLE001 -- whatever it was, it is no reason to stop
            log.say("error", "no demotion", why=f"{type(error).__name__}: {error}")

    def _keep(self, *, now: bool = False, last: bool = False) -> None:
        """Have a checkpoint taken when one is due, or now, or as the last of the session."""
        ahead = getattr(self.journal, "ahead", False) or self.record.torn  # of what is in the rows
        keeper = self.keeper
        if keeper is not None and not ahead:
            keep = keeper.last if last else keeper.take if now else keeper.look
            keep(self.journal, self.state, self.mind, self.started)

    def _idle(self) -> None:
        """Watch the venue while the loop waits: orders in doubt often, the rest where cycles are rare."""
        self.manager.lives()
        clock = self.inbox.clock
        if self.inbox.urgent:
            with self.inbox.trading_lock:
                self.journal_urgent(clock.now())
        if not self.reconciler.remote or clock.monotonic() - self._looked < LOOK_AGAIN_SECONDS:
            return
        self._looked = clock.monotonic()
        with self.inbox.trading_lock:
            now = clock.now()
            if self.reconciler.overdue or self.reconciler.protection.waiting(now):
                self.reconciler.tick(now)

    def journal_urgent(self, at: datetime | None) -> None:
        """Journal what acted at once, each in one transaction; only who has the turn calls this."""
        for asked in self.inbox.urgent:
            events = self._urgent_events(asked, at or self.inbox.clock.now())
            if events:
                self.record.write(*events)
            self.inbox.journaled(asked)

    def _urgent_events(self, asked: Urgent, at: datetime) -> list[Event]:
        """Return what an urgent command comes to; nothing for one that is on record and still stands."""
        thrown = isinstance(asked, Stop) or self.state.kill_switch is not None
        events: list[Event] = [] if thrown else [KillSwitchSet(at, True, asked.reason, asked.by)]
        if isinstance(asked, Flatten) or (thrown and self.state.answered(asked)):
            return events
        reply = Stopping(stopping=True) if isinstance(asked, Stop) else KillSwitch(kill_switch=asked.reason)
        return [CommandReceived(at, asked), *events, CommandAnswered(at, asked.key, reply)]

    def _keep_last(self) -> None:
        """Take a last checkpoint: whoever comes next has nothing to fold."""
        if self.keeper is not None and self.fault is None:
            self._keep(last=True)
            self.keeper.close()

    def _finish(self, reason: str) -> None:
        at = self.last_ended.at if self.last_ended else self.started.at
        try:
            with self.inbox.trading_lock:
                self.inbox.close()
                self.journal_urgent(None)
                self.record.write(SessionEnded(self.started.session, at, reason))
                self._keep_last()
        except Exception:
            # The fault under way comes first: what failed again here says no more.
            if self.fault is None:
                raise
        finally:
            with suppress(LocalFault):  # a journal that cannot be read has said so
                self.head = self.journal.head()
            self.observer.close()
            self.platform.close()
            self.journal.close()

"""A session: one run of the loop, from SessionStarted to SessionEnded, and the commands it serves.

One thread runs the loop and owns the journal. Other threads ask it things through `call`; it answers
between cycles and while it waits. A kill takes effect at once: the cycle under way reads it before
it judges.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from agent.loop.cycle import Cycle
from agent.loop.inbox import ENDED, Inbox, NotRunning
from agent.orders import adoption
from agent.orders.emergency import Flattened, flatten
from agent.orders.reconciler import Reconciler, Review
from agent.state.keeper import Keeper
from agent.state.record import Record
from domain.errors import BadInput, LocalFault
from domain.events import (
    AccountAdopted,
    CycleEnded,
    KillSwitchSet,
    ParametersSet,
    PositionWrittenOff,
    SessionEnded,
    SessionStarted,
)
from domain.ports import Observer, Pacer, Platform
from reasoning.minds import StrategyRunner

T = TypeVar("T")

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
        self._looked = 0.0

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
            self.reconciler.start(self.started.at, compare=compare)
            self._keep(now=True)

    def once(self, do: Callable[[], T], reason: str) -> T:
        """Run a session without a loop, for an operator's command, and end it with `reason`."""
        with self.inbox.trading_lock:
            try:
                self.note_start()
                self.reconciler.start(self.started.at, compare=False, mend=False)
                return do()
            except BaseException as fault:
                self.fault = fault
                reason = f"fault: {fault}"
                raise
            finally:
                self._finish(reason)

    def note_start(self) -> None:
        """Write the session's start."""
        self.record.write(self.started)

    def _loop(self, pacer: Pacer) -> str:
        self.inbox.idle = self._idle
        while not self.cycles or self.done < self.cycles:
            at = pacer.next()
            with self.inbox.trading_lock:
                self._journal_kill(at)
                if at is None:
                    return self.inbox.why if self.inbox.stopping else EXHAUSTED
                self.reconciler.tick(at)
            self.cycle.run(at)
            self.done += 1
            with self.inbox.trading_lock:
                self._keep()
        return CYCLES

    def _keep(self, *, now: bool = False) -> None:
        """Have a checkpoint taken when one is due, or now."""
        if self.keeper is not None and not getattr(self.journal, "fault", ""):  # else it is ahead of the rows
            look = self.keeper.take if now else self.keeper.look
            look(self.journal, self.state, self.mind, self.started)

    def _idle(self) -> None:
        """Go on asking for orders in doubt while the loop waits: a minute is long for them."""
        clock = self.inbox.clock
        if not self.reconciler.remote or clock.monotonic() - self._looked < LOOK_AGAIN_SECONDS:
            return
        self._looked = clock.monotonic()
        with self.inbox.trading_lock:
            now = clock.now()
            if self.reconciler.protection.waiting(now):
                self.reconciler.tick(now)

    def review(self) -> Review:
        """Return how journal and venue compare now, after taking in what can be known."""
        with self.inbox.trading_lock:
            return self.reconciler.review()

    def adopt_account(self, at: datetime, reason: str) -> AccountAdopted:
        """Count with what the venue holds from now on, by an operator's word.

        Raises VenueFault when the venue does not say enough.
        """
        with self.inbox.trading_lock:
            return adoption.adopt_account(self.reconciler, at, reason, by="operator")

    def write_off(self, symbol: str, at: datetime, reason: str) -> PositionWrittenOff:
        """Count a position nobody can sell as lost, by an operator's word. Raises BadInput for any other."""
        with self.inbox.trading_lock:
            return adoption.write_off(self.reconciler, symbol, at, reason, by="operator")

    def flatten(self, at: datetime, reason: str, by: str = "operator") -> Flattened:
        """Throw the kill switch, cancel and sell everything; from any thread, without waiting for a cycle.

        The kill takes effect at once; the rest begins as soon as no order is on its way. Raises NotRunning
        when the session has ended by then: its kill switch is thrown, the rest is another session's.
        """
        self.inbox.kill(reason)
        with self.inbox.trading_lock:
            if self.inbox.closed:
                raise NotRunning(ENDED)
            self._journal_kill(at, by)
            return flatten(self.reconciler, at, reason, by)

    def close(self, symbol: str, at: datetime, reason: str, by: str = "operator") -> Flattened:
        """Cancel a symbol's orders and sell what is held of it; from any thread, without waiting for a cycle.

        No rule is asked and no switch thrown. Raises BadInput where nothing of it is held or ordered,
        NotRunning when the session has ended by then.
        """
        with self.inbox.trading_lock:
            if self.inbox.closed:
                raise NotRunning(ENDED)
            self.need(symbol)
            return flatten(self.reconciler, at, reason, by, symbol)

    def need(self, symbol: str) -> None:
        """Raise BadInput where nothing of a symbol is held or ordered."""
        ledger = self.state.ledger
        there = {*ledger.positions, *ledger.dust, *(s.order.symbol for s in ledger.open_orders.values())}
        if symbol not in there:
            held = ", ".join(ledger.positions) or "nothing"
            raise BadInput(f"no position in {symbol!r} to close: {held} is held")

    def _journal_kill(self, at: datetime | None, by: str = "operator") -> None:
        reason = self.inbox.take_kill()
        if reason is not None and self.state.kill_switch is None:
            self.set_kill(reason, active=True, at=at or self.inbox.clock.now(), by=by)

    def set_kill(self, reason: str, *, active: bool, at: datetime, by: str = "operator") -> None:
        """Throw or reset the kill switch, in the journal first; only the loop's thread calls this."""
        self.record.write(KillSwitchSet(at=at, active=active, reason=reason, by=by))

    def reset_kill(self, reason: str, at: datetime) -> None:
        """Reset the kill switch; a kill that was not yet written is written first."""
        self._journal_kill(at)
        if self.state.kill_switch is not None:
            self.set_kill(reason, active=False, at=at)

    def apply_parameters(self, event: ParametersSet) -> int:
        """Give a strategy new parameters, in the journal first; only the loop's thread calls this.

        Returns the candles it waits for before it can vote.
        """
        self.record.write(event)
        return self.mind.waits(event.strategy)

    def _keep_last(self) -> None:
        """Take a last checkpoint: whoever comes next has nothing to fold."""
        if self.keeper is not None and self.fault is None:
            self.keeper.close()
            self._keep(now=True)
            self.keeper.close()

    def _finish(self, reason: str) -> None:
        at = self.last_ended.at if self.last_ended else self.started.at
        try:
            with self.inbox.trading_lock:
                self.inbox.close()
                self._journal_kill(None)
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

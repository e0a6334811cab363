"""One cycle, top to bottom: the data's whole path through the house.

    Observation → Decision → Verdict (Approved | Denied) → Receipt → Fill → Lesson

Laws: the journal is written before anything is sent; whatever fails, the cycle ends in IDLE with one
CycleEnded; a venue's fault is recorded and the loop goes on; a fault of ours is recorded and raised.
From what was seen to the end of the cycle `trading` is held, so that an emergency stop from another
thread comes before or after, and waits for no provider.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from typing import Any

from agent.loop.machine import IDLE, LEARNING, LoopMachine
from agent.loop.trailing import raised
from agent.loop.turn import Turn, look, splits
from agent.orders.executor import Executor
from agent.state.state import State
from domain.account import Account
from domain.decision import Action, Decision
from domain.errors import BoydError, IllegalTransition, JournalFault, LocalFault, VenueFault
from domain.events import CycleEnded, Event, Failure, KillSwitchSet
from domain.observation import Observation
from domain.ports import Clock, Journal, Observer, Platform
from domain.verdict import Approved
from reasoning.minds import StrategyRunner
from reasoning.orientation import Orientation
from reasoning.settings import ReasoningSettings
from reasoning.vote import decide
from risk.case import Case, Policy
from risk.judge import judge, reserve
from risk.kill import trip_reason


class Cycle:
    """The loop's body; `run` takes one turn. Owns nothing but the order of things."""

    def __init__(
        self,
        *,
        symbols: Sequence[str],
        machine: LoopMachine,
        state: State,
        mind: StrategyRunner,
        observer: Observer,
        platform: Platform,
        journal: Journal,
        reasoning: ReasoningSettings,
        policy: Policy,
        trading_lock: AbstractContextManager[Any],
        clock: Clock,
        pending_kill: Callable[[], str | None] = lambda: None,
        publish: Callable[[Event], None] = lambda _event: None,
        disturbed: Callable[[], str] = str,
    ) -> None:
        self.symbols = tuple(symbols)
        self.machine = machine
        self.state = state
        self.mind = mind
        self.observer = observer
        self.platform = platform
        self.journal = journal
        self.reasoning = reasoning
        self.policy = policy
        self.trading_lock = trading_lock
        self.pending_kill = pending_kill
        self.disturbed = disturbed
        self.publish = publish
        self.executor = Executor(state, platform, journal, publish, clock)
        self.apart = True
        """Whether the others are decided on where one market is not seen; replays of old rows say no."""
        self.also_blocked: Mapping[str, str] = {}
        """Why no entry is to be made besides what the venue says; whoever knows it keeps it up to date."""

    def run(self, at: datetime) -> CycleEnded:
        """Take one turn of the loop at the instant `at`.

        Raises LocalFault when going on would not be safe; the cycle is recorded all the same,
        unless it is the journal that failed.
        """
        turn = Turn(self.state.cycle_id + 1, at)
        ticks = self._ticks()
        self.machine.fire("wake")
        failure = self._look(turn)
        with self.trading_lock:
            if self._ticks() != ticks:
                # Seen in ticks of a grid that is no more: seen again in the next cycle.
                turn.observations.clear()
                failure = VenueFault("the grid changed while the market was looked at")
            return self._walk(turn, failure)

    def _look(self, turn: Turn) -> Exception | None:
        return look(turn, self.symbols, self.observer, self.state, apart=self.apart)

    def _ticks(self) -> list[Decimal | None]:
        known = self.state.ledger.instruments
        return [known[each].tick_size if each in known else None for each in self.symbols]

    def _walk(self, turn: Turn, failure: Exception | None) -> CycleEnded:
        fire = self.machine.fire
        try:
            self._take_in(turn, failure)
            fire("observed")
            self._decide(turn)
            trails = self._trails(turn)
            if not trails and all(decision.action is Action.HOLD for decision in turn.decisions):
                fire("held")
                return self._reflect(turn, "held")
            fire("decided")
            self._look_before_entry(turn)
            self._judge(turn)
            turn.verdicts.extend(trails)
            approved = [verdict for verdict in turn.verdicts if isinstance(verdict, Approved)]
            if not approved:
                fire("denied")
                return self._reflect(turn, "denied")
            fire("approved")
            self._place(turn, approved)
            fire("executed")
            return self._reflect(turn, "executed")
        except JournalFault:
            self._come_home()
            raise
        except Exception as error:  # noqa: BLE001 -- whatever failed, the cycle is recorded; ours is raised again there
            return self._fail(turn, error)

    def _take_in(self, turn: Turn, failure: Exception | None) -> None:
        for observation in turn.observations:
            self.platform.mark(
                observation.symbol, observation.candles, observation.quote, observation.doubted
            )
        if failure is not None:
            raise failure
        turn.updates = self.executor.ours(self.platform.poll())
        turn.blocked = {
            **turn.unseen,
            **splits(turn.observations),
            **self.platform.blocked(),
            **self.also_blocked,
        }
        self._see(turn)
        self._trip(turn)

    def _see(self, turn: Turn) -> None:
        """Fold what entered, once; what cannot be folded is left out of the record: no start would pass."""
        turn.seen = True
        try:
            self.state.see(turn.cycle_id, turn.at, turn.observations, turn.updates, turn.blocked)
        except Exception:
            turn.observations, turn.updates = [], ()
            raise

    def _trip(self, turn: Turn) -> None:
        state = self.state
        if state.kill_switch or state.tripped_day == turn.at.toordinal():
            return
        if state.ledger.equity >= state.ledger.day_start_equity:
            return
        reason = trip_reason(state.ledger.account(None), self.policy.limits, self.policy.cash_decimals)
        if reason:
            self._throw(turn, reason, by="agent")

    def _throw(self, turn: Turn, reason: str, *, by: str) -> None:
        event = KillSwitchSet(at=turn.at, active=True, reason=reason, by=by)
        self.state.switch(event)
        turn.before.append(event)

    def _decide(self, turn: Turn) -> None:
        for observation in turn.observations:
            orientation = self._hear(turn, observation)
            turn.decisions.append(
                decide(turn.cycle_id, observation, orientation, self.state.beliefs, self.reasoning, turn.at)
            )

    def _hear(self, turn: Turn, observation: Observation) -> Orientation:
        turn.tried += 1
        orientation = self.mind.orient(observation)
        turn.oriented += 1
        return orientation

    def _look_before_entry(self, turn: Turn) -> None:
        """Where an entry is wanted, see that nobody else trades the account; the reason is journaled."""
        if any(decision.action is Action.BUY for decision in turn.decisions):
            reason = self.disturbed()
            if reason:
                before = turn.blocked.get("")
                turn.blocked[""] = f"{before}; {reason}" if before else reason
                self.state.ledger.venue_blocks = dict(turn.blocked)

    def _judge(self, turn: Turn) -> None:
        killed = self.pending_kill()
        if killed and not self.state.kill_switch:
            self._throw(turn, killed, by="operator")
        account = self.state.ledger.account(self.state.kill_switch)
        for observation, decision in zip(turn.observations, turn.decisions, strict=True):
            if decision.action is Action.HOLD:
                continue
            verdict = judge(self._case(turn, observation, decision, account))
            turn.verdicts.append(verdict)
            if isinstance(verdict, Approved):
                account = reserve(account, verdict, self.state.ledger.instruments)

    def _case(self, turn: Turn, observation: Observation, decision: Decision, account: Account) -> Case:
        return Case(
            decision=decision,
            observation=observation,
            account=account,
            instruments=self.state.ledger.instruments,
            policy=self.policy,
            at=turn.at,
            client_id=self.executor.factory.client_id(turn.cycle_id, len(turn.verdicts)),
        )

    def _trails(self, turn: Turn) -> list[Approved]:
        ppm = self.policy.limits.trailing_ppm
        return raised(turn, self.state, self.executor.factory, ppm) if ppm else []

    def _place(self, turn: Turn, approved: Sequence[Approved]) -> None:
        orders = tuple(verdict.order for verdict in approved)
        intended = self.executor.intent(turn.cycle_id, turn.at, orders)
        self._note(turn)
        events = (*turn.before, turn.decided_event(), intended)
        self.journal.append(*events)
        turn.written = True
        self.state.intend(intended.orders, turn.at, intended.sending_at)
        self._tell(*events)
        for verdict in approved:
            self.executor.carry_out(verdict, turn.at)

    def _reflect(self, turn: Turn, outcome: str, error: Failure | None = None) -> CycleEnded:
        events: list[Event] = []
        if not turn.written:
            self._note(turn)
            events = [*turn.before, turn.decided_event()]
        path = (*self.machine.path, IDLE)
        lessons = tuple(self.state.new_lessons)
        ended = CycleEnded(turn.cycle_id, turn.at, path, outcome, lessons, error)
        self.journal.append(*events, ended)
        turn.ended = ended
        self.state.end(ended)
        self.machine.fire("learned")
        self._tell(*events, ended)
        return ended

    def _note(self, turn: Turn) -> None:
        if turn.noted:
            return
        turn.noted = True
        try:
            self.state.note(turn.decisions, turn.verdicts)
        except Exception:
            turn.decisions, turn.verdicts = [], []
            raise

    def _tell(self, *events: Event) -> None:
        for event in events:
            self.publish(event)

    def _fail(self, turn: Turn, error: Exception) -> CycleEnded:
        """Record a failed cycle, once, with its first cause; raise what is ours again once it is written."""
        stage = self.machine.state
        beyond = self._catch_up(turn)
        if beyond is not None and isinstance(error, VenueFault):
            error = beyond  # a fault of ours came of a venue's: going on would not be safe
        failure = Failure(stage, type(error).__name__, str(error))
        if stage == LEARNING:
            ended = self._fail_learning(turn, failure)
        else:
            self.machine.fire("failed")
            ended = self._reflect(turn, "failed", failure)
        if isinstance(error, VenueFault):
            return ended
        if isinstance(error, BoydError):
            raise error
        raise LocalFault(f"{failure.kind} in {stage}: {failure.message}") from error

    def _catch_up(self, turn: Turn) -> Exception | None:
        """Fold and hear what the failure kept from it, and return what failed; nothing is tried twice.

        What could not be heard is left out of the record: every start after it would fail there again.
        """
        fault: Exception | None = None
        try:
            if not turn.seen:
                self._see(turn)
            while turn.tried < len(turn.observations) and turn.tried == turn.oriented:
                self._hear(turn, turn.observations[turn.tried])
        except Exception as error:  # noqa: BLE001 -- told where the cycle had no failure of ours before
            fault = error
        del turn.observations[turn.oriented :]
        return fault

    def _fail_learning(self, turn: Turn, failure: Failure) -> CycleEnded:
        """Record a failure of LEARNING itself, once, without the lessons that caused it."""
        ended = turn.ended
        if ended is None:
            path = (*self.machine.path, IDLE)
            ended = CycleEnded(turn.cycle_id, turn.at, path, "failed", (), failure)
            events = [] if turn.written else [*turn.before, turn.decided_event()]
            self.journal.append(*events, ended)
            self.state.end(ended)
            self._tell(*events, ended)
        self.machine.fire("failed")
        return ended

    def _come_home(self) -> None:
        """Bring the machine to IDLE without a record: the journal itself has failed."""
        while self.machine.state != IDLE:
            try:
                self.machine.fire("failed")
            except IllegalTransition:
                break

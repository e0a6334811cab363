"""One cycle, top to bottom: the data's whole path through the house.

    Observation → Decision → Verdict (Approved | Denied) → Receipt → Fill → Lesson

Laws: the journal is written before anything is sent; whatever fails, the cycle ends in IDLE with one
CycleEnded; a venue's fault is recorded and the loop goes on; a fault of ours is recorded and raised.
Between what it saw and what it concluded a cycle changes nothing: both are folded by the record alone.
From what was seen to the end of the cycle `trading` is held, so that an emergency stop from another
thread comes before or after, and waits for no provider.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from agent.host import log
from agent.loop.additions import DueAddition, due_additions
from agent.loop.additions import case_of as addition_case
from agent.loop.exits import due_exits
from agent.loop.machine import IDLE, LEARNING, LoopMachine
from agent.loop.slices import Due, bought_anew, case_of, due_slices
from agent.loop.turn import Turn, look, look_beside, splits
from agent.orders.executor import Executor
from agent.state.pair_list import off_list
from agent.state.record import Record
from agent.state.state import Observed
from domain.account import Account
from domain.commands import Flatten, Kill
from domain.decision import Action, Decision
from domain.errors import BoydError, JournalFault, LocalFault, VenueFault
from domain.events import CycleEnded, Event, Failure, KillSwitchSet, PairsListed
from domain.instrument import Instrument
from domain.lesson import Lesson
from domain.observation import Observation
from domain.ports import Clock, Observer, Platform
from domain.verdict import Approved
from reasoning.settings import ReasoningSettings
from reasoning.vote import decide
from risk.case import Case, Policy
from risk.judge import judge, judge_addition, judge_slice, reserve
from risk.kill import trip_reason

WATCHED = 3
"""Version of the books from which on entries that voices held back are watched."""


NOTHING: Mapping[str, Instrument] = MappingProxyType({})
"""The symbols that are only looked at where there are none."""


def no_pairs(at: datetime, known: PairsListed | None) -> PairsListed | None:
    """Make no pair list: the one in force stands."""
    del at, known
    return None


def nothing(at: datetime) -> None:
    """Ask for nothing at the end of a cycle."""
    del at


def nobody(turn: Turn) -> None:
    """Ask nobody about a turn."""
    del turn


class Cycle:
    """The loop's body; `run` takes one turn. Owns nothing but the order of things."""

    def __init__(
        self,
        *,
        symbols: Sequence[str],
        machine: LoopMachine,
        record: Record,
        observer: Observer,
        platform: Platform,
        reasoning: ReasoningSettings,
        policy: Callable[[], Policy],
        trading_lock: AbstractContextManager[Any],
        clock: Clock,
        pending_kill: Callable[[], Kill | Flatten | None] = lambda: None,
        disturbed: Callable[[], str] = str,
        beside: Mapping[str, Instrument] = NOTHING,
    ) -> None:
        self.symbols = tuple(symbols)
        self.machine = machine
        self.record = record
        self.state = record.state
        self.observer = observer
        self.platform = platform
        self.reasoning = reasoning
        self.policy_in_force = policy
        self.trading_lock = trading_lock
        self.pending_kill = pending_kill
        self.disturbed = disturbed
        self.beside = beside
        self.executor = Executor(record, platform, clock)
        self.apart = True
        """Whether the others are decided on where one market is not seen; replays of old rows say no."""
        self.advise: Callable[[Turn], None] = nobody
        """Asks advisers about entries a turn's observations would lead to, and never raises."""
        self.unjudged: Mapping[str, str] = {}
        """Why custom exits could not be judged when they were looked at last, by symbol."""
        self.list_pairs: Callable[[datetime, PairsListed | None], PairsListed | None] = no_pairs
        """Says which pair list is in force from this cycle on, None where it stays; asks nobody outside."""
        self.between: Callable[[datetime], None] = nothing
        """Is called once a cycle is over and nothing is locked, and never raises: what takes its time."""
        self.also_blocked: Mapping[str, str] = {}
        """Why no entry is to be made besides what the venue says; whoever knows it keeps it up to date."""

    @property
    def policy(self) -> Policy:
        """The gate's settings in force, as the journal says."""
        return self.policy_in_force()

    def run(self, at: datetime) -> CycleEnded:
        """Take one turn of the loop at the instant `at`.

        Raises LocalFault when going on would not be safe; the cycle is recorded all the same,
        unless it is the journal that failed.
        """
        turn = Turn(self.state.cycle_id + 1, at)
        grid = self._grid()
        self.machine.fire("wake")
        failure = self._look(turn)
        if failure is None:
            self.advise(turn)
        with self.trading_lock:
            if self._changed(grid):
                # Seen in ticks of a grid that is no more: seen again in the next cycle.
                turn.observations.clear()
                turn.beside.clear()
                failure = VenueFault("the grid changed while the market was looked at")
            try:
                ended = self._turned(turn, failure)
            except JournalFault:
                self._come_home()
                raise
        self.between(at)
        return ended

    def _look(self, turn: Turn) -> Exception | None:
        failure = look(turn, self.symbols, self.observer, self.state, apart=self.apart)
        if failure is None and self.beside and self.state.mind is not None:
            look_beside(turn, self.beside, self.observer, self.state.mind.informed)
        return failure

    def _grid(self) -> list[Instrument | None]:
        known = self.state.ledger.instruments
        return [known.get(each) for each in self.symbols]

    def _changed(self, grid: list[Instrument | None]) -> bool:
        """Say whether prices are counted in other ticks by now."""
        return any(
            now is not before and (not before or not now or now.tick_size != before.tick_size)
            for before, now in zip(grid, self._grid(), strict=True)
        )

    def _turned(self, turn: Turn, failure: Exception | None) -> CycleEnded:
        try:
            self._take_in(turn, failure)
            return self._walk(turn)
        except JournalFault:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever failed, the cycle is recorded; ours is raised again there
            return self._fail(turn, error)

    def _walk(self, turn: Turn) -> CycleEnded:
        fire = self.machine.fire
        fire("observed")
        self._decide(turn)
        turn.pairs = self.list_pairs(turn.at, self.state.pairs.current)
        exits = due_exits(turn, self.state, self.executor.factory, self.policy)
        self._tell_unjudged(turn)
        slices = due_slices(turn, self.state, exits)
        additions = [] if exits else due_additions(turn, self.state)
        idle = all(decision.action is Action.HOLD for decision in turn.decisions)
        if idle and not (exits or slices or additions):
            fire("held")
            return self._end(turn, "held")
        fire("decided")
        self._look_before_entry(turn, adds=bool(slices or additions))
        self._judge(turn, slices)
        turn.verdicts.extend(exits)
        self._judge_additions(turn, additions)
        approved = [verdict for verdict in turn.verdicts if isinstance(verdict, Approved)]
        # What a slice adds is protected at the stop as it was raised, so it comes behind that.
        approved.sort(key=lambda verdict: bool(verdict.order.slice_of))
        if not approved:
            fire("denied")
            return self._end(turn, "denied")
        fire("approved")
        self._place(turn, approved)
        fire("executed")
        return self._end(turn, "executed")

    def _tell_unjudged(self, turn: Turn) -> None:
        """Log a custom exit that cannot be judged, once for each reason: its position keeps all else."""
        for symbol, why in turn.unjudged.items():
            if self.unjudged.get(symbol) != why:
                log.say("error", "custom exit not judged", symbol=symbol, why=why)
        looked = {each.symbol for each in turn.observations if each.candles}
        before = {symbol: why for symbol, why in self.unjudged.items() if symbol not in looked}
        self.unjudged = before | turn.unjudged

    def _take_in(self, turn: Turn, failure: Exception | None) -> None:
        """Fold what was seen, also when a venue failed; what cannot be folded is left out of the record."""
        failure = self._ask(turn, failure)
        try:
            self.record.observe(
                Observed(turn.cycle_id, turn.at, turn.observations, turn.updates, turn.blocked, turn.beside)
            )
        except Exception as error:  # noqa: BLE001 -- the first fault is raised, or the one that is ours
            turn.observations, turn.beside, turn.updates = [], [], ()
            failure = error if failure is None or isinstance(failure, VenueFault) else failure
        if failure is not None:
            raise failure
        self._trip(turn)

    def _ask(self, turn: Turn, failure: Exception | None) -> Exception | None:
        """Show the platform what was seen, and ask it what it did meanwhile; return what went wrong."""
        try:
            for observation in turn.observations:
                self.platform.mark(
                    observation.symbol, observation.candles, observation.quote, observation.doubted
                )
            if failure is None:
                turn.updates = self.executor.ours(self.platform.poll())
                turn.blocked = {
                    **turn.unseen,
                    **splits(turn.observations),
                    **self.platform.blocked(),
                    **self.also_blocked,
                }
        except Exception as error:  # noqa: BLE001 -- recorded and judged like any other failure of the cycle
            return error
        return failure

    def _trip(self, turn: Turn) -> None:
        state = self.state
        equity, day_start = state.ledger.equity, state.ledger.day_start_equity
        if equity >= day_start or state.kill_switch or state.tripped_day == turn.at.toordinal():
            return
        reason = trip_reason(equity, day_start, self.policy.limits, self.policy.cash_decimals)
        if reason:
            turn.kill = KillSwitchSet(at=turn.at, active=True, reason=reason, by="agent")

    def _decide(self, turn: Turn) -> None:
        state, cycle_id, at = self.state, turn.cycle_id, turn.at
        promoted = state.promoted()
        for observation in turn.observations:
            orientation = state.orientations[observation.symbol]
            beliefs = state.beliefs_for(observation)
            decided = decide(cycle_id, observation, orientation, beliefs, self.reasoning, at, promoted)
            if decided.held_back and state.ledger.books < WATCHED:
                decided = replace(decided, held_back=())
            turn.decisions.append(decided)

    def _look_before_entry(self, turn: Turn, *, adds: bool) -> None:
        """See that nobody else trades the account before an entry; the reason against it is journaled."""
        if adds or any(decision.action is Action.BUY for decision in turn.decisions):
            reason = self.disturbed()
            if reason:
                before = turn.blocked.get("")
                turn.blocked[""] = f"{before}; {reason}" if before else reason

    def _judge(self, turn: Turn, slices: Sequence[Due]) -> None:
        asked = self.pending_kill()
        if asked and not turn.kill and not self.state.kill_switch:
            turn.kill = KillSwitchSet(at=turn.at, active=True, reason=asked.reason, by=asked.by)
        account = self._account(turn)
        for observation, decision in zip(turn.observations, turn.decisions, strict=True):
            if decision.action is Action.HOLD:
                continue
            verdict = judge(self._case(turn, observation, decision, account))
            turn.verdicts.append(verdict)
            if isinstance(verdict, Approved):
                account = reserve(account, verdict, self.state.ledger.instruments)
        for number, each in enumerate(slices):
            if not bought_anew(turn, each[0].symbol):
                account = self._judge_slice(turn, each, number, account)

    def _account(self, turn: Turn) -> Account:
        """Return the account as the gate sees it in this turn, before anything is reserved."""
        kill_switch = turn.kill.reason if turn.kill else self.state.kill_switch
        account = self.state.ledger.account(kill_switch, turn.blocked)
        if turn.pairs is not None:
            account = replace(account, off_list=off_list(turn.pairs, self.state.pairs.candidates))
        return account

    def _judge_slice(self, turn: Turn, each: Due, number: int, account: Account) -> Account:
        """Put an entry's next slice to the gate; return the account as the one after it sees it."""

        def make(observation: Observation, decision: Decision) -> Case:
            return self._case(turn, observation, decision, account)

        verdict = judge_slice(*case_of(make, each, turn, number, self.executor.factory))
        turn.verdicts.append(verdict)
        if isinstance(verdict, Approved):
            account = reserve(account, verdict, self.state.ledger.instruments)
        return account

    def _judge_additions(self, turn: Turn, additions: Sequence[DueAddition]) -> None:
        """Put additions to the gate until one is approved, where nothing else was."""
        if not additions or any(isinstance(each, Approved) for each in turn.verdicts):
            return
        account = self._account(turn)

        def make(observation: Observation, decision: Decision) -> Case:
            return self._case(turn, observation, decision, account)

        for number, each in enumerate(additions):
            verdict = judge_addition(
                *addition_case(make, each, turn, number, self.state, self.executor.factory)
            )
            turn.verdicts.append(verdict)
            if isinstance(verdict, Approved):
                return

    def _case(self, turn: Turn, observation: Observation, decision: Decision, account: Account) -> Case:
        return Case(
            decision=decision,
            observation=observation,
            account=account,
            instruments=self.state.ledger.instruments,
            policy=self.policy.of(decision.symbol),
            at=turn.at,
            client_id=self.executor.factory.client_id(turn.cycle_id, len(turn.verdicts)),
            activity=self.state.activity(decision.symbol),
        )

    def _place(self, turn: Turn, approved: Sequence[Approved]) -> None:
        orders = tuple(verdict.order for verdict in approved)
        self._write(turn, self.executor.intent(turn.cycle_id, turn.at, orders))
        for verdict in approved:
            self.executor.carry_out(verdict, turn.at)

    def _end(self, turn: Turn, outcome: str, error: Failure | None = None) -> CycleEnded:
        return self._close(turn, outcome, tuple(self.state.new_lessons), error)

    def _close(
        self, turn: Turn, outcome: str, lessons: tuple[Lesson, ...], error: Failure | None
    ) -> CycleEnded:
        path = (*self.machine.path, IDLE)
        ended = CycleEnded(turn.cycle_id, turn.at, path, outcome, lessons, error)
        self._write(turn, ended)
        self.machine.fire("learned")
        return ended

    def _write(self, turn: Turn, *events: Event) -> None:
        """Write events, behind the cycle's own row where that is not written yet."""
        if self.record.holds(turn.cycle_id):
            self.record.write(*events)
            return
        try:
            self.record.write(*turn.rows(), *events)
        except JournalFault:
            raise
        except Exception:
            turn.decisions, turn.verdicts = [], []  # they cannot be folded: left out of the record
            raise

    def _fail(self, turn: Turn, error: Exception) -> CycleEnded:
        """Record a failed cycle, once, with its first cause; raise what is ours again once it is written."""
        stage = self.machine.state
        failure = Failure(stage, type(error).__name__, str(error))
        if stage != LEARNING:
            self.machine.fire("failed")
            ended = self._end(turn, "failed", failure)
        else:
            ended = self._fail_learning(turn, failure)
        if isinstance(error, VenueFault):
            return ended
        if isinstance(error, BoydError):
            raise error
        raise LocalFault(f"{failure.kind} in {stage}: {failure.message}") from error

    def _fail_learning(self, turn: Turn, failure: Failure) -> CycleEnded:
        """Record a failure of LEARNING itself, once, without the lessons that caused it."""
        written = self.record.end_of(turn.cycle_id)
        if written is None:
            return self._close(turn, "failed", (), failure)
        self.machine.fire("failed")
        return written

    def _come_home(self) -> None:
        """Bring the machine to IDLE without a record: the journal itself has failed."""
        while self.machine.state != IDLE:
            self.machine.fire("failed")

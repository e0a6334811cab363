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
from functools import partial
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from agent.host import log
from agent.loop.additions import due_additions
from agent.loop.ending import RecordedCycle
from agent.loop.exits import due_exits
from agent.loop.judging import TurnJudge
from agent.loop.machine import LoopMachine
from agent.loop.one_by_one import guarded, undecided
from agent.loop.slices import due_slices
from agent.loop.turn import Turn, look, look_beside, splits
from agent.orders.executor import Executor
from agent.state.record import Record
from agent.state.seeing import Observed
from domain.commands import Flatten, Kill
from domain.decision import Action, Decision
from domain.errors import JournalFault, VenueFault
from domain.events import CycleEnded, KillSwitchSet, PairsListed
from domain.instrument import Instrument
from domain.observation import Observation
from domain.ports import Clock, Observer, Platform
from domain.verdict import Approved
from reasoning.advised import Promoted
from reasoning.settings import ReasoningSettings
from reasoning.vote import decide
from risk.case import Policy
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


class Cycle(RecordedCycle):
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
        super().__init__(machine, record)
        self.symbols = tuple(symbols)
        self.observer = observer
        self.platform = platform
        self.reasoning = reasoning
        self.policy_in_force = policy
        self.trading_lock = trading_lock
        self.disturbed = disturbed
        self.beside = beside
        self.executor = Executor(record, platform, clock)
        self.judge = TurnJudge(self.state, self.executor.factory, policy, pending_kill)
        self.apart = True
        """Whether the others are decided on where one market is not seen; replays of old rows say no."""
        self.advise: Callable[[Turn], None] = nobody
        """Asks advisers about entries a turn's observations would lead to, and never raises."""
        self.told: Mapping[tuple[str, str], str] = {}
        """What went wrong over single symbols when they were looked at last, by text and symbol."""
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
                self.come_home()
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
            return self.fail(turn, error)

    def _walk(self, turn: Turn) -> CycleEnded:
        fire = self.machine.fire
        fire("observed")
        self._decide(turn)
        listing = partial(self.list_pairs, turn.at, self.state.pairs.current)
        turn.pairs = guarded(turn, "pair list", listing)
        exits = due_exits(turn, self.state, self.executor.factory, self.policy)
        slices = due_slices(turn, self.state, exits)
        additions = [] if exits else due_additions(turn, self.state)
        idle = all(decision.action is Action.HOLD for decision in turn.decisions)
        if idle and not (exits or slices or additions):
            self._tell_faults(turn)
            fire("held")
            return self.end(turn, "held")
        fire("decided")
        self._look_before_entry(turn, adds=bool(slices or additions))
        self.judge.decided(turn, slices)
        turn.verdicts.extend(exits)
        self.judge.additions(turn, additions)
        self._tell_faults(turn)
        approved = [verdict for verdict in turn.verdicts if isinstance(verdict, Approved)]
        # What a slice adds is protected at the stop as it was raised, so it comes behind that.
        approved.sort(key=lambda verdict: bool(verdict.order.slice_of))
        if not approved:
            fire("denied")
            return self.end(turn, "denied")
        fire("approved")
        self._place(turn, approved)
        fire("executed")
        return self.end(turn, "executed")

    def _tell_faults(self, turn: Turn) -> None:
        """Log what went wrong over one symbol, once for each reason: it was left alone, all else goes on."""
        faults = {("custom exit not judged", symbol): why for symbol, why in turn.unjudged.items()}
        faults |= {("left alone", symbol): why for symbol, why in turn.faults.items()}
        for (text, symbol), why in faults.items():
            if self.told.get((text, symbol)) != why:
                log.say("error", text, symbol=symbol, why=why)
        looked = {each.symbol for each in turn.observations if each.candles}
        self.told = {each: why for each, why in self.told.items() if each[1] not in looked} | faults

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
        promoted = self.state.promoted()
        for observation in turn.observations:
            decided = guarded(turn, observation.symbol, partial(self._decided, turn, observation, promoted))
            turn.decisions.append(decided or undecided(turn, observation))

    def _decided(self, turn: Turn, observation: Observation, promoted: Mapping[str, Promoted]) -> Decision:
        state = self.state
        orientation = state.orientations[observation.symbol]
        beliefs = state.beliefs_for(observation)
        decided = decide(turn.cycle_id, observation, orientation, beliefs, self.reasoning, turn.at, promoted)
        if decided.held_back and state.ledger.books < WATCHED:
            decided = replace(decided, held_back=())
        return decided

    def _look_before_entry(self, turn: Turn, *, adds: bool) -> None:
        """See that nobody else trades the account before an entry; the reason against it is journaled."""
        if adds or any(decision.action is Action.BUY for decision in turn.decisions):
            try:
                reason = self.disturbed()
            except Exception as fault:  # noqa: BLE001 -- ours: nothing is bought, and no exit waits for it
                reason = f"the account could not be compared: {type(fault).__name__}: {fault}"
            if reason:
                before = turn.blocked.get("")
                turn.blocked[""] = f"{before}; {reason}" if before else reason

    def _place(self, turn: Turn, approved: Sequence[Approved]) -> None:
        orders = tuple(verdict.order for verdict in approved)
        self.write(turn, self.executor.intent(turn.cycle_id, turn.at, orders))
        for verdict in approved:
            self.executor.carry_out(verdict, turn.at)

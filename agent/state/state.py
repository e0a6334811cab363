"""The state of the loop: the fold of the journal, live and after any restart.

Live code and recovery call the same methods: `apply` is what recovery does with each event, and
the cycle calls the parts of it (`see`, `note`, `intend`, `settle`, `end`) as it produces them.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast

import msgspec

from agent.state.ledger import Ledger
from domain.account import Trade
from domain.candle import Candle
from domain.decision import Action, Decision
from domain.events import (
    AccountAdopted,
    CycleDecided,
    CycleEnded,
    Event,
    FlattenAsked,
    GridChanged,
    KillSwitchSet,
    OrderReported,
    OrdersIntended,
    ParametersSet,
    PositionWrittenOff,
    SessionEnded,
    SessionStarted,
)
from domain.lesson import Beliefs, Context, Lesson, Pending
from domain.observation import Observation
from domain.order import Order, Purpose, Receipt
from domain.regrid import Regrid
from domain.verdict import Approved, Verdict
from learning.hedge import fold
from learning.reflect import reflect
from learning.settings import LearningSettings
from learning.vetoes import advance_all, watch

F = TypeVar("F", bound=Callable[..., Any])


def whole(method: F) -> F:
    """Let other threads see the state only before or after a method, never in the midst of it."""

    @wraps(method)
    def locked(self: "State", *args: Any) -> Any:
        with self.lock:
            return method(self, *args)

    return cast("F", locked)


@dataclass(eq=False)
class State:
    """What the agent knows, all of it folded from events.

    Only the loop's thread changes it; others hold `lock` while they read. A checkpoint carries every
    field with its type but the first three, so what is folded is a field here and nowhere else.
    """

    learning: LearningSettings
    cost_ppm: int
    lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)
    ledger: Ledger = field(default_factory=Ledger)
    session: int = 0
    prefix: str = ""
    cycle_id: int = 0
    at: datetime | None = None
    open_cycle: int | None = None
    cycles: int = 0
    kill_switch: str | None = None
    versions: list[ParametersSet] = field(default_factory=list)
    tripped_day: int | None = None
    last: dict[str, Candle] = field(default_factory=dict)
    series: dict[str, str] = field(default_factory=dict)
    contexts: dict[str, Context] = field(default_factory=dict)
    entries: dict[str, Approved] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)
    new_lessons: list[Lesson] = field(default_factory=list)
    beliefs: Beliefs = field(default_factory=Beliefs)
    vetoes: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    ended_reason: str | None = None

    def apply(self, event: Event) -> None:  # noqa: C901 -- one case an event is how it is read
        """Fold one event into the state."""
        match event:
            case CycleDecided():
                self.see(event.cycle_id, event.at, event.observations, event.updates, event.blocked)
                self.note(event.decisions, event.verdicts)
            case CycleEnded():
                self.end(event)
            case OrdersIntended():
                self.intend(event.orders, event.at, event.sending_at)
            case OrderReported():
                self.record_report(event.receipt)
            case KillSwitchSet():
                self.switch(event)
            case ParametersSet():
                self.apply_parameters(event)
            case PositionWrittenOff():
                self.write_off(event)
            case AccountAdopted():
                self.adopt_account(event)
            case FlattenAsked():
                self.sweep(event)
            case GridChanged():
                self.regrid(event)
            case SessionStarted():
                self.start(event)
            case SessionEnded():
                self.finish(event)

    @whole
    def start(self, event: SessionStarted) -> None:
        """Begin a session."""
        self.session = event.session
        self.prefix = event.prefix
        self.ended_reason = None
        for change in self.ledger.open(event.cash, event.instruments, event.books):
            self._carry(change)

    @whole
    def regrid(self, event: GridChanged) -> None:
        """Count on the grids of an event from now on; what is held is carried over to them."""
        for instrument in event.instruments:
            change = self.ledger.count_on(instrument)
            if change is not None:
                self._carry(change)

    def _carry(self, change: Regrid) -> None:
        symbol = change.new.symbol
        if symbol in self.last:
            self.last[symbol] = change.candle(self.last[symbol])
        if symbol in self.entries:
            self.entries[symbol] = change.approved(self.entries[symbol])
        self.pending = [
            change.pending(each) if each.context.symbol == symbol else each for each in self.pending
        ]

    @whole
    def see(
        self,
        cycle_id: int,
        at: datetime,
        observations: Iterable[Observation],
        updates: Iterable[Receipt],
        blocked: Mapping[str, str],
    ) -> None:
        """Take in what entered from outside: candles, quotes, what resting orders did, what is blocked."""
        if cycle_id <= self.cycle_id:
            self.ledger.contradict(
                f"cycle {cycle_id}", f"cycle {cycle_id} does not follow cycle {self.cycle_id}"
            )
        self.cycle_id = self.open_cycle = cycle_id
        self.at = at
        ledger = self.ledger
        ledger.roll(at)
        ledger.venue_blocks = dict(blocked)
        for observation in observations:
            if observation.quote is not None:
                ledger.marks[observation.symbol] = observation.quote.price
            if observation.candles:
                self._candles(observation, at)
        for receipt in updates:
            self.record_report(receipt)
        ledger.value()

    def _candles(self, observation: Observation, at: datetime) -> None:
        if self.series.get(observation.symbol, observation.series) != observation.series:
            # Hindsight never runs from one market's prices into another's.
            self.pending = [each for each in self.pending if each.context.symbol != observation.symbol]
        self.last[observation.symbol] = observation.candles[-1]
        self.series[observation.symbol] = observation.series
        if self.pending:
            instrument = self.ledger.instruments[observation.symbol]
            self.pending, lessons = advance_all(
                self.pending,
                observation.symbol,
                observation.candles,
                instrument,
                self.cost_ppm,
                at,
                self.learning,
            )
            self.new_lessons.extend(lessons)

    @whole
    def note(self, decisions: Iterable[Decision], verdicts: Iterable[Verdict]) -> None:
        """Remember why entries were wanted, and watch what becomes of the vetoed ones."""
        if not verdicts:
            return
        by_symbol = {decision.symbol: decision for decision in decisions}
        for verdict in verdicts:
            decision = by_symbol[verdict.symbol]
            if isinstance(verdict, Approved):
                if verdict.order.purpose is Purpose.PROTECT and verdict.symbol in self.entries:
                    # A recovery protects with the stop as it was last raised.
                    entry = self.entries[verdict.symbol]
                    self.entries[verdict.symbol] = msgspec.structs.replace(entry, stop=verdict.stop)
                elif decision.action is Action.BUY:
                    self.contexts[verdict.symbol] = _context(decision)
                    self.entries[verdict.symbol] = verdict
                continue
            self.vetoes[verdict.reason] += 1
            if decision.action is Action.BUY and decision.price is not None:
                self._watch(decision, verdict.reason, decision.price)

    def _watch(self, decision: Decision, rule: str, price: int) -> None:
        stop = decision.stop or (price - price * decision.stop_ppm // 1_000_000 if decision.stop_ppm else 0)
        self.pending.append(watch(_context(decision), rule, price, stop, decision.target, self.learning))
        del self.pending[: -self.learning.max_pending]

    @whole
    def intend(self, orders: Iterable[Order], at: datetime, sending_at: datetime | None = None) -> None:
        """Take note of orders about to be sent."""
        self.ledger.intend(orders, at, sending_at)

    @whole
    def write_off(self, event: PositionWrittenOff) -> None:
        """Count a position as lost."""
        trade = self.ledger.write_off(event.symbol, event.lots, event.at, event.given_up)
        if trade is not None:
            self.new_lessons.append(self._lesson(trade, "written off"))

    @whole
    def adopt_account(self, event: AccountAdopted) -> None:
        """Count with what the venue holds from now on."""
        self.prefix = event.prefix or self.prefix
        for trade in self.ledger.adopt_account(
            event.cash, event.untracked, event.missing, event.at, event.given_up
        ):
            self.new_lessons.append(self._lesson(trade, "adopted"))

    @whole
    def sweep(self, event: FlattenAsked) -> None:
        """Count dust that can be sold among what is held: it is to be sold with it."""
        self.ledger.sweep(event.at, event.symbol)

    @whole
    def record_report(self, receipt: Receipt) -> None:
        """Take in what a venue said of an order; closed trades become lessons."""
        for trade, ending in self.ledger.record_report(receipt):
            self.new_lessons.append(self._lesson(trade, ending))

    def _lesson(self, trade: Trade, ending: str) -> Lesson:
        context = self.contexts.pop(trade.symbol, None) or Context(
            cycle_id=0, symbol=trade.symbol, at=trade.opened_at, confidence=0.0, regime="unknown", voices=()
        )
        instrument = self.ledger.instruments[trade.symbol]
        return reflect(trade, context, ending, instrument, trade.closed_at)

    @whole
    def end(self, event: CycleEnded) -> None:
        """Close a cycle: its lessons become beliefs."""
        for lesson in event.lessons:
            self.beliefs = fold(self.beliefs, lesson, self.learning)
        self.new_lessons = self.new_lessons[len(event.lessons) :]
        self.open_cycle = None
        self.cycles += 1
        self.outcomes[event.outcome] += 1
        self.ledger.value()

    @whole
    def finish(self, event: SessionEnded) -> None:
        """End a session; what an operator sold after the last cycle counts."""
        self.ended_reason = event.reason
        self.ledger.value()

    @whole
    def switch(self, event: KillSwitchSet) -> None:
        """Throw or reset the kill switch."""
        self.kill_switch = event.reason if event.active else None
        if event.active and event.by == "agent":
            self.tripped_day = event.at.toordinal()

    @whole
    def apply_parameters(self, event: ParametersSet) -> None:
        """Take note of a version of a strategy's parameters."""
        self.versions.append(event)

    def in_force(self) -> dict[str, ParametersSet]:
        """Return the version in force of each strategy that does not speak with the settings' own."""
        latest = {event.strategy: event for event in self.versions}
        return {name: event for name, event in latest.items() if event.rolled_back_to != 0}


def _context(decision: Decision) -> Context:
    return Context(
        cycle_id=decision.cycle_id,
        symbol=decision.symbol,
        at=decision.at,
        confidence=decision.confidence,
        regime=decision.regime,
        voices=decision.voices,
    )

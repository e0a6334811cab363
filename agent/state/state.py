"""The state of the loop: the fold of the journal, live and after any restart.

Theory of operation. What the agent knows is one value, and `apply` is the one function that changes it: the
loop calls it through `agent.state.record` as events come to be, a start calls it as it reads them back. So
"restart", "replay" and "reading the journal" are the same code as trading. Rules, each with its reason:

1. Nothing but `apply` changes a field, of the state, of its ledger or of its mind. A fact set beside it is
   not in the journal, so it is gone after a restart and a replay decides otherwise.
2. `apply` reads the event and the state, never a clock, a setting that is not given, or chance: the same
   rows come to the same state on any machine, at any time.
3. What an event says that cannot be is noted (`Ledger.contradict`), not raised: a row that raised would
   raise at every start, and nobody could sell any more. The agent halts on what is noted.
4. A cycle's row may be folded in two parts, what it saw (`Observed`) ahead of what was concluded from it,
   for the conclusion needs the first part. Both parts together are exactly the row: `ahead` says of which
   cycle the first was folded, so that it is not folded twice. A row that is read back has no first part
   ahead of it.
5. Only who has the turn applies: the loop, or whoever carries out a command. Others hold `lock` while they
   read, and see an event folded whole or not at all; the mind, which may run a user's code, is folded
   outside the lock: whoever asks never waits for it.
6. A new fact is a field with its type, so that checkpoints carry it, and with a default, so that journals
   from before it fold. Change what an old row folds to, and every recorded session replays to something
   else.

Warning to whoever edits: a test compares this fold with the live state after every session it can think of
(`tests/agent/test_cycle.py`), and with checkpoints of every prefix (`tests/agent/test_checkpoint.py`).
"""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from advice import ledger as money
from agent.state import changes, proving
from agent.state.adding import AddingPlan, after_approved
from agent.state.changes import Changed
from agent.state.ledger import Ledger
from agent.state.pair_list import NO_PAIRS, PairFold, begun, seen
from agent.state.retune import retune
from agent.state.slicing import SlicePlan, after_cycle
from domain.account import Trade
from domain.advice import Spend
from domain.candle import Candle
from domain.commands import Command, digest
from domain.decision import Action, Decision
from domain.errors import BadInput
from domain.events import (
    AccountAdopted,
    AdviceAnswered,
    AdviceAsked,
    AdviserSet,
    CommandAnswered,
    CommandReceived,
    CycleDecided,
    CycleEnded,
    Event,
    FlattenAsked,
    GridChanged,
    JournalRestored,
    KillSwitchSet,
    LessonsSet,
    ModelSet,
    OrderReported,
    OrdersIntended,
    PairsListed,
    ParametersSet,
    PositionWrittenOff,
    SessionEnded,
    SessionStarted,
    SettingsChanged,
)
from domain.impact import NO_ACTIVITY, MarketActivity
from domain.lesson import Beliefs, Context, Lesson, Pending
from domain.observation import Observation
from domain.order import Purpose, Receipt
from domain.regrid import Regrid
from domain.replies import RememberedCommand, Reply
from domain.times import TIMEFRAMES, closing
from domain.verdict import Approved, Verdict
from learning.memory import LessonMemory, after_lesson, put_in_force
from learning.promotion import ProvingOutcome
from learning.reflect import reflect
from learning.settings import LearningSettings
from learning.vetoes import advance_all, watch
from platforms.impact import LOOK_BACK, measured
from reasoning.advised import Promoted
from reasoning.minds import StrategyRunner
from reasoning.orientation import Orientation

REMEMBERED = 256
"""Commands that are remembered by their key, the latest ones."""

POINT_IN_TIME = 3
"""Version of the books from which on a weight has no lesson that was learned when its candle had closed."""


class Observed(NamedTuple):
    """The observations of a cycle: the first part of its CycleDecided, folded before any decision on it."""

    cycle_id: int
    at: datetime
    observations: Sequence[Observation]
    updates: Sequence[Receipt]
    blocked: Mapping[str, str]
    beside: Sequence[Observation] = ()
    """The observations of symbols that are only looked at."""


@dataclass(eq=False)
class State:
    """The agent's whole state, folded from events.

    Without a `mind` only the account is folded, and no strategy runs. A checkpoint carries every field with
    its type but the first six, so what is folded is a field here and nowhere else.
    """

    learning: LearningSettings
    cost_ppm: int
    mind: StrategyRunner | None = None
    lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)
    ahead: int | None = None
    orientations: dict[str, Orientation] = field(default_factory=dict, init=False)
    """What the mind made of what the last cycle saw, by symbol."""
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
    memory: LessonMemory = field(default_factory=LessonMemory)
    lesson_sets: list[LessonsSet] = field(default_factory=list)
    timeframe_ms: int = 0
    """Length of the session's candles; 0 where its settings do not say."""
    vetoes: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    ended_reason: str | None = None
    commands: dict[str, RememberedCommand] = field(default_factory=dict)
    changed: dict[str, Changed] = field(default_factory=dict)
    """Settings changed while the agent ran, by dotted name; never changed itself, but replaced."""
    spend: Spend = field(default_factory=Spend)
    """What advice has cost."""
    advisers: list[AdviserSet] = field(default_factory=list)
    proving: dict[str, tuple[ProvingOutcome, ...]] = field(default_factory=dict)
    """What came of the advice of promoted advisers and models since their promotion."""
    measuring: bool = False
    """Whether the session's entries are ordered by the slippage predicted for them."""
    slicing: dict[str, SlicePlan] = field(default_factory=dict)
    """Entries of which slices are still to be sent, by symbol."""
    adding: dict[str, AddingPlan] = field(default_factory=dict)
    """Entries whose positions may still be added to, by symbol."""
    recent: dict[str, tuple[Candle, ...]] = field(default_factory=dict)
    """The last closed candles by symbol, where slippage is predicted by what a market did in them."""
    models: list[ModelSet] = field(default_factory=list)
    """Models set so far; only those in force with their bodies."""
    pairs: PairFold = NO_PAIRS
    """The pair list in force."""

    @property
    def beliefs(self) -> Beliefs:
        """The weights of voices in force."""
        return self.memory.beliefs

    def beliefs_for(self, observation: Observation) -> Beliefs:
        """Return the weights for a decision, of lessons learned before its candle closed."""
        if not observation.candles or not self.timeframe_ms or self.ledger.books < POINT_IN_TIME:
            return self.memory.beliefs
        return self.memory.beliefs_before(closing(observation.candles[-1].time, self.timeframe_ms))

    def activity(self, symbol: str) -> MarketActivity:
        """Return what a market did in its last candles, by which the slippage of an entry is predicted."""
        candles = self.recent.get(symbol)
        if not candles:
            return NO_ACTIVITY
        return measured(candles, float(self.ledger.instruments[symbol].step_size))

    def apply(self, event: Event | Observed) -> None:
        """Fold one event, or what a cycle saw ahead of its row, into state and mind."""
        oriented = isinstance(event, CycleDecided) and event.cycle_id == self.ahead
        with self.lock:
            self._fold(event)
        if self.mind is not None and not oriented:
            self._orient(event, self.mind)

    def _orient(self, event: Event | Observed, mind: StrategyRunner) -> None:
        if isinstance(event, Observed | CycleDecided):
            mind.inform((*event.beside, *event.observations))
            self.orientations = {
                observation.symbol: mind.orient(observation) for observation in event.observations
            }
        elif isinstance(event, ModelSet):
            mind.set_model(event)
        elif isinstance(event, ParametersSet):
            try:
                retune(event, mind)
            except BadInput as refused:
                # Parameters of another program end no command: the voice is silent until it is given others.
                mind.muted[event.strategy] = str(refused)

    def _fold(self, event: Event | Observed) -> None:  # noqa: C901, PLR0912, PLR0915 -- one case an event
        match event:
            case Observed():
                self.ahead = event.cycle_id
                self._see(event)
            case CycleDecided():
                self._decided(event)
            case CycleEnded():
                self._end(event)
            case OrdersIntended():
                self.ledger.intend(event.orders, event.at, event.sending_at)
            case OrderReported():
                self._record_report(event.receipt)
            case KillSwitchSet():
                self._switch(event)
            case ParametersSet():
                self.versions.append(event)
            case SettingsChanged():
                self.changed = changes.after(self.changed, event)
            case PositionWrittenOff():
                self._write_off(event)
            case AccountAdopted():
                self._adopt_account(event)
            case FlattenAsked():
                self._flatten(event)
            case GridChanged():
                self._regrid(event)
            case JournalRestored():
                self.ledger.restored(event.seq)
            case AdviceAsked():
                self.spend = money.after_asked(self.spend, event)
            case AdviceAnswered():
                self.spend = money.after_answered(self.spend, event)
            case ModelSet():
                self._set_model(event)
            case AdviserSet():
                self.advisers.append(event)
                self.proving = proving.begun(self.proving, event)
            case LessonsSet():
                self.lesson_sets.append(event)
                self.memory = put_in_force(self.memory, event.lessons, self.learning, follows=event.follows)
            case PairsListed():
                self._list(replace(self.pairs, current=event))
            case CommandReceived():
                self._receive(event.command)
            case CommandAnswered():
                self._answer(event)
            case SessionStarted():
                self._start(event)
            case SessionEnded():
                # What an operator sold after the last cycle counts.
                self.ended_reason = event.reason
                self.ledger.value()

    def _start(self, event: SessionStarted) -> None:
        self.session = event.session
        self.prefix = event.prefix
        self.ended_reason = None
        self.timeframe_ms = TIMEFRAMES.get(str(event.settings.get("timeframe")), 0)
        self.slicing = {}
        self.measuring = dict(event.settings.get("entries") or {}).get("order") == "auto"
        if not self.measuring:
            self.recent = {}
        self._list(begun(self.pairs, event.settings))
        self.spend = money.after_start(self.spend)
        self.changed = changes.standing(self.changed, event.settings)
        for change in self.ledger.open(event.cash, event.instruments, event.books):
            self._carry(change)

    def _regrid(self, event: GridChanged) -> None:
        """Count on the grids of an event from now on; what is held is carried over to them."""
        for instrument in event.instruments:
            change = self.ledger.count_on(instrument)
            if change is not None:
                self._carry(change)

    def _carry(self, change: Regrid) -> None:
        symbol = change.new.symbol
        self.slicing.pop(symbol, None)
        self.adding.pop(symbol, None)
        if symbol in self.last:
            self.last[symbol] = change.candle(self.last[symbol])
        if symbol in self.recent:
            self.recent[symbol] = tuple(map(change.candle, self.recent[symbol]))
        if symbol in self.entries:
            self.entries[symbol] = change.approved(self.entries[symbol])
        self.pending = [
            change.pending(each) if each.context.symbol == symbol else each for each in self.pending
        ]
        if self.mind is not None:
            self.mind.regrid(symbol, change)

    def _see(self, event: Observed | CycleDecided) -> None:
        """Take in what entered from outside: candles, quotes, what resting orders did, what is blocked."""
        cycle_id, at, ledger = event.cycle_id, event.at, self.ledger
        if cycle_id <= self.cycle_id:
            ledger.contradict(f"cycle {cycle_id}", f"cycle {cycle_id} does not follow cycle {self.cycle_id}")
        self.cycle_id = self.open_cycle = cycle_id
        self.at = at
        ledger.roll(at)
        ledger.venue_blocks = dict(event.blocked)
        for observation in event.observations:
            if observation.quote is not None:
                ledger.marks[observation.symbol] = observation.quote.price
            if observation.candles:
                self._candles(observation, at)
        for receipt in event.updates:
            self._record_report(receipt)
        ledger.value()

    def _decided(self, event: CycleDecided) -> None:
        """Take in a cycle's row, or what is left of it when what it saw was folded ahead."""
        if event.cycle_id != self.ahead:
            self._see(event)
        self.ledger.venue_blocks = dict(event.blocked)
        if event.verdicts:
            self._note(event.decisions, event.verdicts)
        if event.verdicts or self.slicing:
            self.slicing = after_cycle(self.slicing, event)
        for decision in event.decisions:
            if decision.held_back:
                self._held_back(decision)
        self.ahead = None

    def _list(self, pairs: PairFold) -> None:
        """Count on a pair list, or on there being none."""
        self.pairs = pairs
        self.ledger.off_list = pairs.off_list

    def _candles(self, observation: Observation, at: datetime) -> None:
        anew = self.series.get(observation.symbol, observation.series) != observation.series
        if self.pairs.window_ms:
            tick = self.ledger.instruments[observation.symbol].tick
            self.pairs = seen(self.pairs, observation, tick, anew=anew)
        if anew:
            self.recent.pop(observation.symbol, None)
            # Hindsight never runs from one market's prices into another's.
            self.pending = [each for each in self.pending if each.context.symbol != observation.symbol]
        self.last[observation.symbol] = observation.candles[-1]
        if self.measuring:
            candles = (*self.recent.get(observation.symbol, ()), *observation.candles)
            self.recent[observation.symbol] = candles[-LOOK_BACK:]
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

    def _note(self, decisions: Iterable[Decision], verdicts: Iterable[Verdict]) -> None:
        """Remember why entries were wanted, and watch what becomes of the vetoed ones."""
        by_symbol = {decision.symbol: decision for decision in decisions}
        for verdict in verdicts:
            decision = by_symbol[verdict.symbol]
            if isinstance(verdict, Approved):
                if self.adding or verdict.exits:
                    self.adding = after_approved(self.adding, decision, verdict)
                if verdict.order.addition and verdict.symbol in self.entries:
                    # What is added moves the average entry, and no stop with it.
                    self.entries[verdict.symbol] = msgspec.structs.replace(
                        self.entries[verdict.symbol], stop=verdict.stop
                    )
                if verdict.order.slice_of:
                    continue  # the entry is protected and learned from as its first order was approved
                if verdict.order.purpose is Purpose.ENTRY:
                    self.contexts[verdict.symbol] = _context(decision)
                    self.entries[verdict.symbol] = verdict
                elif verdict.stop and verdict.symbol in self.entries:
                    # A recovery protects with the stop as it was last raised.
                    self.entries[verdict.symbol] = msgspec.structs.replace(
                        self.entries[verdict.symbol], stop=verdict.stop, stop_by=verdict.stop_by
                    )
                continue
            self.vetoes[verdict.reason] += 1
            if decision.action is Action.BUY and decision.price is not None and not verdict.slice_of:
                self._watch(decision, verdict.reason, decision.price)

    def _held_back(self, decision: Decision) -> None:
        """Watch what becomes of an entry that voices held back, as if a rule had denied it."""
        if decision.price is None:
            return
        for held in decision.held_back:
            entry = msgspec.structs.replace(
                decision, confidence=held.score, stop_ppm=held.stop_ppm, stop=held.stop, target=held.target
            )
            self._watch(entry, held.rule, decision.price)

    def _watch(self, decision: Decision, rule: str, price: int) -> None:
        stop = decision.stop or (price - price * decision.stop_ppm // 1_000_000 if decision.stop_ppm else 0)
        self.pending.append(watch(_context(decision), rule, price, stop, decision.target, self.learning))
        del self.pending[: -self.learning.max_pending]

    def _flatten(self, event: FlattenAsked) -> None:
        """Send no further slice of what is to be sold."""
        self.slicing = {name: plan for name, plan in self.slicing.items() if event.symbol not in ("", name)}
        self.adding = {name: plan for name, plan in self.adding.items() if event.symbol not in ("", name)}
        # Dust that can be sold is counted among what is held: it is to be sold with it.
        if not event.kept:
            self.ledger.sweep(event.at, event.symbol)

    def _write_off(self, event: PositionWrittenOff) -> None:
        """Count a position as lost."""
        trade = self.ledger.write_off(event.symbol, event.lots, event.at, event.given_up)
        if trade is not None:
            self.new_lessons.append(self._lesson(trade, "written off"))

    def _adopt_account(self, event: AccountAdopted) -> None:
        """Count with what the venue holds from now on."""
        self.prefix = event.prefix or self.prefix
        self.slicing, self.adding = {}, {}
        for trade in self.ledger.adopt_account(
            event.cash, event.untracked, event.missing, event.at, event.given_up
        ):
            self.new_lessons.append(self._lesson(trade, "adopted"))

    def _record_report(self, receipt: Receipt) -> None:
        """Take in what a venue said of an order; closed trades become lessons."""
        for trade, ending in self.ledger.record_report(receipt):
            self.new_lessons.append(self._lesson(trade, ending))

    def _lesson(self, trade: Trade, ending: str) -> Lesson:
        self.slicing.pop(trade.symbol, None)
        self.adding.pop(trade.symbol, None)
        context = self.contexts.pop(trade.symbol, None) or Context(
            cycle_id=0, symbol=trade.symbol, at=trade.opened_at, confidence=0.0, regime="unknown", voices=()
        )
        instrument = self.ledger.instruments[trade.symbol]
        return reflect(trade, context, ending, instrument, trade.closed_at)

    def _end(self, event: CycleEnded) -> None:
        """Close a cycle: its lessons become beliefs."""
        for lesson in event.lessons:
            self.memory = after_lesson(self.memory, lesson, self.learning)
            self.proving = proving.after(self.proving, self.advisers, self.models, lesson)
        self.new_lessons = self.new_lessons[len(event.lessons) :]
        self.open_cycle = None
        self.cycles += 1
        self.outcomes[event.outcome] += 1
        self.ledger.value()

    def _set_model(self, event: ModelSet) -> None:
        """Take a model up; of those of its name that came before only the fact is kept."""
        self.models = [
            msgspec.structs.replace(each, body=b"") if each.model == event.model and each.body else each
            for each in self.models
        ]
        self.models.append(event)
        self.proving = proving.begun(self.proving, event)

    def _switch(self, event: KillSwitchSet) -> None:
        """Throw or reset the kill switch."""
        self.slicing = {}
        self.kill_switch = event.reason if event.active else None
        if event.active and event.by == "agent":
            self.tripped_day = event.at.toordinal()

    def answered(self, command: Command) -> Reply | None:
        """Return what came of this very command before, None where it is not on record."""
        with self.lock:
            known = self.commands.get(command.key)
        return known.reply if known is not None and known.digest == digest(command) else None

    def _receive(self, command: Command) -> None:
        """Remember that a command was received, and forget the oldest."""
        if not command.key:
            return
        self.commands.pop(command.key, None)
        self.commands[command.key] = RememberedCommand(digest(command))
        for key in list(self.commands)[:-REMEMBERED]:
            del self.commands[key]

    def _answer(self, event: CommandAnswered) -> None:
        """Remember what came of a command."""
        known = self.commands.get(event.key)
        if known is not None:
            self.commands[event.key] = msgspec.structs.replace(known, reply=event.reply)

    def promoted(self) -> dict[str, Promoted]:
        """Return the promotion of each promoted adviser and model, by its identity."""
        latest = {event.adviser: event for event in self.advisers}
        advisers = {event.identity: proving.promotion(event) for event in latest.values() if event.promoted}
        models = (event for event in self.models if event.body and event.promoted)
        return advisers | {event.identity: Promoted(event.raise_cap) for event in models}

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

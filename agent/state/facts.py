"""The facts of the state: every field the fold has, and what is read from them."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from agent.state import proving
from agent.state.adding import AddingPlan
from agent.state.changes import Changed
from agent.state.ledger import Ledger
from agent.state.pair_list import NO_PAIRS, PairFold
from agent.state.slicing import SlicePlan
from domain.advice import Spend
from domain.candle import Candle
from domain.commands import Command, digest
from domain.events import AdviserSet, LessonsSet, ModelSet, ParametersSet
from domain.impact import NO_ACTIVITY, MarketActivity
from domain.lesson import Beliefs, Context, Lesson, Pending
from domain.observation import Observation
from domain.replies import RememberedCommand, Reply
from domain.times import closing
from domain.verdict import Approved
from learning.memory import LessonMemory
from learning.promotion import ProvingOutcome
from learning.settings import LearningSettings
from platforms.impact import measured
from reasoning.advised import Promoted
from reasoning.minds import StrategyRunner
from reasoning.orientation import Orientation

POINT_IN_TIME = 3
"""Version of the books from which on a weight has no lesson that was learned when its candle had closed."""


@dataclass(eq=False)
class StateFacts:
    """The agent's whole state as it stands; `State` folds it.

    A checkpoint carries every field with its type but the first six, so what is folded is a field here and
    nowhere else.
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
    faults: dict[str, str] = field(default_factory=dict)
    """Symbols left alone for a fault of ours, until a candle of theirs is judged; replaced, never changed."""

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

    def answered(self, command: Command) -> Reply | None:
        """Return what came of this very command before, None where it is not on record."""
        with self.lock:
            known = self.commands.get(command.key)
        return known.reply if known is not None and known.digest == digest(command) else None

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

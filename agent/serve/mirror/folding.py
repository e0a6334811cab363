"""The fold a mirror keeps beside its tables: the agent's own state, folded by the agent's own code.

The options are those the session was run with, so a session with others begins a fold of its own. A strategy
that cannot be loaded is stood in for, and where the recorded settings are of another version only the account
is folded: cash, positions and orders depend on none of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from agent import wiring
from agent.settings.pairs import voices
from agent.settings.recorded import lenient
from agent.settings.settings import Options
from agent.state.checkpoint import FORMAT, Checkpoint, Header, decoded, taken
from agent.state.key import fold_key
from agent.state.settled import Settled
from agent.state.state import State
from agent.views.history import ASKED, ClosedTrade
from agent.views.latest import Latest
from domain.account import Trade
from domain.errors import BadInput, JournalFault
from domain.events import CycleDecided, Event, FlattenAsked, SessionStarted
from domain.instrument import Instrument
from domain.lesson import Lesson
from learning.settings import LearningSettings
from reasoning.minds import StrategyRunner

EVERY = 32
"""Rows between two checkpoints: `why` of any cycle folds hardly more than that."""

WHOLE_EVERY = 512
"""Rows after which the one checkpoint from which the fold itself goes on is taken anew."""


class Closing(NamedTuple):
    """A closed trade, and the lesson that a later cycle will learn of it: at once, or after a restart."""

    trade: ClosedTrade
    lesson: Lesson


@dataclass(eq=False)
class MirroredState(State):
    """The agent's state, which also keeps the trades that closed until they are taken."""

    closed: list[Closing] = field(default_factory=list, init=False)
    asked: bool = field(default=False, init=False)

    def _lesson(self, trade: Trade, ending: str) -> Lesson:
        context = self.contexts.get(trade.symbol)
        text = ASKED if self.asked and ending == "signal" else ending
        grid = self.ledger.instruments[trade.symbol]
        cycle = context.cycle_id if context else 0
        lesson = super()._lesson(trade, ending)
        self.closed.append(Closing(ClosedTrade(trade, text, cycle, self.session, grid), lesson))
        return lesson


class MirrorFold:
    """State, mind and settings up to a row; `options` are None where only the account can be folded."""

    def __init__(self, started: SessionStarted | None) -> None:
        self.started = started
        self.options: Options | None = None
        self.key = ""
        self.problem: str | None = None
        self.mind: StrategyRunner | None = None
        self.latest = Latest()
        if started is not None:
            try:
                self.options = lenient(started, run_own=True)
                self.key = fold_key(self.options)
                self.mind = StrategyRunner(
                    self.options.reasoning, self.options.timeframe_ms, voices(self.options.pairs)
                )
            except BadInput as error:
                self.options, self.problem = None, str(error)
        learning = self.options.learning if self.options else LearningSettings()
        cost = wiring.one_way_cost_ppm(self.options) if self.options else 0
        self.state = MirroredState(learning, cost, self.mind)

    def fits(self, started: SessionStarted) -> bool:
        """Say whether a session that starts folds on as this one does."""
        if self.started is None or self.options is None:
            return False
        try:
            return fold_key(lenient(started, run_own=True)) == self.key
        except BadInput:
            return False

    def apply(self, event: Event) -> list[Closing]:
        """Fold an event and return the trades it closed."""
        state = self.state
        if isinstance(event, FlattenAsked | CycleDecided):
            state.asked = isinstance(event, FlattenAsked)
        if isinstance(event, SessionStarted):
            self.started = event
        state.apply(event)
        self.latest.apply(event)
        closed, state.closed = state.closed, []
        return closed

    @property
    def instruments(self) -> dict[str, Instrument]:
        """Grids by symbol, of all that was ever traded."""
        return self.state.ledger.instruments


class _Forgetful:
    """A mind without its last candles, which only new parameters are warmed by."""

    def __init__(self, mind: StrategyRunner) -> None:
        self.mind = mind
        self.informed = mind.informed

    def memory(self) -> dict[str, Any]:
        """Return all that is remembered but the last candles."""
        return {symbol: {**plain, "recent": ()} for symbol, plain in self.mind.memory().items()}


def checkpoint(fold: MirrorFold, journal_id: str, seq: int, digest: bytes, *, brief: bool) -> bytes | None:
    """Return a checkpoint of a fold without its log of what is settled, which the mirror's tables know.

    A `brief` one leaves out the last candles too: good to explain from, where no parameters are set on the
    way. None where there is none to be had.
    """
    if fold.started is None or fold.mind is None or fold.mind.stands_in:
        return None
    mind = cast("StrategyRunner", _Forgetful(fold.mind)) if brief else fold.mind
    header = Header(FORMAT, journal_id, seq, digest.hex(), fold.key, fold.started)
    try:
        return taken(header, fold.state, mind).packed()
    except (JournalFault, TypeError, ValueError, OverflowError):
        return None


def whole(
    body: bytes, done: Iterable[tuple[str, str]], fills: Iterable[tuple[str, str]]
) -> Checkpoint | None:
    """Return a checkpoint made whole again with orders that are done and the fills that count."""
    result = decoded(body)
    return None if result is None else result._replace(settled=Settled.some(result.mark, done, fills))

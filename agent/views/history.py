"""An account's life, folded once more from its journal: closed trades, equity cycle by cycle, denied entries.

The fold is the loop's own (`State`), so what is told here is what the loop counted with. It takes no mind: no
strategy is run.
"""

from array import array
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from agent.state.state import State
from domain.account import Trade
from domain.candle import Candle
from domain.decision import Decision
from domain.events import CycleDecided, CycleEnded, Event, FlattenAsked, SessionStarted
from domain.instrument import Instrument
from domain.lesson import Context, Lesson
from domain.ports import Records
from domain.times import millis
from domain.verdict import Denied
from learning.settings import LearningSettings

ASKED = "operator"
"""How a trade ended that `agent close` or `agent flatten` sold."""


class ClosedTrade(NamedTuple):
    """A closed trade: how it ended, the cycle that entered (0: not known), its session and its grid.

    `context` has the reasons for its entry, where they are known.
    """

    trade: Trade
    exit: str
    entry_cycle: int
    session: int
    instrument: Instrument
    context: Context | None = None


class Denial(NamedTuple):
    """A denied entry or exit, and the rule's reason."""

    cycle: int
    at_ms: int
    symbol: str
    reason: str


class AccountFold(State):
    """A state of the account alone, that keeps the trades it would otherwise only count."""

    def __init__(self) -> None:
        super().__init__(LearningSettings(), 0)
        self.closed: list[ClosedTrade] = []
        self.asked = False

    def take(self, event: Event) -> None:
        """Fold an event, and take note of who asked for what is sold by it."""
        if isinstance(event, FlattenAsked | CycleDecided):
            self.asked = isinstance(event, FlattenAsked)
        self.apply(event)

    def _watch(self, decision: Decision, rule: str, price: int) -> None:
        """Follow no vetoed entry: the journal has its lesson."""

    def _lesson(self, trade: Trade, ending: str) -> Lesson:
        context = self.contexts.get(trade.symbol)
        cycle = context.cycle_id if context else 0
        text = ASKED if self.asked and ending == "signal" else ending
        grid = self.ledger.instruments[trade.symbol]
        self.closed.append(ClosedTrade(trade, text, cycle, self.session, grid, context))
        return super()._lesson(trade, ending)


class AccountHistory:
    """The history of an account in its journal, of one `session` or of all of them.

    `times_ms` and `equity` hold one value per cycle: when it ended, and cash plus positions at their marks,
    in cash units. `held` counts the cycles that ended with a position.
    """

    def __init__(self, session: int | None = None, *, candles: bool = False) -> None:
        self.session = session
        self.state = AccountFold()
        self.started: SessionStarted | None = None
        self.sessions: list[int] = []
        self.opening = 0
        self.times_ms, self.equity = array("q"), array("q")
        self.held = 0
        self.denials: list[Denial] = []
        self.killed_ms: int | None = None
        self.candles: dict[str, list[tuple[Candle, float]]] = {}
        self._keep_candles = candles

    @property
    def trades(self) -> list[ClosedTrade]:
        """Closed trades, oldest first."""
        return [each for each in self.state.closed if self._of_session(each.session)]

    def read(self, journal: Records, report: Callable[[int], None] = lambda _done: None) -> "AccountHistory":
        """Fold every row of the journal. Raises JournalFault where its chain is broken."""
        for row in journal.rows():
            self.take(row.event)
            report(row.seq)
        return self

    def take(self, event: Event) -> None:
        """Take in the next event."""
        state = self.state
        if isinstance(event, SessionStarted):
            self._begin(event)
        state.take(event)
        if isinstance(event, SessionStarted) and len(self.sessions) == 1:
            self.opening = state.ledger.equity
        if not self._of_session(state.session):
            return
        if isinstance(event, CycleDecided):
            self._decided(event)
        elif isinstance(event, CycleEnded):
            self._ended(event.at)

    def _begin(self, event: SessionStarted) -> None:
        if self._of_session(event.session):
            self.started = event
            self.sessions.append(event.session)

    def _of_session(self, session: int) -> bool:
        return self.session is None or session == self.session

    def _decided(self, event: CycleDecided) -> None:
        self.denials += [
            Denial(event.cycle_id, millis(event.at), verdict.symbol, verdict.reason)
            for verdict in event.verdicts
            if isinstance(verdict, Denied)
        ]
        for observation in event.observations if self._keep_candles else ():
            tick = self.state.ledger.instruments[observation.symbol].tick
            self.candles.setdefault(observation.symbol, []).extend(
                (candle, tick) for candle in observation.candles
            )

    def _ended(self, at: datetime) -> None:
        self.times_ms.append(millis(at))
        self.equity.append(self.state.ledger.equity)
        self.held += bool(self.state.ledger.positions)
        if self.state.kill_switch and self.killed_ms is None:
            self.killed_ms = millis(at)
        elif not self.state.kill_switch:
            self.killed_ms = None

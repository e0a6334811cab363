"""Events as the stream tells them: a journal row in words and decimal texts, by its number.

The journal's own bytes, in ticks and lots, are what `agent journal export` and the API's export give.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct

from agent.answers.account import DecisionRow, MarketRow
from agent.answers.agents import FillRow, OrderRow
from agent.answers.amounts import Amount
from agent.answers.learned import LessonRow


class SessionBody(Struct, frozen=True, kw_only=True, tag_field="type", tag="session"):
    """A session began or ended (`reason`)."""

    session: int
    mode: str | None = None
    symbols: list[str] = []
    version: str | None = None
    reason: str | None = None


class ReportBody(Struct, frozen=True, kw_only=True, tag_field="type", tag="report"):
    """The platform's answer on an order."""

    cycle: int
    client_id: str
    symbol: str
    status: str
    reason: str | None
    fills: list[FillRow]


class DecidedBody(Struct, frozen=True, kw_only=True, tag_field="type", tag="decided"):
    """The market a cycle saw, its conclusions, and the reports on resting orders that came with it."""

    cycle: int
    market: list[MarketRow]
    decisions: list[DecisionRow]
    blocked: dict[str, str]
    reports: list[ReportBody] = []


class OrdersBody(Struct, frozen=True, kw_only=True, tag_field="type", tag="orders"):
    """Orders about to be sent."""

    cycle: int
    orders: list[OrderRow]


class EndedBody(Struct, frozen=True, kw_only=True, tag_field="type", tag="ended"):
    """A cycle's end, and what the account came to with it."""

    cycle: int
    outcome: str
    path: list[str]
    error: str | None
    equity: Amount
    cash: Amount
    profit_today: Amount
    lessons: list[LessonRow]


class NoteBody(Struct, frozen=True, kw_only=True, tag_field="type", tag="note"):
    """Anything else: who asked for what and why, or what changed, in a sentence and its plain fields."""

    text: str
    by: str | None = None
    reason: str | None = None
    fields: dict[str, Any] = {}


Body = SessionBody | DecidedBody | OrdersBody | ReportBody | EndedBody | NoteBody


class StreamEvent(Struct, frozen=True, kw_only=True):
    """One row of an agent's journal on the stream; `kind` is the event's name in the journal.

    `seq` is its number there. `body` is a DecidedBody for cycle_decided, OrdersBody for orders_intended,
    ReportBody for order_reported, EndedBody for cycle_ended, SessionBody for session_started and
    session_ended, and a NoteBody for every other kind.
    """

    agent: str
    seq: int
    kind: str
    at: datetime
    body: Body


class LiveState(Struct, frozen=True, kw_only=True):
    """The OODA state an agent is in at this moment (event `state`, without a number)."""

    agent: str
    running: bool
    state: str | None
    cycle: int
    paused: bool


class CoveredJournal(Struct, frozen=True, kw_only=True):
    """One journal as a stream finds it: its id, its last row, and the row after which the stream goes on."""

    journal_id: str
    seq: int
    after: int


class Hello(Struct, frozen=True, kw_only=True):
    """The beginning of a stream (event `hello`): every journal it covers, by agent, and the server's version.

    `seq` is the row after which it goes on where it covers one journal.
    """

    version: str
    agents: dict[str, CoveredJournal]
    seq: int | None = None


class AgentNews(Struct, frozen=True, kw_only=True):
    """The news of an agent (event `agent`): `found` or `removed` its journal; `came`, `gone` or `died`."""

    agent: str
    news: str


class Gap(Struct, frozen=True, kw_only=True):
    """Rows of an agent are not told (event `gap`): the stream goes on after row `after`, for this reason."""

    agent: str
    after: int
    reason: str


class Dropped(Struct, frozen=True, kw_only=True):
    """The last event of a stream that is closed by the server (event `dropped`), with the reason."""

    reason: str

"""Answers on the agents of a home, as `agent serve` sees them side by side."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from msgspec import Struct

from agent.answers.account import DecisionRow, PositionAnswer
from agent.answers.amounts import Amount

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """A page of rows, newest first; `next` asks for those before them, None where there are none."""

    items: list[T]
    next: str | None = None


class Health(Struct, frozen=True, kw_only=True):
    """The server's own health, without anything of an account: `ok`, or how many agents are amiss."""

    ok: bool
    version: str
    agents: int
    running: int
    amiss: int


class Readiness(Struct, frozen=True, kw_only=True):
    """Rows still to be read of each journal; `ready` when all were."""

    ready: bool
    behind: dict[str, int]


class AlarmKind(StrEnum):
    """The alarms of the overview, gravest first."""

    DEAD = "dead"
    HALTED = "halted"
    KILLED = "killed"
    IN_DOUBT = "in_doubt"
    STALE = "stale"
    UNJUDGED = "unjudged"
    SIMULATED = "simulated"
    BREAKER = "breaker"
    BLOCKED = "blocked"
    PAIR_LIST = "pair_list"


class Alarm(Struct, frozen=True, kw_only=True):
    """A state of things that people should know of, and what it is about."""

    kind: AlarmKind
    text: str


class Supervised(Struct, frozen=True, kw_only=True):
    """An agent that `agent serve` keeps running: its process, its restarts, when the next one is due.

    `by` and `reason` say who had it begun, and why; `failed` why its process ended last where that was no
    end in order; `halted` is the reason why it is not started again.
    """

    wanted: bool
    pid: int | None = None
    restarts: int = 0
    next_start: datetime | None = None
    halted: str | None = None
    by: str = ""
    reason: str = ""
    failed: str | None = None


class Started(Struct, frozen=True, kw_only=True):
    """An agent of our own that was begun; it listens once its journal is read."""

    agent: str
    supervised: Supervised


class AgentRow(Struct, frozen=True, kw_only=True):
    """One agent of the overview. `state` is its OODA state; `seq` the last row that is known here.

    `state` is "STARTING" for one of the server's own that is to run and has no journal yet.
    `supervised` is None for an agent that was started elsewhere.
    """

    agent: str
    running: bool
    mode: str | None
    symbols: list[str]
    timeframe: str | None
    state: str | None
    paused: bool
    cycle: int
    seq: int
    at: datetime | None
    outcome: str | None
    ended: str | None
    equity: Amount
    profit: Amount
    profit_today: Amount
    quote: str | None
    positions: list[PositionAnswer]
    decisions: list[DecisionRow]
    kill_switch: str | None
    alarms: list[Alarm] = []
    supervised: Supervised | None = None


class EquityPoint(Struct, frozen=True, kw_only=True):
    """Equity after a cycle, and its fall from the peak before as a fraction of 1 (0 at a new peak)."""

    at: datetime
    cycle: int
    equity: Amount
    drawdown: float


class EquityCurve(Struct, frozen=True, kw_only=True):
    """Equity over time, thinned to the points asked for; each stretch keeps its lowest and its highest."""

    quote: str | None
    opening_cash: Amount
    points: list[EquityPoint]


class CycleRow(Struct, frozen=True, kw_only=True):
    """A cycle in a list: its outcome, and what was decided and judged of each symbol."""

    cycle: int
    seq: int
    at: datetime
    session: int
    outcome: str | None
    error: str | None
    equity: Amount | None
    decisions: list[DecisionRow]


class OrderRow(Struct, frozen=True, kw_only=True):
    """An order of the journal; `level` is its trigger or limit, `open` while its fate is not settled."""

    client_id: str
    cycle: int
    seq: int
    at: datetime
    symbol: str
    purpose: str
    side: str
    type: str
    quantity: Amount
    filled: Amount
    level: Amount | None
    status: str
    open: bool
    reason: str | None


class FillRow(Struct, frozen=True, kw_only=True):
    """A fill; `reference` is the quote when deciding."""

    trade_id: str
    client_id: str
    seq: int
    cycle: int
    at: datetime
    symbol: str
    side: str
    quantity: Amount
    price: Amount
    reference: Amount
    fee: Amount


class Headroom(Struct, frozen=True, kw_only=True):
    """One risk rule as it stands: what is measured, its limit, and the share of it that is used (1: all).

    `symbol` is None for a rule of the account. What cannot be measured without an order is None, and
    `note` says so.
    """

    rule: str
    symbol: str | None
    meaning: str
    unit: str
    measured: str | None
    limit: str | None
    used: float | None
    passed: bool | None
    note: str | None = None


class VoiceWeight(Struct, frozen=True, kw_only=True):
    """A voice's weight after a lesson."""

    at: datetime
    cycle: int
    voice: str
    weight: float


class BeliefsAnswer(Struct, frozen=True, kw_only=True):
    """The weight of each voice now, and how it came to be."""

    weights: dict[str, float]
    history: list[VoiceWeight]


class ProviderRow(Struct, frozen=True, kw_only=True):
    """One provider's health: its breaker, when it last served, and why it last did not."""

    provider: str
    breaker: str | None
    served_at: datetime | None
    age_seconds: float | None
    last_refusal: str | None
    connected: bool | None = None
    reconnects: int | None = None
    dropped: int | None = None
    malformed: int | None = None


class LogLine(Struct, frozen=True, kw_only=True):
    """A line of the log, secrets already taken out."""

    at: str
    level: str
    text: str
    fields: dict[str, str] = {}


class SettingRow(Struct, frozen=True, kw_only=True):
    """One setting of an agent: its value in force, and `source`: "default", "set", "changed" or "secret".

    `changed` says who changed it while the agent ran, when and why; `changeable` that it may be.
    """

    name: str
    value: Any
    source: str
    changeable: bool
    default: Any = None
    changed: str | None = None
    description: str | None = None
    limits: str | None = None

"""Answers on an account: cash and positions, the agent's status, the summary of a session."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from agent.answers.amounts import Amount, Values
from domain.decision import Action
from domain.order import OrderStatus, OrderType, Side

LEFT_ALONE = "left alone, a fault of ours"
"""How it is told that something of ours failed over a symbol."""


class Dust(Struct, frozen=True, kw_only=True):
    """A quantity too small to be sold by itself, with its worth where a price is known."""

    quantity: Amount
    value: Amount | None


class FeePaid(Struct, frozen=True, kw_only=True):
    """Fees paid in a third asset; `unvalued` had no price and is in no profit."""

    amount: Amount
    unvalued: Amount


class AccountAnswer(Struct, frozen=True, kw_only=True):
    """Cash, equity, profit and the gate's counters; amounts in `quote`, of so many decimals.

    `max_drawdown` is a fraction of 1. `fees_elsewhere` and `dust` are by asset, `blocked` by symbol ("" for
    every symbol); `off_list` says of each symbol why the pair list keeps it from being entered, `pair_list`
    why the list itself could not be refreshed, "" where it was. `left_alone` are symbols over which
    something of ours failed, and what.
    """

    quote: str | None
    cash_decimals: int
    cash: Amount
    equity: Amount
    opening_cash: Amount
    profit: Amount
    profit_today: Amount
    max_drawdown: float
    trades: int
    wins: int
    gross: Amount
    fees: Amount
    slippage: Amount
    fees_elsewhere: dict[str, FeePaid]
    dust: dict[str, Dust]
    entries_today: int
    kill_switch: str | None
    blocked: dict[str, str] = {}
    off_list: dict[str, str] = {}
    pair_list: str = ""
    left_alone: dict[str, str] = {}


class RestingOrder(Struct, frozen=True, kw_only=True):
    """An order that rests at the venue; `level` is its trigger or its limit."""

    client_id: str
    type: OrderType
    side: Side
    quantity: Amount
    level: Amount | None
    status: OrderStatus


class PositionAnswer(Struct, frozen=True, kw_only=True):
    """An open position with the orders that protect it, and the exits declared for it, by `voice`.

    `unjudged` is why its custom exit cannot be judged now, "" where it can be, or there is none.
    """

    symbol: str
    quantity: Amount
    entry: Amount
    price: Amount | None
    unrealised: Amount
    fees: Amount
    opened_at: datetime
    orders: list[RestingOrder]
    voice: str | None = None
    exits: list[str] = []
    unjudged: str = ""


class DecisionRow(Struct, frozen=True, kw_only=True):
    """A cycle's decision on one symbol; `verdict` is "approved", the denying rule, or None for none.

    `reason` is as recorded, with prices of strategies in ticks; `reason_in_quote` has them in the quote
    currency, and is empty where the reason tells none.
    """

    cycle: int
    at: datetime
    symbol: str
    source: str
    price: Amount | None
    action: Action
    confidence: float
    reason: str
    verdict: str | None
    reason_in_quote: str = ""

    @property
    def told(self) -> str:
        """The reason as people read it."""
        return self.reason_in_quote or self.reason


class MarketRow(Struct, frozen=True, kw_only=True):
    """The market of one symbol as of the last cycle; `not_served_by` has each provider's reason."""

    symbol: str
    price: Amount | None
    price_at: datetime | None
    source: str
    provider: str
    breaker: str
    not_served_by: dict[str, str]


class VersionInForce(Struct, frozen=True, kw_only=True):
    """The parameter version a voice speaks with, where it has not the settings' own."""

    version: int
    parameters: Values
    at: datetime
    by: str
    rolled_back_to: int | None


class ChangedSetting(Struct, frozen=True, kw_only=True):
    """A setting that was changed while the agent ran: its value, and what the settings say (`own`)."""

    value: Any
    own: Any
    at: datetime
    by: str
    reason: str


class StreamRow(Struct, frozen=True, kw_only=True):
    """The health of one provider's stream; counts are since the session began.

    `live`: connected and not silent. `reconnects` counts connections after the first, `dropped` messages
    that fell out of a full queue, `malformed` ones that could not be used, `revised` final candles that
    came in two versions, `backfills` questions to REST. `message_age` in seconds is None before the first.
    """

    connected: bool
    live: bool
    messages: int
    malformed: int
    dropped: int
    revised: int
    reconnects: int
    message_age: float | None
    backfills: int
    backfill_failures: int


class Timing(Struct, frozen=True, kw_only=True):
    """Durations since the session began: how many lie in each class of seconds, and their sum.

    `bounds` are the largest of each class; `counts` has one more, of those beyond the last.
    """

    bounds: list[float]
    counts: list[int]
    seconds: float


class Vitals(Struct, frozen=True, kw_only=True):
    """The facts that only a running agent's process knows, and no journal tells.

    `timings` are of a whole `cycle` and of `decision_to_wire`: from an order's intent until it is handed to
    the platform, its commit included.
    """

    breakers: dict[str, str] = {}
    streams: dict[str, StreamRow] = {}
    muted: dict[str, str] = {}
    timings: dict[str, Timing] = {}


class Status(Struct, frozen=True, kw_only=True):
    """The state of a running agent, or the end of its last session.

    `problem` says that it lives and does not answer: then the rest is from its journal. `elsewhere` says who
    runs it where that is another home or host that shares the server of the journals. Of an agent that does
    not run here, what only a running one knows is None or empty. `seq` is the number of the last event
    contained; the Python API tells it.
    """

    running: bool
    journal: str
    session: int
    cycle: int
    account: AccountAnswer
    positions: list[PositionAnswer]
    problem: str | None = None
    elsewhere: str | None = None
    ended: str | None = None
    mode: str | None = None
    symbols: list[str] = []
    timeframe: str | None = None
    clock: datetime | None = None
    driven: bool | None = None
    next_candle_seconds: float | None = None
    state: str | None = None
    paused: bool = False
    cycles: int | None = None
    at: datetime | None = None
    outcome: str | None = None
    error: str | None = None
    market: list[MarketRow] = []
    breakers: dict[str, str] = {}
    streams: dict[str, StreamRow] = {}
    muted: dict[str, str] = {}
    parameters: dict[str, VersionInForce] = {}
    changed: dict[str, ChangedSetting] = {}
    decisions: list[DecisionRow] = []
    timings: dict[str, Timing] = {}
    seq: int | None = None


class SessionFigures(Struct, frozen=True, kw_only=True):
    """The trades, profit and costs that one session added to its account."""

    trades: int
    wins: int
    profit: Amount
    gross: Amount
    fees: Amount
    slippage: Amount


class Summary(Struct, frozen=True, kw_only=True):
    """A session's end: its figures, and the account's as they stand."""

    ended: str
    cycles: int
    cycles_in_journal: int
    outcomes: dict[str, int]
    session: SessionFigures
    account: AccountAnswer
    positions: list[PositionAnswer]
    vetoes: dict[str, int]
    journal_rows: int
    journal_head: str

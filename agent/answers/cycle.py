"""A cycle explained: what was seen, decided and judged, what became of its orders."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from agent.answers.account import ChangedSetting, VersionInForce
from agent.answers.amounts import Amount, Values
from domain.decision import Action, Edge, Voice
from domain.events import Failure
from domain.order import OrderStatus, OrderType
from domain.verdict import Check


class AdviceAnswer(Struct, frozen=True, kw_only=True):
    """An adviser's word: `samples` of `asked` answers were of use, and all of them cost `usd`.

    Its `reason` is a model's text, or says why there is none. `retrospective` advice proves nothing.
    """

    adviser: str
    role: str
    vote: int
    probability: float
    reason: str
    samples: int
    asked: int
    usd: str
    retrospective: bool


class Seen(Struct, frozen=True, kw_only=True):
    """One symbol's data at the cycle's instant: source, provider, ages, flaws."""

    source: str
    provider: str
    fetched_at: datetime
    fetched_age_seconds: float
    new_candles: int
    candle_opened_at: datetime | None
    candle_age_seconds: float | None
    candle_close: Amount | None
    price: Amount | None
    price_age_seconds: float | None
    breaker: str
    not_served_by: dict[str, str]
    findings: list[str]
    headlines: list[str]
    advice: list[AdviceAnswer] = []


class DecisionAnswer(Struct, frozen=True, kw_only=True):
    """The decision with every voice; `score` from -100 to 100.

    `edge` is what promoted voices believe at least of an entry, and bounds its size; `exits` are those
    declared for what it buys. Reasons are as recorded, where strategies tell prices in ticks: where they do,
    `reason_in_quote` and, by voice, `voices_in_quote` have them in the quote currency.
    """

    action: Action
    score: float
    confidence: float
    reason: str
    regime: str
    voices: list[Voice]
    edge: Edge | None = None
    exits: list[str] = []
    reason_in_quote: str = ""
    voices_in_quote: dict[str, str] = {}

    @property
    def told(self) -> str:
        """The reason as people read it; an agent of an older version has but the recorded one."""
        return self.reason_in_quote or self.reason

    def told_by(self, voice: Voice) -> str:
        """Return a voice's reason as people read it."""
        return self.voices_in_quote.get(voice.name, voice.reason)


class EntryOrderAnswer(Struct, frozen=True, kw_only=True):
    """The order an entry was given, and by which numbers.

    `type` is that of its orders, `worst` the price they may not pay more than, `slices` in how many it is
    sent. `predicted` is what a market order was expected to pay beyond its quote, `allowed` what it might (a
    share of the way to the stop; None where a setting chose), both in basis points.
    """

    type: OrderType
    worst: Amount | None
    predicted: float
    allowed: float | None
    slices: int
    text: str


class VerdictAnswer(Struct, frozen=True, kw_only=True):
    """The gate's verdict with every check; `quantity` and `sizing` if approved, else `reason`, `detail`."""

    approved: bool
    checks: list[Check]
    quantity: Amount | None = None
    sizing: str | None = None
    reason: str | None = None
    detail: str | None = None
    order: EntryOrderAnswer | None = None


class Change(Struct, frozen=True, kw_only=True):
    """A failed check's measurement, and the limit it would have had to keep."""

    rule: str
    measured: float | int | str | None
    limit: float | int | str | None
    note: str


class TurningPoint(Struct, frozen=True, kw_only=True):
    """The smallest change that would have turned the outcome.

    Of kind "limits" it names each failed check in `changes`; of kind "close" the nearest close that makes
    another `action`, `change` as a fraction, and what the `gate` would have said; of kind "candle" only a
    new candle would have.
    """

    kind: Literal["candle", "limits", "close"]
    text: str
    changes: list[Change] = []
    close: Amount | None = None
    change: float | None = None
    action: Action | None = None
    gate: str | None = None


class SymbolAnswer(Struct, frozen=True, kw_only=True):
    """One symbol of a cycle; `own` are settings the symbol has of its own, by the names of those of all.

    `fault` is what of ours failed over it, "" where nothing did: then it was left alone.
    """

    symbol: str
    seen: Seen
    decision: DecisionAnswer | None = None
    verdict: VerdictAnswer | None = None
    would_have_turned_it: TurningPoint | None = None
    own: Values = {}
    fault: str = ""


class OrderStep(Struct, frozen=True, kw_only=True):
    """A state an order came into; `reason` is the venue's, None without one."""

    status: OrderStatus
    at: datetime
    reason: str | None


class FillAnswer(Struct, frozen=True, kw_only=True):
    """A fill; `reference` is the quote when deciding."""

    trade_id: str
    at: datetime
    quantity: Amount
    price: Amount
    reference: Amount
    fee: Amount


class OrderAnswer(Struct, frozen=True, kw_only=True):
    """An order with every state it went through and every fill.

    `exit` says by which declared exit it sells or raises a stop, and the gain on the entry then.
    """

    client_id: str
    what: str
    quantity: Amount
    level: Amount | None
    exit: str | None = None
    states: list[OrderStep]
    fills: list[FillAnswer]


class Explanation(Struct, frozen=True, kw_only=True):
    """`agent why`: why a cycle came out as it did.

    `limits` are the settings of [risk] and [sizing] in force then, `changed` those of all settings that were
    changed while the agent ran.
    """

    cycle: int
    at: datetime
    mode: str
    session: int
    outcome: str
    path: list[str]
    blocked: dict[str, str]
    parameters: dict[str, VersionInForce]
    changed: dict[str, ChangedSetting]
    limits: dict[str, Values]
    error: Failure | None
    symbols: list[SymbolAnswer]
    orders: list[OrderAnswer]
    lessons: int

"""The axis of facts: what an exchange, a home or a terminal tells may change, be odd, or be gone.

A fact holds from the beginning or from the agent's death on, and is crossed with the points at which the
agent is killed. What the sandbox cannot be told to do is done to its answers on their way to the agent.
"""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from agent.drill.planned import sold_after
from agent.settings.settings import Options
from domain.events import Event
from domain.exits import ExitPlan
from domain.times import MINUTE_MS
from edge.strict_json import shallow
from platforms.binance import client
from platforms.binance.transport import Raw, fetch
from reasoning.strategies.registry import STRATEGIES
from reasoning.strategies.rsi import RSI
from risk.entry_settings import EntrySettings

Fault = dict[str, Any]


class Question(NamedTuple):
    """One request: its method and path, and what it asks for."""

    method: str
    path: str
    params: Mapping[str, str]


Change = Callable[[Question, Any], None]
"""Alters an answer's JSON in place."""
Instead = Callable[[Question, int], Raw | None]
"""Answers a request, of which so many were answered so before, instead of the exchange; None lets it go."""


@dataclass(frozen=True)
class Fact:
    """An unexpected fact at the venue. `late` holds it back until the agent has died once.

    `entries` are settings of the agent: how its entries are ordered. `exits` are declared by its strategy,
    which then does not vote to sell. A `thorough` fact is crossed with kills at every failpoint.
    """

    faults: tuple[Fault, ...] = ()
    change: Change | None = None
    instead: Instead | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)
    commission: str = "0.001"
    late: bool = False
    restores: bool = False
    unheard: bool = False
    entries: Mapping[str, Any] = field(default_factory=dict)
    exits: ExitPlan | None = None
    thorough: bool = False

    def settings(self, options: Options) -> Options:
        """Return the settings of an agent that meets this fact."""
        changes: dict[str, Any] = {}
        if self.entries:
            changes["entries"] = EntrySettings.model_validate(self.entries)
        if self.exits is not None:
            votes = options.reasoning.params(RSI.name).model_copy(update={"upper": 99.0})
            changes["reasoning"] = options.reasoning.model_copy(update={"rsi": votes})
        return options.model_copy(update=changes) if changes else options

    def distort(self) -> None:
        """Let this process hear the exchange so from now on, and its strategy declare what it is to."""
        plan = self.exits
        if plan is not None:
            STRATEGIES[RSI.name] = dataclasses.replace(RSI, exits=lambda _packed: plan)
        if self.change is not None or self.instead is not None:
            client.fetch = _Distorted(fetch, self)  # type: ignore[attr-defined]  # the name it calls


class _Distorted:
    """Stands for the function that sends a request."""

    def __init__(self, fetch: Callable[..., Raw], fact: Fact) -> None:
        self.fetch = fetch
        self.fact = fact
        self.answered = 0

    def __call__(self, session: Any, method: str, uri: str, options: Mapping[str, Any], **more: Any) -> Raw:
        asked = _question(method, uri, options)
        answer = self.fact.instead(asked, self.answered) if self.fact.instead else None
        if answer is not None:
            self.answered += 1
            more["heard"](answer.status, answer.headers)
            return answer
        raw = self.fetch(session, method, uri, options, **more)
        if self.fact.change is None or raw.status != 200:
            return raw
        body = json.loads(shallow(raw.body))
        self.fact.change(asked, body)
        return raw._replace(body=json.dumps(body).encode())


def _question(method: str, uri: str, options: Mapping[str, Any]) -> Question:
    parts = urlsplit(uri)
    given = options.get("params") or ""
    pairs = [*parse_qsl(given if isinstance(given, str) else ""), *(options.get("data") or ())]
    return Question(method.upper(), parts.path.rpartition("/v3/")[2], {str(k): str(v) for k, v in pairs})


def _error(code: int, message: str, status: int = 400, headers: Mapping[str, str] | None = None) -> Raw:
    return Raw(status, headers or {}, json.dumps({"code": code, "msg": message}).encode())


def _everywhere(name: str, value: Any, *routes: str) -> Change:
    """Return what gives a field another value wherever answers of some routes hold it."""

    def change(asked: Question, answer: Any) -> None:
        if f"{asked.method} {asked.path}" in routes:
            _put(answer, name, value)

    return change


def _put(answer: Any, name: str, value: Any) -> None:
    if isinstance(answer, dict):
        if name in answer:
            answer[name] = value
        for each in answer.values():
            _put(each, name, value)
    elif isinstance(answer, list):
        for each in answer:
            _put(each, name, value)


def _foreign_fee(asked: Question, answer: Any) -> None:
    del asked
    _put(answer, "commissionAsset", "BNB")
    _put(answer, "commission", "0.00012345")


def _closed(asked: Question, before: int) -> Raw | None:
    sale = asked.method == "POST" and asked.params.get("type") == "MARKET" and asked.params["side"] == "SELL"
    return _error(-1013, "Market is closed.") if sale and before < 2 else None


def _throttled(asked: Question, before: int) -> Raw | None:
    if before or asked.path != "openOrders":
        return None
    return _error(-1003, "Too many requests.", 429, {"retry-after": "999999999"})


WITHIN = {"order": "limit", "worst": "0.003"}
"""Entries that are immediate or cancel."""

SLICED = {
    "order": "auto", "worst": "0.003", "most_of_stop": "0.01", "slices": 3,
    "laws": {"BTC-USDT": {"base": 0, "growth": 100}},
}  # fmt: skip
"""Entries that go in three slices, a cycle each: the market of the scenario is thin by this law."""

LEAVING = ExitPlan(
    roi=((11 * MINUTE_MS, 3_000),),
    after_ms=12 * MINUTE_MS,
    trail=4_000_000,
    parts=((1_500, 400_000), (4_000, 300_000)),
)
"""Exits that the scenario's waves reach: a stop that follows, two shares, a gain, and time."""

ADDING = ExitPlan(
    after_ms=12 * MINUTE_MS,
    leave=sold_after(7, 0.6, "seven minutes held"),
    adds=((1_000, 500_000), (3_000, 250_000)),
)
"""Additions that the scenario's waves reach, and a custom exit that sells a share of all of it."""

FACTS: dict[str, Fact] = {
    "fee in a third asset": Fact(change=_foreign_fee, commission="0"),
    "fees below a lot": Fact(filters={"step_size": "0.001", "min_quantity": "0.001"}),
    "tick grows": Fact(
        ({"kind": "filters", "symbol": "BTCUSDT", "fields": {"tick_size": "0.1"}},), late=True
    ),
    "step grows": Fact(
        (
            {
                "kind": "filters",
                "symbol": "BTCUSDT",
                "fields": {"step_size": "0.001", "min_quantity": "0.001"},
            },
        ),
        late=True,
    ),
    "minimum grows": Fact(
        ({"kind": "filters", "symbol": "BTCUSDT", "fields": {"min_notional": "100"}},), late=True
    ),
    "clock ahead": Fact(({"kind": "clock", "offset_ms": 4_000},), late=True),
    "clock behind": Fact(({"kind": "clock", "offset_ms": -4_000},), late=True),
    "clock leaps": Fact(({"kind": "clock", "offset_ms": 4_000, "start": 0.6},)),
    "market closed": Fact(instead=_closed),
    "filters unreadable": Fact(change=_everywhere("filters", "?", "GET exchangeInfo"), late=True),
    "order state unknown": Fact(change=_everywhere("status", "NEVER_HEARD_OF", "GET openOrders"), late=True),
    "balances unreadable": Fact(change=_everywhere("balances", None, "GET account"), late=True),
    "trades unreadable": Fact(change=_everywhere("commission", "?", "GET myTrades"), late=True),
    "fills unreadable": Fact(change=_everywhere("fills", {}, "POST order")),
    "amount unreadable": Fact(change=_everywhere("executedQty", "-", "POST order", "POST orderList/oco")),
    "Retry-After of 31 years": Fact(instead=_throttled, late=True),
    "old journal": Fact(restores=True),
    "terminal full": Fact(unheard=True),
    "entries within a price": Fact(entries=WITHIN),
    "entries in slices": Fact(entries=SLICED),
    "declared exits": Fact(exits=LEAVING),
    "slices and declared exits": Fact(entries=SLICED, exits=LEAVING, thorough=True),
    "entries in part within a price": Fact(
        ({"kind": "partial", "share": 0.4, "method": "POST", "path": "/api/v3/order"},), entries=WITHIN
    ),
    "additions and a custom exit": Fact(exits=ADDING, thorough=True),
}
"""Every fact of the axis by its name."""


def unheard(event: Event) -> None:
    """Fail as a listener does whose device is full."""
    raise OSError(28, f"No space left on device ({type(event).__name__})")

"""The sandbox exchange in this very process, behind the function that sends a request, on a clock moved by hand.

No socket, no thread and no waiting: a session of minutes takes a tenth of a second. The oracle looks into the
exchange's own books, at every request, and keeps how long a position stood without a stop or a sale.
"""

import copyreg
import json
import threading
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import requests

from domain.times import millis
from platforms.binance.transport import Raw, Unanswered
from platforms.sandbox import gateway
from platforms.sandbox.exchange import Exchange, Terms
from platforms.sandbox.gateway import Asked, Reply
from platforms.sandbox.options import SandboxOptions, venue_of
from tests.perception.manual_clock import ManualClock

KEY, SECRET = "law-key-of-this-account", "law-secret-of-this-account"
PRICES = {"BTC-USDT": "50000", "ETH-USDT": "3000", "SOL-USDT": "150"}
TRIP_SECONDS = 0.004
"""What a request and its answer take."""
PLENTY = 10**6

copyreg.pickle(type(threading.RLock()), lambda _lock: (threading.RLock, ()))  # so that an exchange can be copied

Change = Callable[["Question", Reply], Reply | None]
"""What is done to an answer; None is no answer at all."""


SILENCE = Reply(0, b"")


class Question(NamedTuple):
    """One request as the exchange got it."""

    method: str
    path: str
    params: Mapping[str, str]

    @property
    def route(self) -> str:
        return f"{self.method} {self.path.removeprefix('/api/v3/')}"

    @property
    def symbol(self) -> str:
        return self.params.get("symbol", "")


def opened(clock: ManualClock) -> Any:
    """Return a venue with three markets that stand still until they are moved."""
    made = SandboxOptions(
        symbols=tuple(PRICES), prices=PRICES, balances={"USDT": "100000"}, key=KEY, secret=SECRET, history=5,
        terms=Terms(commission=Decimal("0.001")), weight_limit=PLENTY, orders_limit=PLENTY,
    )  # fmt: skip
    return venue_of(made, millis(clock.now()))


class Nearby:
    """The way to the exchange. `change` alters answers, `refuse` answers instead of the exchange."""

    def __init__(self, venue: Any, clock: ManualClock) -> None:
        self.venue = venue
        self.clock = clock
        self.change: Change | None = None
        self.refuse: Callable[[Question], Reply | None] = lambda _question: None
        """Answers instead of the exchange, which then hears nothing; `SILENCE` is no answer."""
        self.on_answer: Callable[[Question], None] = lambda _question: None
        self.watch = Watch(venue.exchange)
        self.asked: list[Question] = []

    def fetch(
        self, session: requests.Session, method: str, uri: str, options: Mapping[str, Any], **more: Any
    ) -> Raw:
        """Stand in for `platforms.binance.transport.fetch`."""
        known = {name: options[name] for name in ("params", "data", "headers") if options.get(name)}
        sent = session.prepare_request(requests.Request(method.upper(), uri, **known))
        parts = urlsplit(str(sent.url))
        body = sent.body if isinstance(sent.body, bytes) else (sent.body or "").encode()
        headers = {name.lower(): value for name, value in sent.headers.items()}
        asked = Asked(str(sent.method), parts.path, parts.query.encode(), body, headers)
        question = Question(asked.method, asked.path, dict(parse_qsl(f"{parts.query}&{body.decode()}")))
        self.asked.append(question)
        told = self._answer(asked, question)
        if told is None:
            raise Unanswered("no answer (the law's walk)")
        found = {name.lower(): value for name, value in told.headers.items()}
        more["heard"](told.status, found)
        self.on_answer(question)
        return Raw(told.status, found, told.body)

    def _answer(self, asked: Asked, question: Question) -> Reply | None:
        self.clock.advance(TRIP_SECONDS)
        self.look()
        told = self.refuse(question)
        if told is not None:
            return None if told is SILENCE else told
        told = gateway.serve(self.venue, asked)
        self.look()
        return self.change(question, told) if self.change else told

    def look(self) -> None:
        """Bring the exchange to the present and measure what stands bare."""
        self.venue.exchange.advance(millis(self.clock.now()))
        self.watch.look()

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        self.look()


class Watch:
    """The oracle's eye: what is held in truth, what guards it, and for how long it stood bare."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.aside: dict[str, Decimal] = {}
        self.longest: dict[str, float] = {}
        self._since: dict[str, int] = {}
        self._state: tuple[Any, ...] = ()

    def held(self, symbol: str) -> Decimal:
        """Return what is held of a symbol's base beyond what lay there before."""
        base = self.exchange.markets[symbol].rules.base
        return self.exchange.account.total(base) - self.aside.get(base, Decimal(0))

    def guarded(self, symbol: str) -> Decimal:
        """Return how much of it rests in orders to sell; two that exclude each other count once."""
        groups: dict[int, Decimal] = {}
        for order in self.exchange.books[symbol].resting.values():
            if not order.draft.buys:
                group = order.list_id if order.list_id >= 0 else -order.id - 2
                groups[group] = max(groups.get(group, Decimal(0)), order.left)
        return sum(groups.values(), Decimal(0))

    def bare(self, symbol: str) -> bool:
        """Tell whether something that could be sold stands without an order to sell it."""
        market = self.exchange.markets[symbol]
        left = self.held(symbol) - self.guarded(symbol)
        return left >= market.rules.step_size and left * market.price >= market.rules.min_notional

    def look(self) -> None:
        """Take in what stands bare now."""
        now = self.exchange.now
        for symbol in self.exchange.markets:
            if self.bare(symbol):
                since = self._since.setdefault(symbol, now)
                self.longest[symbol] = max(self.longest.get(symbol, 0.0), (now - since) / 1000)
            else:
                self._since.pop(symbol, None)


def said(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return an answer made by hand."""
    return Reply(status, json.dumps(value).encode(), headers or {})

"""The sandbox exchange in this very process, behind what sends a request, on a clock moved by hand.

No socket, no thread and no waiting: a session of minutes takes a tenth of a second. The oracle looks into the
exchange's own books, at every request, and keeps how long a position stood without a stop or a sale.
"""

import copyreg
import json
import os
import threading
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import requests

from agent.drill.bare import Watch
from domain.times import millis
from platforms.binance.transport import Raw, Unanswered
from platforms.sandbox.exchange.exchange import Terms
from platforms.sandbox.requests import gateway
from platforms.sandbox.requests.gateway import HttpReply, HttpRequest
from platforms.sandbox.server.options import SandboxOptions, venue_of
from tests.perception.manual_clock import ManualClock

KEY, SECRET = "law-key-of-this-account", "law-secret-of-this-account"
PRICES = {"BTC-USDT": "50000", "ETH-USDT": "3000", "SOL-USDT": "150"}
TRIP_SECONDS = 0.004
"""What a request and its answer take."""
PLENTY = 10**6

copyreg.pickle(
    type(threading.RLock()), lambda _lock: (threading.RLock, ())
)  # so that an exchange can be copied

Change = Callable[["Question", HttpReply], HttpReply | None]
"""What is done to an answer; None is no answer at all."""


SILENCE = HttpReply(0, b"")


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
    venue = venue_of(made, millis(clock.now()))
    venue.account_id = os.getpid()  # the machine lets one agent trade an account
    return venue


class Nearby:
    """The way to the exchange. `change` alters answers, `refuse` answers instead of the exchange."""

    def __init__(self, venue: Any, clock: ManualClock) -> None:
        self.venue = venue
        self.clock = clock
        self.change: Change | None = None
        self.refuse: Callable[[Question], HttpReply | None] = lambda _question: None
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
        asked = HttpRequest(str(sent.method), parts.path, parts.query.encode(), body, headers)
        question = Question(asked.method, asked.path, dict(parse_qsl(f"{parts.query}&{body.decode()}")))
        self.asked.append(question)
        told = self._answer(asked, question)
        if told is None:
            raise Unanswered("no answer (the law's walk)")
        found = {name.lower(): value for name, value in told.headers.items()}
        more["heard"](told.status, found)
        return Raw(told.status, found, told.body)

    def _answer(self, asked: HttpRequest, question: Question) -> HttpReply | None:
        self.clock.advance(TRIP_SECONDS)
        self.look()
        told = self.refuse(question)
        if told is not None:
            self.on_answer(question)
            return None if told is SILENCE else told
        told = gateway.serve(self.venue, asked)
        self.look()
        told = self.change(question, told) if self.change else told
        self.on_answer(question)
        return told

    def look(self) -> None:
        """Bring the exchange to the present and measure what stands bare."""
        self.venue.exchange.advance(millis(self.clock.now()))
        self.watch.look()

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        self.look()


def said(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpReply:
    """Return an answer made by hand."""
    return HttpReply(status, json.dumps(value).encode(), headers or {})

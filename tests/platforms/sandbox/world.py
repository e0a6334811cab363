"""What the tests share: a bare signed client, so that no client library stands between test and bytes."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

import requests

from agent.host.clock import SystemClock
from domain.candle import RawCandle
from domain.ports import Clock
from domain.times import millis
from platforms.sandbox.exchange.exchange import Exchange, Terms
from platforms.sandbox.exchange.order import Draft
from platforms.sandbox.exchange.rules import rules_of
from platforms.sandbox.server.options import KEY, SECRET, SandboxOptions
from platforms.sandbox.server.server import SandboxServer

SYSTEM = SystemClock()

BTC = "BTCUSDT"
START = 1_700_000_040_000
"""The full minute at which exchanges without a clock open."""


class Answer(NamedTuple):
    """Status, JSON body and headers."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> int:
        return int(self.body["code"])


def sign(payload: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


class Client:
    """Speaks to a sandbox with requests alone."""

    clock: Clock = SYSTEM

    def __init__(self, server: SandboxServer, *, key: str = KEY, secret: str = SECRET) -> None:
        self.server = server
        self.secret = secret
        self.http = requests.Session()
        self.http.headers["X-MBX-APIKEY"] = key

    def now(self) -> int:
        return millis(self.clock.now())

    def public(self, path: str, **params: Any) -> Answer:
        return self._send("GET", path, urlencode(params))

    def signed(self, method: str, path: str, **params: Any) -> Answer:
        payload = urlencode({"timestamp": self.now(), **params})
        return self._send(method, path, f"{payload}&signature={sign(payload, self.secret)}")

    def order(self, **params: Any) -> Answer:
        return self.signed("POST", "/api/v3/order", **{"symbol": BTC, "side": "BUY", **params})

    def query(self, client_id: str) -> Answer:
        return self.signed("GET", "/api/v3/order", symbol=BTC, origClientOrderId=client_id)

    def control(self, method: str, path: str, body: Any = None) -> Answer:
        return self._told(self.http.request(method, self.server.base_url + path, json=body, timeout=60))

    def faults(self, *faults: Mapping[str, Any], seed: int = 1) -> None:
        told = self.control("POST", "/sandbox/faults", {"seed": seed, "fault": list(faults)})
        assert told.status == 200, told

    def oracle(self, client_id: str) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """Return every order of a client id, and how often it was asked for and executed."""
        told = self.control("GET", "/sandbox/orders").body
        found = [order for order in told["orders"] if order["clientOrderId"] == client_id]
        return found, told["requests"].get(client_id, {"received": 0, "executed": 0})

    def _send(self, method: str, path: str, query: str) -> Answer:
        url = f"{self.server.base_url}{path}?{query}"
        return self._told(self.http.request(method, url, timeout=60))

    def _told(self, response: requests.Response) -> Answer:
        return Answer(response.status_code, response.json(), response.headers)

    def close(self) -> None:
        self.http.close()


@contextmanager
def sandbox(clock: Clock = SYSTEM, **options: Any) -> Iterator[Client]:
    """A sandbox that stands at 100 until it is moved, and a client of it, by one clock."""
    settings: dict[str, Any] = {"prices": {"BTC-USDT": "100"}, **options}
    with SandboxServer(clock, SandboxOptions(**settings)) as server:
        client = Client(server)
        client.clock = clock
        try:
            yield client
        finally:
            client.close()


def still(
    price: str = "100", *, usdt: str = "10000", btc: str = "10", terms: Terms | None = None
) -> Exchange:
    """An exchange without sockets, standing at a price."""
    balances = {"USDT": Decimal(usdt), "BTC": Decimal(btc)}
    exchange = Exchange([rules_of("BTC-USDT")], balances, START, 60_000, terms)
    exchange.still_market(BTC, Decimal(price), history=10)
    return exchange


def draft(
    side: str,
    type_: str,
    quantity: str = "1",
    *,
    client_id: str = "a",
    price: str = "0",
    stop_price: str = "0",
    quote_quantity: str = "0",
    time_in_force: str = "GTC",
) -> Draft:
    return Draft(
        BTC,
        side,
        type_,
        client_id,
        quantity=Decimal(quantity),
        quote_quantity=Decimal(quote_quantity),
        price=Decimal(price),
        stop_price=Decimal(stop_price),
        time_in_force=time_in_force,
    )


def candle(open_: float, high: float, low: float, close: float, volume: float = 4.0) -> RawCandle:
    return RawCandle(0, open_, high, low, close, volume)

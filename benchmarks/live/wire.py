"""From a decision to the wire: the intent's commit, the adapter's work, the first byte at the other end."""

import json
import multiprocessing
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median, quantiles
from typing import Any, ClassVar
from urllib.parse import parse_qs

import requests
from pydantic import SecretStr

from agent.host.clock import SystemClock
from agent.orders.executor import Executor
from agent.state.record import Record
from agent.state.state import State
from benchmarks.figures import Figure, Section
from domain.order import Order, OrderType, Purpose, Side
from domain.verdict import Approved
from journal.sql import open_journal
from learning.settings import LearningSettings
from platforms.binance.platform import BinancePlatform
from platforms.binance.settings import BinanceTradingSettings
from platforms.sandbox.exchange.rules import rules_of

ORDERS = 150
"""Fewer than the exchange lets rest at once (MAX_NUM_ORDERS)."""
SYMBOL = "BTC-USDT"
PATIENCE = 30
"""Seconds until an order that never came is an error, and not a wait without end."""


class _Exchange(BaseHTTPRequestHandler):
    """Answers an order at once and notes when it came: what the time is measured to is the first byte."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    arrivals: ClassVar[Any] = None

    def parse_request(self) -> bool:
        self.came = time.monotonic()
        return super().parse_request()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.endswith("/time"):
            return self._tell({"serverTime": int(utc_now_ms())})
        if path.endswith("/exchangeInfo"):
            return self._tell({"rateLimits": [], "symbols": [rules_of(SYMBOL).info()]})
        return self._tell({"mins": 5, "price": "50000.00", "closeTime": int(utc_now_ms())})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        asked = {name: values[0] for name, values in parse_qs(body or self.path.partition("?")[2]).items()}
        self.arrivals.put(self.came)
        now = int(utc_now_ms())
        self._tell(
            {
                "symbol": "BTCUSDT", "orderId": 1, "clientOrderId": asked["newClientOrderId"], "side": "BUY",
                "transactTime": now, "origQty": asked["quantity"], "executedQty": "0.00000000",
                "status": "NEW", "fills": [],
            }
        )  # fmt: skip

    def _tell(self, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


def utc_now_ms() -> float:
    """Return the present in milliseconds."""
    return SystemClock().now().timestamp() * 1000


def wire(folder: Path) -> Section:
    """Measure `ORDERS` orders, beside a bare request of the same library on the same connection."""
    context = multiprocessing.get_context("fork")
    ports: Any = context.SimpleQueue()
    arrivals: Any = context.Queue()
    server = context.Process(target=_serve, args=(ports, arrivals), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ports.get()}"
    try:
        to_wire, commits, trips = _orders(folder, url, arrivals)
        floor = _bare(url)
    finally:
        server.kill()
        server.join()
    figures = (
        Figure("intent committed, durable", "ms", (_at(commits, 50), _at(commits, 99))),
        Figure("decision to first byte: p50", "ms", (_at(to_wire, 50),)),
        Figure("decision to first byte: p99", "ms", (_at(to_wire, 99),)),
        Figure("decision to outcome journaled: p50", "ms", (_at(trips, 50),)),
        Figure("floor: bare requests round trip p50", "ms", (_at(floor, 50),)),
        Figure("decision to first byte / bare trip", "x", (_at(to_wire, 50) / _at(floor, 50),)),
    )
    return Section("wire", f"{ORDERS} orders through journal and adapter, on loopback", figures)


def _orders(folder: Path, url: str, arrivals: Any) -> tuple[list[float], list[float], list[float]]:
    key = SecretStr("bench")
    settings = BinanceTradingSettings(base_url=url, api_key=key, api_secret=key, user_data=False)
    platform = BinancePlatform([SYMBOL], settings, SystemClock())
    journal = open_journal(folder / "wire.db", "a1b2c3d4e5f6")
    state = State(LearningSettings(), 0)
    state.ledger.open(10**14, [platform.instrument(SYMBOL)])
    executor = Executor(Record(journal, state, lambda _why: None), platform, SystemClock())
    to_wire, commits, trips = [], [], []
    for number in range(ORDERS):
        order = Order(
            f"a1b2c3d4-{number}-0", number, platform.time(), SYMBOL, Side.BUY, OrderType.LIMIT,
            Purpose.ENTRY, 1_000, 5_000_000, price=4_000_000,
        )  # fmt: skip
        began = time.monotonic()
        executor._intend((order,), order.at)  # noqa: SLF001 -- what the cycle does with its decision
        committed = time.monotonic()
        executor.carry_out(Approved(number, SYMBOL, order), order.at)
        trips.append(time.monotonic() - began)
        commits.append(committed - began)
        to_wire.append(arrivals.get(timeout=PATIENCE) - began)
    platform.close()
    journal.close()
    return to_wire, commits, trips


def _bare(url: str) -> list[float]:
    took = []
    with requests.Session() as session:
        for _ in range(ORDERS):
            began = time.monotonic()
            session.get(f"{url}/api/v3/time", timeout=5).json()
            took.append(time.monotonic() - began)
    return took


def _serve(ports: Any, arrivals: Any) -> None:
    _Exchange.arrivals = arrivals
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Exchange)
    ports.put(server.server_address[1])
    server.serve_forever()


def _at(seconds: list[float], percent: int) -> float:
    """Return a percentile in milliseconds."""
    value = median(seconds) if percent == 50 else quantiles(seconds, n=100)[percent - 1]
    return value * 1000

"""An exchange on loopback whose answers are written by the test, down to the byte."""

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from agent.host.clock import SystemClock
from domain.ports import Clock
from domain.times import millis
from platforms.binance.platform import BinancePlatform
from platforms.binance.settings import BinanceTradingSettings

KEY, SECRET = "CANARYkey0123456789", "CANARYsecret0123456789"
NOT_FOUND = {"code": -2013, "msg": "Order does not exist."}

SYMBOL: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT"],
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
        {
            "filterType": "NOTIONAL", "minNotional": "5", "applyMinToMarket": True,
            "maxNotional": "9000000", "applyMaxToMarket": False, "avgPriceMins": 5,
        },
    ],
}  # fmt: skip


class Asked(NamedTuple):
    """One request: method, path below /api/v3/, parameters of query and body, headers."""

    method: str
    path: str
    params: dict[str, str]
    headers: Mapping[str, str]


class Told(NamedTuple):
    """One answer; bytes go out as they are, anything else as JSON."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = {}


Behaviour = Callable[[Asked], Any]


class Scripted:
    """Behaves as told for a method and path; an answer is a body, a Told, or None for hanging up."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.offset_ms = 0
        self._behaviours: dict[tuple[str, str], Behaviour] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.005,), daemon=True)
        self.on("GET", "time", lambda _: {"serverTime": millis(SystemClock().now()) + self.offset_ms})
        self.on("GET", "exchangeInfo", lambda _: {"rateLimits": [], "symbols": [SYMBOL]})
        self.on("GET", "openOrders", lambda _: [])
        self.on("GET", "order", lambda _: Told(NOT_FOUND, 400))
        self.on("GET", "avgPrice", lambda _: {"mins": 5, "price": "50000.00", "closeTime": 0})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def on(self, method: str, path: str, behaviour: Behaviour) -> None:
        self._behaviours[method, path] = behaviour

    def count(self, method: str, path: str) -> int:
        return sum((each.method, each.path) == (method, path) for each in self.asked)

    def answer(self, asked: Asked) -> Told | None:
        self.asked.append(asked)
        behaviour = self._behaviours.get((asked.method, asked.path))
        found = behaviour(asked) if behaviour else Told({"code": -1000, "msg": "no such path"}, 404)
        return found if found is None or isinstance(found, Told) else Told(found)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _handler(exchange: Scripted) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            parts = urlsplit(self.path)
            params = dict(parse_qsl(f"{parts.query}&{body}"))
            path = parts.path.removeprefix("/api/v3/")
            told = exchange.answer(Asked(self.command, path, params, dict(self.headers.items())))
            if told is None:
                self.close_connection = True
                return
            data = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
            self.send_response(told.status)
            for name, value in ({"Content-Length": str(len(data))} | dict(told.headers)).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = handle_one  # noqa: N815 -- the base class's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class's name
            pass

    return Handler


def settings(exchange: Scripted, **more: Any) -> BinanceTradingSettings:
    values: dict[str, Any] = {
        "base_url": exchange.url, "api_key": SecretStr(KEY), "api_secret": SecretStr(SECRET),
        "user_data": False, "poll_seconds": 0.1, "timeout_seconds": 5,
    }  # fmt: skip
    return BinanceTradingSettings.model_validate(values | more)


def platform(exchange: Scripted, clock: Clock | None = None, **more: Any) -> BinancePlatform:
    return BinancePlatform(["BTC-USDT"], settings(exchange, **more), clock or SystemClock())


def row(client_id: str, **changes: Any) -> dict[str, Any]:
    """An order as GET order tells it: a purchase of 0.01 at the market, filled."""
    return {
        "symbol": "BTCUSDT", "orderId": 7, "clientOrderId": client_id, "side": "BUY", "type": "MARKET",
        "status": "FILLED", "origQty": "0.01000", "executedQty": "0.01000", "updateTime": 1_700_000_000_000,
    } | changes  # fmt: skip


def trade(number: int, quantity: str, **changes: Any) -> dict[str, Any]:
    """A trade of order 7 as myTrades tells it."""
    return {
        "symbol": "BTCUSDT", "id": number, "orderId": 7, "price": "50000.00", "qty": quantity,
        "commission": "0.00000000", "commissionAsset": "USDT", "time": 1_700_000_000_000,
        "isBuyer": True, "isMaker": True,
    } | changes  # fmt: skip

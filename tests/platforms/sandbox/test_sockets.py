"""Market streams, the WebSocket API and user data, as a bare WebSocket client sees them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from platforms.sandbox.server.options import KEY
from tests.platforms.sandbox.world import BTC, Client, sandbox, sign


class Socket:
    """A connection that speaks JSON and waits no longer than three seconds."""

    def __init__(self, wire: ClientConnection) -> None:
        self.wire = wire

    def say(self, value: Any) -> None:
        self.wire.send(json.dumps(value))

    def hear(self, seconds: float = 3.0) -> Any:
        return json.loads(self.wire.recv(seconds))

    def ask(self, method: str, *, signed: bool = False, **params: Any) -> Any:
        """Send a request of the WebSocket API and return its answer; events in between are dropped."""
        if signed:
            params = {"apiKey": KEY, **params}
            payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
            params["signature"] = sign(payload)
        self.say({"id": method, "method": method, "params": params})
        while (told := self.hear()).get("id") != method:
            pass
        return told


@contextmanager
def socket_to(client: Client, path: str) -> Iterator[Socket]:
    with connect(client.server.ws_url + path) as wire:
        yield Socket(wire)


@pytest.fixture
def client() -> Iterator[Client]:
    with sandbox() as found:
        yield found


def test_a_kline_stream_tells_each_price_and_the_final_candle_once() -> None:
    with sandbox(prices={}, speed=60) as client, socket_to(client, "/ws/btcusdt@kline_1s") as stream:
        heard: list[dict[str, Any]] = []
        while sum(message["k"]["x"] for message in heard) < 2:
            heard.append(stream.hear())
    finals = [message["k"] for message in heard if message["k"]["x"]]
    assert finals[1]["t"] - finals[0]["t"] == 1_000
    rows = client.server.exchange.markets[BTC].series["1s"].between(finals[0]["t"], finals[0]["t"], 1)
    assert [finals[0][name] for name in "ohlcv"] == rows[0].row()[1:6]


def test_streams_are_subscribed_listed_and_ended(client: Client) -> None:
    with socket_to(client, "/ws") as stream:
        stream.say({"method": "SUBSCRIBE", "params": ["btcusdt@trade", "btcusdt@bookTicker"], "id": 1})
        assert stream.hear() == {"result": None, "id": 1}
        client.server.exchange.set_price(BTC, "101")
        told = [stream.hear(), stream.hear()]
        assert (told[0]["e"], told[0]["p"], told[1]["b"]) == ("trade", "101.00000000", "100.99000000")
        stream.say({"method": "UNSUBSCRIBE", "params": ["btcusdt@trade"], "id": 2})
        stream.say({"method": "LIST_SUBSCRIPTIONS", "id": 3})
        assert [stream.hear()["result"], stream.hear()["result"]] == [None, ["btcusdt@bookTicker"]]
        stream.say({"method": "SUBSCRIBE", "params": ["btcusdt@moon"], "id": 4})
        assert stream.hear()["error"]["msg"] == "Invalid request: unknown stream 'btcusdt@moon'"


def test_combined_streams_name_each_message(client: Client) -> None:
    with socket_to(client, "/stream?streams=btcusdt@trade/btcusdt@miniTicker") as stream:
        client.server.exchange.set_price(BTC, "101")
        assert [stream.hear()["stream"] for _ in range(2)] == ["btcusdt@trade", "btcusdt@miniTicker"]


def test_a_client_that_talks_too_much_is_hung_up_on(client: Client) -> None:
    def chatter(stream: Socket) -> None:
        for number in range(30):
            stream.say({"method": "LIST_SUBSCRIPTIONS", "id": number})
            stream.hear()

    with socket_to(client, "/ws") as stream, pytest.raises(ConnectionClosed):
        chatter(stream)


def test_the_websocket_api_places_finds_and_cancels_with_limits_beside_each_answer(client: Client) -> None:
    with socket_to(client, "/ws-api/v3") as api:
        assert api.ask("ping")["result"] == {}
        order = {
            "symbol": BTC,
            "side": "BUY",
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": "1",
            "price": "90",
        }
        placed = api.ask("order.place", signed=True, timestamp=client.now(), newClientOrderId="w", **order)
        assert (placed["status"], placed["result"]["status"]) == (200, "NEW")
        assert {row["rateLimitType"] for row in placed["rateLimits"]} == {"REQUEST_WEIGHT", "ORDERS"}
        mine = {"symbol": BTC, "origClientOrderId": "w"}
        assert (
            api.ask("order.status", signed=True, timestamp=client.now(), **mine)["result"]["price"]
            == "90.00000000"
        )
        assert len(api.ask("openOrders.status", signed=True, timestamp=client.now())["result"]) == 1
        gone = api.ask("order.cancel", signed=True, timestamp=client.now(), **mine)
        assert gone["result"]["status"] == "CANCELED"
        again = api.ask("order.cancel", signed=True, timestamp=client.now(), **mine)
        assert (again["status"], again["error"]["code"]) == (400, -2011)
        assert "X" not in json.dumps(api.ask("account.status", signed=True, timestamp=client.now())["result"])


def test_the_websocket_api_refuses_as_rest_does(client: Client) -> None:
    with socket_to(client, "/ws-api/v3") as api:
        assert api.ask("order.status", symbol=BTC)["error"]["code"] == -1102
        stale = api.ask("account.status", signed=True, timestamp=client.now() - 60_000)
        assert (stale["status"], stale["error"]["code"]) == (400, -1021)
        forged = api.ask("account.status", apiKey=KEY, timestamp=client.now(), signature="0" * 64)
        assert forged["error"]["code"] == -1022
        foreign = api.ask("account.status", apiKey="other", timestamp=client.now(), signature="0" * 64)
        assert (foreign["status"], foreign["error"]["code"]) == (401, -2015)
        assert api.ask("session.logon")["error"]["code"] == -4056
        assert api.ask("no.such")["status"] == 400
        api.say([1])
        assert api.hear()["error"]["code"] == -1135


def test_user_data_tells_orders_and_balances_as_they_change(client: Client) -> None:
    with socket_to(client, "/ws-api/v3") as api:
        told = api.ask("userDataStream.subscribe.signature", signed=True, timestamp=client.now())
        number = told["result"]["subscriptionId"]
        client.order(type="LIMIT", timeInForce="GTC", quantity="1", price="99", newClientOrderId="u")
        client.control("POST", "/sandbox/price", {"price": "99", "volume": "4"})
        client.signed("DELETE", "/api/v3/order", symbol=BTC, origClientOrderId="u")
        heard = [api.hear() for _ in range(6)]
    assert {message["subscriptionId"] for message in heard} == {number}
    reports = [message["event"] for message in heard if message["event"]["e"] == "executionReport"]
    assert [(report["x"], report["X"]) for report in reports] == [
        ("NEW", "NEW"),
        ("TRADE", "PARTIALLY_FILLED"),
        ("CANCELED", "CANCELED"),
    ]
    trade = reports[1]
    assert (trade["l"], trade["L"], trade["n"], trade["N"], trade["m"]) == (
        "0.40000000",
        "99.00000000",
        "0.00040000",
        "BTC",
        True,
    )
    assert reports[2]["C"] == "u"
    balances = {row["a"]: row for row in heard[-1]["event"]["B"]}
    assert (balances["BTC"]["f"], balances["USDT"]["l"]) == ("0.39960000", "0.00000000")


def test_an_oco_and_a_deposit_are_told_too(client: Client) -> None:
    client.control("POST", "/sandbox/balances", {"asset": "BTC", "delta": "1"})
    with socket_to(client, "/ws-api/v3") as api:
        api.ask("userDataStream.subscribe.signature", signed=True, timestamp=client.now())
        limits = {"price": "110", "stopPrice": "90", "quantity": "1"}
        client.signed("POST", "/api/v3/order/oco", symbol=BTC, side="SELL", **limits)
        client.control("POST", "/sandbox/price", {"price": "89"})
        client.control("POST", "/sandbox/balances", {"asset": "USDT", "delta": "5"})
        heard: list[dict[str, Any]] = []
        while not heard or heard[-1]["e"] != "balanceUpdate":
            heard.append(api.hear()["event"])
    lists = [event["L"] for event in heard if event["e"] == "listStatus"]
    assert (lists[0], lists[-1]) == ("EXECUTING", "ALL_DONE")
    ended = {event["o"]: event["X"] for event in heard if event["e"] == "executionReport"}
    assert ended == {"LIMIT_MAKER": "EXPIRED", "STOP_LOSS": "FILLED"}
    assert heard[-1]["d"] == "5.00000000"

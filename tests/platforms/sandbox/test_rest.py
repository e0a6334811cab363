"""REST refuses and answers as Binance does, byte for byte where a client looks."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from agent.host.clock import SystemClock
from domain.errors import BadInput
from platforms.sandbox.requests.venue import KeyRights
from platforms.sandbox.server.options import SandboxOptions
from platforms.sandbox.server.server import SandboxServer
from tests.perception.manual_clock import RunningClock
from tests.platforms.sandbox.world import BTC, Client, sandbox, sign


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with sandbox(orders_limit=1_000_000, weight_limit=1_000_000) as found:
        yield found


MARKET = {"type": "MARKET", "quantity": "0.1"}
LIMIT = {"type": "LIMIT", "quantity": "0.1", "price": "90", "timeInForce": "GTC"}


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"type": "MARKET", "quantity": "2e-05"}, -1100, "Illegal characters found in parameter 'quantity'"),
        ({"type": "MARKET", "quantity": "-1"}, -1100, "legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'"),
        ({"type": "MARKET", "quantity": "NaN"}, -1100, "Illegal characters"),
        ({"type": "MARKET", "quantity": "0"}, -1013, "Invalid quantity."),
        (
            {"type": "MARKET", "quantity": "0.000000001"},
            -1111,
            "Parameter 'quantity' has too much precision.",
        ),
        (
            {"type": "MARKET"},
            -1102,
            "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed.",
        ),
        ({"type": "LIMIT", "quantity": "1", "price": "90"}, -1102, "Mandatory parameter 'timeInForce'"),
        ({**MARKET, "price": "90"}, -1106, "Parameter 'price' sent when not required."),
        ({**MARKET, "quoteOrderQty": "90"}, -1128, "Combination of optional parameters invalid."),
        ({**MARKET, "type": "BUY_LOW"}, -1116, "Invalid orderType."),
        ({**MARKET, "side": "HOLD"}, -1117, "Invalid side."),
        ({**LIMIT, "timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
        ({**MARKET, "symbol": "DOGUSDT"}, -1121, "Invalid symbol."),
        ({**MARKET, "newClientOrderId": "a b"}, -1100, "legal range is '^[a-zA-Z0-9-_]{1,36}$'"),
        ({**MARKET, "newClientOrderId": "x" * 37}, -1100, "newClientOrderId"),
        ({**MARKET, "quantity": "0.01"}, -1013, "Filter failure: NOTIONAL"),
        ({**MARKET, "quantity": "99"}, -1013, "Filter failure: MAX_POSITION"),
        ({**LIMIT, "quantity": "150"}, -2010, "Account has insufficient balance for requested action."),
        ({**MARKET, "icebergQty": "1"}, -1106, "Parameter 'icebergQty' sent when not required."),
        ({**LIMIT, "icebergQty": "0.01"}, -1013, "Iceberg orders are not supported for this symbol."),
    ],
)
def test_an_order_that_cannot_be_is_refused_with_the_code_a_client_knows(
    client: Client, fields: dict[str, str], code: int, message: str
) -> None:
    if message.endswith("MAX_POSITION"):
        client.server.exchange.change_rules(BTC, {"max_position": "50"})
    try:
        told = client.order(**fields)
    finally:
        client.server.exchange.change_rules(BTC, {"max_position": "0"})
    assert (told.status, told.code) == (400, code)
    assert message in told.body["msg"]
    assert told.headers["Content-Type"].startswith("application/json")


def test_keys_and_signatures_are_checked_over_the_bytes_as_sent(client: Client) -> None:
    stranger = Client(client.server, key="some-other-key")
    assert (stranger.order(**MARKET).status, stranger.order(**MARKET).code) == (401, -2015)
    ill = Client(client.server, key="no key!")
    assert (ill.order(**MARKET).status, ill.order(**MARKET).code) == (401, -2014)
    forger = Client(client.server, secret="wrong")  # noqa: S106 -- wrong on purpose
    assert (forger.order(**MARKET).status, forger.order(**MARKET).code) == (400, -1022)
    for each in (stranger, ill, forger):
        each.close()
    payload = f"symbol={BTC}&origClientOrderId=a%3Ab&timestamp={client.now()}"
    good = client._send("GET", "/api/v3/order", f"{payload}&signature={sign(payload)}")
    decoded = client._send("GET", "/api/v3/order", f"{payload}&signature={sign(payload.replace('%3A', ':'))}")
    assert (good.code, decoded.code) == (-1100, -1022)  # rightly signed, and refused for what it says
    unsigned = client._send("GET", "/api/v3/order", payload)
    assert (unsigned.code, unsigned.body["msg"][:31]) == (-1102, "Mandatory parameter 'signature'")


def test_a_signature_covers_query_and_body_together_without_a_separator(client: Client) -> None:
    query, body = f"symbol={BTC}&side=BUY&type=MARKET", f"quantity=0.1&timestamp={client.now()}"
    url = client.server.base_url + "/api/v3/order/test?" + query
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    told = client.http.post(url, f"{body}&signature={sign(query + body)}", headers=form, timeout=60)
    assert (told.status_code, told.json()) == (200, {})
    told = client.http.post(url, f"{body}&signature={sign(query + '&' + body)}", headers=form, timeout=60)
    assert told.json()["code"] == -1022


def test_requests_from_another_time_are_refused(client: Client) -> None:
    early = client.order(**MARKET, timestamp=client.now() + 5_000)
    late = client.order(**MARKET, timestamp=client.now() - 6_000)
    assert (early.code, "1000ms ahead of the server's time" in early.body["msg"]) == (-1021, True)
    assert (late.code, "outside of the recvWindow" in late.body["msg"]) == (-1021, True)
    assert client.order(**MARKET, timestamp=client.now() - 6_000, recvWindow=20_000).status == 200
    assert client.order(**MARKET, recvWindow=60_001).code == -1131
    assert client.order(**MARKET, timestamp="now").code == -1100


def test_an_order_answers_ack_result_or_full(client: Client) -> None:
    ack, result, full = (
        client.order(**MARKET, newOrderRespType=kind).body for kind in ("ACK", "RESULT", "FULL")
    )
    assert sorted(ack) == ["clientOrderId", "orderId", "orderListId", "symbol", "transactTime"]
    assert (result["status"], "fills" in result) == ("FILLED", False)
    assert full["fills"][0]["commissionAsset"] == "BTC"
    assert "fills" in client.order(**MARKET).body
    stop = {"type": "STOP_LOSS", "side": "SELL", "quantity": "0.1", "stopPrice": "90"}
    waiting = client.order(**stop).body
    assert "status" not in waiting
    assert client.signed("DELETE", "/api/v3/order", symbol=BTC, orderId=waiting["orderId"]).status == 200


def test_an_order_is_found_by_either_id_and_by_none_other(client: Client) -> None:
    placed = client.order(**LIMIT, newClientOrderId="find-me").body
    by_number = client.signed("GET", "/api/v3/order", symbol=BTC, orderId=placed["orderId"]).body
    assert by_number == client.query("find-me").body
    assert (by_number["status"], by_number["isWorking"]) == ("NEW", True)
    assert (client.query("nobody").status, client.query("nobody").code) == (400, -2013)
    assert client.signed("GET", "/api/v3/order", symbol=BTC).code == -1102
    gone = client.signed("DELETE", "/api/v3/order", symbol=BTC, origClientOrderId="find-me")
    assert (gone.body["status"], gone.body["origClientOrderId"]) == ("CANCELED", "find-me")
    again = client.signed("DELETE", "/api/v3/order", symbol=BTC, origClientOrderId="find-me")
    assert (again.status, again.code, again.body["msg"]) == (400, -2011, "Unknown order sent.")
    assert client.query("find-me").body["status"] == "CANCELED"


def test_open_orders_lists_and_trades_are_told(client: Client) -> None:
    sides = {"symbol": BTC, "side": "SELL", "quantity": "0.1"}
    client.order(type="MARKET", quantity="1")
    above = {"aboveType": "LIMIT_MAKER", "abovePrice": "110"}
    new = client.signed(
        "POST", "/api/v3/orderList/oco", **sides, **above, belowType="STOP_LOSS", belowStopPrice="90"
    )
    limits = {"price": "110", "stopPrice": "90", "stopLimitPrice": "89", "stopLimitTimeInForce": "GTC"}
    old = client.signed("POST", "/api/v3/order/oco", **sides, **limits, listClientOrderId="old")
    assert [report["type"] for report in new.body["orderReports"]] == ["LIMIT_MAKER", "STOP_LOSS"]
    assert [report["type"] for report in old.body["orderReports"]] == ["LIMIT_MAKER", "STOP_LOSS_LIMIT"]
    assert len(client.signed("GET", "/api/v3/openOrders", symbol=BTC).body) == 4
    one = client.signed("GET", "/api/v3/orderList", origClientOrderId="old").body
    assert (one["listOrderStatus"], len(one["orders"])) == ("EXECUTING", 2)
    assert client.oracle("old")[1] == {"received": 1, "executed": 1}
    done = client.signed("DELETE", "/api/v3/orderList", symbol=BTC, listClientOrderId="old").body
    assert (done["listOrderStatus"], len(done["orderReports"])) == ("ALL_DONE", 2)
    assert len(client.signed("DELETE", "/api/v3/openOrders", symbol=BTC).body) == 1
    assert client.signed("GET", "/api/v3/openOrders").body == []
    assert client.signed("DELETE", "/api/v3/openOrders", symbol=BTC).code == -2011
    trades = client.signed("GET", "/api/v3/myTrades", symbol=BTC).body
    assert [row["id"] for row in trades] == sorted({row["id"] for row in trades})
    some = client.signed("GET", "/api/v3/myTrades", symbol=BTC, fromId=trades[1]["id"], limit=1).body
    assert [row["id"] for row in some] == [trades[1]["id"]]
    number = trades[0]["orderId"]
    mine = client.signed("GET", "/api/v3/myTrades", symbol=BTC, orderId=number).body
    assert mine == [row for row in trades if row["orderId"] == number]
    assert client.signed("GET", "/api/v3/myTrades", symbol=BTC, orderId=10**9).body == []


def test_weights_are_counted_and_too_much_is_refused_then_banned() -> None:
    with sandbox(RunningClock(), weight_limit=50) as client:  # in the first seconds of a minute
        assert client.public("/api/v3/ping").headers["X-MBX-USED-WEIGHT-1M"] == "1"
        assert client.signed("GET", "/api/v3/account").headers["X-MBX-USED-WEIGHT-1M"] == "21"
        client.signed("GET", "/api/v3/account")
        told = client.signed("GET", "/api/v3/account")
        assert (told.status, told.code) == (429, -1003)
        assert 1 <= int(told.headers["Retry-After"]) <= 60
        last = [client.public("/api/v3/exchangeInfo") for _ in range(10)][-1]
        assert (last.status, last.code) == (418, -1003)
        assert int(last.headers["Retry-After"]) >= 100
        assert "IP banned until" in client.public("/api/v3/ping").body["msg"]


def test_orders_are_counted_and_too_many_are_refused() -> None:
    with sandbox(RunningClock(), orders_limit=2) as client:
        answers = [client.order(**MARKET) for _ in range(30)]
        assert answers[0].headers["X-MBX-ORDER-COUNT-10S"] == "1"
        refused = next(told for told in answers if told.status != 200)
        assert (refused.status, refused.code) == (429, -1015)
        assert 1 <= int(refused.headers["Retry-After"]) <= 10


def test_the_key_s_rights_are_told_and_can_be_what_an_agent_must_refuse() -> None:
    with sandbox(rights=KeyRights(ip_restricted=False, withdrawals=True)) as client:
        told = client.signed("GET", "/sapi/v1/account/apiRestrictions").body
        assert (told["ipRestrict"], told["enableWithdrawals"]) == (False, True)
    with sandbox(rights=KeyRights(trading=False)) as client:
        assert client.order(**MARKET).code == -2015
        assert (
            client.signed("GET", "/sapi/v1/account/apiRestrictions").body["enableSpotAndMarginTrading"]
            is False
        )


def test_the_oracle_tells_a_doubled_market_order(client: Client) -> None:
    for _ in range(2):
        client.order(**MARKET, newClientOrderId="doubled")
    orders, counts = client.oracle("doubled")
    assert (len(orders), counts) == (2, {"received": 2, "executed": 2})
    assert [order["executedQty"] for order in orders] == ["0.10000000"] * 2
    client.order(type="MARKET", quantity="9000", newClientOrderId="refused")
    assert client.oracle("refused") == ([], {"received": 1, "executed": 0})


def test_a_test_can_move_the_market_the_balances_and_place_a_stranger_s_order(client: Client) -> None:
    assert client.control("POST", "/sandbox/price", {"price": "101"}).body["price"] == "101.00000000"
    assert client.public("/api/v3/ticker/price", symbol=BTC).body["price"] == "101.00000000"
    client.control("POST", "/sandbox/price", {"price": "100"})
    foreign = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.2"}
    assert client.control("POST", "/sandbox/orders", foreign).body["foreign"] is True
    client.control("POST", "/sandbox/balances", {"asset": "BTC", "delta": "5"})
    assert Decimal(client.control("GET", "/sandbox/balances").body["BTC"]["free"]) > 5
    short = client.control("POST", "/sandbox/balances", {"asset": "BTC", "delta": "-500"})
    assert (short.status, short.code) == (400, -2010)


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/sandbox/price", {"price": "high"}, "price 'high' must be a number"),
        ("/sandbox/price", {"symbol": "XYZ", "price": "1"}, "symbol 'XYZ' is not traded; known: BTCUSDT"),
        ("/sandbox/advance", {"candles": 0}, "candles 0 must be a whole number from 1"),
        ("/sandbox/nowhere", {}, "is unknown; known: GET /sandbox/status"),
        ("/sandbox/filters", {"fields": {"tick": 1}}, "filter field 'tick' is unknown"),
    ],
)
def test_a_control_that_makes_no_sense_is_refused_with_the_reason(
    client: Client, path: str, body: Any, words: str
) -> None:
    told = client.control("POST", path, body)
    assert told.status in (400, 404)
    assert words in told.body["error"]


def test_a_path_that_binance_does_not_have_is_a_404_in_json(client: Client) -> None:
    told = client.public("/api/v3/nowhere")
    assert (told.status, told.code) == (404, -5000)


def test_a_taken_port_and_an_impossible_speed_are_refused_with_the_reason(client: Client) -> None:
    with (
        pytest.raises(BadInput, match=f"port {client.server.port} cannot be used"),
        SandboxServer(SystemClock(), port=client.server.port),
    ):
        pass
    with pytest.raises(BadInput, match=r"speed 7 plays candles of 60 s .* possible: 1, 60"):
        SandboxServer(SystemClock(), SandboxOptions(speed=7))

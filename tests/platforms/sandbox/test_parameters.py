"""The sandbox is as strict as the exchange: each parameter of each route missing, empty, twice or wrong.

The table is written from Binance's documentation (`documented.py`); requests go through the protocol without
sockets.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from platforms.sandbox.requests.gateway import KEY_HEADER, HttpRequest, serve
from platforms.sandbox.requests.operations import REST, WEBSOCKET
from platforms.sandbox.requests.parameters import Takes
from platforms.sandbox.requests.venue import Venue
from platforms.sandbox.server.options import KEY, SandboxOptions, venue_of
from platforms.sandbox.streams.ws_api import answer, read
from tests.platforms.sandbox.documented import ALL, SIGNED, SOUND, names, wrong
from tests.platforms.sandbox.world import START, draft, sign

CODES = frozenset({-1100, -1101, -1102, -1104, -1105, -1106, -1108, -1111, -1115, -1116, -1117, -1128, -1130})
ADMISSION = {"timestamp": True, "recvWindow": False}


def made() -> Venue:
    options = SandboxOptions(
        prices={"BTC-USDT": "100"}, balances={"USDT": "10000", "BTC": "10"}, clock_driven=False,
        weight_limit=10**9, orders_limit=10**9,
    )  # fmt: skip
    venue = venue_of(options, START)
    venue.exchange.place(draft("BUY", "MARKET", client_id="first"))
    return venue


@pytest.fixture(scope="module")
def venue() -> Venue:
    return made()


def rest(venue: Venue, route: str, pairs: list[tuple[str, str]]) -> Any:
    method, path = route.split(" ")
    query = urlencode(pairs)
    if route in SIGNED:
        query += f"&signature={sign(query)}"
    return json.loads(serve(venue, HttpRequest(method, path, query.encode(), b"", {KEY_HEADER: KEY})).body)


def socket(venue: Venue, route: str, pairs: list[tuple[str, str]]) -> Any:
    params = dict(pairs)
    if route in SIGNED:
        params["apiKey"] = KEY
        params["signature"] = sign("&".join(f"{name}={params[name]}" for name in sorted(params)))
    whole = json.dumps({"id": 1, "method": ALL[route][0], "params": params})
    told = answer(venue, read(whole), hub=None, listener=Stranger())  # type: ignore[arg-type]
    return told.get("error", told.get("result"))


class Stranger:
    """A connection without a logon."""

    authorised = None


def sound(route: str) -> dict[str, str]:
    """A request that is answered: what is mandatory, and what goes with it."""
    known = names(ALL[route][1])
    values = {name: SOUND[name] for name, needed in known.items() if needed}
    if "belowType" in known:
        values |= {"abovePrice": "110", "belowStopPrice": "90"}
    if route.endswith(("/order", "/order/test")) and route.startswith("POST"):
        values["quantity"] = "0.1"
    elif ("/orderList" in route and "GET" in route) or route == "DELETE /api/v3/orderList":
        values["orderListId"] = "1"
    elif route in ("GET /api/v3/order", "DELETE /api/v3/order"):
        values["orderId"] = "1"
    if "interval" in known:
        values["interval"] = "1m"
    return values | ({"timestamp": str(START)} if route in SIGNED else {})


def cases() -> Iterator[tuple[str, str, list[tuple[str, str]], int]]:
    """Every route, fault, the request with it, and the code Binance gives."""
    for route in ALL:
        known = names(ALL[route][1]) | (ADMISSION if route in SIGNED else {})
        base = sound(route)
        nothing = not known
        yield route, "unknown", [*base.items(), ("stopLoss", "1")], -1101 if nothing else -1104
        for name, needed in known.items():
            rest_of = {key: value for key, value in base.items() if key != name}
            if needed:
                yield route, f"{name} missing", [*rest_of.items()], -1102
            yield route, f"{name} empty", [*rest_of.items(), (name, "")], -1102 if needed else -1105
            code, texts = wrong(route, name)
            for text in texts:
                yield route, f"{name}={text}", [*rest_of.items(), (name, text)], code


CASES = list(cases())


@pytest.mark.parametrize("route", ALL)
def test_every_fault_of_every_parameter_has_the_exchange_s_code(venue: Venue, route: str) -> None:
    for ask in (rest, *([socket] if ALL[route][0] else [])):
        assert _code(ask(venue, route, [*sound(route).items()])) not in CODES
        wrongly = {
            fault: told
            for where, fault, pairs, code in CASES
            if where == route and (told := _code(ask(venue, route, pairs))) != code
        }
        assert wrongly == {}


@pytest.mark.parametrize("route", ALL)
def test_a_parameter_sent_twice_is_refused_and_of_two_places_the_query_counts(
    venue: Venue, route: str
) -> None:
    for name, value in sound(route).items():
        assert _code(rest(venue, route, [*sound(route).items(), (name, value)])) == -1101
    told = '{"id": 1, "method": "depth", "params": {"symbol": "BTCUSDT", "symbol": "BTCUSDT"}}'
    with pytest.raises(Exception, match="Duplicate values"):
        read(told)
    method, path = route.split(" ")
    if method == "GET":
        return
    query, body = urlencode(sound(route)), "symbol=NOWHERE"
    asked = f"{query}&signature={sign(query + body)}".encode()
    form = {KEY_HEADER: KEY, "content-type": "application/x-www-form-urlencoded"}
    both = json.loads(serve(venue, HttpRequest(method, path, asked, body.encode(), form)).body)
    assert _code(both) != -1121  # the symbol of the body is nowhere


def test_the_tables_of_the_sandbox_name_what_is_documented_and_nothing_else() -> None:
    assert {f"{method} {path}" for method, path in REST} == set(ALL)
    assert set(WEBSOCKET) == {method for method, _ in ALL.values() if method}
    for (method, path), operation in REST.items():
        documented = names(ALL[f"{method} {path}"][1])
        assert _takes(operation.takes) == documented, path
        assert operation.signed is (f"{method} {path}" in SIGNED)
    for route, (method, _) in ALL.items():
        if method:
            assert WEBSOCKET[method] is REST[tuple(route.split(" "))]  # type: ignore[index]


ONLY = {
    "LIMIT": {"timeInForce", "quantity", "price"},
    "LIMIT_MAKER": {"quantity", "price"},
    "MARKET": {"quantity"},
    "STOP_LOSS": {"quantity", "stopPrice"},
    "STOP_LOSS_LIMIT": {"timeInForce", "quantity", "price", "stopPrice"},
    "TAKE_PROFIT": {"quantity", "stopPrice"},
    "TAKE_PROFIT_LIMIT": {"timeInForce", "quantity", "price", "stopPrice"},
}
VALUES = {"timeInForce": "GTC", "quantity": "0.1", "price": "90", "stopPrice": "90", "quoteOrderQty": "10"}
TRIGGERED = {"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"}
PRICED = {"LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"}
NOT_HERE = {
    "icebergQty": ("0.05", "Iceberg", PRICED),
    "pegPriceType": ("PRIMARY_PEG", "Pegged", PRICED),
    "trailingDelta": ("100", "Trailing stop", TRIGGERED),
}


@pytest.mark.parametrize("kind", ONLY)
def test_each_order_type_takes_its_own_parameters_and_no_other(venue: Venue, kind: str) -> None:
    route = "POST /api/v3/order/test"
    needed = {name: VALUES[name] for name in ONLY[kind]}
    for name in ONLY[kind]:
        told = _order(venue, route, kind, {k: v for k, v in needed.items() if k != name})
        assert (told["code"], name in told["msg"]) == (-1102, True)
    for name in VALUES.keys() - ONLY[kind]:
        told = _order(venue, route, kind, needed | {name: VALUES[name]})
        if kind == "MARKET" and name == "quoteOrderQty":
            assert told["code"] == -1128
        else:
            assert told == {"code": -1106, "msg": f"Parameter '{name}' sent when not required."}
    for name, (value, words, kinds) in NOT_HERE.items():
        told = _order(venue, route, kind, needed | {name: value})
        expected = -1013 if kind in kinds else -1106
        assert (told["code"], (words in told["msg"]) is (kind in kinds)) == (expected, True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"abovePrice": "110", "aboveTimeInForce": "GTC"}, -1106),
        ({"aboveStopPrice": "110", "abovePrice": "110"}, -1106),
        ({"belowPrice": "89"}, -1106),
        ({"belowType": "LIMIT"}, -1158),
        ({"belowType": "STOP_LOSS_LIMIT", "belowPrice": "89"}, -1102),
        ({"aboveIcebergQty": "0.01"}, -1013),
        ({"belowTrailingDelta": "100"}, -1013),
        ({"selfTradePreventionMode": "EXPIRE_MAKER"}, -1013),
        ({"aboveStrategyType": "5"}, -1134),
    ],
)
def test_the_legs_of_a_list_take_what_their_types_have(
    venue: Venue, fields: dict[str, str], code: int
) -> None:
    route = "POST /api/v3/orderList/oco"
    assert _code(rest(venue, route, [*(sound(route) | fields).items()])) == code


def test_what_is_accepted_is_carried_out() -> None:
    venue = made()
    legs = {"aboveStrategyId": "7", "aboveStrategyType": "1000001"}
    placed = rest(
        venue, "POST /api/v3/orderList/oco", [*(sound("POST /api/v3/orderList/oco") | legs).items()]
    )
    number = placed["orderListId"]
    assert venue.exchange.lists[number].orders[0].draft.strategy_type == 1_000_001
    one = {"symbol": "BTCUSDT", "orderId": str(placed["orders"][0]["orderId"]), "timestamp": str(START)}
    held = rest(
        venue, "DELETE /api/v3/order", [*one.items(), ("cancelRestrictions", "ONLY_PARTIALLY_FILLED")]
    )
    assert held == {"code": -2011, "msg": "Order was not canceled due to cancel restrictions."}
    assert rest(venue, "DELETE /api/v3/order", [*one.items(), ("cancelRestrictions", "ONLY_NEW")])["orders"]
    later = ("fromId", str(number + 1))
    assert rest(venue, "GET /api/v3/allOrderList", [("timestamp", str(START)), later]) == []
    rates = sound("POST /api/v3/order/test") | {"computeCommissionRates": "true"}
    told = rest(venue, "POST /api/v3/order/test", [*rates.items()])
    assert told["standardCommissionForOrder"] == {"maker": "0.00100000", "taker": "0.00100000"}
    mini = rest(venue, "GET /api/v3/ticker/24hr", [("symbol", "BTCUSDT"), ("type", "MINI")])
    assert ("lastPrice" in mini, "bidPrice" in mini) == (True, False)


@pytest.mark.parametrize(
    ("route", "fields", "code"),
    [
        ("GET /api/v3/ticker/price", {"symbol": "BTCUSDT", "symbols": '["BTCUSDT"]'}, -1128),
        ("GET /api/v3/ticker/price", {"symbols": '["BTCUSDT","BTCUSDT"]'}, -1151),
        ("GET /api/v3/ticker/price", {"symbol": "BTCUSDT", "symbolStatus": "HALT"}, -1220),
        ("GET /api/v3/exchangeInfo", {"symbol": "BTCUSDT", "symbolStatus": "TRADING"}, -1128),
        ("GET /api/v3/klines", {"symbol": "BTCUSDT", "interval": "1m", "timeZone": "2"}, -1013),
        ("GET /api/v3/myTrades", {"startTime": str(START), "orderId": "1"}, -1128),
        ("GET /api/v3/myTrades", {"startTime": "0", "endTime": "86400001"}, -1127),
        ("GET /api/v3/allOrderList", {"startTime": "0", "fromId": "1"}, -1128),
        ("POST /api/v3/order/test", {"strategyType": str(2**31)}, -1108),
        ("POST /api/v3/order/test", {"strategyId": str(2**63)}, -1108),
        ("POST /api/v3/order/test", {"quantity": "0.123456789"}, -1111),
        ("POST /api/v3/order/oco", {"stopLimitTimeInForce": "GTC"}, -1106),
        ("POST /api/v3/order/oco", {"stopLimitPrice": "89"}, -1102),
    ],
)
def test_parameters_that_exclude_one_another_are_refused(
    venue: Venue, route: str, fields: Mapping[str, str], code: int
) -> None:
    assert _code(rest(venue, route, [*({**sound(route), **fields}).items()])) == code


def test_the_unread_are_counted(venue: Venue) -> None:
    pairs = [*sound("POST /api/v3/order").items(), ("stopLoss", "x"), ("foo", "1")]
    words = "Not all sent parameters were read; read '6' parameter(s) but was sent '8'."
    assert rest(venue, "POST /api/v3/order", pairs) == {"code": -1104, "msg": words}
    assert rest(venue, "GET /api/v3/ping", [("foo", "1")])["msg"].endswith("expected '0' and received '1'.")


def _order(venue: Venue, route: str, kind: str, fields: Mapping[str, str]) -> Any:
    fixed = {"symbol": "BTCUSDT", "side": "SELL", "type": kind, "timestamp": str(START)}
    return rest(venue, route, [*fixed.items(), *fields.items()])


def _code(told: Any) -> int | None:
    return told.get("code") if isinstance(told, dict) else None


def _takes(takes: Takes) -> dict[str, bool]:
    return dict.fromkeys(takes.needed, True) | dict.fromkeys(takes.optional, False)

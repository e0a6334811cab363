"""Whatever an answer holds, an order that was sent is accepted, refused or unknown, and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.errors import BadAnswer, OutcomeUnknown, VenueFault
from domain.order import OrderStatus, Side
from platforms.binance.platform import BinancePlatform
from tests.platforms.binance.orders import order
from tests.platforms.binance.scripted import Scripted, Told, platform, row, trade

PLACED = row("a-1-0", transactTime=1_700_000_000_000, fills=[{
    "tradeId": 11, "price": "50000.00", "qty": "0.01000", "commission": "0.00001", "commissionAsset": "BTC",
}])  # fmt: skip
del PLACED["updateTime"]
SOUND = json.dumps(PLACED).encode()


@pytest.fixture(scope="module")
def exchange() -> Iterator[Scripted]:
    with Scripted() as found:
        yield found


@pytest.fixture(scope="module")
def venue(exchange: Scripted) -> Iterator[BinancePlatform]:
    found = platform(exchange)
    yield found
    found.close()


IDS = (f"a-{number}" for number in range(10**6))


def placed(exchange: Scripted, venue: BinancePlatform, body: Any, status: int = 200) -> Any:
    exchange.on("POST", "order", lambda _: Told(body, status))
    return venue.place(order(client_id=next(IDS)))


def test_a_sound_answer_is_taken(exchange: Scripted, venue: BinancePlatform) -> None:
    receipt = placed(exchange, venue, SOUND)
    assert (receipt.status, receipt.filled, len(receipt.fills)) == (OrderStatus.FILLED, 1_000, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"<html></html>",
        b"\xff\xfe\x00",
        SOUND[:-1],
        SOUND + b"x",
        SOUND.replace(b'"0.01000"', b'"NaN"'),
        SOUND.replace(b'"0.01000"', b"NaN"),
        SOUND.replace(b'"0.01000"', b"Infinity"),
        SOUND.replace(b'"orderId"', b'"besides": NaN, "orderId"'),
        SOUND.replace(b'"0.01000"', b"1e309"),
        SOUND.replace(b'"0.01000"', b'"-0.01"'),
        SOUND.replace(b'"50000.00"', b'"0"'),
        SOUND.replace(b'"orderId": 7', b'"orderId": 7, "orderId": 8'),
        SOUND.replace(b'"orderId": 7', b'"orderId": "7"'),
        SOUND.replace(b"1700000000000", b"9007199254740992"),
        SOUND.replace(b"1700000000000", b"1" * 5000),
        SOUND.replace(b'"executedQty": "0.01000"', b'"executedQty": "0.01001"'),
        SOUND.replace(b'"origQty": "0.01000"', b'"origQty": "0.00999"'),
        SOUND.replace(b'"qty": "0.01000"', b'"qty": "0.01001"'),
        SOUND.replace(b'"BTCUSDT"', b'"ETHUSDT"'),
        b"[" * 200_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_fault_15_an_answer_that_is_not_sound_leaves_the_order_unknown(
    exchange: Scripted, venue: BinancePlatform, body: bytes
) -> None:
    with pytest.raises(OutcomeUnknown):
        placed(exchange, venue, body)


@pytest.mark.parametrize(
    "body", [SOUND.replace(b'"BUY"', b'"HOLD"'), SOUND.replace(b'"FILLED"', b'{"a": 1}')]
)
def test_a_side_or_a_status_that_is_odd_hides_no_execution_that_the_rest_proves(
    exchange: Scripted, venue: BinancePlatform, body: bytes
) -> None:
    receipt = placed(exchange, venue, body)
    assert (receipt.status, receipt.filled, receipt.fills[0].side) == (OrderStatus.FILLED, 1_000, Side.BUY)


@pytest.mark.parametrize("body", [b"[" * 200_000, b"NaN", b"{", b'{"code": "-1013", "msg": "x"}', b"[]"])
def test_fault_15_an_error_that_is_not_sound_proves_nothing(
    exchange: Scripted, venue: BinancePlatform, body: bytes
) -> None:
    with pytest.raises(OutcomeUnknown):
        placed(exchange, venue, body, 400)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(PLACED)), value=JSON)
@example(name="executedQty", value="1")
def test_fault_15_any_value_in_any_field_is_an_honest_receipt_or_unknown(
    exchange: Scripted, venue: BinancePlatform, name: str, value: Any
) -> None:
    exchange.on("GET", "myTrades", lambda _: [trade(11, "0.01000")])
    try:
        receipt = placed(exchange, venue, PLACED | {name: value})
    except OutcomeUnknown:
        return
    assert receipt.status in OrderStatus
    assert sum(each.lots for each in receipt.fills) == receipt.filled


@pytest.mark.parametrize(
    "rows",
    [
        {},
        [1],
        [trade(11, "0.000005")],
        [trade(11, "0.01000", orderId=8)],
        [trade(11, "1e-2")],
        [trade(-1, "0.01000")],
        [trade(11, "0.01000", price="NaN")],
    ],
)
def test_fault_15_trades_that_are_not_sound_are_a_failed_question(
    exchange: Scripted, venue: BinancePlatform, rows: Any
) -> None:
    exchange.on("GET", "order", lambda asked: row(asked.params["origClientOrderId"]))
    exchange.on("GET", "myTrades", lambda _: rows)
    with pytest.raises(BadAnswer):
        venue.query("BTC-USDT", "a-1")


def test_a_page_of_an_error_is_no_not_found(exchange: Scripted, venue: BinancePlatform) -> None:
    exchange.on("GET", "order", lambda _: Told(b"<html>Order does not exist.</html>", 400))
    with pytest.raises(VenueFault):
        venue.query("BTC-USDT", "a-1")

"""What the exchange says becomes exact numbers or is refused; which errors prove that no order exists."""

from typing import Any

import pytest

from domain.errors import BadAnswer
from domain.order import OrderStatus, Side
from domain.times import utc
from platforms.binance import answers, outcome
from platforms.binance.client import ApiError
from platforms.binance.platform import BinancePlatform
from tests.platforms.binance.scripted import Scripted, Told
from tests.platforms.world import BTC

ORDER: dict[str, Any] = {
    "symbol": "BTCUSDT", "orderId": 7, "clientOrderId": "a-1-0", "status": "PARTIALLY_FILLED",
    "origQty": "0.00500", "executedQty": "0.00300", "updateTime": 1_700_000_000_000, "side": "BUY",
}  # fmt: skip
TRADE: dict[str, Any] = {
    "id": 11, "price": "50000.00", "qty": "0.00300", "commission": "0.00000300", "commissionAsset": "BTC",
}  # fmt: skip


def fill(**changes: Any) -> Any:
    return answers.fill(TRADE | changes, BTC, "a-1-0", Side.BUY, 5_000_100, utc(0), maker=False)


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-1", "1e3", "2e-05", "", " 1", "0x10", "1" * 21, 0.003, None, True, "1,5"]
)
def test_fault_15_what_is_no_plain_number_is_refused(value: object) -> None:
    with pytest.raises(BadAnswer, match="executedQty"):
        answers.receipt(ORDER | {"executedQty": value}, BTC)


@pytest.mark.parametrize("status", list(answers.STATUSES))
def test_every_status_of_the_exchange_has_one_of_ours(status: str) -> None:
    assert answers.receipt(ORDER | {"status": status}, BTC).status in OrderStatus


def test_a_status_nobody_knows_is_refused() -> None:
    with pytest.raises(BadAnswer, match="HALF_FILLED"):
        answers.receipt(ORDER | {"status": "HALF_FILLED"}, BTC)


def test_lots_that_are_not_whole_are_refused() -> None:
    with pytest.raises(BadAnswer, match=r"0\.000005 of BTC-USDT is no multiple"):
        answers.receipt(ORDER | {"executedQty": "0.000005"}, BTC)


def test_a_fee_in_the_base_asset_is_exact_to_the_exchanges_last_digit() -> None:
    done = fill(commission="0.00000301")
    assert (done.lots, done.fee, done.commission, done.commission_asset) == (300, 0, 301, "BTC")
    assert (done.fee_lots, done.dust, done.odd, done.slack) == (0, 0, "", {})


def test_a_fee_in_the_quote_asset_is_rounded_up_to_the_cash_unit() -> None:
    done = fill(commission="0.123456781", commissionAsset="USDT")
    assert (done.fee, done.commission, done.commission_asset) == (12_345_679, 0, "")


def test_a_fee_in_a_third_asset_is_kept_apart() -> None:
    done = fill(commission="0.00012345", commissionAsset="BNB")
    assert (done.fee, done.commission, done.commission_asset, done.odd) == (0, 12_345, "BNB", "")


ODD: list[tuple[dict[str, Any], Side, tuple[int, int, str], dict[str, int]]] = [
    # 0.003 BTC at 50,000 is 150 USDT; a fee nobody can read counts as 1 % of what was received.
    ({"commission": "NaN"}, Side.BUY, (0, 3_000, "BTC"), {"BTC": 3_000}),
    ({"commission": None}, Side.BUY, (0, 3_000, "BTC"), {"BTC": 3_000}),
    ({"commission": "-1"}, Side.SELL, (150_000_000, 0, ""), {"USDT": 150_000_000}),
    ({"commissionAsset": None}, Side.BUY, (0, 3_000, "BTC"), {"BTC": 3_000}),
    ({"commissionAsset": ["BTC"]}, Side.SELL, (150_000_000, 0, ""), {"USDT": 150_000_000}),
    ({"commission": "0.00300001"}, Side.BUY, (0, 3_000, "BTC"), {"BTC": 3_000}),  # more than was bought
    ({"commission": "500", "commissionAsset": "USDT"}, Side.BUY, (150_000_000, 0, ""), {"USDT": 150_000_000}),
    ({"commission": "x", "commissionAsset": "BNB"}, Side.BUY, (0, 0, "BNB"), {}),
]


@pytest.mark.parametrize(("changes", "side", "taken", "slack"), ODD)
def test_a_fee_that_cannot_be_read_counts_as_more_than_any_and_is_named(
    changes: dict[str, Any], side: Side, taken: tuple[int, int, str], slack: dict[str, int]
) -> None:
    done = answers.fill(TRADE | changes, BTC, "a-1-0", side, 0, utc(0), maker=False)
    assert (done.fee, done.commission, done.commission_asset) == taken
    assert done.slack == slack
    assert "commission" in done.odd


def test_a_price_that_cannot_be_read_counts_as_the_orders_average_and_is_named() -> None:
    told = ORDER | {"cummulativeQuoteQty": "150.30"}
    average = answers.average(told)
    done = answers.fill(TRADE | {"price": None}, BTC, "x", Side.BUY, 0, utc(0), maker=False, average=average)
    assert (done.price, done.lots, done.slack) == (5_010_000, 300, {"USDT": 751_500_000})
    assert "price is no number" in done.odd
    with pytest.raises(BadAnswer, match="price"):
        answers.fill(TRADE | {"price": None}, BTC, "x", Side.BUY, 0, utc(0), maker=False)


@pytest.mark.parametrize("name", ["commission", "commissionAsset"])
def test_a_fee_that_is_missing_hides_no_execution(name: str) -> None:
    told = {each: value for each, value in TRADE.items() if each != name}
    done = answers.fill(told, BTC, "a-1-0", Side.BUY, 0, utc(0), maker=False)
    assert (done.lots, done.commission, bool(done.odd)) == (300, 3_000, True)


@pytest.mark.parametrize(
    ("changes", "status", "filled"),
    [
        ({"status": "FILLED", "executedQty": None}, OrderStatus.FILLED, 500),
        ({"status": "NEW", "executedQty": "NaN"}, OrderStatus.NEW, 0),
        ({"status": "ALL_DONE", "executedQty": "0.00500"}, OrderStatus.FILLED, 500),
        ({"origQty": "NaN"}, OrderStatus.PARTIALLY_FILLED, 300),
        ({"updateTime": "soon", "time": 5}, OrderStatus.PARTIALLY_FILLED, 300),
    ],
)
def test_one_odd_fact_of_an_order_follows_from_the_others(
    changes: dict[str, Any], status: OrderStatus, filled: int
) -> None:
    done = answers.receipt(ORDER | changes, BTC)
    assert (done.status, done.filled) == (status, filled)


def test_an_open_order_rests_whatever_else_is_odd_about_it() -> None:
    odd = answers.resting(ORDER | {"status": "?", "executedQty": None, "orderId": "x"}, BTC)
    assert odd is not None
    assert (odd.client_id, odd.status) == ("a-1-0", OrderStatus.NEW)
    assert answers.resting(ORDER | {"status": "?", "clientOrderId": 5}, BTC) is None


def test_no_reference_means_the_fills_own_price() -> None:
    done = answers.fill(TRADE, BTC, "x", Side.BUY, 0, utc(0), maker=True)
    assert done.reference == done.price == 5_000_000


@pytest.mark.parametrize(
    ("code", "message", "status", "gone"),
    [
        (-1013, "Filter failure: NOTIONAL", 400, True),
        (-1021, "Timestamp for this request is outside of the recvWindow.", 400, True),
        (-1022, "Signature for this request is not valid.", 400, True),
        (-2015, "Invalid API-key, IP, or permissions for action.", 401, True),
        (-1003, "Too many requests.", 429, True),
        (-1015, "Too many new orders.", 429, True),
        (-2010, "Account has insufficient balance for requested action.", 400, True),
        (-2010, "Duplicate order sent.", 400, False),
        (-1006, "An unexpected response was received.", 500, False),
        (-1007, "Timeout waiting for response from backend server.", 408, False),
        (-1000, "An unknown error occurred.", 400, False),
        (-1001, "Internal error.", 500, False),
        (-1013, "Filter failure: NOTIONAL", 503, False),
        (0, "<html>", 502, False),
        (0, "<html>", 403, False),
        (-99999, "brand new", 400, False),
    ],
)
def test_fault_01_only_an_allow_list_proves_that_an_order_does_not_exist(
    code: int, message: str, status: int, *, gone: bool
) -> None:
    assert outcome.rejected(ApiError(code, message, status)) is gone


@pytest.mark.parametrize(
    ("code", "status", "unknown"),
    [(-2013, 400, True), (-2013, 500, False), (-2011, 400, False), (0, 404, False)],
)
def test_only_one_answer_says_that_there_is_no_such_order(code: int, status: int, *, unknown: bool) -> None:
    assert outcome.not_found(ApiError(code, "Order does not exist.", status)) is unknown


def test_an_archived_order_has_ended_without_a_fill(exchange: Scripted, venue: BinancePlatform) -> None:
    gone = "Order was canceled or expired with no executed qty over 90 days ago and has been archived."
    exchange.on("GET", "order", lambda _: Told({"code": -2026, "msg": gone}, 400))
    found = venue.query("BTC-USDT", "a-1-0")
    assert found is not None
    assert (found.status, found.filled, found.fills) == (OrderStatus.CANCELLED, 0, ())

"""What the exchange says becomes exact numbers or is refused; which errors prove that no order exists."""

from decimal import Decimal
from typing import Any

import pytest

from domain.errors import BadAnswer, LocalFault
from domain.order import OrderStatus, Side
from domain.times import utc
from platforms.binance import answers, classify
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


def test_a_fee_in_the_base_asset_is_whole_lots_and_dust_and_adds_up() -> None:
    done = fill()
    assert (done.lots, done.fee, done.fee_lots, done.dust) == (300, 0, 1, 700)
    step = int(BTC.step_size * 10**8)
    assert done.lots * step - done.fee_lots * step + done.dust == int(
        (Decimal("0.003") - Decimal("0.000003")) * 10**8
    )


def test_a_fee_in_the_quote_asset_is_rounded_up_to_the_cash_unit() -> None:
    assert fill(commission="0.123456781", commissionAsset="USDT").fee == 12_345_679


def test_a_fee_in_a_third_asset_halts_with_what_to_do() -> None:
    with pytest.raises(LocalFault, match="switch off paying them with BNB"):
        fill(commission="0.1", commissionAsset="BNB")


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
    assert classify.rejected(ApiError(code, message, status)) is gone


@pytest.mark.parametrize(
    ("code", "status", "unknown"),
    [(-2013, 400, True), (-2013, 500, False), (-2011, 400, False), (0, 404, False)],
)
def test_only_one_answer_says_that_there_is_no_such_order(code: int, status: int, *, unknown: bool) -> None:
    assert classify.not_found(ApiError(code, "Order does not exist.", status)) is unknown


def test_an_archived_order_has_ended_without_a_fill(exchange: Scripted, venue: BinancePlatform) -> None:
    gone = "Order was canceled or expired with no executed qty over 90 days ago and has been archived."
    exchange.on("GET", "order", lambda _: Told({"code": -2026, "msg": gone}, 400))
    found = venue.query("BTC-USDT", "a-1-0")
    assert found is not None
    assert (found.status, found.filled, found.fills) == (OrderStatus.CANCELLED, 0, ())

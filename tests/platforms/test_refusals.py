"""What the paper exchange refuses, and in which words."""

import msgspec
import pytest

from domain.money import MAX_CASH, to_cash
from domain.order import Balance, Order, OrderStatus
from domain.times import utc
from platforms.paper.admission import MOST_WORKING
from platforms.paper.platform import MockTradingPlatform
from platforms.paper.settings import PaperSettings
from tests.platforms.paper import (
    BUY,
    FREE,
    LIMIT,
    LOTS,
    MARKET,
    PRICE,
    SELL,
    STOP,
    T0,
    TARGET,
    order,
    platform,
)
from tests.platforms.world import BTC

DOWN, UP = PRICE - 9, PRICE + 9


def test_without_a_quote_a_market_order_is_refused_and_a_limit_rests() -> None:
    paper = MockTradingPlatform({BTC.symbol: BTC}, PaperSettings())
    receipt = paper.place(order(BUY, MARKET))
    assert (receipt.status, receipt.reason) == (OrderStatus.REJECTED, "no price for BTC-USDT")
    assert paper.place(order(BUY, LIMIT, PRICE, name="o-2")).status is OrderStatus.NEW


@pytest.mark.parametrize(
    ("cash", "reason"),
    [
        ("12.30", "free 12.30 below needed 500.93 USDT"),
        ("500.92537499", "free 500.92537499 below needed 500.92537500 USDT"),
    ],
)
def test_too_little_cash_is_named_with_what_is_needed(cash: str, reason: str) -> None:
    paper = platform(cash=to_cash(cash))
    assert paper.place(order(BUY, MARKET)).reason == reason


def test_exactly_enough_cash_is_enough() -> None:
    paper = platform(cash=to_cash("500.92537500"))
    assert paper.place(order(BUY, MARKET)).status is OrderStatus.FILLED
    assert paper.balances()["USDT"] == Balance(0, 0)


def test_too_few_lots_are_named_with_what_is_needed() -> None:
    assert platform(lots=1).place(order(SELL, MARKET)).reason == "free 0.00001 below needed 0.01000 BTC"


def test_a_market_order_beyond_the_largest_notional_is_refused() -> None:
    paper = platform(lots=10**9, quote=10**9)
    receipt = paper.place(order(SELL, MARKET, lots=8 * 10**8))
    assert receipt.status is OrderStatus.REJECTED
    assert f"above the largest {MAX_CASH}" in receipt.reason


def test_an_order_that_expires_before_it_starts_is_refused() -> None:
    late = msgspec.structs.replace(order(BUY, LIMIT, PRICE), expires_at=utc(T0))
    assert "not after" in platform().place(late).reason


def test_an_order_without_a_timezone_or_reference_is_refused() -> None:
    naive = msgspec.structs.replace(order(BUY, LIMIT, PRICE), at=utc(T0).replace(tzinfo=None))
    assert "has no timezone" in platform().place(naive).reason
    blind = msgspec.structs.replace(order(BUY, MARKET), reference=0)
    assert platform().place(blind).reason.startswith("reference 0 below")


def test_open_orders_of_a_symbol_are_capped() -> None:
    paper = platform()
    for n in range(MOST_WORKING):
        assert paper.place(order(SELL, STOP, PRICE - 1, 20, name=f"s-{n}")).status is OrderStatus.NEW
    receipt = paper.place(order(SELL, STOP, PRICE - 1, 20, name="one-more"))
    assert receipt.reason == "200 open orders of BTC-USDT reach cap 200"
    assert paper.place(order(SELL, MARKET, lots=20, name="still-free")).status is OrderStatus.FILLED


@pytest.mark.parametrize(
    ("stop", "target", "reason"),
    [
        (
            order(SELL, LIMIT, DOWN, oco="a"),
            order(SELL, TARGET, UP, oco="a", name="t"),
            "a stop and a target",
        ),
        (
            order(SELL, STOP, DOWN, oco="a"),
            order(SELL, MARKET, UP, oco="a", name="t"),
            "a stop and a target",
        ),
        (
            order(SELL, STOP, DOWN, oco="a"),
            order(SELL, TARGET, UP, oco="a"),
            "both legs have the client id",
        ),
        (order(SELL, STOP, DOWN), order(SELL, TARGET, UP, name="t"), "oco names None and None"),
        (
            order(SELL, STOP, DOWN, oco="a"),
            order(SELL, TARGET, UP, oco="b", name="t"),
            "oco names a and b",
        ),
        (
            order(SELL, STOP, DOWN, oco="a"),
            order(BUY, TARGET, UP, oco="a", name="t"),
            "legs differ",
        ),
        (
            order(SELL, STOP, DOWN, oco="a"),
            order(SELL, TARGET, UP, 70, oco="a", name="t"),
            "legs differ",
        ),
        (
            order(SELL, STOP, UP, oco="a"),
            order(SELL, LIMIT, UP, oco="a", name="t"),
            "wrong way round to sell",
        ),
        (
            order(BUY, STOP, DOWN, oco="a"),
            order(BUY, TARGET, UP, oco="a", name="t"),
            "wrong way round to buy",
        ),
    ],
)
def test_two_orders_that_are_no_pair_are_refused_together(stop: Order, target: Order, reason: str) -> None:
    paper = platform(FREE)
    receipts = paper.place_oco(stop, target)
    assert all(reason in receipt.reason for receipt in receipts)
    assert not paper.open_orders()


def test_a_pair_beyond_the_holding_is_refused_and_its_name_stays_free() -> None:
    paper = platform(lots=LOTS - 1)
    pair = order(SELL, STOP, PRICE - 9, oco="a"), order(SELL, TARGET, PRICE + 9, oco="a", name="t")
    assert {receipt.reason for receipt in paper.place_oco(*pair)} == {"free 0.00999 below needed 0.01000 BTC"}
    assert not paper.open_orders()


def test_a_third_leg_is_refused() -> None:
    paper = platform()
    pair = order(SELL, STOP, PRICE - 9, oco="a"), order(SELL, TARGET, PRICE + 9, oco="a", name="t")
    paper.place_oco(*pair)
    third = order(SELL, LIMIT, PRICE + 99, oco="a", name="third")
    assert paper.place(third).reason == "oco a already rests"
    again = [msgspec.structs.replace(each, client_id=f"{each.client_id}-2") for each in pair]
    assert [receipt.reason for receipt in paper.place_oco(*again)] == ["oco a already rests"] * 2

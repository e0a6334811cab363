"""How resting orders of the paper exchange meet the market."""

from decimal import Decimal

import pytest

from domain.candle import LastPrice
from domain.money import MAX_CASH, notional, to_cash
from domain.order import Balance, OrderStatus
from domain.times import MINUTE_MS
from platforms.paper.market import volume_lots
from platforms.paper.settings import PaperSettings
from tests.platforms.paper import (
    BUY,
    FREE,
    LIMIT,
    LOTS,
    PRICE,
    SELL,
    STOP,
    T0,
    TARGET,
    candle,
    events,
    only_fill,
    order,
    platform,
)
from tests.platforms.world import BTC


def test_in_one_candle_the_stop_comes_before_the_target_even_when_it_opened_beyond_the_target() -> None:
    paper = platform(FREE)
    paper.place(order(SELL, TARGET, PRICE + 100, name="target"))
    paper.place(order(SELL, STOP, PRICE - 100, name="stop"))
    paper.mark(BTC.symbol, [candle(0, PRICE - 500, PRICE + 500, open_=PRICE + 200)], None)
    assert [each.client_id for each in paper.poll()] == ["stop", "target"]


def test_a_pair_met_by_both_ends_of_a_candle_is_stopped() -> None:
    paper = platform()
    paper.place_oco(
        order(SELL, STOP, PRICE - 100, name="stop", oco="a"),
        order(SELL, LIMIT, PRICE + 100, name="target", oco="a"),
    )
    paper.mark(BTC.symbol, [candle(0, PRICE - 50_000, PRICE + 50_000)], None)
    filled, cancelled = paper.poll()
    assert (filled.client_id, filled.status) == ("stop", OrderStatus.FILLED)
    assert (cancelled.client_id, cancelled.status) == ("target", OrderStatus.CANCELLED)
    assert cancelled.reason == "oco stop filled"


def test_a_stop_gapped_over_shows_the_gap_as_slippage() -> None:
    paper = platform(FREE)
    paper.place(order(SELL, STOP, PRICE - 100))
    paper.mark(BTC.symbol, [candle(0, PRICE - 900, PRICE - 300, open_=PRICE - 400)], None)
    fill = only_fill(paper.poll())
    assert (fill.price, fill.reference) == (PRICE - 400, PRICE - 100)


def test_a_part_filled_target_cancels_its_stop_and_keeps_holding_back_the_rest() -> None:
    paper = platform(PaperSettings(participation=Decimal("0.1")), lots=LOTS)
    paper.place_oco(
        order(SELL, STOP, PRICE - 100_000, name="stop", oco="a"),
        order(SELL, LIMIT, PRICE + 100, name="target", oco="a"),
    )
    paper.mark(BTC.symbol, [candle(0, PRICE, PRICE + 50_000, volume=0.04)], None)
    assert events(paper) == [("target", OrderStatus.PARTIALLY_FILLED), ("stop", OrderStatus.CANCELLED)]
    assert paper.balances()["BTC"] == Balance(0, 600)
    paper.mark(BTC.symbol, [candle(1, PRICE - 200_000, PRICE)], None)
    assert paper.poll() == []


def test_resting_limits_share_the_volume_of_a_candle_in_order_of_placement() -> None:
    paper = platform(PaperSettings(participation=Decimal("0.5")))
    paper.place(order(SELL, LIMIT, PRICE + 5_000, name="first"))
    paper.place(order(SELL, LIMIT, PRICE + 4_000, name="second"))
    paper.mark(BTC.symbol, [candle(0, PRICE, PRICE + 50_000, volume=0.03)], None)
    assert [(each.client_id, each.filled) for each in paper.poll()] == [("first", 1_000), ("second", 500)]
    paper.mark(BTC.symbol, [candle(0, PRICE, PRICE + 50_000, volume=0.03)], None)
    assert paper.poll() == []  # the same candle again brings no new volume
    paper.mark(BTC.symbol, [candle(1, PRICE, PRICE + 50_000, volume=0.0)], None)
    assert paper.poll() == []  # nor does one in which nothing traded
    paper.mark(BTC.symbol, (), LastPrice(PRICE + 50_000, T0 + 2 * MINUTE_MS))
    assert events(paper) == [("second", OrderStatus.FILLED)]


def test_partial_fills_pay_the_fee_of_the_whole_order() -> None:
    paper = platform(lots=0, cash=None)
    paper.place(order(BUY, LIMIT, PRICE - 7, lots=997))
    lock = paper.balances()["USDT"].locked
    for minute in range(20):
        paper.mark(BTC.symbol, [candle(minute, PRICE // 2, PRICE, volume=0.01)], None)
    receipt = paper.query(BTC.symbol, "o-1")
    assert receipt is not None
    assert len(receipt.fills) == 10
    assert all(fill.maker and fill.price == PRICE - 7 for fill in receipt.fills)
    whole = notional(PRICE - 7, 997, BTC.cash_factor)
    assert sum(fill.fee for fill in receipt.fills) == -(-whole * 250 // 1_000_000)
    assert to_cash(10_000) - paper.balances()["USDT"].free == lock


@pytest.mark.parametrize("volume", [float("nan"), float("-inf"), float("inf"), -1.0, 0.0])
def test_a_volume_that_is_none_is_none(volume: float) -> None:
    assert volume_lots(volume, 0.1) == 0


def test_a_volume_is_truncated_to_lots_and_capped() -> None:
    assert volume_lots(0.99, 0.25) == 3
    assert volume_lots(0.03, 0.00001) == 3_000
    assert volume_lots(1e308, 1e-5) == MAX_CASH


def test_a_buy_stop_holds_back_its_cash_and_expires_when_a_gap_makes_it_too_dear() -> None:
    paper = platform(cash=to_cash(600))
    paper.place(order(BUY, STOP, PRICE + 100))
    balance = paper.balances()["USDT"]
    assert balance.free + balance.locked == to_cash(600)
    assert balance.locked > to_cash(500)
    paper.mark(BTC.symbol, [candle(0, 2 * PRICE, 2 * PRICE)], None)
    (receipt,) = paper.poll()
    assert receipt.status is OrderStatus.EXPIRED
    assert receipt.reason == "free 600.00 below needed 1,001.85 USDT"
    assert paper.balances()["USDT"] == Balance(to_cash(600), 0)


def test_a_buy_pair_whose_trigger_is_too_dear_ends_as_a_pair() -> None:
    paper = platform(cash=to_cash(600))
    paper.place_oco(
        order(BUY, STOP, PRICE + 100, name="stop", oco="a"),
        order(BUY, LIMIT, PRICE - 9_999, name="limit", oco="a"),
    )
    paper.mark(BTC.symbol, [candle(0, 2 * PRICE, 2 * PRICE)], None)
    assert events(paper) == [("stop", OrderStatus.EXPIRED), ("limit", OrderStatus.CANCELLED)]
    assert paper.balances()["USDT"] == Balance(to_cash(600), 0)

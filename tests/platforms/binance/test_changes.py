"""Limits and filters that change while running: obeyed at once, and no exit is blocked by old news."""

from typing import Any

import pytest

from domain.errors import RateLimited, VenueFault
from domain.order import OrderStatus
from platforms.binance.platform import BinancePlatform
from tests.perception.manual_clock import ManualClock
from tests.platforms.binance.orders import BUY, SELL, STOP, order
from tests.platforms.binance.scripted import NOT_FOUND, SYMBOL, Scripted, Told, platform, row, trade
from tests.platforms.binance.venue import RESTS, poll

# limits


def test_fault_18_during_a_ban_nothing_leaves_and_an_order_not_sent_may_be_sent_later(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    exchange.on(
        "GET", "account", lambda _: Told({"code": -1003, "msg": "banned"}, 418, {"Retry-After": "300"})
    )
    with pytest.raises(VenueFault, match="418"):
        venue.balances()
    asked = len(exchange.asked)
    for ask in (lambda: venue.place(order()), lambda: venue.cancel("BTC-USDT", "x"), venue.open_orders):
        clock.advance(74.9)
        with pytest.raises(RateLimited, match="silence"):
            ask()
    assert venue.poll() == []
    assert len(exchange.asked) == asked
    clock.advance(75.4)
    exchange.on("POST", "order", lambda _: row("a-1-0", **RESTS))
    assert venue.place(order()).status is OrderStatus.NEW


def test_fault_18_a_429_to_an_order_proves_that_it_was_not_taken(
    exchange: Scripted, venue: BinancePlatform
) -> None:
    exchange.on("POST", "order", lambda _: Told(b"<html>", 429, {"Retry-After": "1"}))
    assert venue.place(order()).status is OrderStatus.REJECTED


def test_fault_18_too_many_orders_is_silence_whatever_its_status(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    exchange.on("POST", "order", lambda _: Told({"code": -1015, "msg": "Too many new orders."}, 400))
    assert venue.place(order()).status is OrderStatus.REJECTED
    with pytest.raises(RateLimited):
        venue.place(order(client_id="b"))
    clock.advance(10.1)
    assert venue.place(order(client_id="b")).status is OrderStatus.REJECTED


def test_fault_18_beyond_the_share_entries_wait_and_exits_cancels_and_queries_go(
    exchange: Scripted, venue: BinancePlatform
) -> None:
    used = {"X-MBX-USED-WEIGHT-1M": "4800"}
    exchange.on("GET", "order", lambda _: Told(NOT_FOUND, 400, used))
    exchange.on(
        "POST", "order", lambda asked: Told(row(asked.params["newClientOrderId"], **RESTS), 200, used)
    )
    assert venue.query("BTC-USDT", "x") is None
    with pytest.raises(RateLimited, match="4800 of 4800"):
        venue.place(order(BUY))
    assert venue.place(order(SELL, client_id="exit")).status is OrderStatus.NEW
    assert venue.query("BTC-USDT", "x") is None
    venue.open_orders()


# filters that change


def listed(**changes: Any) -> dict[str, Any]:
    """exchangeInfo with some fields of its filters changed."""
    filters = [{name: changes.get(name, value) for name, value in each.items()} for each in SYMBOL["filters"]]
    status = changes.get("status", "TRADING")
    return {"rateLimits": [], "symbols": [SYMBOL | {"filters": filters, "status": status}]}


def relist(exchange: Scripted, venue: BinancePlatform, **changes: Any) -> None:
    exchange.on("GET", "exchangeInfo", lambda _: listed(**changes))
    venue.listing.read()


def test_fault_19_a_coarser_lot_refuses_an_entry_and_rounds_an_exit_down(
    exchange: Scripted, venue: BinancePlatform
) -> None:
    relist(exchange, venue, stepSize="0.00100")
    exchange.on("POST", "order", lambda asked: row(asked.params["newClientOrderId"], **RESTS))
    refused = venue.place(order(BUY, lots=1_050))
    assert (refused.status, "changed to 0.001" in refused.reason) == (OrderStatus.REJECTED, True)
    venue.place(order(SELL, lots=1_050, client_id="exit"))
    assert exchange.asked[-1].params["quantity"] == "0.01000"
    nothing = venue.place(order(SELL, lots=99, client_id="dust"))
    assert (nothing.status, "quantity 0 below minimum" in nothing.reason) == (OrderStatus.REJECTED, True)


def test_fault_19_a_coarser_tick_rounds_a_stop_towards_the_market(
    exchange: Scripted, venue: BinancePlatform
) -> None:
    relist(exchange, venue, tickSize="0.10")
    exchange.on("POST", "order", lambda asked: row(asked.params["newClientOrderId"], **RESTS))
    venue.place(order(SELL, STOP, level=4_900_001))
    assert exchange.asked[-1].params["stopPrice"] == "49000.10"


def test_fault_19_a_finer_tick_keeps_cash_exact(exchange: Scripted, venue: BinancePlatform) -> None:
    relist(exchange, venue, tickSize="0.00100")
    exchange.on("GET", "order", lambda _: row("a-1-0"))
    exchange.on("GET", "myTrades", lambda _: [trade(1, "0.01000", price="50000.003")])
    found = venue.query("BTC-USDT", "a-1-0")
    assert found is not None
    (fill,) = found.fills
    factor = venue.instrument("BTC-USDT").cash_factor
    assert fill.price * fill.lots * factor + fill.fee == 500_00003_000  # 0.01 of 50,000.003 in 1e-8


def test_fault_19_a_refused_exit_has_the_filters_read_again(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    relist(exchange, venue, minQty="0.10000")
    exchange.on("GET", "exchangeInfo", lambda _: listed())
    exchange.on("POST", "order", lambda asked: row(asked.params["newClientOrderId"], **RESTS))
    assert venue.place(order(SELL)).status is OrderStatus.REJECTED
    poll(venue, clock)
    assert venue.place(order(SELL, client_id="b")).status is OrderStatus.NEW


def test_an_exit_is_not_refused_by_what_may_be_out_of_date(
    exchange: Scripted, venue: BinancePlatform
) -> None:
    relist(exchange, venue, status="BREAK")
    exchange.on("POST", "order", lambda asked: row(asked.params["newClientOrderId"], **RESTS))
    assert "is not trading" in venue.place(order(BUY)).reason
    assert venue.place(order(SELL, client_id="exit")).status is OrderStatus.NEW


@pytest.mark.parametrize("told", [{"symbols": []}, {"symbols": [{}]}, [], None])
def test_filters_that_cannot_be_read_while_running_stay_as_they_were(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock, told: Any
) -> None:
    exchange.on("GET", "exchangeInfo", lambda _: told)
    clock.advance(3_600)
    assert venue.poll() == []
    assert venue.instrument("BTC-USDT").min_notional == 5
    reads = exchange.count("GET", "exchangeInfo")
    for _ in range(5):
        poll(venue, clock)
    assert exchange.count("GET", "exchangeInfo") == reads


def test_the_value_of_a_market_order_is_measured_at_the_exchanges_own_price(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    exchange.on("GET", "avgPrice", lambda _: {"mins": 5, "price": "400.00", "closeTime": 0})
    poll(venue, clock)
    refused = venue.place(order(BUY))
    assert refused.reason == "NOTIONAL: value 4 below minimum 5"
    exchange.on("GET", "referencePrice", lambda _: {"symbol": "BTCUSDT", "referencePrice": "499.99"})
    fresh = platform(exchange, clock)
    poll(fresh, clock)
    assert fresh.place(order(BUY)).reason == "NOTIONAL: value 4.9999 below minimum 5"
    fresh.close()


def test_a_price_that_is_too_old_gives_way_to_the_quote_of_the_decision(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    exchange.on("GET", "avgPrice", lambda _: {"mins": 5, "price": "400.00", "closeTime": 0})
    poll(venue, clock)
    clock.advance(121)
    exchange.on("POST", "order", lambda asked: row(asked.params["newClientOrderId"], **RESTS))
    assert venue.place(order(BUY)).status is OrderStatus.NEW

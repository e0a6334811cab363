"""Foreign orders, orders of an earlier session, the account itself, and two threads at work on it."""

import threading
from typing import Any

import pytest

from domain.errors import BadAnswer, Unreachable
from domain.order import OrderState, OrderStatus
from domain.times import utc
from platforms.binance.platform import BinancePlatform
from tests.perception.manual_clock import ManualClock
from tests.platforms.binance.orders import LIMIT, SELL, STOP, order
from tests.platforms.binance.scripted import Scripted, platform, row, trade
from tests.platforms.binance.venue import RESTS, poll

# foreign orders, an earlier session, the account


def test_foreign_orders_are_shown_with_their_own_ids_and_never_told_as_news(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    foreign = row("web_0123", side="SELL", **RESTS)
    exchange.on("GET", "openOrders", lambda _: [foreign])
    assert [each.client_id for each in venue.open_orders()] == ["web_0123"]
    assert poll(venue, clock) == []
    exchange.on("GET", "openOrders", lambda _: [])
    assert poll(venue, clock) == []


def test_an_order_of_an_earlier_session_is_followed_with_its_reference(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    stop = order(SELL, STOP, level=4_900_000)
    venue.remember([OrderState(stop, OrderStatus.NEW, utc(0))])
    exchange.on("GET", "order", lambda _: row("a-1-0", side="SELL", type="STOP_LOSS"))
    exchange.on("GET", "myTrades", lambda _: [trade(1, "0.01000", price="48999.00", isBuyer=False)])
    (told,) = poll(venue, clock)
    assert [(each.reference, each.price) for each in told.fills] == [(4_900_000, 4_899_900)]


def test_account_key_and_fees_are_told_as_the_exchange_says(
    exchange: Scripted, venue: BinancePlatform
) -> None:
    exchange.on("GET", "account", lambda _: {"uid": 354937868, "balances": []})
    exchange.on("GET", "/sapi/v1/account/apiRestrictions", lambda _: {"enableWithdrawals": True})
    exchange.on("GET", "/sapi/v1/bnbBurn", lambda _: {"spotBNBBurn": True, "interestBNBBurn": False})
    assert venue.account_id() == "354937868"
    assert venue.rights()["enableWithdrawals"] is True
    assert venue.pays_with_bnb()
    exchange.on("GET", "/sapi/v1/account/apiRestrictions", lambda _: [])
    with pytest.raises(BadAnswer):
        venue.rights()


def test_two_threads_place_cancel_and_ask_without_harm(exchange: Scripted, clock: ManualClock) -> None:
    there: dict[str, dict[str, Any]] = {}

    def take(asked: Any) -> Any:
        name = asked.params["newClientOrderId"]
        there[name] = row(name, **RESTS)
        return there[name]

    def drop(asked: Any) -> Any:
        there[asked.params["origClientOrderId"]] |= {"status": "CANCELED"}
        return {}

    exchange.on("POST", "order", take)
    exchange.on("DELETE", "order", drop)
    exchange.on("GET", "order", lambda asked: there[asked.params["origClientOrderId"]])
    exchange.on(
        "GET", "openOrders", lambda _: [each for each in list(there.values()) if each["status"] == "NEW"]
    )
    venue = platform(exchange, clock, poll_seconds=0.1)
    failed: list[BaseException] = []

    def trade_for(name: str) -> None:
        try:
            for number in range(12):
                client_id = f"{name}-{number}"
                venue.place(order(kind=LIMIT, level=4_900_000, client_id=client_id))
                clock.advance(0.2)
                venue.poll()
                venue.open_orders()
                assert venue.cancel("BTC-USDT", client_id).status is OrderStatus.CANCELLED
        except BaseException as error:  # noqa: BLE001 -- told to the test
            failed.append(error)

    threads = [threading.Thread(target=trade_for, args=(name,)) for name in ("loop", "flat")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    venue.close()
    assert failed == []
    assert exchange.count("POST", "order") == 24
    assert venue.orders.open() == []


def test_two_threads_that_send_one_id_send_it_once(exchange: Scripted, venue: BinancePlatform) -> None:
    exchange.on("POST", "order", lambda _: row("a-1-0", **RESTS))
    start, found = threading.Barrier(4), []

    def send() -> None:
        start.wait()
        found.append(venue.place(order()).status)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found) == [OrderStatus.NEW, *[OrderStatus.REJECTED] * 3]
    assert exchange.count("POST", "order") == 1


def test_an_exchange_that_does_not_answer_at_the_start_is_a_fault_of_the_venue() -> None:
    with Scripted() as exchange:
        exchange.on("GET", "exchangeInfo", lambda _: None)
        with pytest.raises(Unreachable):
            platform(exchange)


def test_one_that_does_not_tell_its_time_is_traded_by_ours_and_takes_no_entry(clock: ManualClock) -> None:
    with Scripted() as exchange:
        exchange.on("GET", "time", lambda _: None)
        venue = platform(exchange, clock)
        told = {"side": "SELL", "status": "NEW", "executedQty": "0.00000"}
        exchange.on("POST", "order", lambda asked: row(asked.params["newClientOrderId"], **told))
        refused = venue.place(order(client_id="a-1-0"))
        assert (refused.status, "clock" in refused.reason) == (OrderStatus.REJECTED, True)
        assert venue.place(order(SELL, client_id="a-1-1")).status is not OrderStatus.REJECTED
        venue.close()

"""The platform's own promises beyond the contract: what it does when the exchange is slow, late or wrong."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from domain.errors import BadAnswer, LocalFault, OutcomeUnknown, RateLimited, Unreachable, VenueFault
from domain.order import OrderStatus, Receipt, Standing
from domain.times import millis, utc
from platforms.binance.platform import BinancePlatform
from tests.perception.manual_clock import ManualClock
from tests.platforms.binance.orders import BUY, LIMIT, SELL, STOP, order
from tests.platforms.binance.scripted import NOT_FOUND, SYMBOL, Scripted, Told, platform, row, trade

LOST = Told({"code": -1007, "msg": "Timeout waiting for response from backend server."}, 504)
RESTS = {"status": "NEW", "executedQty": "0.00000", "type": "LIMIT"}


@pytest.fixture
def exchange() -> Iterator[Scripted]:
    with Scripted() as found:
        yield found


@pytest.fixture
def clock(exchange: Scripted) -> ManualClock:
    made = ManualClock()
    exchange.on("GET", "time", lambda _: {"serverTime": millis(made.now())})
    return made


@pytest.fixture
def venue(exchange: Scripted, clock: ManualClock) -> Iterator[BinancePlatform]:
    made = platform(exchange, clock)
    yield made
    made.close()


def poll(venue: BinancePlatform, clock: ManualClock) -> list[Receipt]:
    clock.advance(1)
    return list(venue.poll())


def lose(exchange: Scripted, venue: BinancePlatform, client_id: str = "a-1-0") -> None:
    exchange.on("POST", "order", lambda _: LOST)
    with pytest.raises(OutcomeUnknown):
        venue.place(order(client_id=client_id))


# orders whose answer is lost


def test_fault_04_an_order_executed_late_is_told_by_a_poll_and_never_sent_again(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    lose(exchange, venue)
    assert venue.query("BTC-USDT", "a-1-0") is None
    assert poll(venue, clock) == []
    exchange.on("GET", "order", lambda _: row("a-1-0"))
    exchange.on("GET", "myTrades", lambda _: [trade(1, "0.01000")])
    (told,) = poll(venue, clock)
    assert (told.status, told.filled, [each.lots for each in told.fills]) == (
        OrderStatus.FILLED,
        1_000,
        [1_000],
    )
    assert {each.reference for each in told.fills} == {5_000_000}
    assert poll(venue, clock) == []
    assert exchange.count("POST", "order") == 1


def test_fault_05_an_order_that_was_lost_is_not_asked_for_for_ever(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    lose(exchange, venue)
    poll(venue, clock)
    clock.advance(venue.certainty.horizon_ms / 1000)
    poll(venue, clock)
    asked = exchange.count("GET", "order")
    for _ in range(5):
        poll(venue, clock)
    assert exchange.count("GET", "order") == asked


def test_fault_03_while_questions_fail_nothing_is_forgotten(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    lose(exchange, venue)
    exchange.on("GET", "openOrders", lambda _: Told(b"", 503))
    exchange.on("GET", "order", lambda _: Told(b"", 503))
    for _ in range(60):
        clock.advance(60)
        assert venue.poll() == []
        with pytest.raises(VenueFault):
            venue.query("BTC-USDT", "a-1-0")
    exchange.on("GET", "openOrders", lambda _: [])
    exchange.on("GET", "order", lambda _: row("a-1-0", status="CANCELED", executedQty="0.0"))
    assert [each.status for each in poll(venue, clock)] == [OrderStatus.CANCELLED]


def test_a_duplicate_is_an_order_that_is_there_and_its_state_is_the_answer(
    exchange: Scripted, venue: BinancePlatform
) -> None:
    exchange.on("POST", "order", lambda _: Told({"code": -2010, "msg": "Duplicate order sent."}, 400))
    exchange.on("GET", "order", lambda _: row("a-1-0", **RESTS))
    assert venue.place(order(kind=LIMIT, level=4_900_000)).status is OrderStatus.NEW
    exchange.on("GET", "order", lambda _: Told(NOT_FOUND, 400))
    with pytest.raises(OutcomeUnknown, match="Duplicate"):
        venue.place(order(kind=LIMIT, level=4_900_000, client_id="b"))


# fills


def test_fault_06_of_a_partial_fill_every_lot_is_told_once_and_the_rest_is_followed(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    exchange.on("POST", "order", lambda _: None)
    with pytest.raises(OutcomeUnknown):
        venue.place(order(kind=LIMIT, level=4_900_000))
    state: dict[str, Any] = {"status": "PARTIALLY_FILLED", "executedQty": "0.00400", "type": "LIMIT"}
    trades = [trade(1, "0.00100"), trade(2, "0.00300")]
    exchange.on("GET", "order", lambda _: row("a-1-0", **state))
    exchange.on("GET", "openOrders", lambda _: [row("a-1-0", **state)] if state["status"] != "FILLED" else [])
    exchange.on("GET", "myTrades", lambda _: trades)
    (told,) = poll(venue, clock)
    assert (told.status, told.filled, len(told.fills)) == (OrderStatus.PARTIALLY_FILLED, 400, 2)
    assert poll(venue, clock) == []
    trades.append(trade(3, "0.00600"))
    state.update(status="FILLED", executedQty="0.01000")
    (told,) = poll(venue, clock)
    assert (told.status, told.filled, [each.trade_id for each in told.fills]) == (
        OrderStatus.FILLED,
        1_000,
        ["3"],
    )


def test_fault_06_fills_that_trades_do_not_show_yet_are_told_when_they_do(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    exchange.on("POST", "order", lambda _: row("a-1-0"))
    exchange.on("GET", "order", lambda _: row("a-1-0"))
    exchange.on("GET", "myTrades", lambda _: [])
    placed = venue.place(order())
    assert (placed.status, placed.filled, placed.fills) == (OrderStatus.FILLED, 1_000, ())
    exchange.on("GET", "myTrades", lambda _: Told(b"", 500))
    assert poll(venue, clock) == []
    exchange.on("GET", "myTrades", lambda _: [trade(1, "0.01000")])
    (told,) = poll(venue, clock)
    assert sum(each.lots for each in told.fills) == 1_000
    assert poll(venue, clock) == []


def test_an_order_of_more_trades_than_a_page_is_told_whole(
    exchange: Scripted, venue: BinancePlatform
) -> None:
    trades = [trade(number, "0.00001") for number in range(1, 1_001)]
    rest = [trade(number, "0.00001") for number in range(1_001, 1_501)]
    exchange.on("GET", "order", lambda _: row("a-1-0", executedQty="0.01500"))
    exchange.on("GET", "myTrades", lambda asked: rest if asked.params.get("fromId") == "1001" else trades)
    found = venue.query("BTC-USDT", "a-1-0")
    assert found is not None
    assert (found.filled, len({each.trade_id for each in found.fills})) == (1_500, 1_500)


def test_a_fee_in_a_third_asset_halts_and_names_it(exchange: Scripted, venue: BinancePlatform) -> None:
    exchange.on("GET", "order", lambda _: row("a-1-0"))
    exchange.on(
        "GET", "myTrades", lambda _: [trade(1, "0.01000", commission="0.0001", commissionAsset="BNB")]
    )
    with pytest.raises(LocalFault, match="BNB"):
        venue.query("BTC-USDT", "a-1-0")


def test_one_order_that_cannot_be_told_keeps_no_other_from_being_told(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    for name in ("bad", "good"):
        lose(exchange, venue, name)

    def tell(asked: Any) -> Any:
        name = asked.params["origClientOrderId"]
        return row(name, status="WHAT" if name == "bad" else "CANCELED", executedQty="0.0")

    exchange.on("GET", "order", tell)
    assert [each.client_id for each in poll(venue, clock)] == ["good"]
    exchange.on("GET", "order", lambda _: row("bad", status="EXPIRED", executedQty="0.0"))
    assert [(each.client_id, each.status) for each in poll(venue, clock)] == [("bad", OrderStatus.EXPIRED)]


def test_what_was_found_before_the_exchange_fell_silent_is_told_and_the_rest_later(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    for name in ("one", "two", "three"):
        lose(exchange, venue, name)
    answers: list[Any] = [row("one", status="CANCELED", executedQty="0.0"), None]
    exchange.on("GET", "order", lambda _: answers.pop(0) if answers else None)
    assert [each.client_id for each in poll(venue, clock)] == ["one"]
    exchange.on(
        "GET", "order",
        lambda asked: row(asked.params["origClientOrderId"], status="CANCELED", executedQty="0.0"),
    )  # fmt: skip
    assert sorted(each.client_id for each in poll(venue, clock)) == ["three", "two"]


class Events:
    """A stream that tells of some orders once, and is as deaf as asked."""

    def __init__(self, *names: str, missed: bool = False) -> None:
        self.names = list(names)
        self.missed = missed

    def touched(self) -> tuple[list[str], bool]:
        told, self.names = (self.names, self.missed), []
        self.missed = False
        return told

    def close(self) -> None:
        pass


def test_an_event_that_could_not_be_followed_up_is_at_the_next_poll(
    exchange: Scripted, clock: ManualClock
) -> None:
    venue = platform(exchange, clock, poll_seconds=300)
    resting(exchange, venue)
    clock.advance(300)
    exchange.on("GET", "openOrders", lambda _: [row("a-1-0", **RESTS)])
    assert venue.poll() == []
    venue.events = Events("a-1-0", "of-somebody-else")  # type: ignore[assignment]  # as much as poll needs
    exchange.on("GET", "order", lambda _: None)
    assert venue.poll() == []
    exchange.on("GET", "order", lambda _: row("a-1-0", status="CANCELED", executedQty="0.0"))
    looked = exchange.count("GET", "openOrders")
    assert [each.status for each in venue.poll()] == [OrderStatus.CANCELLED]
    assert exchange.count("GET", "openOrders") == looked
    venue.close()


def test_after_events_may_have_been_missed_all_open_orders_are_looked_at_at_once(
    exchange: Scripted, clock: ManualClock
) -> None:
    venue = platform(exchange, clock, poll_seconds=300)
    resting(exchange, venue)
    clock.advance(300)
    exchange.on("GET", "openOrders", lambda _: [row("a-1-0", **RESTS)])
    assert venue.poll() == []
    venue.events = Events(missed=True)  # type: ignore[assignment]  # as much as poll needs
    exchange.on("GET", "openOrders", lambda _: [])
    exchange.on("GET", "order", lambda _: row("a-1-0"))
    exchange.on("GET", "myTrades", lambda _: [trade(1, "0.01000")])
    assert [each.status for each in venue.poll()] == [OrderStatus.FILLED]
    venue.close()


# cancels


def resting(exchange: Scripted, venue: BinancePlatform) -> None:
    exchange.on("POST", "order", lambda _: row("a-1-0", **RESTS))
    assert venue.place(order(kind=LIMIT, level=4_900_000)).status is OrderStatus.NEW


def test_fault_08_a_cancel_that_times_out_while_the_order_fills_keeps_the_fill(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    resting(exchange, venue)
    exchange.on("DELETE", "order", lambda _: None)
    exchange.on("GET", "order", lambda _: row("a-1-0"))
    exchange.on("GET", "myTrades", lambda _: [trade(1, "0.01000")])
    told = venue.cancel("BTC-USDT", "a-1-0")
    assert (told.status, sum(each.lots for each in told.fills)) == (OrderStatus.FILLED, 1_000)
    assert poll(venue, clock) == []


def test_fault_08_a_cancel_that_came_too_late_is_told_as_what_became_of_the_order(
    exchange: Scripted, venue: BinancePlatform
) -> None:
    resting(exchange, venue)
    exchange.on("DELETE", "order", lambda _: Told({"code": -2011, "msg": "Unknown order sent."}, 400))
    exchange.on("GET", "order", lambda _: row("a-1-0", status="CANCELED", executedQty="0.00400"))
    exchange.on("GET", "myTrades", lambda _: [trade(1, "0.00400")])
    told = venue.cancel("BTC-USDT", "a-1-0")
    assert (told.status, told.filled, len(told.fills)) == (OrderStatus.CANCELLED, 400, 1)


def test_fault_08_a_cancel_that_nobody_answers_for_ends_nothing(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    resting(exchange, venue)
    exchange.on("DELETE", "order", lambda _: LOST)
    exchange.on("GET", "order", lambda _: Told(b"", 500))
    with pytest.raises(VenueFault):
        venue.cancel("BTC-USDT", "a-1-0")
    exchange.on("GET", "order", lambda _: row("a-1-0", **RESTS))
    with pytest.raises(VenueFault, match="-1007"):
        venue.cancel("BTC-USDT", "a-1-0")
    exchange.on("GET", "order", lambda _: row("a-1-0", status="CANCELED", executedQty="0.0"))
    assert [each.status for each in poll(venue, clock)] == [OrderStatus.CANCELLED]


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
    venue.refresh()


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
    venue.remember([Standing(stop, OrderStatus.NEW, utc(0))])
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
        exchange.on("GET", "time", lambda _: None)
        with pytest.raises(Unreachable):
            platform(exchange)

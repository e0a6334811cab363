"""Orders, fills and cancels whose answers are lost, late or partial: each lot is told, and told once."""

from typing import Any

import pytest

from domain.errors import OutcomeUnknown, VenueFault
from domain.order import OrderStatus
from platforms.binance.platform import BinancePlatform
from tests.perception.manual_clock import ManualClock
from tests.platforms.binance.orders import LIMIT, order
from tests.platforms.binance.scripted import NOT_FOUND, Scripted, Told, platform, row, trade
from tests.platforms.binance.venue import LOST, RESTS, lose, poll, resting

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
    exchange.on("GET", "order", lambda _: row("a-1-0", origQty="0.01500", executedQty="0.01500"))
    exchange.on("GET", "myTrades", lambda asked: rest if asked.params.get("fromId") == "1001" else trades)
    found = venue.query("BTC-USDT", "a-1-0")
    assert found is not None
    assert (found.filled, len({each.trade_id for each in found.fills})) == (1_500, 1_500)


def test_a_fee_in_a_third_asset_is_told_with_the_fill(exchange: Scripted, venue: BinancePlatform) -> None:
    exchange.on("GET", "order", lambda _: row("a-1-0"))
    exchange.on(
        "GET", "myTrades", lambda _: [trade(1, "0.01000", commission="0.0001", commissionAsset="BNB")]
    )
    found = venue.query("BTC-USDT", "a-1-0")
    assert found is not None
    assert (found.fills[0].lots, found.fills[0].commission, found.fills[0].commission_asset) == (
        1_000, 10_000, "BNB",
    )  # fmt: skip


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
    venue.poller.events = Events("a-1-0", "of-somebody-else")  # type: ignore[assignment]  # as much as poll needs
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
    venue.poller.events = Events(missed=True)  # type: ignore[assignment]  # as much as poll needs
    exchange.on("GET", "openOrders", lambda _: [])
    exchange.on("GET", "order", lambda _: row("a-1-0"))
    exchange.on("GET", "myTrades", lambda _: [trade(1, "0.01000")])
    assert [each.status for each in venue.poll()] == [OrderStatus.FILLED]
    venue.close()


# cancels


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

"""What is told of our orders is the same whatever order, repetition or loss the news come in."""

import itertools

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.order import Fill, OrderState, OrderStatus, Receipt, Side
from domain.times import utc
from platforms.binance.tracked import KEPT, OrderTracker
from tests.perception.manual_clock import ManualClock
from tests.platforms.binance.orders import LIMIT, order

WANTED = order(kind=LIMIT, lots=100, level=4_900_000)
ENDS = {OrderStatus.FILLED: 100, OrderStatus.CANCELLED: 60, OrderStatus.EXPIRED: 60}


def fill(number: int, lots: int) -> Fill:
    return Fill(
        trade_id=str(number), client_id="a-1-0", symbol="BTC-USDT", side=Side.BUY, lots=lots,
        price=4_900_000, reference=4_900_000, fee=0, maker=True, at=utc(number),
    )  # fmt: skip


def receipt(status: OrderStatus, filled: int, fills: tuple[Fill, ...]) -> Receipt:
    return Receipt("a-1-0", "BTC-USDT", status, utc(0), "7", filled, fills=fills)


@st.composite
def history(draw: st.DrawFn) -> list[Receipt]:
    """What an exchange says of an order as it is filled in parts: each time all fills so far."""
    end = draw(st.sampled_from(list(ENDS)))
    cuts = sorted(draw(st.sets(st.integers(1, ENDS[end] - 1), max_size=4)))
    bounds = [0, *cuts, ENDS[end]]
    fills = tuple(fill(n, high - low) for n, (low, high) in enumerate(itertools.pairwise(bounds)))
    told = [receipt(OrderStatus.NEW, 0, ())]
    for count in range(1, len(fills) + 1):
        lots = sum(each.lots for each in fills[:count])
        told.append(receipt(OrderStatus.PARTIALLY_FILLED, lots, fills[:count]))
    return [*told[:-1], receipt(end, ENDS[end], fills)]


@given(history(), st.data())
def test_fault_07_news_in_any_order_and_any_number_come_to_the_same(
    told: list[Receipt], data: st.DataObject
) -> None:
    last = told[-1]
    heard = data.draw(st.permutations(told + data.draw(st.lists(st.sampled_from(told), max_size=6))))
    orders = OrderTracker(ManualClock())
    orders.note(WANTED)
    news = [found for each in heard if (found := orders.news(each)) is not None]
    fills = [each.trade_id for found in news for each in found.fills]
    assert sorted(fills) == sorted(each.trade_id for each in last.fills)
    assert (news[-1].status, news[-1].filled) == (last.status, last.filled)
    assert [found.filled for found in news] == sorted(found.filled for found in news)
    assert orders.get("a-1-0") is None
    assert orders.news(last) is None


@given(history(), st.data())
def test_fault_07_fills_that_the_exchange_is_late_with_keep_the_order_open_until_they_are_told(
    told: list[Receipt], data: st.DataObject
) -> None:
    last = told[-1]
    missing = data.draw(st.integers(1, len(last.fills)))
    orders = OrderTracker(ManualClock())
    orders.note(WANTED)
    early = orders.news(msgspec.structs.replace(last, fills=last.fills[:-missing]))
    assert early is not None
    assert orders.moved([]) == ["a-1-0"]
    rest = orders.news(last)
    assert rest is not None
    assert early.fills + rest.fills == last.fills
    assert orders.moved([]) == []


def test_what_rests_as_it_was_told_to_is_not_asked_for() -> None:
    orders = OrderTracker(ManualClock())
    orders.note(WANTED)
    resting = receipt(OrderStatus.NEW, 0, ())
    assert orders.moved([resting]) == ["a-1-0"]
    orders.news(resting)
    assert orders.moved([resting]) == []
    assert orders.moved([receipt(OrderStatus.PARTIALLY_FILLED, 5, ())]) == ["a-1-0"]
    assert orders.moved([]) == ["a-1-0"]


def test_an_id_is_used_once_unless_it_was_never_sent() -> None:
    orders = OrderTracker(ManualClock())
    assert orders.note(WANTED)
    assert not orders.note(WANTED)
    orders.refused(WANTED)
    assert not orders.note(WANTED)
    orders.unsent(WANTED)
    assert orders.note(WANTED)


def test_fault_05_an_order_the_exchange_does_not_know_is_asked_for_until_it_cannot_come_any_more() -> None:
    clock = ManualClock()
    orders = OrderTracker(clock)
    orders.note(WANTED)
    clock.advance(10)
    orders.missing("a-1-0", 10)
    assert orders.moved([]) == ["a-1-0"]
    clock.advance(0.1)
    orders.missing("a-1-0", 10)
    assert orders.moved([]) == []


def test_an_order_of_an_earlier_session_is_told_from_where_it_was_imported() -> None:
    orders = OrderTracker(ManualClock())
    standing = OrderState(WANTED, OrderStatus.PARTIALLY_FILLED, utc(0), filled=40, imported=40)
    orders.remember(standing)
    resting = receipt(OrderStatus.PARTIALLY_FILLED, 40, ())
    assert orders.moved([resting]) == []
    assert orders.reference("a-1-0") == 4_900_000
    assert not orders.note(WANTED)


def test_what_was_told_by_an_answer_is_not_told_again_but_a_half_told_end_is() -> None:
    orders = OrderTracker(ManualClock())
    orders.note(WANTED)
    orders.told(receipt(OrderStatus.CANCELLED, 60, (fill(1, 20),)))
    assert orders.get("a-1-0") is not None
    orders.told(receipt(OrderStatus.CANCELLED, 60, (fill(1, 20), fill(2, 40))))
    assert orders.get("a-1-0") is None


def test_memory_of_orders_that_are_done_is_bounded() -> None:
    orders = OrderTracker(ManualClock())
    orders.note(msgspec.structs.replace(WANTED, client_id="rests"))
    for number in range(KEPT + 10):
        each = msgspec.structs.replace(WANTED, client_id=f"n{number}")
        orders.note(each)
        orders.refused(each)
    assert orders.reference("n0") == 0
    assert orders.reference(f"n{KEPT + 9}") == orders.reference("rests") == 4_900_000

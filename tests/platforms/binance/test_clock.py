"""The exchange's time is right whatever happens to the machine's, and a wrong clock stops entries at once."""

import pytest

from domain.errors import OutcomeUnknown, Unreachable
from domain.order import OrderStatus
from domain.times import millis
from platforms.binance.clock import SAMPLES, VenueClock
from tests.perception.manual_clock import ManualClock, RunningClock
from tests.platforms.binance.orders import BUY, SELL, order
from tests.platforms.binance.scripted import Scripted, Told, platform, row

LATE = {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}


def clock_of(clock: ManualClock, ahead_ms: int, trips: list[float]) -> VenueClock:
    """An exchange ahead by so much, whose answers take so long, the whole delay on the way back."""

    def ask() -> int:
        now = millis(clock.now()) + ahead_ms
        clock.advance(trips.pop(0))
        return now

    return VenueClock(clock, ask)


def test_of_several_answers_the_quickest_counts() -> None:
    venue = clock_of(ManualClock(), 2_000, [0.9, 0.5, 0.02, 0.7, 0.3])
    assert venue.measure() == pytest.approx(2_000 - 10, abs=1)  # half of the quickest trip, at most


def test_no_second_answer_is_asked_for_when_the_first_came_quickly() -> None:
    trips = [0.4, 0.06, 0.01]
    venue = clock_of(ManualClock(), 2_000, trips)
    assert venue.measure() == pytest.approx(2_000 - 30, abs=1)
    assert trips == [0.01]


def test_fault_16_a_step_of_the_wall_clock_is_an_offset_at_once_and_the_exchanges_time_stays() -> None:
    for step in (3600.0, -3600.0, -1.0):
        clock = ManualClock()
        venue = clock_of(clock, 0, [0.0] * SAMPLES)
        venue.measure()
        before = venue.now()
        clock.step(step)
        assert venue.now() == before
        assert venue.offset_ms == -step * 1000


def test_before_it_is_measured_it_is_infinitely_old_and_the_machines() -> None:
    clock = ManualClock()
    venue = clock_of(clock, 5_000, [])
    assert (venue.age(), venue.offset_ms, venue.now()) == (float("inf"), 0, clock.now())


@pytest.mark.parametrize("step", [1.0, -1.0, 3600.0, -3600.0])
def test_fault_16_after_a_step_no_entry_is_sent_and_an_exit_is_with_the_exchanges_time(step: float) -> None:
    clock = ManualClock()
    with Scripted() as exchange:
        exchange.on("GET", "time", lambda _: {"serverTime": millis(clock.now())})
        exchange.on("POST", "order", lambda asked: row(asked.params["newClientOrderId"], executedQty="0.0"))
        venue = platform(exchange, clock)
        right = millis(clock.now())
        clock.step(step)
        refused = venue.place(order(BUY))
        assert refused.status is OrderStatus.REJECTED
        assert refused.reason == f"our clock is {round(-step * 1000)} ms off the exchange's, the limit is 500"
        assert exchange.count("POST", "order") == 0
        assert venue.place(order(SELL, client_id="x")).status is OrderStatus.FILLED
        assert exchange.asked[-1].params["timestamp"] == str(right)
        venue.close()


def test_fault_16_the_limit_itself_is_still_good() -> None:
    clock = ManualClock()
    with Scripted() as exchange:
        exchange.on("GET", "time", lambda _: {"serverTime": millis(clock.now()) + 500})
        exchange.on("POST", "order", lambda _: Told({"code": -2010, "msg": "reached"}, 400))
        venue = platform(exchange, clock)
        assert "reached" in venue.place(order()).reason
        venue.close()


def test_fault_16_a_request_out_of_time_was_never_executed_and_the_clock_is_measured_before_the_next() -> (
    None
):
    with Scripted() as exchange:
        venue = platform(exchange, RunningClock())
        exchange.on("POST", "order", lambda _: Told(LATE, 400))
        receipt = venue.place(order(SELL))
        assert (receipt.status, "-1021" in receipt.reason) == (OrderStatus.REJECTED, True)
        measured = exchange.count("GET", "time")
        assert venue.query("BTC-USDT", "x") is None
        again = exchange.count("GET", "time")
        assert measured < again <= measured + SAMPLES
        venue.query("BTC-USDT", "x")
        assert exchange.count("GET", "time") == again
        venue.close()


def test_fault_16_while_the_clock_is_doubtful_no_entry_is_sent() -> None:
    with Scripted() as exchange:
        venue = platform(exchange)
        exchange.on("DELETE", "order", lambda _: Told(LATE, 400))
        exchange.on("GET", "order", lambda _: Told(LATE, 400))
        exchange.on("GET", "time", lambda _: None)
        with pytest.raises(Exception, match="-1021"):
            venue.cancel("BTC-USDT", "x")
        receipt = venue.place(order(BUY))
        assert receipt.status is OrderStatus.REJECTED
        assert "clock" in receipt.reason
        assert exchange.count("POST", "order") == 0
        with pytest.raises(OutcomeUnknown):
            venue.place(order(SELL, client_id="exit"))
        assert exchange.count("POST", "order") == 1
        venue.close()


def test_fault_16_a_poll_measures_the_clock_again_when_it_is_old() -> None:
    clock = ManualClock()
    with Scripted() as exchange:
        exchange.on("GET", "time", lambda _: {"serverTime": millis(clock.now()) + exchange.offset_ms})
        venue = platform(exchange, clock)
        exchange.offset_ms = 700
        clock.advance(10)
        venue.poll()
        assert venue.wire.time.offset_ms == 0
        clock.advance(300)
        venue.poll()
        assert venue.wire.time.offset_ms == 700
        venue.close()


def test_no_answer_leaves_the_measure_as_it_was() -> None:
    clock = ManualClock()
    venue = clock_of(clock, 100, [0.0] * SAMPLES)
    venue.measure()

    def silent() -> int:
        raise Unreachable("no answer")

    venue.ask = silent
    with pytest.raises(Unreachable):
        venue.measure()
    assert venue.offset_ms == 100

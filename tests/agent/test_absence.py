"""An order is ABSENT only when it can no longer arrive, whatever the clocks do, and not open for ever."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent.orders.absence import LONGEST_SECONDS, Absence
from domain.order import Order, OrderState, OrderStatus, OrderType, Purpose, Side
from domain.ports import Certainty
from domain.times import utc
from tests.agent.world import START, SYMBOL

WINDOW, MARGIN = 1.0, 1.0
CERTAINTY = Certainty(horizon_ms=2_000, not_founds=3, send_ms=500)


class Clocks:
    """Real time, which is our monotonic clock, and the venue's clock, which leaps."""

    def __init__(self) -> None:
        self.real = 100.0
        self.ahead = 0.0

    def monotonic(self) -> float:
        return self.real

    def venue(self) -> datetime:
        return utc(START) + timedelta(seconds=self.real - 100.0 + self.ahead)


def standing(clocks: Clocks, name: str = "a-1-0") -> OrderState:
    at = clocks.venue()
    order = Order(name, 1, at, SYMBOL, Side.BUY, OrderType.MARKET, Purpose.ENTRY, 1, 10_000)
    return OrderState(order, OrderStatus.UNKNOWN, at, sent_at=at)


def looks(clocks: Clocks, sent: OrderState, every: float = 0.2) -> Iterator[float]:
    """Ask again and again, each answer "not found"; yield the real seconds since it was first asked."""
    absence = Absence(CERTAINTY, clocks.monotonic, clocks.venue)
    began = clocks.real
    while not absence.proven(sent):
        yield clocks.real - began
        clocks.real += every


def test_a_leap_of_60_s_while_an_order_is_1_8_s_late_proves_nothing() -> None:
    clocks = Clocks()
    sent = standing(clocks)
    clocks.real += 0.4
    for waited in looks(clocks, sent):
        if 0.5 < waited < 0.8:
            clocks.ahead = 60.0
        assert waited < 4
    assert clocks.real - 100 > 0.4 + 0.6 + 2  # the leap began it anew


def test_a_leap_back_of_an_hour_delays_the_proof_and_does_not_put_it_off_for_ever() -> None:
    clocks = Clocks()
    sent = standing(clocks)
    clocks.ahead = -3600.0
    assert LONGEST_SECONDS - 1 < max(looks(clocks, sent)) < LONGEST_SECONDS + 1


def test_a_clock_that_leaps_without_end_does_not_put_it_off_for_ever() -> None:
    clocks = Clocks()
    sent = standing(clocks)
    for _ in looks(clocks, sent):
        clocks.ahead = -clocks.ahead or 5.0
    assert clocks.real - 100 < LONGEST_SECONDS + 1


def test_our_clock_stands_still_while_the_machine_is_suspended_and_so_does_the_proof() -> None:
    clocks = Clocks()
    sent = standing(clocks)
    absence = Absence(CERTAINTY, clocks.monotonic, clocks.venue)
    for _ in range(20):
        clocks.ahead += 3600.0  # an hour at the venue, none here
        assert not absence.proven(sent)


def test_a_slow_drift_is_no_leap() -> None:
    clocks = Clocks()
    sent = standing(clocks)
    for _ in looks(clocks, sent):
        clocks.ahead += 0.01  # one part in twenty, a hundred times what a quartz does in an hour
    assert clocks.real - 100 < 2.5


LEAPS = st.lists(st.tuples(st.floats(0.0, 30.0), st.floats(-90.0, 90.0)), max_size=5)


@given(LEAPS, st.floats(0.0, 90.0), st.floats(0.0, MARGIN), st.floats(0.05, 1.5))
def test_never_absent_before_the_request_could_no_longer_arrive(
    leaps: list[tuple[float, float]], travel: float, work: float, every: float
) -> None:
    """The request travels, is refused outside its window by the venue's clock, is worked on a while."""
    clocks = Clocks()
    sent = standing(clocks)
    arrives, executed, stamp = 100.0 + travel, None, clocks.venue()
    pending = sorted(leaps)
    for _ in looks(clocks, sent, every):
        while pending and clocks.real - 100 >= pending[0][0]:
            clocks.ahead = pending.pop(0)[1]
        if executed is None and clocks.real >= arrives:
            age = (clocks.venue() - stamp).total_seconds()
            executed = arrives + work if -1.0 < age <= WINDOW else float("inf")
        if executed is not None and clocks.real >= executed:
            return  # found
    assert executed in (None, float("inf"))
    age_at_best = (clocks.venue() - stamp).total_seconds() + max(0.0, arrives - clocks.real)
    later = [ahead for when, ahead in pending]
    outlived = clocks.real - 100 > LONGEST_SECONDS
    assert executed is not None or outlived or later or age_at_best > WINDOW

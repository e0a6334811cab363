"""The breaker: five failures open it, sixty seconds later exactly one probe decides."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Unreachable
from perception.guard.breaker import Breaker, Ticket
from perception.settings import BreakerSettings
from tests.perception.manual_clock import ManualClock

THREADS = 20


def opened(clock: ManualClock) -> Breaker:
    breaker = Breaker(BreakerSettings(), clock)
    for _ in range(5):
        breaker.failed(breaker.admit())
    assert breaker.state == "open"
    return breaker


def test_four_failures_and_a_success_leave_it_closed() -> None:
    breaker = Breaker(BreakerSettings(), ManualClock())
    for outcome in [breaker.failed] * 4 + [breaker.succeeded] + [breaker.failed] * 4:
        outcome(breaker.admit())
    assert breaker.state == "closed"


def test_calls_under_way_do_not_wait_for_one_another() -> None:
    breaker = Breaker(BreakerSettings(), ManualClock())
    first, second = breaker.admit(), breaker.admit()
    breaker.succeeded(second)
    breaker.succeeded(first)
    assert breaker.state == "closed"


def test_of_twenty_threads_exactly_one_is_the_probe() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.advance(60)
    together = Barrier(THREADS)

    def knock(_: int) -> Ticket | None:
        together.wait()
        try:
            return breaker.admit()
        except Unreachable:
            return None

    with ThreadPoolExecutor(THREADS) as pool:
        tickets = [ticket for ticket in pool.map(knock, range(THREADS)) if ticket]
    assert len(tickets) == 1
    assert breaker.state == "half-open"
    with pytest.raises(Unreachable, match="probe is under way"):
        breaker.admit()
    breaker.succeeded(tickets[0])
    assert breaker.state == "closed"


def test_a_failed_probe_opens_it_for_the_whole_time_again() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.advance(59.9)
    with pytest.raises(Unreachable, match="next try in 0 s"):
        breaker.admit()
    clock.advance(0.1)
    breaker.failed(breaker.admit())
    assert breaker.state == "open"
    clock.advance(59.9)
    assert breaker.closed_to_calls() != ""
    clock.advance(0.1)
    assert breaker.closed_to_calls() == ""


def test_a_call_that_set_out_before_it_opened_cannot_close_it_nor_prolong_it() -> None:
    clock = ManualClock()
    breaker = Breaker(BreakerSettings(), clock)
    late, later = breaker.admit(), breaker.admit()
    for _ in range(5):
        breaker.failed(breaker.admit())
    breaker.succeeded(late)
    assert breaker.state == "open"
    clock.advance(60)
    probe = breaker.admit()
    breaker.failed(later)
    assert breaker.state == "half-open"
    breaker.succeeded(probe)
    assert breaker.state == "closed"


def test_a_probe_that_says_nothing_leaves_its_place_to_another() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.advance(60)
    breaker.forget(breaker.admit())
    assert breaker.state == "half-open"
    breaker.succeeded(breaker.admit())
    assert breaker.state == "closed"


def test_a_clock_that_is_set_moves_nothing() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.step(3600)
    with pytest.raises(Unreachable):
        breaker.admit()
    clock.step(-7200)
    clock.advance(60)
    breaker.admit()


@settings(deadline=None)
@given(st.lists(st.sampled_from(["admit", "succeed", "fail", "forget", "wait"]), max_size=60))
def test_there_is_never_more_than_one_probe_and_none_before_its_time(steps: list[str]) -> None:
    clock = ManualClock()
    breaker = Breaker(BreakerSettings(failures=2, reset_seconds=10), clock)
    out: list[Ticket] = []
    for step in steps:
        if step == "wait":
            clock.advance(4)
        elif step == "admit":
            before = breaker.state
            try:
                out.append(breaker.admit())
            except Unreachable:
                assert before != "closed"
        elif out:
            settle = {"succeed": breaker.succeeded, "fail": breaker.failed, "forget": breaker.forget}[step]
            settle(out.pop(0))
        probes = [ticket for ticket in out if ticket.probe]
        assert len(probes) <= 1
        assert bool(probes) <= (breaker.state == "half-open")

"""The guard: one deadline over everything, retries only where they help, and honest counting."""

import signal
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import (
    BadAnswer,
    BadInput,
    NoData,
    RateLimited,
    Refused,
    Unreachable,
    VenueFault,
)
from domain.ports import Clock
from perception.guard.backoff import Backoff
from perception.guard.budget import Budget
from perception.guard.faults import NotSent, Pointless, Unasked, Wait
from perception.guard.guard import MOST_HANGING, Guard
from perception.settings import BreakerSettings, RetrySettings
from tests.perception.manual_clock import ManualClock, RunningClock
from tests.shared import in_time

RETRY = RetrySettings(attempts=3, first_wait_seconds=1.0, max_wait_seconds=8.0)


def guard(
    clock: Clock,
    *,
    seconds: float = 5.0,
    failures: int = 5,
    retry: RetrySettings = RETRY,
    jitter: Callable[[], float] = lambda: 0.5,
) -> Guard:
    budget = Budget("venue", clock, per_second=1_000_000)
    settings = BreakerSettings(failures=failures)
    return Guard(clock, budget, timeout_seconds=seconds, breaker=settings, retry=retry, jitter=jitter)


class Failing:
    """Work that raises the given errors one after the other, then answers."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.tries = 0

    def __call__(self) -> str:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


class Hanging:
    """Work that waits like a name lookup that never returns, until released."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def __call__(self) -> str:
        self.released.wait(30)
        return "too late"


def test_a_transient_fault_is_tried_again_after_a_jittered_doubling_wait() -> None:
    clock = ManualClock()
    work = Failing(Unreachable("a"), BadAnswer("b"))
    watched = guard(clock)
    assert watched.run(work) == "answer"
    assert clock.slept == [0.5, 1.0]
    assert watched.counts == (1, 0, 2, 0, 0)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (Refused("no"), Refused),
        (Unasked("no"), Refused),
        (NoData("none"), NoData),
        (RateLimited("wait"), RateLimited),
        (Wait("wait", 5), RateLimited),
        (Pointless("redirect"), BadAnswer),
    ],
)
def test_a_permanent_fault_is_not_tried_again(fault: VenueFault, seen: type[VenueFault]) -> None:
    clock = ManualClock()
    work = Failing(fault)
    with pytest.raises(seen, match=str(fault)) as caught:
        guard(clock).run(work)
    assert type(caught.value) is seen
    assert (work.tries, clock.slept) == (1, [])


def test_tries_end_at_the_limit_and_the_last_fault_is_the_one_raised() -> None:
    work = Failing(Unreachable("first"), Unreachable("second"), BadAnswer("third"), Unreachable("fourth"))
    watched = guard(ManualClock())
    with pytest.raises(BadAnswer, match="third"):
        watched.run(work)
    assert work.tries == 3
    assert watched.counts == (1, 1, 2, 0, 0)


def test_no_wait_reaches_past_the_deadline() -> None:
    clock = ManualClock()
    work = Failing(*(Unreachable("down") for _ in range(9)))
    patient = RetrySettings(attempts=9, first_wait_seconds=2.0, max_wait_seconds=60.0)
    with pytest.raises(Unreachable, match="down"):
        guard(clock, seconds=5.0, retry=patient, jitter=lambda: 0.999).run(work)
    assert sum(clock.slept) < 5.0
    assert work.tries == 2


@settings(deadline=None)
@given(st.integers(1, 60), st.floats(0, 1, exclude_max=True), st.floats(0.01, 60), st.floats(0.01, 300))
def test_jitter_is_full_and_bounded(attempt: int, drawn: float, first: float, cap: float) -> None:
    settings = RetrySettings(first_wait_seconds=first, max_wait_seconds=cap)
    wait = Backoff(settings, lambda _: None, lambda: drawn).wait(attempt)
    assert wait == drawn * min(cap, first * 2.0 ** (attempt - 1))
    assert 0 <= wait <= cap


def test_a_name_lookup_that_hangs_is_left_behind_at_the_deadline() -> None:
    work = Hanging()
    watched = guard(RunningClock(), seconds=0.2)
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"no complete answer within 0\.2 s"):
        watched.run(work)
    in_time(began, 2.0)
    assert watched.counts == (1, 1, 0, 1, 1)
    work.released.set()
    while watched.counts.hanging:
        time.sleep(0.01)


def test_a_caller_may_tighten_the_deadline_but_not_loosen_it() -> None:
    work = Hanging()
    watched = guard(RunningClock(), seconds=0.3)
    for asked, given_up in ((0.1, 0.1), (60.0, 0.3)):
        began = time.monotonic()
        with pytest.raises(Unreachable, match=f"within {given_up:g} s"):
            watched.run(work, asked)
        in_time(began, given_up + 1.5)
    with pytest.raises(Unreachable, match="no time left"):
        watched.run(work, 0.0)
    work.released.set()


def test_few_threads_may_hang_and_further_calls_start_none() -> None:
    work = Hanging()
    watched = guard(RunningClock(), seconds=0.02, failures=100)
    for _ in range(MOST_HANGING):
        with pytest.raises(Unreachable, match="no complete answer"):
            watched.run(work)
    threads = threading.active_count()
    for _ in range(10):
        with pytest.raises(Unreachable, match=f"{MOST_HANGING} earlier calls still hang"):
            watched.run(work)
    assert threading.active_count() == threads
    assert "still hang" in watched.reason()
    work.released.set()
    while watched.counts.hanging:
        time.sleep(0.01)
    assert watched.run(lambda: "again") == "again"


def test_five_failed_calls_open_the_breaker_and_it_is_not_asked_until_the_probe() -> None:
    clock = ManualClock()
    watched = guard(clock)
    work = Failing(*(BadAnswer("http 500") for _ in range(15)))
    for _ in range(5):
        assert watched.state == "closed"
        with pytest.raises(BadAnswer):
            watched.run(work)
    assert (watched.state, work.tries) == ("open", 15)
    with pytest.raises(Unreachable, match="circuit breaker open, next try in 60 s"):
        watched.run(work)
    assert "circuit breaker open" in watched.reason()
    assert work.tries == 15
    clock.advance(60)
    assert watched.reason() == ""
    assert watched.run(work) == "answer"
    assert watched.state == "closed"


@pytest.mark.parametrize("fault", [Refused("no"), Unasked("no"), NoData("none"), BadInput("ours")])
def test_what_is_no_failure_of_the_venue_never_opens_the_breaker(fault: Exception) -> None:
    watched = guard(ManualClock(), failures=1)
    for _ in range(3):
        with pytest.raises((Refused, NoData, BadInput)):
            watched.run(Failing(fault))
    assert watched.state == "closed"


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_passes_through_and_counts_for_nothing(interrupt: type[BaseException]) -> None:
    clock = ManualClock()
    watched = guard(clock, failures=1)
    with pytest.raises(interrupt):
        watched.run(Failing(interrupt()))
    assert (watched.state, watched.counts.failures) == ("closed", 0)
    with pytest.raises(Unreachable):
        watched.run(Failing(*(Unreachable("down") for _ in range(3))))
    clock.advance(60)
    with pytest.raises(interrupt):
        watched.run(Failing(interrupt()))
    assert watched.state == "half-open"
    assert watched.run(Failing()) == "answer"


def test_ctrl_c_while_waiting_leaves_at_once_and_gives_the_probe_back() -> None:
    clock = RunningClock()
    budget = Budget("venue", clock, per_second=1_000_000)
    quick = BreakerSettings(failures=1, reset_seconds=0.01)
    watched = Guard(clock, budget, timeout_seconds=30, breaker=quick, retry=RetrySettings(attempts=1))
    with pytest.raises(Unreachable):
        watched.run(Failing(Unreachable("down")))
    time.sleep(0.02)
    work = Hanging()
    here = threading.get_ident()
    threading.Timer(0.1, signal.pthread_kill, (here, signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        watched.run(work)
    in_time(began, 5)
    work.released.set()
    assert (watched.state, watched.counts.failures) == ("half-open", 1)
    assert watched.run(Failing()) == "answer"


def test_a_refusal_of_ours_does_not_close_a_breaker_that_waits_for_its_probe() -> None:
    clock = ManualClock()
    watched = guard(clock, failures=1)
    with pytest.raises(Unreachable):
        watched.run(Failing(*(NotSent("down") for _ in range(3))))
    clock.advance(60)
    with pytest.raises(Refused):
        watched.run(Failing(Unasked("no such symbol")))
    assert watched.state == "half-open"


def test_a_silence_asked_for_is_kept_and_then_ends() -> None:
    clock = ManualClock()
    watched = guard(clock)
    work = Failing(Wait("http 429", 30.0))
    with pytest.raises(RateLimited, match="http 429"):
        watched.run(work)
    with pytest.raises(RateLimited, match="venue asked for silence, 30 s left"):
        watched.run(work)
    clock.advance(29.9)
    with pytest.raises(RateLimited):
        watched.run(work)
    assert (work.tries, watched.state, watched.counts.calls) == (1, "closed", 1)
    clock.advance(0.2)
    assert watched.run(work) == "answer"


def test_an_error_nobody_foresaw_is_a_bad_answer_that_keeps_its_text_to_itself() -> None:
    work = Failing(KeyError("https://host/?apikey=SECRET"))
    with pytest.raises(BadAnswer, match=r"^answer of an unforeseen shape \(KeyError\)$") as caught:
        guard(ManualClock()).run(work)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_deadline_too_short_to_judge_by_does_not_count_against_the_venue() -> None:
    work = Hanging()
    watched = guard(RunningClock(), seconds=5.0, failures=1)
    with pytest.raises(Unreachable):
        watched.run(work, 0.05)
    assert watched.state == "closed"
    work.released.set()

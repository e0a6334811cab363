"""The guard around one network provider.

The law:
1. A call is over at its deadline: name lookup, every retry, every wait and the last byte included.
   It runs on a thread of its own, which the caller leaves behind; abandoned, its socket is shut down.
2. Few threads may be left behind at once; while so many hang, no further call is made.
3. Only transient faults are retried, and every real request is charged to the budget.
4. An open breaker, a silence or a used-up budget refuses without a request and counts for nothing.
   A fault the venue answered with (refused, no data, wait) shows that it is alive.
5. What is raised is a plain fault of domain.errors, made anew, with no trace of a URL or a key.
"""

import random
from collections.abc import Callable
from threading import Lock, Thread
from typing import Generic, NamedTuple, TypeVar

from domain.errors import BadAnswer, LocalFault, NoData, RateLimited, Refused, Unreachable, VenueFault
from domain.ports import Clock
from perception.guard.backoff import Backoff
from perception.guard.breaker import Breaker, Ticket
from perception.guard.budget import Budget
from perception.guard.call import CURRENT, Call
from perception.guard.faults import Deadline, Spent, Unasked, Wait, public
from perception.settings import BreakerSettings, RetrySettings

T = TypeVar("T")

MOST_HANGING = 4
TOO_SHORT_SECONDS = 1.0


class GuardCounts(NamedTuple):
    """The counts of a guard so far.

    `calls` set out, `failures` of them ended in a fault of the venue, `timeouts` of those at the
    deadline; `retries` are further tries inside calls; `hanging` threads are left behind now.
    """

    calls: int = 0
    failures: int = 0
    retries: int = 0
    timeouts: int = 0
    hanging: int = 0


class _Outcome(Generic[T]):
    """The outcome of a worker thread: a value, a fault of theirs or an error of ours."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self.fault: VenueFault | None = None
        self.error: BaseException | None = None


class Guard:
    """Runs the calls of the provider the budget is for, each within `timeout_seconds`. Thread-safe."""

    def __init__(
        self,
        clock: Clock,
        budget: Budget,
        *,
        timeout_seconds: float,
        breaker: BreakerSettings,
        retry: RetrySettings,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.budget = budget
        self._clock = clock
        self._timeout = timeout_seconds
        self._breaker = Breaker(breaker, clock)
        self._backoff = Backoff(retry, clock.sleep, jitter)
        self._lock = Lock()
        self._counts = GuardCounts()
        self._hanging: list[Thread] = []

    @property
    def state(self) -> str:
        """State of the breaker: "closed", "open" or "half-open"."""
        return self._breaker.state

    @property
    def counts(self) -> GuardCounts:
        """Return what was done so far."""
        with self._lock:
            return self._counts._replace(hanging=len(self._still_hanging()))

    def reason(self) -> str:
        """Return why a call made now would be refused without a request, or ""."""
        return self._breaker.closed_to_calls() or self.budget.closed() or self._crowded()

    def run(self, work: Callable[[], T], deadline_seconds: float | None = None) -> T:
        """Return what `work` returns, within the deadline (the tighter of ours and `deadline_seconds`).

        Raises Unreachable, BadAnswer, RateLimited, Refused or NoData. A LocalFault or an interrupt
        raised inside passes through and says nothing about the venue.
        """
        seconds = self._timeout if deadline_seconds is None else min(self._timeout, deadline_seconds)
        closed = self.budget.closed()
        if closed:
            raise RateLimited(closed)
        if seconds <= 0:
            raise Unreachable("no time left to ask")
        ticket = self._breaker.admit()
        try:
            outcome = self._attend(work, seconds)
        except BaseException:
            self._breaker.forget(ticket)
            raise
        self._judge(ticket, outcome, seconds)
        if outcome.error is not None:
            raise outcome.error
        if outcome.fault is not None:
            raise public(outcome.fault)
        return outcome.values[0]

    def _attend(self, work: Callable[[], T], seconds: float) -> _Outcome[T]:
        """Start a worker and wait for it; leave it behind at the deadline."""
        outcome: _Outcome[T] = _Outcome()
        crowded = self._crowded()
        self._count(calls=1)
        if crowded:
            outcome.fault = Unreachable(crowded)
            return outcome
        call = Call(seconds, self._clock.monotonic, self.budget)
        worker = Thread(
            target=self._labour, args=(work, call, outcome), daemon=True, name=f"{self.budget.name}-call"
        )
        worker.start()
        try:
            in_time = call.done.wait(seconds)
        except BaseException:
            self._abandon(call, worker)
            raise
        if in_time:
            return outcome
        self._abandon(call, worker)
        late: _Outcome[T] = _Outcome()
        late.fault = Deadline(f"no complete answer within {seconds:g} s")
        return late

    def _labour(self, work: Callable[[], T], call: Call, outcome: _Outcome[T]) -> None:
        """Do the work on the worker's thread; nothing escapes but through `outcome`."""
        CURRENT.set(call)
        try:
            outcome.values.append(self._backoff.run(work, call, lambda: self._count(retries=1)))
        except VenueFault as fault:
            outcome.fault = fault
        except Exception as error:  # noqa: BLE001  # a shape nobody foresaw; its text may hold the key
            outcome.error, outcome.fault = _sorted_out(error)
        except BaseException as error:  # noqa: BLE001  # an interrupt belongs to the caller
            outcome.error = error
        finally:
            call.done.set()

    def _judge(self, ticket: Ticket, outcome: _Outcome[T], seconds: float) -> None:
        """Tell the breaker, the budget and the counts what the outcome says about the venue."""
        fault = outcome.fault
        hurried = isinstance(fault, Deadline) and seconds < min(self._timeout, TOO_SHORT_SECONDS)
        if outcome.error is not None or hurried or isinstance(fault, Spent | Unasked):
            self._breaker.forget(ticket)
        elif fault is None or isinstance(fault, Refused | NoData | RateLimited):
            self._breaker.succeeded(ticket)
        else:
            self._breaker.failed(ticket)
        if isinstance(fault, Wait):
            self.budget.silence(fault.seconds)
        if fault is not None:
            self._count(failures=1, timeouts=int(isinstance(fault, Deadline)))

    def _abandon(self, call: Call, worker: Thread) -> None:
        call.abandon()
        with self._lock:
            self._hanging.append(worker)

    def _still_hanging(self) -> list[Thread]:
        self._hanging = [thread for thread in self._hanging if thread.is_alive()]
        return self._hanging

    def _crowded(self) -> str:
        with self._lock:
            hanging = len(self._still_hanging())
        return f"{hanging} earlier calls still hang" if hanging >= MOST_HANGING else ""

    def _count(self, *, calls: int = 0, failures: int = 0, retries: int = 0, timeouts: int = 0) -> None:
        with self._lock:
            was = self._counts
            self._counts = was._replace(
                calls=was.calls + calls,
                failures=was.failures + failures,
                retries=was.retries + retries,
                timeouts=was.timeouts + timeouts,
            )


def _sorted_out(error: Exception) -> tuple[Exception | None, VenueFault | None]:
    """Return an error of ours as it is, any other as a fault that names its kind and not its text."""
    if isinstance(error, LocalFault):
        return error, None
    return None, BadAnswer(f"answer of an unforeseen shape ({type(error).__name__})")

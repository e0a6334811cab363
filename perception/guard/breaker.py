"""A circuit breaker that lets exactly one probe through.

pybreaker keeps the state and the count; it is told outcomes, never handed the slow call, because
1. its `call` holds a lock for as long as the call lasts, so calls would queue behind a slow one;
2. its `calling` holds none, so when half-open every waiting thread would probe;
3. it replaces the exception that trips it, and counts KeyboardInterrupt as a failure.
A ticket says in which state a call set out, so one that comes back late cannot judge a later state.
"""

from contextlib import suppress
from threading import Lock
from typing import NamedTuple

import pybreaker

from domain.errors import Unreachable
from domain.ports import Clock
from perception.settings import BreakerSettings


class Ticket(NamedTuple):
    """Leave to make one call: the breaker's era it belongs to, and whether it is the probe."""

    era: int
    probe: bool


class _Failed(Exception):
    """Tells pybreaker that a call failed."""


def _fail() -> None:
    raise _Failed


def _succeed() -> None:
    return None


class Breaker:
    """Opens after `failures` failed calls in a row; after `reset_seconds` one probe decides.

    Seconds are of the clock's monotonic scale: a clock that is set does not move them.
    """

    def __init__(self, settings: BreakerSettings, clock: Clock) -> None:
        self._clock = clock
        self._reset_seconds = settings.reset_seconds
        self._lock = Lock()
        self._opened = 0.0
        self._era = 0
        self._probing = False
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=settings.failures, reset_timeout=settings.reset_seconds, throw_new_error_on_trip=False
        )

    @property
    def state(self) -> str:
        """One of "closed", "open", "half-open"; open turns half-open when the probe sets out."""
        return str(self._breaker.current_state)

    def closed_to_calls(self) -> str:
        """Return why a call would not be let through now, or "" when it would."""
        with self._lock:
            return self._reason()

    def admit(self) -> Ticket:
        """Let one call set out. Raises Unreachable when open, or while another call is the probe."""
        with self._lock:
            reason = self._reason()
            if reason:
                raise Unreachable(reason)
            if self.state == pybreaker.STATE_CLOSED:
                return Ticket(self._era, probe=False)
            self._breaker.half_open()
            self._probing = True
            return Ticket(self._era, probe=True)

    def succeeded(self, ticket: Ticket) -> None:
        """Report that the venue answered."""
        self._settle(ticket, failed=False)

    def failed(self, ticket: Ticket) -> None:
        """Report that it did not."""
        self._settle(ticket, failed=True)

    def forget(self, ticket: Ticket) -> None:
        """Report a call that says nothing about the venue; a probe's place is free again."""
        with self._lock:
            if ticket.probe and ticket.era == self._era:
                self._probing = False

    def _reason(self) -> str:
        if self.state == pybreaker.STATE_CLOSED:
            return ""
        if self._probing:
            return "circuit breaker half-open, its probe is under way"
        left = self._opened + self._reset_seconds - self._clock.monotonic()
        if self.state == pybreaker.STATE_OPEN and left > 0:
            return f"circuit breaker open, next try in {left:.0f} s"
        return ""

    def _settle(self, ticket: Ticket, *, failed: bool) -> None:
        with self._lock:
            if ticket.era != self._era:
                return
            before = self.state
            with suppress(_Failed):
                self._breaker.call(_fail if failed else _succeed)
            if ticket.probe:
                self._probing = False
            if self.state != before:
                self._era += 1
                self._opened = self._clock.monotonic()

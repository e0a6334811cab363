"""The exchange's time as well as it is known, kept by a clock that nobody sets.

What was measured runs on with the monotonic clock, so a step of the machine's wall clock changes nothing
but the offset, and that is seen at once.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import structlog

from domain.errors import VenueFault
from domain.ports import Clock
from domain.times import millis, utc

SAMPLES = 5
SHORT_TRIP_SECONDS = 0.1
"""A trip this short leaves half of it in doubt, and nothing here needs the time better: no other is made."""

AGAIN_SECONDS = 5.0
"""How long to wait after the exchange's time could not be read: a request in between need not wait for it."""

log = structlog.get_logger()


class _Anchor(NamedTuple):
    monotonic: float
    venue_ms: float


class VenueClock:
    """Measures the exchange's time: of several answers the one of the shortest trip counts.

    `doubtful` says that it must be measured again before it is relied on.
    """

    def __init__(self, clock: Clock, ask: Callable[[], int]) -> None:
        self.clock = clock
        self.ask = ask
        self.doubtful = False
        self._anchor: _Anchor | None = None
        self._failed = float("-inf")

    @property
    def offset_ms(self) -> int:
        """By how much the exchange's clock is ahead of the machine's, now."""
        return millis(self.now()) - millis(self.clock.now())

    def age(self) -> float:
        """Return the seconds since it was measured, infinite before."""
        return self.clock.monotonic() - self._anchor.monotonic if self._anchor else float("inf")

    def measure(self) -> int:
        """Ask the exchange and return the offset in milliseconds. Raises VenueFault unanswered."""
        results = []
        for _ in range(SAMPLES):
            before = self.clock.monotonic()
            theirs = self.ask()
            after = self.clock.monotonic()
            results.append((after - before, _Anchor(after, theirs + (after - before) * 500)))
            if after - before <= SHORT_TRIP_SECONDS:
                break
        self._anchor = min(results)[1]
        self.doubtful = False
        return self.offset_ms

    def renew(self) -> None:
        """Measure where it is in doubt or unknown; what was measured before, else the machine's time, may do.

        Nothing that gets out of a position waits for the exchange's time: it is sent with the time there is.
        """
        if self.clock.monotonic() - self._failed < AGAIN_SECONDS:
            return
        try:
            self.measure()
        except VenueFault as fault:
            self.doubtful, self._failed = True, self.clock.monotonic()
            log.warning("the exchange's time is not read, no entry meanwhile", error=str(fault))

    def now(self) -> datetime:
        """Return the exchange's time; the machine's until it is measured."""
        anchor = self._anchor
        if anchor is None:
            return self.clock.now()
        return utc(round(anchor.venue_ms + (self.clock.monotonic() - anchor.monotonic) * 1000))

"""The exchange's time as well as it is known: ours and the offset measured last."""

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.ports import Clock
from domain.times import millis

SAMPLES = 5


class VenueClock:
    """Measures how far our clock is off the exchange's: of several answers the fastest counts."""

    def __init__(self, clock: Clock, ask: Callable[[], int]) -> None:
        self.clock = clock
        self.ask = ask
        self.offset_ms = 0

    def measure(self) -> int:
        """Ask the exchange and return the offset in milliseconds. Raises VenueFault unanswered."""
        found = []
        for _ in range(SAMPLES):
            began, before = self.clock.monotonic(), self.clock.now()
            theirs = self.ask()
            trip_ms = (self.clock.monotonic() - began) * 1000
            found.append((trip_ms, round(theirs - millis(before) - trip_ms / 2)))
        self.offset_ms = min(found)[1]
        return self.offset_ms

    def now(self) -> datetime:
        """Return the exchange's time."""
        return self.clock.now() + timedelta(milliseconds=self.offset_ms)

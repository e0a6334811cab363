"""The only place that reads the clock."""

import time
from datetime import UTC, datetime

from domain.ports import Clock

BOOT = getattr(time, "CLOCK_BOOTTIME", None) or getattr(time, "CLOCK_MONOTONIC", None)
"""The clock nobody sets, counting the time a machine was suspended where there is one that does (Linux):
periods, timeouts and the exchange's time go on while a laptop sleeps."""


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """Return the current instant, to the millisecond (what the journal keeps)."""
        instant = datetime.now(UTC)  # noqa: TID251 -- this is the shell's one clock
        return instant.replace(microsecond=instant.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic() if BOOT is None else time.clock_gettime(BOOT)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class StoppedClock:
    """A clock on which no time passes between two steps: for sessions that are run again."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def now(self) -> datetime:
        """Return the present."""
        return self.clock.now()

    def monotonic(self) -> float:
        """Return zero."""
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Return at once."""

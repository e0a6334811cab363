"""The time one cycle may wait for its providers, all symbols together."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from domain.ports import Clock

T = TypeVar("T")


class Patience:
    """Counts the seconds a cycle has waited against its limit; a limit of None is none."""

    def __init__(self, seconds: float | None, clock: Clock) -> None:
        self.seconds = seconds
        self._clock = clock
        self._cycle: datetime | None = None
        self._spent = 0.0

    def begin(self, now: datetime) -> None:
        """Start afresh when `now` is another cycle's."""
        if now != self._cycle:
            self._cycle, self._spent = now, 0.0

    def left(self) -> float | None:
        """Return the seconds left in this cycle, None without a limit."""
        return None if self.seconds is None else max(0.0, self.seconds - self._spent)

    @property
    def over(self) -> bool:
        """True when the cycle may not wait any longer."""
        return self.left() == 0.0

    def spend(self, call: Callable[[], T]) -> T:
        """Return what a call returns and count how long it took, whatever comes of it."""
        begun = self._clock.monotonic()
        try:
            return call()
        finally:
            self._spent += self._clock.monotonic() - begun

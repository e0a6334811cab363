"""Durations counted by size: what a cycle took, and how long an order waited between decision and wire.

They are measured on the clock nobody sets, and kept out of the journal: a session that is run again takes
another time and is the same session.
"""

from bisect import bisect_left
from collections.abc import Callable

from agent.host.log import say

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Largest seconds of each class; the last class has none."""


class Stopwatch:
    """Durations since the session began, as counts by class and their sum; one thread notes, any may look."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def since(self, began: float, now: Callable[[], float]) -> None:
        """Count the time since an instant; orders wait behind this, so a fault is logged and not raised."""
        try:
            self.note(now() - began)
        except Exception as fault:  # noqa: BLE001 -- a figure for people stops no order and no cycle
            say("warning", "a duration was not counted", why=repr(fault))

    def note(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

"""Durations counted by size: what a cycle took, and how long an order waited between decision and wire.

They are measured on the clock nobody sets, and kept out of the journal: a session that is run again takes
another time and is the same session.
"""

from bisect import bisect_left

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Largest seconds of each class; the last class has none."""


class Stopwatch:
    """Durations since the session began, as counts by class and their sum; one thread notes, any may look."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def note(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

"""Attempts within a stretch of time, counted by who makes them; what is kept is bounded."""

import threading
from collections import deque

MOST_PLACES = 1_000


class Attempts:
    """At most `most` attempts within `seconds` from one address."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self._lock = threading.Lock()
        self._made: dict[str, deque[float]] = {}

    def wait(self, address: str, now: float) -> float:
        """Return how long `address` has to wait before the next attempt, 0 where it may make one."""
        with self._lock:
            times = self._recent(address, now)
            return 0.0 if len(times) < self.most else times[0] + self.seconds - now

    def note(self, address: str, now: float) -> None:
        """Count an attempt."""
        with self._lock:
            times = self._recent(address, now)
            times.append(now)
            self._made.pop(address, None)
            self._made[address] = times  # the latest stand last
            while len(self._made) > MOST_PLACES:
                del self._made[next(iter(self._made))]

    def _recent(self, address: str, now: float) -> deque[float]:
        times = self._made.get(address, deque(maxlen=self.most))
        while times and times[0] <= now - self.seconds:
            times.popleft()
        return times

"""Attempts within a stretch of time, counted by who makes them; what is kept is bounded."""

import threading
from collections import deque

MOST_PLACES = 1_000


class Attempts:
    """At most `most` attempts within `seconds` from one place."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self._lock = threading.Lock()
        self._made: dict[str, deque[float]] = {}

    def wait(self, place: str, now: float) -> float:
        """Return how long `place` has to wait before the next attempt, 0 where it may make one."""
        with self._lock:
            made = self._recent(place, now)
            return 0.0 if len(made) < self.most else made[0] + self.seconds - now

    def note(self, place: str, now: float) -> None:
        """Count an attempt."""
        with self._lock:
            made = self._recent(place, now)
            made.append(now)
            self._made.pop(place, None)
            self._made[place] = made  # the latest stand last
            while len(self._made) > MOST_PLACES:
                del self._made[next(iter(self._made))]

    def _recent(self, place: str, now: float) -> deque[float]:
        made = self._made.get(place, deque(maxlen=self.most))
        while made and made[0] <= now - self.seconds:
            made.popleft()
        return made

"""The pace of reconnecting: exponential backoff with full jitter, and a bound on connections made."""

from collections import deque
from collections.abc import Callable

from edge.waits import full_jitter
from perception.settings import StreamSettings

WINDOW_SECONDS = 300.0
STEADY_SECONDS = 30.0
"""A connection that served so long owes nothing to the failures before it."""


class Pace:
    """Says how long to wait before each connection. Used by one thread.

    Waits after failures in a row are those of `edge.waits`; in any 5 minutes
    no more connections are tried than the settings allow. `jitter` draws from [0, 1).
    """

    def __init__(
        self, settings: StreamSettings, monotonic: Callable[[], float], jitter: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._jitter = jitter
        self._tried: deque[float] = deque()
        self._failures = 0

    def wait(self) -> float:
        """Return the seconds to wait before the next connection is tried."""
        return max(self._backoff(), self._turn())

    def tried(self) -> None:
        """Count a connection that is being tried now."""
        self._tried.append(self._monotonic())

    def ended(self, *, lasted: float, heard: bool, planned: bool) -> None:
        """Note that a connection is over: how many seconds it stood, whether it served, whether we left."""
        if heard and lasted >= STEADY_SECONDS:
            self._failures = 0 if planned else 1
        else:
            self._failures += 1

    def _backoff(self) -> float:
        if not self._failures:
            return 0.0
        settings = self._settings
        return full_jitter(
            self._failures, settings.first_wait_seconds, settings.max_wait_seconds, self._jitter()
        )

    def _turn(self) -> float:
        now = self._monotonic()
        while self._tried and now - self._tried[0] >= WINDOW_SECONDS:
            self._tried.popleft()
        if len(self._tried) < self._settings.connections_per_5_minutes:
            return 0.0
        return self._tried[-self._settings.connections_per_5_minutes] + WINDOW_SECONDS - now

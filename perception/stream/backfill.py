"""The REST provider behind a stream, asked for what the stream did not tell."""

from threading import Lock

from domain.candle import RawCandle
from domain.errors import VenueFault
from domain.ports import CandleRequest, Clock, Provider
from domain.times import millis
from perception.guard.provider import GuardedProvider


class Backfill:
    """Asks any provider for candles and says when its answer was true. Thread-safe as the provider is."""

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._lock = Lock()
        self._asked = 0
        self._failed = 0

    @property
    def state(self) -> str:
        """State of the provider's circuit breaker; "closed" for one that has none."""
        return self._provider.state if isinstance(self._provider, GuardedProvider) else "closed"

    @property
    def counts(self) -> tuple[int, int]:
        """The number of questions to the provider, and of those in vain."""
        with self._lock:
            return self._asked, self._failed

    def ask(
        self, request: CandleRequest, deadline_seconds: float | None
    ) -> tuple[tuple[RawCandle, ...], int]:
        """Return candles and when they were fetched, in ms. Raises the provider's VenueFault."""
        with self._lock:
            self._asked += 1
        try:
            return self._told(request, deadline_seconds)
        except VenueFault:
            with self._lock:
                self._failed += 1
            raise

    def _told(
        self, request: CandleRequest, deadline_seconds: float | None
    ) -> tuple[tuple[RawCandle, ...], int]:
        provider, began_ms = self._provider, millis(self._clock.now())
        if not isinstance(provider, GuardedProvider):
            return tuple(provider.candles(request)), began_ms
        rows = provider.candles(request, deadline_seconds)
        kept = provider.last_good(request)
        return rows, began_ms if kept is None else millis(kept[1])

    def close(self) -> None:
        """Release what the provider holds."""
        self._provider.close()

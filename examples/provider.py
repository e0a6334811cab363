"""A provider of candles: a sine wave, asked as a venue is: guarded, cached, checked, labelled.

A new one is a class with these five members. To trade on it, give it a builder in `perception/build.py`
and a line in `agent/wiring/providers.py`; CONTRIBUTING.md has the walk.
"""

from collections.abc import Sequence
from math import sin

from agent.host.clock import SystemClock
from agent.settings.instruments import instruments
from domain.candle import RawCandle
from domain.ports import CandleRequest
from perception.chain import Chain
from perception.guard.budget import Budget
from perception.guard.guard import Guard
from perception.guard.provider import GuardedProvider
from perception.settings import PerceptionSettings


class SineProvider:
    """Candles of a price that goes up and down by a tenth, once a day. Implements `NetworkProvider`."""

    name = "sine"

    def missing(self) -> str:
        """Return what it lacks to be asked: nothing, it needs no key."""
        return ""

    def widened(self, request: CandleRequest) -> CandleRequest:
        """Return the request as it is sent; two with the same answer should be equal here."""
        return request

    def candles(self, request: CandleRequest) -> Sequence[RawCandle]:
        """Return candles oldest first; the last may still be open. Raises VenueFault for what it lacks."""
        length = request.timeframe_ms
        first = -(-request.since_ms // length) * length
        return [self._candle(at, length) for at in range(first, request.now_ms + 1, length)][: request.limit]

    def close(self) -> None:
        """Release what is held: nothing."""

    @staticmethod
    def _candle(at_ms: int, length: int) -> RawCandle:
        opened, closed = (100.0 + 10.0 * sin(6.283 * t / 86_400_000) for t in (at_ms, at_ms + length))
        return RawCandle(at_ms, opened, max(opened, closed), min(opened, closed), closed, 1_000.0)


def main() -> None:
    """Observe one symbol through the chain, as the loop does."""
    clock, settings = SystemClock(), PerceptionSettings()
    budget = Budget(SineProvider.name, clock, per_second=10.0)
    guard = Guard(clock, budget, timeout_seconds=5.0, breaker=settings.breaker, retry=settings.retry)
    guarded = GuardedProvider(SineProvider(), guard, clock, settings.cache, ttl_seconds=1.0)
    chain = Chain([guarded], None, instruments(["SINE-USDT"], {}), 60_000, warmup=100, clock=clock)
    observation = chain.observe("SINE-USDT", None, clock.now())
    print(f"{len(observation.candles)} candles from {observation.provider}, {observation.source}")
    chain.close()


if __name__ == "__main__":
    main()

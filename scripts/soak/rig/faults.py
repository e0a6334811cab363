"""The faults a soak injects, what the agent must say of each, and the seeded schedule of phases.

A phase is healthy or under one fault; healthy phases come first, last and between any two faults,
so that every fault is followed by a recovery. The same seed and length give the same schedule.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tests.perception import server as scripted
from tests.perception.server import Behaviour

HEALTHY = ""
LONGEST_SECONDS = 20.0
SHORTEST_SECONDS = 3.0
JITTER = 0.2


class Timing(NamedTuple):
    """The agent's patience, in seconds: deadline of a call, pauses after failures."""

    timeout: float
    breaker_reset: float
    retry_after: int


class Fault(NamedTuple):
    """One way of a venue to fail.

    `reason` is a pattern of what the agent must record while it lasts; "" for a fault it must bear
    without losing the data. `opens` tells whether it opens a circuit breaker. `behave` makes the
    behaviour out of the healthy one; None: nobody listens.
    """

    name: str
    meaning: str
    reason: str
    opens: bool
    behave: Callable[[Behaviour, Timing], Behaviour] | None


DRIP_BODY = b'[[1499040000000, "0.01634790", "0.80000000", "0.01575800", "0.01577100", "148976.1"]]' * 9


def _drip(timing: Timing, *, from_headers: bool) -> Behaviour:
    """Send a byte ten times a deadline: no read ever times out, only the whole call can."""
    return scripted.dripping(DRIP_BODY, seconds=timing.timeout / 10, from_headers=from_headers)


_LATE = r"no complete answer within"

FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault(
            "slow",
            "answers after half the deadline",
            "",
            False,
            lambda healthy, timing: scripted.delayed(timing.timeout / 2, healthy),
        ),
        Fault(
            "silent",
            "accepts the request and does not answer",
            _LATE,
            True,
            lambda _, timing: scripted.delayed(3 * timing.timeout, scripted.hanging_up()),
        ),
        Fault(
            "dripping",
            "sends the body byte by byte",
            _LATE,
            True,
            lambda _, timing: _drip(timing, from_headers=False),
        ),
        Fault(
            "dripping-headers",
            "sends everything byte by byte, headers too",
            _LATE,
            True,
            lambda _, timing: _drip(timing, from_headers=True),
        ),
        Fault("500", "HTTP 500", r"http 500", True, lambda *_: scripted.answer({}, status=500)),
        Fault(
            "rate-limit",
            "HTTP 429 with Retry-After",
            r"http 429",
            False,
            lambda _, timing: scripted.throttled(429, str(timing.retry_after)),
        ),
        Fault("html", "HTTP 200 with a web page", r"BadAnswer: .*html", True, lambda *_: scripted.html()),
        Fault(
            "truncated",
            "hangs up in the midst of the body",
            r"cut short|closed before a whole answer",
            True,
            lambda *_: scripted.truncated(DRIP_BODY, keep=100),
        ),
        Fault(
            "closed",
            "hangs up without a byte",
            r"closed before a whole answer|connection to \S+ failed",
            True,
            lambda *_: scripted.hanging_up(),
        ),
        Fault("dead", "refuses connections", r"no connection to", True, None),
    )
}
"""By the name the command line uses."""


class Phase(NamedTuple):
    """A stretch of the run in seconds since its start; `fault` is a name, or HEALTHY."""

    fault: str
    begins: float
    ends: float

    @property
    def seconds(self) -> float:
        """Length."""
        return self.ends - self.begins

    @property
    def title(self) -> str:
        """Name to show."""
        return self.fault or "healthy"


def schedule(seed: int, seconds: float, names: Sequence[str]) -> tuple[Phase, ...]:
    """Return the phases that fill `seconds`.

    Each fault comes once before any comes again, in an order and with lengths drawn by the seed.
    Phases last about 20 s, less when the run is short so that more faults fit, but never under 3 s.
    Raises ValueError when not even one fault fits.
    """
    fitting = seconds / (2 * len(names) + 1)
    length = min(max(fitting, SHORTEST_SECONDS), LONGEST_SECONDS)
    count = int((seconds / length - 1 + 1e-9) // 2)
    if count < 1:
        raise ValueError(f"{seconds:g} s is too short for a fault, the least is {3 * SHORTEST_SECONDS:g} s")
    draw = random.Random(seed)
    chosen = _rounds(draw, names)
    faults = [next(chosen) for _ in range(count)]
    titles = [HEALTHY, *(name for fault in faults for name in (fault, HEALTHY))]
    # Short phases are not varied: the least length is what a recovery needs.
    spread = JITTER if length > 2 * SHORTEST_SECONDS else 0.0
    weights = [draw.uniform(1 - spread, 1 + spread) for _ in titles]
    return tuple(_laid_out(titles, [seconds * weight / sum(weights) for weight in weights]))


def _rounds(draw: random.Random, names: Sequence[str]) -> Iterator[str]:
    while True:
        yield from draw.sample(list(names), len(names))


def _laid_out(titles: Sequence[str], lengths: Sequence[float]) -> Iterator[Phase]:
    begins = 0.0
    for title, length in zip(titles, lengths, strict=True):
        yield Phase(title, begins, begins + length)
        begins += length

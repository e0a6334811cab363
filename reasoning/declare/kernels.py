"""The parts of a declared strategy's kernels: the side, the levels and the signal of a vote."""

from domain.decision import Signal
from domain.kernel import kernel
from reasoning.kernels.features import Features
from reasoning.kernels.strategy import signal_to

MOST_LEVEL = 2.0**53
AGREES = 20.0
"""Points where the market's trend goes with the vote."""


@kernel
def side_of(way: float) -> int:
    """Return the vote of a number: +1 above 0, -1 below, else 0."""
    if way > 0.0:
        return 1
    return -1 if way < 0.0 else 0


@kernel
def tick_below(price: float) -> int:
    """Return the tick at or below a price; 0 for what is none, -1 - 2**53 for what is too large."""
    if price >= 1.0:
        return int(price) if price <= MOST_LEVEL else -int(MOST_LEVEL) - 1
    return 0


@kernel
def tick_above(price: float) -> int:
    """Return the tick at or above a price; 0 for what is none, -1 - 2**53 for what is too large."""
    if price > 0.0:
        return -int(-price // 1.0) if price <= MOST_LEVEL else -int(MOST_LEVEL) - 1
    return 0


@kernel
def with_market(vote: int, features: Features) -> float:
    """Return the trend part of a vote that names none: 20 where the market's trend goes with it."""
    return AGREES if features.trend == vote else 0.0


@kernel
def sure(vote: int, confidence: float, stop_ppm: float, stop: float, target: float) -> Signal:
    """Return a signal of this confidence, at most 100; one that is no number stays none, and is a fault."""
    # Not `min`, which of no number and 100 takes one in Python and the other in machine code.
    whole = 100.0 if confidence > 100.0 else confidence  # noqa: FURB136
    if vote > 0:
        return Signal(vote, whole, whole, 0.0, 0.0, 0.0, int(stop_ppm), tick_below(stop), tick_below(target))
    return Signal(vote, whole, whole, 0.0, 0.0, 0.0, int(stop_ppm), tick_above(stop), tick_above(target))


@kernel
def summed(
    vote: int, base: float, trend: float, features: Features, stop_ppm: float, stop: float, target: float
) -> Signal:
    """Return a signal whose confidence is base + trend + shared parts, at most 100.

    Stop and target lie on the tick that is the farther from a long position's profit and the nearer to a
    short one's: below for a vote to buy, above for one to sell.
    """
    if vote > 0:
        return signal_to(vote, base, trend, features, int(stop_ppm), tick_below(stop), tick_below(target))
    return signal_to(vote, base, trend, features, int(stop_ppm), tick_above(stop), tick_above(target))

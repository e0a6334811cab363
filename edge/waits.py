"""Waits after failures: exponential backoff with full jitter.

Waits are drawn from [0, min(longest, first * 2^(n-1))) after n failures in a row ("full jitter", M. Brooker,
AWS Architecture Blog, 2015), so that what failed together does not come back together.
"""

MOST_DOUBLINGS = 32
"""Beyond it every wait is the longest one, and no power overflows."""


def ceiling(failures: int, first: float, longest: float) -> float:
    """Return the longest wait, in seconds, after `failures` in a row; 0 after none."""
    if failures <= 0:
        return 0.0
    return min(longest, first * 2.0 ** min(failures - 1, MOST_DOUBLINGS))


def full_jitter(failures: int, first: float, longest: float, draw: float) -> float:
    """Return a wait in seconds after `failures` in a row; `draw` is a random number from [0, 1)."""
    return ceiling(failures, first, longest) * draw

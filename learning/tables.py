"""Tables that rise, read by a kernel: the same bits in the loop and compiled."""

from collections.abc import Sequence

from domain.kernel import kernel

LEAST, MOST = 0.01, 0.99
"""Probabilities are kept within: nothing here is certain, and one certain forecast that fails costs all."""


@kernel
def looked_up(chance: float, at: Sequence[float], values: Sequence[float], step: int) -> float:
    """Return a table's value: on the line between two places, or the place's below (-1) or above (+1)."""
    last = len(at) - 1
    if chance < at[0] or last == 0:
        return LEAST if chance < at[0] and step < 0 and last > 0 else values[0]
    if chance > at[last]:
        return MOST if step > 0 else values[last]
    below, above = 0, last
    while above - below > 1:
        middle = (below + above) // 2
        if at[middle] <= chance:
            below = middle
        else:
            above = middle
    if chance >= at[above]:
        below = above
    if chance == at[below] or step < 0:
        return values[below]
    if step > 0:
        return values[above]
    share = (chance - at[below]) / (at[above] - at[below])
    return values[below] + (values[above] - values[below]) * share

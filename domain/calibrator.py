"""Calibrators: tables that rise, from a stated probability to what it stood for, read by a kernel.

The same bits in the loop and compiled. How one is fitted is `learning.calibration`.
"""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

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


class Calibrator(msgspec.Struct, frozen=True):
    """A table from the probability a voice states to the one it stood for, from its `low` to its `high` end.

    `at` rises; `low` and `high` have a value for each point and rise too. `stepped`: between places the ends
    are those of the next point down and up, not on a line.
    """

    kind: str
    count: int
    at: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    stepped: bool = False

    def ends(self, chance: float) -> tuple[float, float]:
        """Return the lower and the upper end of what a stated probability stood for."""
        low = looked_up(chance, self.at, self.low, -1 if self.stepped else 0)
        return low, looked_up(chance, self.at, self.high, 1 if self.stepped else 0)

    def chance(self, chance: float) -> float:
        """Return the one probability between the ends: p1 / (1 - p0 + p1), as Vovk et al. merge them."""
        low, high = self.ends(chance)
        return high / (1.0 - low + high)

    @property
    def sound(self) -> bool:
        """True where it can be read: a kernel checks nothing."""
        places = len(self.at)
        values = (*self.low, *self.high)
        return (
            0 < places == len(self.low) == len(self.high)
            and all(before < after for before, after in pairwise(self.at))
            and all(0.0 < each < 1.0 for each in values)
        )

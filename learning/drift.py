"""Drift of a model: what it reads is no longer what it was trained on, or its chances come true no more.

Inputs by the population stability index: sum over bins of (now - then) * ln(now / then), shares of entries in
the deciles of training. Below 200 entries nothing is said; above 0.25 the shift is major by the custom of
credit scoring, and no chance of 200 draws (a sum of nine squares of normals divided by the count).
Chances by a one-sided CUSUM (`learning.decay`) of how far wins stay behind them, in standard deviations;
below 100 outcomes nothing is said. Both only ever speak against a model.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from math import log, sqrt
from typing import NamedTuple

from learning.decay import chart

LEAST_ENTRIES, LEAST_OUTCOMES = 200, 100
MOST_SHIFT = 0.25
SMALLEST = 1e-3
"""Share that an empty bin counts as."""

TEST = chart(shift=0.25, false_alarm=2_000)
"""Sees wins a quarter of a deviation behind, and is wrong once in 2,000 outcomes."""


class Shortfall(NamedTuple):
    """The CUSUM of wins that stay behind their chances: after how many outcomes, its value, its limit."""

    outcomes: int
    value: float
    limit: float

    @property
    def alarm(self) -> bool:
        """True where it speaks against the model; never on too few outcomes."""
        return self.outcomes >= LEAST_OUTCOMES and self.value >= self.limit


def shares(edges: Sequence[float], values: Iterable[float]) -> tuple[float, ...]:
    """Return the share of values in each bin; a bin holds what is at or below its edge, the last the rest."""
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect_left(edges, value)] += 1
    total = sum(counts)
    return tuple(count / total for count in counts) if total else (0.0,) * len(counts)


def stability(then: Sequence[float], now: Sequence[float]) -> float:
    """Return the population stability index of two sets of shares; 0 where they are the same."""
    pairs = ((max(SMALLEST, one), max(SMALLEST, other)) for one, other in zip(then, now, strict=True))
    return sum((other - one) * log(other / one) for one, other in pairs)


def shifted(
    names: Sequence[str],
    edges: Sequence[Sequence[float]],
    then: Sequence[Sequence[float]],
    rows: Sequence[Sequence[float]],
) -> dict[str, float] | None:
    """Return the index of each input over the rows read since, None below 200 of them."""
    if len(rows) < LEAST_ENTRIES:
        return None
    columns = list(zip(*rows, strict=True))
    return {
        name: stability(then[index], shares(edges[index], columns[index])) for index, name in enumerate(names)
    }


def behind(outcomes: Iterable[tuple[float, bool]]) -> Shortfall:
    """Return how far wins stay behind their chances, given each forecast's chance and whether it won."""
    count, value, most = 0, 0.0, 0.0
    for chance, won in outcomes:
        count += 1
        kept = min(0.99, max(0.01, chance))
        value = max(0.0, value + (kept - won) / sqrt(kept * (1.0 - kept)) - TEST.allowance)
        most = max(most, value)
    return Shortfall(count, most, TEST.limit)

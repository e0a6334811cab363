"""Trends that a few wild samples cannot fake: the Theil-Sen slope and medians of quarters."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

MOST_POINTS = 400
"""Pairs grow with the square: longer series are thinned to so many points, evenly."""

Point = tuple[float, float]


class Trend(NamedTuple):
    """A line through points: `slope` per unit of x, `start` its value at the first x, over `span` of x."""

    slope: float
    start: float
    first: float
    span: float

    def at(self, x: float) -> float:
        """Return the line's value."""
        return self.start + self.slope * (x - self.first)


def theil_sen(points: Sequence[Point]) -> Trend:
    """Return the line whose slope is the median over all pairs (Theil 1950, Sen 1968).

    Up to 29 % of the points may be anywhere without moving it beyond bounds. Raises ValueError with
    fewer than two different x.
    """
    used = thinned(points, MOST_POINTS)
    slopes = [
        (after[1] - before[1]) / (after[0] - before[0])
        for index, before in enumerate(used)
        for after in used[index + 1 :]
        if after[0] != before[0]
    ]
    if not slopes:
        raise ValueError(f"{len(points)} points are too few for a slope, the least is 2 at different x")
    slope = median(slopes)
    first = used[0][0]
    start = median(y - slope * (x - first) for x, y in used)
    return Trend(slope, start, first, used[-1][0] - first)


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """Return at most `most` of the points, evenly chosen, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(index * step)] for index in range(most)]


def growth(values: Sequence[float]) -> float:
    """Return by how much the median of the last quarter exceeds that of the first.

    Raises ValueError with fewer than four values.
    """
    if len(values) < 4:
        raise ValueError(f"{len(values)} values are too few for a growth, the least is 4")
    quarter = len(values) // 4
    return median(values[-quarter:]) - median(values[:quarter])

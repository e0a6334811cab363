"""Decay: whether results have become worse, by a sequential test that says how often it is wrong.

A one-sided CUSUM (Page, "Continuous inspection schemes", Biometrika 41, 1954) adds up how far each result
lies below what was usual, less an allowance, and never falls below 0; where it reaches its limit it raises an
alarm. What was usual is taken from all results before: each is standardised with the mean and deviation
of those ahead of it, which makes it a Student's t, and that is made normal (Wallace's transformation, as in
Hawkins and Olwell, "Cumulative sum charts", 1998, chapter 7: the self-starting CUSUM). So nothing has to be
known beforehand, and while nothing changes the values are independent standard normals whatever the level
and the spread of the results were.

The limit follows from how rarely it may be wrong, by Siegmund's approximation of the average run length
("Sequential analysis", 1985). Results are cut at three deviations: a single one raises no alarm.
"""

from collections.abc import Iterable
from math import exp, log1p, sqrt
from typing import NamedTuple

LEAST = 30
"""Results below which nothing is said."""

CUT = 3.0
"""Deviations beyond which a result counts no more."""

EDGE = 1.166
"""Siegmund's correction: how far the sum jumps over its limit on average."""


class Cusum(NamedTuple):
    """A test: its allowance, its limit, and after how many results it raises one false alarm on average."""

    allowance: float
    limit: float
    false_alarm: int


class CusumState(NamedTuple):
    """The state of a test: its sum, whether it stands in alarm, and the result that raised it (from 0)."""

    results: int
    value: float
    alarm: bool
    raised_at: int | None
    before: float | None


def run_length(drift: float, limit: float) -> float:
    """Return after how many results a CUSUM of standard normals with a drift a step reaches its limit.

    Siegmund's approximation: (exp(-2 d b) + 2 d b - 1) / (2 d^2) with b = limit + 1.166, b^2 without drift.
    """
    edge = limit + EDGE
    if abs(drift) < 1e-9:
        return edge * edge
    power = -2.0 * drift * edge
    return (exp(min(power, 700.0)) - power - 1.0) / (2.0 * drift * drift)


def chart(shift: float, false_alarm: int) -> Cusum:
    """Return the test made for a loss of `shift` deviations a result, wrong once in `false_alarm` results."""
    allowance = shift / 2.0
    low, high = 0.0, 1.0
    while run_length(-allowance, high) < false_alarm:
        high *= 2.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if run_length(-allowance, middle) < false_alarm else (low, middle)
    return Cusum(allowance, high, false_alarm)


def seen_after(test: Cusum, shift: float) -> int:
    """Return after how many results a loss of `shift` deviations each is seen on average."""
    return round(run_length(shift - test.allowance, test.limit))


def false_alarms(test: Cusum, results: int) -> float:
    """Return the probability of at least one false alarm in so many results: runs are nearly exponential."""
    return 1.0 - exp(-results / test.false_alarm)


def watch(results: Iterable[float], test: Cusum, least: int = LEAST) -> CusumState:
    """Return what a test comes to on results, oldest first.

    The first `least` only teach it what is usual. In alarm it stays: what was usual is not learned from what
    came after.
    """
    count, mean, squares, value = 0, 0.0, 0.0, 0.0
    raised: int | None = None
    for result in results:
        if count >= least and raised is None:
            value = max(0.0, value - normal(result, count, mean, squares) - test.allowance)
            raised = count if value >= test.limit else None
        count += 1
        if raised is None:
            away = result - mean
            mean += away / count
            squares += away * (result - mean)
    return CusumState(count, value, raised is not None, raised, mean if count else None)


def normal(result: float, count: int, mean: float, squares: float) -> float:
    """Return a result as a standard normal value, by the mean and the sum of squares of those before it."""
    deviation = sqrt(squares / (count - 1)) if squares > 0 else 0.0
    if deviation <= 0:
        return 0.0
    t = (result - mean) / deviation * sqrt(count / (count + 1))
    freedom = count - 1
    # Wallace, "Bounds on normal approximations to Student's and the chi-square distributions", 1959.
    size = (8 * freedom + 1) / (8 * freedom + 3) * sqrt(freedom * log1p(t * t / freedom))
    return min(size, CUT) if t > 0 else -min(size, CUT)

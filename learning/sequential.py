"""A test of two by pairs that may be looked at after each of them and stays as rarely wrong. Pure.

The pairs' differences are held against "their mean is 0" by a mixture of sequential probability ratios
(Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical
Statistics 41, 1970; Johari, Koomen, Pekelis and Walsh, "Always valid inference", Operations Research 70,
2022): the evidence is the likelihood under effects drawn from a normal of deviation EFFECT, in deviations of
a difference, over that under none. The deviation is not known, so both are averaged over all of them by the
right Haar measure, which leaves the t statistic:

    (1 + n e^2)^(-1/2) * ((1 + t^2/v) / (1 + t^2/(v (1 + n e^2))))^(n/2),  v = n - 1

(Perez-Ortiz, Lardy, de Heide and Grunwald, "E-statistics, group invariance and anytime-valid testing", Annals
of Statistics 52, 2024). For normal differences without an effect it passes 1/alarm ever, however often it is
looked at, with a probability of `alarm` at most (Ville's inequality). Means that it would not reject are the
confidence sequence.
"""

from collections.abc import Iterable
from math import exp, log, log1p, sqrt
from typing import NamedTuple

ALARM = 0.05
"""How likely it is that a difference is ever told where there is none."""

EFFECT = 0.2
"""Effects it is made for, in deviations of a pair's difference; others are seen later."""

LEAST = 30
"""Pairs below which nothing is said: fewer are not told from a normal's."""


class PairedTest(NamedTuple):
    """The test of pairs: how many, their mean difference with the ends of its confidence sequence at present.

    `evidence` is the most there was from LEAST pairs on; `decided_after` are the pairs after which it passed
    1/alarm, and `sign` which way: +1 the first of a pair is better, -1 the second, 0 not shown.
    """

    pairs: int
    mean: float | None
    low: float | None
    high: float | None
    evidence: float
    decided_after: int | None
    sign: int


def paired(differences: Iterable[float], alarm: float = ALARM, effect: float = EFFECT) -> PairedTest:
    """Return what differences, oldest first, come to; what was shown once stays shown."""
    count, mean, squares, most = 0, 0.0, 0.0, 0.0
    decided: int | None = None
    sign = 0
    for value in differences:
        count += 1
        away = value - mean
        mean += away / count
        squares += away * (value - mean)
        if count < LEAST:
            continue
        weight = log_evidence(count, mean, squares, effect)
        most = max(most, weight)
        if decided is None and weight >= -log(alarm):
            decided, sign = count, 1 if mean > 0.0 else -1
    reach = reach_of(count, squares, alarm, effect)
    low, high = (None, None) if reach is None else (mean - reach, mean + reach)
    return PairedTest(count, mean if count else None, low, high, exp(min(most, 700.0)), decided, sign)


def log_evidence(count: int, mean: float, squares: float, effect: float) -> float:
    """Return the logarithm of the evidence; `squares` is the sum of squared distances from the mean."""
    if count < 2 or squares <= 0.0:
        return 0.0
    grown = 1.0 + count * effect * effect
    part = count * mean * mean / squares  # t^2 / (n - 1)
    return (count * (log1p(part) - log1p(part / grown)) - log(grown)) / 2.0


def reach_of(count: int, squares: float, alarm: float, effect: float) -> float | None:
    """Return how far the confidence sequence reaches from the mean, None while it knows no end."""
    if count < LEAST or squares <= 0.0:
        return None
    grown = 1.0 + count * effect * effect
    level = exp((log(grown) - 2.0 * log(alarm)) / count)
    if level >= grown:
        return None
    return sqrt(squares * (level - 1.0) / (1.0 - level / grown) / count)

"""Scores of forecasts: whether a probability meant what it said. Pure; what has no basis is None, never 0.

Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950; Good,
"Rational decisions", Journal of the Royal Statistical Society B 14, 1952 (the logarithmic score); Wilks,
"Statistical methods in the atmospheric sciences", 2019, section 9.4 (skill against a reference forecast);
Wilson, "Probable inference", Journal of the American Statistical Association 22, 1927 (the interval).
"""

from bisect import bisect_left
from collections.abc import Sequence
from math import floor, log, sqrt

import msgspec

from domain.calibrator import LEAST, MOST
from learning.forecasts import Resolved

BINS = 10
WIDE = 1.959963984540054
"""Normal deviate of a 95 % interval."""


class Bin(msgspec.Struct, frozen=True):
    """Forecasts of like probability: their range and mean, how many, and the share that earned something.

    `low` and `high` bound that share with 95 % (Wilson).
    """

    least: float
    most: float
    count: int
    probability: float
    won: float
    low: float
    high: float


class ForecastScores(msgspec.Struct, frozen=True):
    """The scores of a voice's forecasts.

    `brier` and `log_loss` are means, the less the better, `base_brier` is that of the base rate known at each
    forecast; `skill` is 1 - brier / base_brier: 0 says no more than the base rate, below 0 it misleads.
    `mean_result` is the mean net return of the entries it voted for, of `taken` of them. `held_back` entries
    were not made because of it; `saved` is the sum of what they would have returned, turned round: above 0
    where it earned its keep.
    """

    count: int
    trades: int
    vetoes: int
    won: int
    base_rate: float
    brier: float
    base_brier: float
    log_loss: float
    skill: float | None
    taken: int
    mean_result: float | None
    held_back: int
    saved: float
    bins: tuple[Bin, ...]


def scores(done: Sequence[Resolved]) -> ForecastScores | None:
    """Return the scores of one voice's resolved forecasts; None where there are none."""
    if not done:
        return None
    chances = [each.forecast.probability for each in done]
    won = [each.won for each in done]
    bases = [each.forecast.base for each in done]
    taken = [each.result for each in done if each.forecast.vote > 0]
    held = [each.result for each in done if each.forecast.held_back]
    trades = sum(each.kind == "trade" for each in done)
    return ForecastScores(
        count=len(done),
        trades=trades,
        vetoes=len(done) - trades,
        won=sum(won),
        base_rate=sum(won) / len(done),
        brier=brier(chances, won),
        base_brier=brier(bases, won),
        log_loss=log_loss(chances, won),
        skill=skill(chances, bases, won),
        taken=len(taken),
        mean_result=sum(taken) / len(taken) if taken else None,
        held_back=len(held),
        saved=-sum(held) if held else 0.0,
        bins=reliability(chances, won),
    )


def brier(chances: Sequence[float], won: Sequence[bool]) -> float:
    """Return the mean squared distance of probabilities from what came, 0 to 1 (Brier 1950, one class)."""
    return sum((chance - one) ** 2 for chance, one in zip(chances, won, strict=True)) / len(won)


def log_loss(chances: Sequence[float], won: Sequence[bool]) -> float:
    """Return the mean of -log of the probability given to what came, each kept within .01 and .99."""
    return -sum(
        log(clipped(chance) if one else 1.0 - clipped(chance))
        for chance, one in zip(chances, won, strict=True)
    ) / len(won)


def skill(chances: Sequence[float], bases: Sequence[float], won: Sequence[bool]) -> float | None:
    """Return 1 - sum (p - y)^2 / sum (b - y)^2; None where the base rates were without fault."""
    reference = brier(bases, won)
    return 1.0 - brier(chances, won) / reference if reference > 0.0 else None


def clipped(chance: float) -> float:
    """Return a probability kept within .01 and .99."""
    return min(MOST, max(LEAST, chance))


def reliability(chances: Sequence[float], won: Sequence[bool], bins: int = BINS) -> tuple[Bin, ...]:
    """Return forecasts in bins between quantiles of the probability; equal ones share one, none is empty."""
    ordered = sorted(chances)
    inner = [quantile(ordered, number / bins) for number in range(1, bins)]
    held: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for chance, one in zip(chances, won, strict=True):
        held[bisect_left(inner, chance)].append((chance, one))
    return tuple(_bin(each) for each in held if each)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile of rising values, linear between them (Hyndman and Fan 1996, type 7)."""
    point = share * (len(ordered) - 1)
    below = floor(point)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (point - below)


def _bin(held: Sequence[tuple[float, bool]]) -> Bin:
    chances = [chance for chance, _ in held]
    won, count = sum(one for _, one in held), len(held)
    low, high = wilson(won, count)
    return Bin(min(chances), max(chances), count, sum(chances) / count, won / count, low, high)


def wilson(won: int, count: int, deviate: float = WIDE) -> tuple[float, float]:
    """Return the interval of a share (Wilson 1927), by default with 95 %; `count` is at least 1."""
    share, square = won / count, deviate * deviate
    middle = (share + square / (2 * count)) / (1 + square / count)
    reach = deviate / (1 + square / count) * sqrt(share * (1 - share) / count + square / (4 * count**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)

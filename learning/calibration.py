"""Calibrators: what a voice's probability has meant so far, as tables that rise. Pure.

Which kind is used follows from how many outcomes there are. Below 150 the base rate is better than any fit,
from 150 on Platt's sigmoid, from 400 on Venn-Abers, whose two ends say how little is known:

- Platt, "Probabilistic outputs for support vector machines", 1999, on the log-odds of the probability, with
  his targets; by Newton's method with a line search (Lin, Lin and Weng, "A note on Platt's probabilistic
  outputs", Machine Learning 68, 2007). One that would fall is flat.
- Venn-Abers, inductive: Vovk, Petej and Fedorova, "Large-scale probabilistic predictors with and without
  guarantees of validity", 2015. The lower end is isotonic regression with the forecast added as lost, the
  upper with it added as won. It is worked out at up to 64 places; between two of them the lower end is that
  of the point below and the upper that of the point above, so the interval never comes out too narrow.

Isotonic regression is by pooling adjacent violators (Ayer et al., Annals of Mathematical Statistics 26,
1955). Probabilities are kept within .01 and .99.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from math import exp, log, log1p

from domain.calibrator import Calibrator
from domain.times import utc
from learning.forecasts import Resolved, Tally
from learning.scores import clipped, wilson

CONSTANT, PLATT, VENN_ABERS = "constant", "Platt", "Venn-Abers"
FROM_PLATT, FROM_VENN_ABERS = 150, 400
"""Outcomes from which a sigmoid, and from which Venn-Abers, beats what is simpler (measured)."""

PLACES = 64
STEPS = 100
SMALL = 1e-12


def fitted(chances: Sequence[float], won: Sequence[bool]) -> Calibrator:
    """Return the calibrator that so many outcomes allow."""
    kind = kind_for(len(won))
    if kind == CONSTANT:
        return constant(won)
    return platt(chances, won) if kind == PLATT else venn_abers(chances, won)


def kind_for(count: int) -> str:
    """Return the kind of calibrator that so many outcomes allow."""
    if count < FROM_PLATT:
        return CONSTANT
    return PLATT if count < FROM_VENN_ABERS else VENN_ABERS


def constant(won: Sequence[bool]) -> Calibrator:
    """Return the base rate for whatever is stated, its ends those of Wilson's interval."""
    count = len(won)
    low, high = wilson(sum(won), count) if count else (0.0, 1.0)
    return Calibrator(CONSTANT, count, (0.5,), (clipped(low),), (clipped(high),))


def platt(chances: Sequence[float], won: Sequence[bool]) -> Calibrator:
    """Return Platt's sigmoid over the log-odds of what is stated, as a table of 99 places."""
    slope, level = sigmoid([_odds(each) for each in chances], won)
    if slope < 0.0:
        base = Tally(len(won), sum(won)).base
        slope, level = 0.0, log(base / (1.0 - base))
    at = tuple(number / 100 for number in range(1, 100))
    values = tuple(clipped(_logistic(slope * _odds(each) + level)) for each in at)
    return Calibrator(PLATT, len(won), at, values, values)


def sigmoid(odds: Sequence[float], won: Sequence[bool]) -> tuple[float, float]:
    """Return slope and level of Platt's sigmoid 1 / (1 + exp(-(slope * odds + level)))."""
    yes = sum(won)
    no = len(won) - yes
    targets = [(yes + 1.0) / (yes + 2.0) if one else 1.0 / (no + 2.0) for one in won]
    slope, level = 0.0, log((yes + 1.0) / (no + 1.0))
    value = _cost(odds, targets, slope, level)
    for _ in range(STEPS):
        across, up = _newton(odds, targets, slope, level)
        size = 1.0
        while size > SMALL and _cost(odds, targets, slope - size * across, level - size * up) > value:
            size /= 2.0
        slope, level = slope - size * across, level - size * up
        better = _cost(odds, targets, slope, level)
        if value - better < SMALL * max(1.0, value):
            break
        value = better
    return slope, level


def _newton(
    odds: Sequence[float], targets: Sequence[float], slope: float, level: float
) -> tuple[float, float]:
    """Return Newton's step down the cost, in slope and level."""
    by_slope = by_level = twice_slope = both = twice_level = 0.0
    for value, target in zip(odds, targets, strict=True):
        chance = _logistic(slope * value + level)
        off, bend = chance - target, chance * (1.0 - chance)
        by_slope += off * value
        by_level += off
        twice_slope += bend * value * value
        both += bend * value
        twice_level += bend
    twice_slope += SMALL
    twice_level += SMALL
    size = twice_slope * twice_level - both * both
    return (
        (twice_level * by_slope - both * by_level) / size,
        (twice_slope * by_level - both * by_slope) / size,
    )


def _cost(odds: Sequence[float], targets: Sequence[float], slope: float, level: float) -> float:
    """Return the cross-entropy of targets, without ever an exponential that overflows."""
    total = 0.0
    for value, target in zip(odds, targets, strict=True):
        at = slope * value + level
        total += (1.0 - target) * at + log1p(exp(-at)) if at >= 0.0 else log1p(exp(at)) - target * at
    return total


def _odds(chance: float) -> float:
    chance = clipped(chance)
    return log(chance / (1.0 - chance))


def _logistic(at: float) -> float:
    return 1.0 / (1.0 + exp(-at)) if at >= 0.0 else exp(at) / (1.0 + exp(at))


def venn_abers(chances: Sequence[float], won: Sequence[bool]) -> Calibrator:
    """Return the two ends of an inductive Venn-Abers predictor at up to 64 places."""
    pooled = _pooled(chances, won)
    scores = [score for score, _, _ in pooled]
    places = _places(scores)
    low = tuple(clipped(_at(pooled, scores, point, lost=1, won=0)) for point in places)
    high = tuple(clipped(_at(pooled, scores, point, lost=0, won=1)) for point in places)
    return Calibrator(VENN_ABERS, len(won), places, low, high, stepped=True)


Pooled = list[tuple[float, float, float]]
"""A score, how many outcomes it has and how many of them won."""


def _pooled(chances: Sequence[float], won: Sequence[bool]) -> Pooled:
    held: dict[float, tuple[float, float]] = {}
    for chance, one in zip(chances, won, strict=True):
        count, yes = held.get(chance, (0.0, 0.0))
        held[chance] = count + 1.0, yes + one
    return [(score, *held[score]) for score in sorted(held)]


def _places(scores: Sequence[float]) -> tuple[float, ...]:
    """Return every score, or as many of them as there are places, evenly over their ranks."""
    if len(scores) <= PLACES:
        return tuple(scores)
    return tuple(scores[round(number * (len(scores) - 1) / (PLACES - 1))] for number in range(PLACES))


def _at(pooled: Pooled, scores: Sequence[float], point: float, *, lost: int, won: int) -> float:
    """Return isotonic regression at a point, with one more outcome there."""
    index = bisect_left(scores, point)
    there = pooled[index]
    more = [*pooled]
    more[index] = point, there[1] + lost + won, there[2] + won
    return isotonic(more)[index]


def isotonic(pooled: Sequence[tuple[float, float, float]]) -> list[float]:
    """Return the rising values nearest to each score's share that won, by pooling adjacent violators."""
    blocks: list[tuple[float, float, int]] = []
    for _, count, won in pooled:
        total, yes, length = count, won, 1
        while blocks and blocks[-1][1] * total >= yes * blocks[-1][0]:
            before = blocks.pop()
            total, yes, length = total + before[0], yes + before[1], length + before[2]
        blocks.append((total, yes, length))
    return [yes / total for total, yes, length in blocks for _ in range(length)]


def prequential(done: Sequence[Resolved]) -> list[float]:
    """Return what each forecast stood for by a calibrator fitted before it, none by its own outcome.

    Fitted anew each month (UTC) on all outcomes learned before it began; Dawid, "Statistical theory: the
    prequential approach", Journal of the Royal Statistical Society A 147, 1984.
    """
    learned = sorted(done, key=lambda each: each.learned_at)
    times = [each.learned_at for each in learned]
    fits: dict[int, Calibrator] = {}
    answers = []
    for each in done:
        begin = month_of(each.forecast.at)
        if begin not in fits:
            known = learned[: bisect_right(times, begin - 1)]
            fits[begin] = fitted([one.forecast.probability for one in known], [one.won for one in known])
        used = fits[begin]
        answers.append(
            each.forecast.base if used.kind == CONSTANT else used.chance(each.forecast.probability)
        )
    return answers


def month_of(at_ms: int) -> int:
    """Return when the month (UTC) of an instant began, in ms."""
    return round(utc(at_ms).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def months(done: Iterable[Resolved]) -> int:
    """Return in how many months forecasts were given."""
    return len({month_of(each.forecast.at) for each in done})

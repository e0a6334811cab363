"""The test of pairs: looked at after each it is wrong as rarely as it says, and it sees what is there."""

import random
from collections.abc import Callable
from math import exp, pi, sqrt

import numpy as np
import pytest

from learning.sequential import ALARM, EFFECT, LEAST, log_evidence, paired

RUNS, PAIRS = 300, 250


def runs(draw: Callable[[random.Random], float], seed: int = 11) -> list[list[float]]:
    chance = random.Random(seed)
    return [[draw(chance) for _ in range(PAIRS)] for _ in range(RUNS)]


def heavy(chance: random.Random) -> float:
    """Return a Student's t of three degrees of freedom."""
    return chance.gauss(0, 1) / sqrt(sum(chance.gauss(0, 1) ** 2 for _ in range(3)) / 3)


@pytest.mark.parametrize(
    "draw",
    [
        lambda chance: chance.gauss(0, 0.01),
        lambda chance: chance.gauss(0, 1) if chance.random() < 0.3 else 0.0,
        heavy,
    ],
    ids=["normal", "mostly nothing", "heavy tails"],
)
def test_looked_at_after_every_pair_it_is_wrong_as_rarely_as_it_says(
    draw: Callable[[random.Random], float],
) -> None:
    wrong = sum(paired(each).decided_after is not None for each in runs(draw))
    assert wrong / RUNS <= ALARM


def test_it_sees_a_difference_and_which_way_and_in_which_scale_does_not_matter() -> None:
    better = runs(lambda chance: chance.gauss(0.3, 1.0))
    signs = [paired(each).sign for each in better]
    assert signs.count(1) > 0.9 * RUNS
    assert -1 not in signs
    for each in better[:20]:
        one, other = paired(each), paired([-value * 1e-6 for value in each])
        assert one.decided_after == other.decided_after
        assert one.sign == -other.sign


def test_the_interval_holds_the_truth_all_the_time() -> None:
    missed = 0
    for each in runs(lambda chance: chance.gauss(0.1, 1.0))[:60]:
        ends = [paired(each[:count]) for count in range(LEAST, PAIRS, 4)]
        assert ends[-1].low is not None
        missed += any(end.low is not None and not end.low <= 0.1 <= end.high for end in ends)  # type: ignore[operator]
    assert missed / 60 <= ALARM + 0.03


def test_the_evidence_is_the_ratio_of_averaged_likelihoods() -> None:
    chance = random.Random(2)
    values = np.array([chance.gauss(0.4, 1.3) for _ in range(12)])
    scales = np.exp(np.linspace(-3, 4, 1_500))

    def averaged(effect: float) -> float:
        likelihood = np.exp(-(((values[:, None] - effect * scales) / scales) ** 2).sum(axis=0) / 2)
        return float(np.trapezoid(likelihood * scales ** -float(len(values)) / scales, scales))

    effects = np.linspace(-8 * EFFECT, 8 * EFFECT, 801)
    weights = np.exp(-((effects / EFFECT) ** 2) / 2) / (EFFECT * sqrt(2 * pi))
    mixed = np.trapezoid(
        [averaged(each) * weight for each, weight in zip(effects, weights, strict=True)], effects
    )
    mean = float(values.mean())
    told = exp(log_evidence(len(values), mean, float(((values - mean) ** 2).sum()), EFFECT))
    assert told == pytest.approx(float(mixed) / averaged(0.0), rel=1e-4)


def test_too_little_and_nothing_at_all_say_nothing() -> None:
    few = paired([1.0, 2.0, 1.5] * 9)
    assert (few.pairs, few.decided_after, few.low, few.sign) == (27, None, None, 0)
    for same in ([], [0.0] * 200):
        test = paired(same)
        assert (test.decided_after, test.evidence, test.low) == (None, 1.0, None)

"""The test of decay is wrong as rarely as it says, sees what it says, and says nothing on too little."""

import random
from collections.abc import Callable
from math import sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from learning.decay import CUT, LEAST, Cusum, chart, false_alarms, normal, run_length, seen_after, watch

FloatArray = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], FloatArray]

DRAWS: dict[str, Draw] = {
    "normal": lambda chance, paths: chance.standard_normal(paths),
    "heavy": lambda chance, paths: chance.standard_t(4, paths),
    "coin": lambda chance, paths: (chance.random(paths) < 0.4).astype(np.float64),
}


def alarms(paths: int, length: int, test: Cusum, kind: str, shift: float = 0.0) -> FloatArray:
    """Return when each of many paths raises its alarm (`length` for never): the fold, over all at once."""
    chance = np.random.default_rng(1)
    allowance, limit = test.allowance, test.limit
    mean, squares, value = np.zeros(paths), np.zeros(paths), np.zeros(paths)
    raised: FloatArray = np.full(paths, float(length))
    for count in range(length):
        lost = shift if count >= LEAST + 70 else 0.0
        result: FloatArray = 0.4 + 1.7 * (DRAWS[kind](chance, paths) - lost)
        if count >= LEAST:
            deviation = np.sqrt(squares / (count - 1))
            t = (result - mean) / deviation * sqrt(count / (count + 1))
            freedom = count - 1
            size = (8 * freedom + 1) / (8 * freedom + 3) * np.sqrt(freedom * np.log1p(t * t / freedom))
            value = np.maximum(0.0, value - np.sign(t) * np.minimum(size, CUT) - allowance)
            raised = np.where((raised == length) & (value >= limit), count, raised)
        away = result - mean
        mean = mean + away / (count + 1)
        squares = squares + away * (result - mean)
    return raised


@pytest.mark.parametrize(("shift", "rate"), [(0.2, 300), (0.3, 1000), (0.6, 500)])
def test_the_limit_is_that_of_the_stated_rate(shift: float, rate: int) -> None:
    test = chart(shift, rate)
    assert run_length(-test.allowance, test.limit) == pytest.approx(rate, rel=1e-6)
    assert chart(shift, rate * 2).limit > test.limit
    assert seen_after(test, shift) < rate / 4


@pytest.mark.parametrize("kind", DRAWS)
def test_false_alarms_are_as_rare_as_stated_whatever_the_results_are_like(kind: str) -> None:
    """4,000 paths of 600 results in which nothing changes, seeded; the level and the spread are not known."""
    test, length = chart(0.3, 1000), 600
    raised = alarms(4000, length, test, kind)
    measured, stated = float(np.mean(raised < length)), false_alarms(test, length - LEAST)
    assert measured <= stated + 0.03, kind
    assert measured >= stated * 0.4, "a test that never speaks is none"


def test_a_loss_is_seen_about_when_it_is_said_to_be() -> None:
    test, shift = chart(0.3, 1000), 0.6
    raised = alarms(1500, 500, test, "normal", shift)
    delays = raised[raised >= LEAST + 70] - (LEAST + 70)
    assert float(np.median(delays)) == pytest.approx(seen_after(test, shift), rel=0.5)


@pytest.mark.parametrize("seed", range(10))
def test_the_fold_is_that_of_the_simulation(seed: int) -> None:
    chance = random.Random(seed)
    results = [chance.gauss(0.5, 1.0) for _ in range(200)] + [chance.gauss(-1.5, 1.0) for _ in range(60)]
    found = watch(results, chart(0.3, 1000))
    assert found.alarm
    assert found.raised_at is not None
    assert 200 <= found.raised_at < 240
    assert watch(results[: found.raised_at], chart(0.3, 1000)).alarm is False
    assert watch([7 + 3 * each for each in results], chart(0.3, 1000)).raised_at == found.raised_at
    assert found.before == pytest.approx(sum(results[: found.raised_at]) / found.raised_at, abs=0.1)


@pytest.mark.parametrize("count", [0, 1, 2, LEAST - 1, LEAST])
def test_too_few_results_raise_nothing(count: int) -> None:
    assert not watch([-1.0 * number for number in range(count)], chart(0.3, 1000)).alarm


def test_results_that_are_all_alike_say_nothing() -> None:
    assert watch([0.01] * 500, chart(0.3, 1000)).value == 0.0
    assert normal(5.0, 40, 0.01, 0.0) == 0.0


def test_one_disaster_alone_raises_no_alarm() -> None:
    usual = [0.01, -0.01] * 50
    assert not watch([*usual, -1.0], chart(0.3, 1000)).alarm

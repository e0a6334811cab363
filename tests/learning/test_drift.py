"""Drift speaks where it should, is silent on too little, and never speaks for a model."""

from random import Random

import pytest

from learning.drift import MOST_SHIFT, TEST, behind, shares, shifted, stability

EDGES = tuple(each / 10 for each in range(1, 10))


def test_shares_are_of_the_bins_as_they_were_in_training() -> None:
    assert shares((1.0, 2.0), [0.5, 1.0, 1.5, 2.0, 9.0]) == (0.4, 0.4, 0.2)
    assert shares((1.0,), []) == (0.0, 0.0)
    assert stability((0.5, 0.5), (0.5, 0.5)) == 0.0
    assert stability((0.5, 0.5), (0.9, 0.1)) == pytest.approx(0.4 * 0.5878 + 0.4 * 1.6094, abs=1e-3)
    assert stability((0.5, 0.5), (1.0, 0.0)) > 1.0


def test_inputs_that_did_not_move_raise_nothing_and_those_that_did_are_named() -> None:
    chance = Random(1)
    then = [shares(EDGES, [chance.random() for _ in range(3_000)])] * 2
    rows = [(chance.random(), min(1.0, 0.4 + chance.random())) for _ in range(300)]
    report = shifted(("still", "moved"), [EDGES] * 2, then, rows)
    assert report is not None
    assert report["still"] < MOST_SHIFT / 2
    assert report["moved"] > MOST_SHIFT
    assert shifted(("still", "moved"), [EDGES] * 2, then, rows[:199]) is None


def outcomes(chance: Random, count: int, told: float, true: float) -> list[tuple[float, bool]]:
    return [(told, chance.random() < true) for _ in range(count)]


def test_chances_that_come_true_raise_nothing_and_those_that_do_not_do() -> None:
    alarms = [behind(outcomes(Random(seed), 300, 0.4, 0.4)).alarm for seed in range(40)]
    assert sum(alarms) <= 8
    assert all(behind(outcomes(Random(seed), 400, 0.4, 0.15)).alarm for seed in range(20))
    better = behind(outcomes(Random(1), 400, 0.4, 0.8))
    assert better.value < TEST.limit, "what comes true more often is no alarm"


def test_it_is_silent_on_too_few_outcomes() -> None:
    assert not behind([(0.9, False)] * 99).alarm
    assert behind([(0.9, False)] * 100).alarm
    assert behind([]).outcomes == 0

"""A model as arrays is the library's, bit for bit, and what its inputs add sums to its log-odds."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from domain.model import LOGISTIC, TREES, Arrays
from reasoning import models
from reasoning.kernels.model import chance_of, trees_odds
from research.data.candles import FloatArray
from research.engine import machine_code
from research.training.fit import FITS, arrays_of, boosted, odds_of
from research.training.judged import auc, break_even, interval

Rows = tuple[FloatArray, FloatArray, Any, Arrays]


@pytest.fixture(scope="module")
def grown() -> Rows:
    """Return rows, labels, LightGBM's booster on them and its arrays."""
    random = np.random.default_rng(3)
    inputs: FloatArray = random.normal(size=(900, 6)).astype(np.float64)
    inputs[:, 4] = np.round(inputs[:, 4])  # many a value lies on a threshold
    chance = 1 / (1 + np.exp(-inputs[:, 0] * inputs[:, 1] - 0.5 * inputs[:, 4]))
    won: FloatArray = (random.random(900) < chance).astype(np.float64)
    booster = boosted(inputs, won, seed=5)
    return inputs, won, booster, arrays_of(booster.dump_model())


def test_trees_are_lightgbms_bit_for_bit(grown: Rows) -> None:
    inputs, _, booster, arrays = grown
    fresh = np.vstack([inputs, np.random.default_rng(9).normal(scale=3.0, size=(500, 6))])
    assert len(arrays.roots) == 120
    assert odds_of(arrays, fresh).tolist() == booster.predict(fresh, raw_score=True).tolist()


def test_machine_code_says_the_same_bits(grown: Rows) -> None:
    inputs, _, _, arrays = grown
    machine_code.register()
    import numba  # noqa: PLC0415  # half a second

    names = ("roots", "feature", "threshold", "left", "right", "value")
    flat = [np.array(getattr(arrays, name)) for name in names]
    njit: Any = numba.njit
    machine, chance = njit(trees_odds), njit(chance_of)
    rows = inputs[:200].reshape(-1)
    odds = [machine(*flat, rows, 6 * each) for each in range(200)]
    assert odds == odds_of(arrays, inputs[:200]).tolist()
    assert [chance(each) for each in odds] == [chance_of(each) for each in odds]


def test_what_inputs_add_sums_to_the_log_odds(grown: Rows) -> None:
    inputs, won, _, trees = grown
    logistic = FITS[LOGISTIC](inputs, won, 0)
    for row in inputs[:100].tolist():
        for arrays in (trees, logistic):
            bias, parts = models.added(arrays, row)
            assert bias + sum(parts) == pytest.approx(models.odds_of(arrays, row), abs=1e-12)


def test_an_input_no_tree_asks_for_adds_nothing(grown: Rows) -> None:
    inputs, won, *_ = grown
    silent = inputs.copy()
    silent[:, 2] = 1.0
    trees = FITS[TREES](silent, won, 0)
    _, parts = models.added(trees, silent[0].tolist())
    assert parts[2] == 0.0
    assert any(parts)


def test_the_same_rows_and_seed_come_to_the_same_model(grown: Rows) -> None:
    inputs, won, _, arrays = grown
    assert FITS[TREES](inputs, won, 5) == arrays
    assert FITS[LOGISTIC](inputs, won, 1) == FITS[LOGISTIC](inputs, won, 1)


def test_a_chance_is_one_whatever_the_odds() -> None:
    assert [chance_of(odds) for odds in (-1e4, 0.0, 1e4)] == [0.0, 0.5, 1.0]
    levels = [chance_of(odds / 4) for odds in range(-80, 81)]
    assert all(low < high for low, high in pairwise(levels))


def test_figures_are_what_they_say() -> None:
    won = np.array([1.0, 0.0, 1.0, 0.0])
    assert auc(np.array([0.9, 0.1, 0.8, 0.2]), won) == 1.0
    assert auc(np.array([0.5, 0.5, 0.5, 0.5]), won) == 0.5
    assert auc(np.array([0.9, 0.95, 0.1, 0.2]), won) == 0.25
    assert break_even(np.array([0.03, -0.01, -0.01])) == pytest.approx(0.25)
    assert break_even(np.array([-0.01])) == 1.0
    month = np.repeat(np.arange(24), 10)
    low, high = interval(np.full(240, 0.5), np.ones(240), month, 0)
    assert low == high == pytest.approx(0.5)

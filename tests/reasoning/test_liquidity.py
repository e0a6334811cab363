"""Estimates of illiquidity and spreads against the papers' formulas, written anew with NumPy."""

from math import sqrt

import numpy as np
import pytest

from reasoning.kernels.entry_inputs import NAMES, entry_inputs
from reasoning.kernels.liquidity import amihud, high_low_spread, liquidity_inputs, roll_spread
from reasoning.kernels.model_inputs import INPUTS, LOOK_BACK, SIGMA

RNG = np.random.default_rng(5)
WALK = 10_000 * np.exp(np.cumsum(RNG.normal(0, 0.01, LOOK_BACK)))
CLOSE = WALK * (1 + 0.01 * RNG.choice([-1, 1], LOOK_BACK))  # it bounces
HIGH = CLOSE * (1 + RNG.uniform(0, 0.03, LOOK_BACK))  # some candles leave a gap
LOW = CLOSE * (1 - RNG.uniform(0, 0.03, LOOK_BACK))
VOLUME = np.where(RNG.uniform(size=LOOK_BACK) < 0.1, 0.0, RNG.uniform(1, 9, LOOK_BACK))
LAST = LOOK_BACK - 1
RETURNS = CLOSE[1:] / CLOSE[:-1] - 1


def test_amihud_is_the_mean_of_return_over_money() -> None:
    money = (CLOSE * VOLUME)[1:]
    traded = money > 0
    assert not traded.all()
    wanted = np.mean(np.abs(RETURNS[traded]) / money[traded])
    assert amihud(CLOSE.tolist(), VOLUME.tolist(), LAST, 96) == pytest.approx(wanted)
    assert amihud(CLOSE.tolist(), [0.0] * LOOK_BACK, LAST, 96) == 0.0


def test_roll_is_twice_the_root_of_the_covariance_below_zero() -> None:
    centred = RETURNS - RETURNS.mean()
    covariance = (centred[1:] * centred[:-1]).sum() / (len(RETURNS) - 1)
    assert covariance < 0
    assert roll_spread(CLOSE.tolist(), LAST, 96) == pytest.approx(2 * sqrt(-covariance))
    assert roll_spread([100.0 + each for each in range(LOOK_BACK)], LAST, 96) < 1e-3, "a trend has no bounce"


def test_both_spreads_find_one_that_is_known() -> None:
    spread, count, inside = 0.01, 6_000, 60
    steps = RNG.normal(0, 0.0005, (count, inside))
    middle = np.exp(np.cumsum(steps.reshape(-1)).reshape(count, inside))
    price = 100 * middle * (1 + spread / 2 * RNG.choice([-1, 1], (count, inside)))
    close, high, low = (each.tolist() for each in (price[:, -1], price.max(axis=1), price.min(axis=1)))
    assert roll_spread(close, count - 1, count - 2) == pytest.approx(spread, rel=0.1)
    assert high_low_spread(high, low, close, count - 1, count - 2) == pytest.approx(spread, rel=0.25)


def test_corwin_and_schultz_by_their_formula() -> None:
    gap = np.maximum(0, LOW[1:] - CLOSE[:-1]) - np.maximum(0, CLOSE[:-1] - HIGH[1:])
    top, bottom = HIGH[1:] - gap, LOW[1:] - gap
    beta = np.log(top / bottom) ** 2 + np.log(HIGH[:-1] / LOW[:-1]) ** 2
    gamma = np.log(np.maximum(top, HIGH[:-1]) / np.minimum(bottom, LOW[:-1])) ** 2
    root = 3 - 2 * np.sqrt(2)
    alpha = (np.sqrt(2 * beta) - np.sqrt(beta)) / root - np.sqrt(gamma / root)
    spreads = np.maximum(0, 2 * (np.exp(alpha) - 1) / (1 + np.exp(alpha)))
    assert (spreads > 0).any()
    assert (spreads == 0).any()
    assert high_low_spread(HIGH.tolist(), LOW.tolist(), CLOSE.tolist(), LAST, 96) == pytest.approx(
        spreads.mean()
    )


def test_an_older_version_has_its_own_numbers_and_a_newer_one_those_too() -> None:
    high, low, close, volume = (each.tolist() for each in (HIGH, LOW, CLOSE, VOLUME))
    rows = {version: [0.0] * len(names) for version, names in NAMES.items()}
    for version, row in rows.items():
        entry_inputs(version, high, low, close, volume, LAST, 0, 60.0, 0.03, 1, row)
    assert rows[2][: len(INPUTS)] == rows[1]
    three = [0.0] * 3
    liquidity_inputs(high, low, close, volume, LAST, rows[1][SIGMA] / 100.0, three, 0)
    assert rows[2][len(INPUTS) :] == three
    assert all(three)


def test_a_scale_of_price_or_volume_changes_nothing() -> None:
    row, other = scaled(1, 1), scaled(7, 1e6)
    assert all(row)
    assert other == pytest.approx(row)


def scaled(price: float, volume: float) -> list[float]:
    """Return the inputs with prices and volumes in other units."""
    high, low, close = ((each * price).tolist() for each in (HIGH, LOW, CLOSE))
    row = [0.0] * 3
    liquidity_inputs(high, low, close, (VOLUME * volume).tolist(), LAST, 0.01, row, 0)
    return row

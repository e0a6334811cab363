"""What a page draws of a run: curves keep extremes, months compound to the whole, trials come best first."""

import json
from itertools import pairwise
from math import inf, nan, prod

import numpy as np
import pytest

from agent.reports.drawn import COLUMNS, MOST_TRIED, curve_of, months_of, tried_of
from domain.times import HOUR_MS
from tests.research.made import trade, walk


def test_a_curve_keeps_its_ends_and_extremes_beside_buy_and_hold() -> None:
    candles = [walk("BTC-USDT", 5000, HOUR_MS)]
    result = trade(candles)
    growth = result.equity / result.opening_cash
    curve = curve_of(result.times_ms, growth, candles)
    assert len(curve.times) == len(curve.equity) == len(curve.fall) == len(curve.hold) <= 2 * COLUMNS + 2
    assert all(a < b for a, b in pairwise(curve.times))
    for drawn, whole in ((curve.equity[0], growth[0]), (curve.equity[-1], growth[-1])):
        assert drawn == pytest.approx(whole, abs=1e-6)
    assert (min(curve.equity), max(curve.equity)) == pytest.approx((growth.min(), growth.max()), abs=1e-6)
    assert min(curve.fall) < 0 == max(curve.fall)
    assert curve_of(result.times_ms, growth).hold == []


def test_months_compound_to_the_whole() -> None:
    result = trade([walk("BTC-USDT", 5000, HOUR_MS)])
    growth = result.equity / result.opening_cash
    months = months_of(result.times_ms, growth)
    known = [1 + each for row in months.values() for each in row if each is not None]
    assert prod(known) == pytest.approx(growth[-1], abs=1e-4)
    assert {len(row) for row in months.values()} == {12}


def test_trials_come_best_first_and_what_is_no_number_is_none() -> None:
    trials = [
        ({"fast": 1}, nan, 2.0),
        ({"fast": 2}, 0.5, nan),
        ({"fast": 3}, 1.5, None),
        ({"fast": 4}, -inf, 0.1),
    ]
    told = tried_of(trials)
    assert [each.parameters["fast"] for each in told][:2] == [3, 2]
    assert [each.in_sample for each in told] == [1.5, 0.5, None, None]
    assert told[1].out_of_sample is None
    assert len(tried_of(({"n": n}, float(n), None) for n in range(2 * MOST_TRIED))) == MOST_TRIED
    json.dumps([each.in_sample for each in told], allow_nan=False)
    assert np.isfinite([each.in_sample or 0 for each in told]).all()

"""The trend of a series: exact on lines, steady under outliers, unmoved by flat noise."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.soak.evidence.slope import growth, theil_sen, thinned


@settings(deadline=None, max_examples=40)
@given(st.floats(-50, 50), st.floats(-50, 50), st.integers(2, 900))
def test_the_slope_of_a_line_is_found_at_any_length(slope: float, start: float, count: int) -> None:
    trend = theil_sen([(float(x), start + slope * x) for x in range(count)])
    assert trend.slope == pytest.approx(slope, abs=1e-9)
    assert trend.at(float(count)) == pytest.approx(start + slope * count, abs=1e-6)
    assert trend.span == count - 1


def test_a_quarter_of_wild_points_does_not_move_the_slope() -> None:
    draw = random.Random(5)
    points = [(float(x), 2.0 * x + draw.gauss(0, 0.5)) for x in range(300)]
    wild = [(x, draw.uniform(-1e6, 1e6)) if index % 4 == 0 else (x, y) for index, (x, y) in enumerate(points)]
    assert theil_sen(wild).slope == pytest.approx(2.0, abs=0.05)


def test_flat_noise_has_no_slope() -> None:
    draw = random.Random(6)
    assert abs(theil_sen([(float(x), draw.gauss(70, 1)) for x in range(500)]).slope) < 0.002


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="1 points are too few"):
        theil_sen([(1.0, 2.0)])
    with pytest.raises(ValueError, match="too few"):
        theil_sen([(1.0, 2.0), (1.0, 3.0)])
    with pytest.raises(ValueError, match="3 values are too few"):
        growth([1, 2, 3])


def test_thinning_keeps_both_ends_and_the_order() -> None:
    points = [(float(x), 0.0) for x in range(1000)]
    kept = thinned(points, 10)
    assert len(kept) == 10
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert kept == sorted(kept)


def test_growth_is_from_the_first_to_the_last_quarter() -> None:
    assert growth([5] * 10 + [50] + [8] * 10) == 3
    assert growth([9, 8, 9, 8, 9, 8, 9, 8]) == 0

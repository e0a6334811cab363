"""The promise: a known law of slippage is found again, nothing is below 0, and too few orders say nothing."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.slippage import ALIKE, BINS, LEAST, PaidOrder, beyond, law_of, quantile, slippage_of


def orders(base: float, growth: float, count: int = 200, scatter: float = 0.0) -> list[PaidOrder]:
    """Return orders that paid by a law, of sizes from a millionth to a hundredth of a candle's volume."""
    draw = np.random.default_rng(count)
    rows = []
    for number in range(count):
        share, width = float(10 ** draw.uniform(-6, -2)), float(draw.uniform(100, 5_000))
        paid = width * (base + growth * sqrt(share) + scatter * draw.normal())
        rows.append(PaidOrder(f"order-{number:04}", share, width, paid, paid / 2))
    return rows


@pytest.mark.parametrize(("base", "growth"), [(0.05, 0.5), (0.0, 1.0), (0.2, 0.0)])
def test_a_law_without_scatter_is_found_to_the_digit(base: float, growth: float) -> None:
    law = law_of(orders(base, growth))
    assert (law.base, law.growth) == pytest.approx((base, growth), abs=1e-9)


def test_the_line_is_that_of_least_squares() -> None:
    paid = orders(0.05, 0.5, scatter=0.02)
    roots = np.array([sqrt(each.share) for each in paid])
    costs = np.array([each.beyond_ppm / each.range_ppm for each in paid])
    growth, base = np.polyfit(roots, costs, 1)
    law = law_of(paid)
    assert (law.base, law.growth) == pytest.approx((base, growth))
    assert law.note == ""


def test_where_larger_orders_paid_less_size_counts_for_nothing() -> None:
    law = law_of(orders(0.2, -0.5))
    assert law.growth == 0.0
    assert law.base > 0.0
    assert "larger orders did not pay more" in law.note


def test_a_line_below_0_is_laid_through_it() -> None:
    law = law_of(orders(-0.01, 0.5))
    assert law.base == 0.0
    assert 0.0 < law.growth < 0.5


def test_sizes_that_are_alike_do_not_show_what_size_costs() -> None:
    paid = [each._replace(share=0.001 + 0.002 * (place % 2)) for place, each in enumerate(orders(0.1, 0.0))]
    assert max(each.share for each in paid) < ALIKE * min(each.share for each in paid)
    law = law_of(paid)
    assert (law.base, law.growth) == pytest.approx((0.1, 0.0))
    assert "too alike" in law.note


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 10_000), st.floats(-1, 1), st.floats(-1, 1))
def test_no_number_is_below_0(seed: int, base: float, growth: float) -> None:
    law = law_of(orders(base, growth, count=seed % 50 + 2, scatter=0.5))
    assert law.base >= 0.0
    assert law.growth >= 0.0


def test_too_few_orders_say_nothing_and_enough_are_told_by_size() -> None:
    few = slippage_of("BTC-USDT", orders(0.05, 0.5, LEAST - 1), [])
    assert (few.enough, few.base, few.growth, few.bins) == (False, 0.0, 0.0, ())
    assert few.note == f"not enough fills: {LEAST - 1} of {LEAST}"
    paid = orders(0.05, 0.5, LEAST + 3)
    report = slippage_of("BTC-USDT", [*paid[:-1], paid[-1]._replace(open_ppm=None)], [10.0])
    assert report.enough
    assert sum(each.orders for each in report.bins) == LEAST + 3
    assert len(report.bins) == BINS
    assert all(each.expected == pytest.approx(each.measured) for each in report.bins)
    assert [each.share for each in report.bins] == sorted(each.share for each in report.bins)
    assert report.quote is not None
    assert report.opened is not None
    assert report.opened.orders == report.quote.orders - 1
    assert report.triggered == beyond([10.0])


def test_a_quantile_is_one_of_the_values() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert [quantile(values, share) for share in (0.0, 0.2, 0.5, 0.9, 1.0)] == [1.0, 1.0, 3.0, 5.0, 5.0]
    assert beyond([]) is None

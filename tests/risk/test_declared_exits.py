"""Declared exits on numbers: what closes, what is sold in part, and a stop that is only ever raised."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.exits import BY_BREAK_EVEN, BY_ROI, BY_TIME, BY_TRAIL, ENDINGS, ExitPlan
from domain.times import MINUTE_MS
from risk.exits import exit_due, part_due, parts_fit, stop_wanted
from risk.stake import level_at

UNITS = 1_000
ENTRY = 10_000
TABLE = ExitPlan(roi=((0, 100_000), (60 * MINUTE_MS, 40_000), (240 * MINUTE_MS, 0)), after_ms=480 * MINUTE_MS)


@pytest.mark.parametrize(
    ("minutes", "quote", "by"),
    [
        (0, 10_999, 0),
        (0, 11_000, BY_ROI),
        (59, 10_400, 0),
        (60, 10_399, 0),
        (60, 10_400, BY_ROI),
        (240, 9_999, 0),
        (240, 10_000, BY_ROI),
        (479, 9_000, 0),
        (480, 9_000, BY_TIME),
        (480, 10_000, BY_ROI),
        (480, 0, BY_TIME),
        (60, 0, 0),
    ],
)
def test_a_table_closes_from_its_step_on_and_time_whatever_it_came_to(
    minutes: int, quote: int, by: int
) -> None:
    assert exit_due(TABLE.numbers(), 0, minutes * MINUTE_MS, quote, ENTRY * UNITS, UNITS) == by


def test_a_table_that_begins_later_closes_nothing_before() -> None:
    plan = ExitPlan(roi=((60 * MINUTE_MS, 0),)).numbers()
    assert exit_due(plan, 0, 59 * MINUTE_MS, 99_999, ENTRY * UNITS, UNITS) == 0
    assert exit_due(plan, 0, 60 * MINUTE_MS, 99_999, ENTRY * UNITS, UNITS) == BY_ROI


plans = st.builds(
    ExitPlan,
    roi=st.lists(st.tuples(st.integers(0, 10**9), st.integers(-500_000, 10**7)), max_size=4).map(
        lambda each: tuple(sorted(each))
    ),
    after_ms=st.integers(0, 10**9),
    break_even=st.integers(0, 500_000),
    trail=st.integers(0, 10**7),
    parts=st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 300_000)), max_size=3).map(
        lambda each: tuple(sorted(each))
    ),
)
prices = st.integers(1, 10**7)


@given(
    plans,
    st.integers(0, 9),
    prices,
    prices,
    prices,
    st.floats(0, 1e6),
    prices,
    st.integers(0, 5_000),
    st.integers(0, 90_000),
)
def test_a_stop_is_only_ever_raised_and_never_to_the_quote(
    plan: ExitPlan,
    ahead: int,
    stop: int,
    close: int,
    quote: int,
    atr: float,
    entry: int,
    cost: int,
    trailing: int,
) -> None:
    numbers = [7] * ahead + plan.numbers()
    level, by = stop_wanted(numbers, ahead, stop, close, quote, atr, entry * UNITS, UNITS, cost, trailing)
    assert level == stop or stop < level < quote
    assert (by == 0) or (level > stop and ENDINGS[by] in ("break-even", "trail"))
    again = stop_wanted(numbers, ahead, level, close, quote, atr, entry * UNITS, UNITS, cost, trailing)
    assert again[0] == level, "where it belongs it stays"
    assert stop_wanted(numbers, ahead, 0, close, quote, atr, entry * UNITS, UNITS, cost, trailing) == (0, 0)


def test_a_stop_lies_where_a_sale_pays_its_costs_once_the_gain_is_there() -> None:
    plan = ExitPlan(break_even=20_000).numbers()
    at = (ENTRY * UNITS, UNITS, 1_000, 0)
    assert stop_wanted(plan, 0, 9_000, 10_199, 10_199, 0.0, *at) == (9_000, 0)
    assert stop_wanted(plan, 0, 9_000, 10_200, 10_200, 0.0, *at) == (10_020, BY_BREAK_EVEN)
    assert stop_wanted(plan, 0, 10_100, 10_200, 10_200, 0.0, *at) == (10_100, 0)


def test_the_higher_of_two_counts_and_small_steps_are_not_worth_two_orders() -> None:
    plan = ExitPlan(break_even=20_000, trail=2_000_000).numbers()
    at = (ENTRY * UNITS, UNITS, 1_000, 0)
    assert stop_wanted(plan, 0, 9_000, 10_500, 10_500, 100.0, *at) == (10_299, BY_TRAIL)
    assert stop_wanted(plan, 0, 10_299, 10_518, 10_518, 100.0, *at) == (10_299, 0)
    assert stop_wanted(plan, 0, 10_299, 10_520, 10_520, 100.0, *at) == (10_319, BY_TRAIL)


@given(plans, st.integers(1, 10**9), prices, st.lists(prices, min_size=1, max_size=12))
def test_shares_add_up_each_once_and_never_to_more_than_was_bought(
    plan: ExitPlan, lots: int, entry: int, quotes: list[int]
) -> None:
    numbers, sold, units = plan.numbers(), 0, lots
    for quote in quotes:
        part = part_due(numbers, 0, quote, entry * units, units, lots, sold, 0)
        assert 0 <= part <= lots - sold
        assert part_due(numbers, 0, quote, entry * units, units, lots, sold + part, 0) == 0
        sold += part
    reached = [
        share for gain, share in plan.parts if max(quotes) >= level_at(entry * units, units, 1_000_000 + gain)
    ]
    assert sold == lots * min(sum(reached), 1_000_000) // 1_000_000


def test_a_share_or_a_rest_too_small_for_the_exchange_is_not_sold_in_part() -> None:
    assert parts_fit(100, 90, 10, 12, 1, 2, 1_000)
    assert not parts_fit(100, 90, 9, 12, 1, 2, 1_000), "the share is worth too little"
    assert not parts_fit(100, 90, 10, 11, 1, 2, 1_000), "the rest is, at its stop"
    assert parts_fit(100, 0, 10, 11, 1, 2, 1_000)
    assert not parts_fit(100, 0, 10, 0, 1, 2, 1_000)

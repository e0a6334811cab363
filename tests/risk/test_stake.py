"""What an entry puts at stake, exact to the cash unit and inside 64 bits."""

from fractions import Fraction
from math import ceil

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.money import MAX_CASH
from risk.stake import loss_at_stop, lots_within, most_lots, stake, stop_level, too_large

PRICES = st.integers(1, 10**9)
FACTORS = st.integers(1, 10**4)
COSTS = st.integers(0, 500_000)
LOTS = st.integers(0, 10**9)


@settings(deadline=None)
@given(price=PRICES, data=st.data(), lots=LOTS, factor=FACTORS, cost=COSTS)
def test_the_loss_is_the_fall_and_both_ways_costs_rounded_up(
    price: int, data: st.DataObject, lots: int, factor: int, cost: int
) -> None:
    stop = data.draw(st.integers(0, price - 1))
    loss = loss_at_stop(price, stop, lots, factor, cost)
    value = price * lots * factor
    if value > MAX_CASH:
        assert loss == stake(price, lots, factor) == MAX_CASH + 1
    else:
        back = stop * lots * factor
        assert loss == value - back + sum(ceil(Fraction(each * cost, 10**6)) for each in (value, back))
        assert stake(price, lots, factor) == value
        assert loss < 2**63


@settings(deadline=None)
@given(price=PRICES, data=st.data(), amount=st.integers(-(10**6), MAX_CASH), factor=FACTORS, cost=COSTS)
def test_lots_within_an_amount_are_as_many_as_fit_and_not_one_more(
    price: int, data: st.DataObject, amount: int, factor: int, cost: int
) -> None:
    stop = data.draw(st.integers(0, price - 1))
    lots = lots_within(amount, price, stop, factor, cost)
    assert lots >= 0
    if lots:
        assert loss_at_stop(price, stop, lots, factor, cost) <= amount
    if lots < most_lots(price, factor):
        assert loss_at_stop(price, stop, lots + 1, factor, cost) > amount


def test_lots_within_survive_amounts_a_float_cannot_hold() -> None:
    assert lots_within(MAX_CASH, 2, 1, 1, 0) == MAX_CASH // 2
    assert lots_within(MAX_CASH // 2 - 1, 2, 1, 1, 0) == MAX_CASH // 2 - 1
    for amount in range(2**60 - 60, 2**60 + 60, 7):
        assert lots_within(amount, 3, 2, 1, 0) == amount
    assert lots_within(10**9, 10, 9, MAX_CASH, 0) == 0


@settings(deadline=None)
@given(price=PRICES, lots=LOTS, factor=FACTORS)
def test_nothing_is_at_stake_without_a_price_or_lots(price: int, lots: int, factor: int) -> None:
    assert stake(0, lots, factor) == stake(price, 0, factor) == stake(price, -1, factor) == 0
    assert loss_at_stop(0, 0, lots, factor, 100) == loss_at_stop(price, 0, 0, factor, 100) == 0


@settings(deadline=None)
@given(price=PRICES, stop_ppm=st.integers(1, 999_999), stop=st.integers(1, 10**9))
def test_the_stop_is_the_lower_of_distance_and_level_and_always_below_the_price(
    price: int, stop_ppm: int, stop: int
) -> None:
    by_distance = stop_level(price, stop_ppm, 0)
    assert by_distance == price - ceil(Fraction(price * stop_ppm, 10**6))
    by_level = stop_level(price, 0, stop)
    assert by_level == (stop if stop < price else 0)
    both = stop_level(price, stop_ppm, stop)
    assert both == (min(by_distance, stop) if stop < price else 0)
    assert 0 <= both < price


def test_a_stop_that_cannot_be_is_none() -> None:
    assert stop_level(100, 0, 0) == 0
    assert stop_level(0, 30_000, 0) == 0
    assert stop_level(-5, 30_000, -10) == 0
    assert stop_level(100, 0, 100) == 0
    assert stop_level(100, 30_000, 100) == 0
    assert stop_level(100, 30_000, -1) == 0
    assert stop_level(100, -1, 50) == 0
    assert stop_level(100, 1_000_000, 0) == 0
    assert stop_level(100, 0, 99) == 99
    assert stop_level(100, 0, 1) == 1


def test_the_largest_notional_is_exact_and_beyond_it_all_is_one_more() -> None:
    assert stake(2, MAX_CASH // 2, 1) == MAX_CASH
    assert stake(2, MAX_CASH // 2 + 1, 1) == MAX_CASH + 1
    assert loss_at_stop(2, 1, MAX_CASH // 2, 1, 0) == MAX_CASH // 2
    assert loss_at_stop(2, 1, MAX_CASH // 2 + 1, 1, 0) == MAX_CASH + 1


@given(st.integers(1, 10**9), st.integers(1, 10**8), st.integers(-2, 2))
def test_a_float_tells_nothing_too_large_that_is_not(price: int, factor: int, beside: int) -> None:
    for lots in (most_lots(price, factor) + beside, (most_lots(price, factor) * 99) // 100 + beside):
        if lots > 0:
            assert too_large(price, lots, factor) == (price * lots * factor > MAX_CASH)

"""The fill rules in figures: who pays what, and which way it is rounded."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.fills import (
    BUY,
    SELL,
    Costs,
    buy_cost,
    fee_step,
    limit_price,
    market_price,
    share_of_volume,
    stop_price,
    taken_price,
    target_price,
)
from platforms.paper.settings import PaperSettings

COSTS = PaperSettings().costs()
FREE = Costs(0, 0, 0, 0, 1_000_000)

ppm = st.integers(0, 100_000)
any_costs = st.builds(Costs, ppm, ppm, ppm, ppm, st.integers(1, 1_000_000))
prices = st.integers(1, 10**15)


def test_the_defaults_are_the_specification() -> None:
    assert Costs(maker_fee=250, taker_fee=600, slippage=1_000, spread=500, participation=100_000) == COSTS


@pytest.mark.parametrize(("side", "expected"), [(BUY, 5_006_250), (SELL, 4_993_750)])
def test_a_market_order_pays_half_the_spread_and_the_slippage(side: int, expected: int) -> None:
    assert market_price(side, 5_000_000, COSTS) == expected


@given(prices, any_costs)
def test_a_market_price_is_the_exact_one_rounded_against_us(quote: int, costs: Costs) -> None:
    away = (Decimal(costs.spread) / 2 + costs.slippage) / 1_000_000
    up = (quote * (1 + away)).to_integral_value(ROUND_CEILING)
    down = (quote * (1 - away)).to_integral_value(ROUND_FLOOR)
    assert market_price(BUY, quote, costs) == up
    assert market_price(SELL, quote, costs) == max(1, down)


def test_a_sale_never_falls_below_one_tick() -> None:
    assert market_price(SELL, 1, COSTS) == 1


@pytest.mark.parametrize(
    ("side", "open_", "high", "low", "expected"),
    [
        (SELL, 105, 106, 101, 0),
        (SELL, 105, 106, 100, 100),  # touched: at the trigger
        (SELL, 95, 99, 90, 95),  # gapped through: at the open, which is worse
        (BUY, 95, 99, 90, 0),
        (BUY, 95, 100, 90, 100),
        (BUY, 105, 106, 101, 105),
    ],
)
def test_a_stop_fills_at_its_trigger_or_at_a_worse_open(
    side: int, open_: int, high: int, low: int, expected: int
) -> None:
    assert stop_price(side, 100, open_, high, low, FREE) == expected


@pytest.mark.parametrize(
    ("side", "open_", "high", "low", "expected"),
    [
        (SELL, 95, 99, 90, 0),
        (SELL, 95, 100, 90, 100),
        (SELL, 105, 106, 101, 105),  # gapped beyond: at the open, which is better
        (BUY, 105, 106, 101, 0),
        (BUY, 105, 106, 100, 100),
        (BUY, 95, 99, 90, 95),
    ],
)
def test_a_target_fills_at_its_trigger_or_at_a_better_open(
    side: int, open_: int, high: int, low: int, expected: int
) -> None:
    assert target_price(side, 100, open_, high, low, FREE) == expected


@given(st.sampled_from([BUY, SELL]), prices, prices, prices, any_costs)
def test_triggered_orders_pay_the_market_price_of_where_they_triggered(
    side: int, trigger: int, open_: int, other: int, costs: Costs
) -> None:
    high, low = max(open_, other), min(open_, other)
    allowed = {0, market_price(side, trigger, costs), market_price(side, open_, costs)}
    stop = stop_price(side, trigger, open_, high, low, costs)
    assert stop in allowed
    if stop:
        assert (stop - market_price(side, trigger, costs)) * side >= 0
    target = target_price(side, trigger, open_, high, low, costs)
    assert target in allowed
    if target:
        assert (target - market_price(side, trigger, costs)) * side <= 0


def test_a_limit_takes_only_within_its_price() -> None:
    # half the spread and half the slippage of 5,000,000 are 3,750 ticks
    assert taken_price(BUY, 5_003_750, 5_000_000, COSTS) == 5_003_750
    assert taken_price(BUY, 5_003_749, 5_000_000, COSTS) == 0
    assert taken_price(SELL, 4_996_250, 5_000_000, COSTS) == 4_996_250
    assert taken_price(SELL, 4_996_251, 5_000_000, COSTS) == 0


def test_a_resting_limit_needs_the_market_to_trade_through_by_half_the_slippage() -> None:
    assert limit_price(BUY, 5_000_000, 5_100_000, 4_997_500, COSTS) == 5_000_000
    assert limit_price(BUY, 5_000_000, 5_100_000, 4_997_501, COSTS) == 0
    assert limit_price(SELL, 5_000_000, 5_002_500, 4_900_000, COSTS) == 5_000_000
    assert limit_price(SELL, 5_000_000, 5_002_499, 4_900_000, COSTS) == 0


@given(st.sampled_from([BUY, SELL]), prices, prices, prices, any_costs)
def test_no_limit_fills_worse_than_its_price(
    side: int, limit: int, quote: int, other: int, costs: Costs
) -> None:
    taken = taken_price(side, limit, quote, costs)
    assert taken == 0 or (limit - taken) * side >= 0
    assert limit_price(side, limit, max(quote, other), min(quote, other), costs) in (0, limit)


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=8), ppm)
def test_the_fees_of_any_split_add_up_to_the_fee_of_the_whole_rounded_up(
    values: list[int], rate: int
) -> None:
    before, total = 0, 0
    for value in values:
        total += fee_step(before, value, rate)
        before += value
    assert total == -(-before * rate // 1_000_000) == buy_cost(before, 1, 1, rate) - before


def test_the_share_of_volume_is_rounded_down() -> None:
    assert share_of_volume(109, COSTS) == 10

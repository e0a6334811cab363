"""A pair's own limits only tighten; its sizes and its trailing stop are its own."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.times import MINUTE_MS
from risk.limits import trade_limit
from risk.pairs import OWN, TIGHTER, looser, risk_for, sizing_for
from risk.settings import RiskSettings, SizingSettings

BOUNDS = st.builds(
    lambda amount, share, both: f"{share}% up to {amount}" if both else (amount, f"{share}%")[both is None],
    st.integers(0, 500),
    st.integers(0, 100),
    st.sampled_from([True, False, None]),
)


@given(BOUNDS, BOUNDS, st.integers(0, 10**13))
def test_a_trade_of_a_pair_may_lose_the_least_of_what_either_limit_lets_it(
    of_all: Any, own: Any, equity: int
) -> None:
    base = RiskSettings(per_trade_loss=of_all)
    packed = [each.pack("paper", MINUTE_MS) for each in (base, RiskSettings(per_trade_loss=own))]
    mine = risk_for(base, {"per_trade_loss": own}).pack("paper", MINUTE_MS)
    assert trade_limit(mine, equity) == min(trade_limit(each, equity) for each in packed)


@pytest.mark.parametrize(
    ("name", "tight", "loose"),
    [
        ("per_trade_loss", "0.5% up to 4", "2%"),
        ("concentration", "0.1", "0.3"),
        ("min_confidence", 80, 60),
        ("min_reward_risk", 2, 1),
        ("symbol_cool_down_minutes", 90, 30),
        ("low_profit_minutes", 900, 100),
        ("low_profit_trades", 2, 6),
        ("low_profit", "1%", "-1%"),
    ],
)
def test_of_two_limits_the_tighter_counts_and_one_that_would_do_nothing_is_told(
    name: str, tight: Any, loose: Any
) -> None:
    base = RiskSettings(symbol_cool_down_minutes=60, low_profit_minutes=600, low_profit_trades=4)
    assert looser(base, {name: tight}) == []
    assert looser(base, {name: loose}) == [name]
    own = RiskSettings.model_validate({name: tight})
    assert getattr(risk_for(base, {name: tight}), name) == getattr(own, name)
    assert risk_for(base, {name: loose}) == base


def test_a_protection_that_is_off_for_all_is_a_pair_s_own_altogether() -> None:
    own = {"low_profit_minutes": 60, "low_profit_trades": 9, "low_profit": "-5%"}
    assert looser(RiskSettings(), own) == []
    limits = risk_for(RiskSettings(), own)
    assert (limits.low_profit_minutes, limits.low_profit_trades) == (60, 9)
    assert limits.low_profit == Decimal("-0.05")


def test_a_trailing_stop_is_a_pair_s_own_wider_or_none() -> None:
    base = RiskSettings(trailing_stop="2%")
    for given_ in ("1%", "6%", 0):
        own = {"trailing_stop": given_}
        assert looser(base, own) == []
        assert risk_for(base, own).trailing_stop == RiskSettings.model_validate(own).trailing_stop


def test_what_belongs_to_the_account_is_no_pair_s() -> None:
    assert {*TIGHTER, "trailing_stop"} == set(OWN)
    assert not {"daily_loss", "max_drawdown", "total_exposure", "max_positions", "cool_down_minutes"} & {*OWN}


def test_a_pair_is_sized_by_what_it_sets_and_else_as_all_are() -> None:
    base = SizingSettings(risk_per_trade=Decimal("0.01"))
    assert sizing_for(base, {"stake": "50"}) == SizingSettings(stake="50", risk_per_trade=Decimal("0.01"))
    with pytest.raises(ValidationError, match="fixed_quantity is missing"):
        sizing_for(base, {"method": "fixed"})

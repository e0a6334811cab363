"""Settings: the mission's defaults, refused nonsense, exact packing."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from domain.errors import BadInput
from domain.money import to_cash
from domain.times import HOUR_MS, MINUTE_MS
from risk.case import MAX_COST_PPM, Policy
from risk.limits import Limits, Sizing
from risk.settings import Mode, RiskSettings, SizingSettings
from tests.risk.cases import policy


def test_defaults_are_the_mission_s() -> None:
    assert RiskSettings().pack("live", MINUTE_MS) == Limits(
        live=1,
        max_quote_age_ms=15 * MINUTE_MS,
        max_candle_age_ms=15 * MINUTE_MS,
        daily_loss=to_cash(20),
        max_drawdown_ppm=150_000,
        class_drawdown_ppm=50_000,
        per_trade_loss=to_cash(5),
        max_positions=3,
        cool_down_ms=HOUR_MS,
        max_trades_per_day=5,
        total_exposure_ppm=200_000,
        concentration_ppm=250_000,
        min_confidence=70.0,
        min_reward_risk=1.25,
        loss_streak=3,
        trailing_ppm=0,
    )
    assert SizingSettings().pack("live") == Sizing(fixed=0, risk_ppm=10_000, min_confidence=50.0)


@pytest.mark.parametrize(
    ("mode", "live", "streak", "confidence"),
    [("quicktest", 0, 5, 40.0), ("paper", 0, 5, 40.0), ("testnet", 0, 3, 50.0), ("live", 1, 3, 50.0)],
)
def test_a_mode_decides_what_differs(mode: Mode, live: int, streak: int, confidence: float) -> None:
    limits = RiskSettings().pack(mode, MINUTE_MS)
    assert (limits.live, limits.loss_streak) == (live, streak)
    assert SizingSettings().pack(mode).min_confidence == confidence
    assert policy(mode).live is bool(live)


def test_a_long_timeframe_lets_its_candle_but_not_the_quote_be_older() -> None:
    limits = RiskSettings(max_candle_age_timeframes=1.5).pack("live", 4 * HOUR_MS)
    assert limits.max_candle_age_ms == 6 * HOUR_MS
    assert limits.max_quote_age_ms == 15 * MINUTE_MS


def test_money_and_shares_are_packed_exactly() -> None:
    settings = RiskSettings.model_validate(
        {"daily_loss": 0.1, "max_drawdown": 0.29, "per_trade_loss": "1e-8"}
    )
    limits = settings.pack("paper", MINUTE_MS)
    assert (limits.daily_loss, limits.max_drawdown_ppm, limits.per_trade_loss) == (10_000_000, 290_000, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("daily_loss", -1),
        ("daily_loss", "NaN"),
        ("daily_loss", "1e30"),
        ("per_trade_loss", "0.000000001"),
        ("max_drawdown", 1.01),
        ("total_exposure", -0.1),
        ("concentration", "0.1234567"),
        ("max_positions", -1),
        ("max_positions", 1.5),
        ("min_confidence", 101),
        ("min_confidence", float("nan")),
        ("min_reward_risk", float("inf")),
        ("no_such_limit", 1),
    ],
)
def test_nonsense_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        RiskSettings.model_validate({field: value})


@pytest.mark.parametrize(
    "given",
    [
        {"method": "fixed"},
        {"method": "kelly"},
        {"method": "fixed", "fixed_quantity": 0},
        {"fixed_quantity": "Infinity"},
        {"risk_per_trade": 2},
    ],
)
def test_sizing_that_cannot_work_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SizingSettings.model_validate(given)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        RiskSettings().daily_loss = Decimal(10**6)  # type: ignore[misc]  # what a user must not do


def test_the_fixed_quantity_counts_under_fixed_sizing_only() -> None:
    assert policy(fixed="0.1").fixed_quantity == Decimal("0.1")
    assert policy(sizing={"fixed_quantity": "0.1"}).fixed_quantity is None


@pytest.mark.parametrize("cost_ppm", [0, MAX_COST_PPM])
def test_a_cost_at_the_edge_is_packed(cost_ppm: int) -> None:
    packed = Policy.pack(RiskSettings(), SizingSettings(), mode="live", timeframe_ms=1, cost_ppm=cost_ppm)
    assert (packed.cost_ppm, packed.timeframe_ms) == (cost_ppm, 1)


@pytest.mark.parametrize(
    ("timeframe_ms", "cost_ppm", "named"),
    [(0, 0, "timeframe_ms 0"), (1, -1, "cost_ppm -1"), (1, MAX_COST_PPM + 1, "cost_ppm 500001")],
)
def test_a_policy_out_of_range_is_bad_input(timeframe_ms: int, cost_ppm: int, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        Policy.pack(
            RiskSettings(), SizingSettings(), mode="live", timeframe_ms=timeframe_ms, cost_ppm=cost_ppm
        )

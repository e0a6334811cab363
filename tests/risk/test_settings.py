"""Settings: defaults that suit the account, tighter where money is real, refused nonsense, exact packing."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from agent.settings.settings import Options
from domain.errors import BadInput
from domain.money import to_cash
from domain.times import HOUR_MS, MINUTE_MS
from risk.case import MAX_COST_PPM, Policy
from risk.limits import Limits, Sizing, day_limit, trade_limit
from risk.settings import Mode, RiskSettings, SizingSettings
from tests.risk.cases import policy


def test_with_real_money_the_defaults_are_the_mission_s_and_never_more_than_a_share() -> None:
    assert RiskSettings().for_live(["USDT"]).pack("live", MINUTE_MS) == Limits(
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
        daily_loss_ppm=30_000,
        per_trade_loss_ppm=10_000,
        stop_guard_stops=2,
        low_profit_trades=4,
    )
    assert SizingSettings().pack("live") == Sizing(fixed=0, risk_ppm=5_000, min_confidence=50.0)


def test_on_paper_limits_are_shares_of_the_account_whatever_its_size_and_currency() -> None:
    for decimals in (8, 12):
        limits = RiskSettings().pack("paper", MINUTE_MS, decimals)
        for equity in (10**9, 10**12, 4 * 10**15):
            assert day_limit(limits, equity) == equity * 3 // 100
            assert trade_limit(limits, equity) == equity // 100
    assert (limits.max_drawdown_ppm, limits.class_drawdown_ppm) == (250_000, 250_000)
    assert (limits.total_exposure_ppm, limits.concentration_ppm) == (500_000, 250_000)


def test_what_somebody_set_is_theirs_in_live_mode_too_and_a_coin_has_no_amounts() -> None:
    own = RiskSettings.model_validate({"daily_loss": "5%", "total_exposure": "80%"}).for_live(["USDT"])
    assert (own.daily_loss, own.per_trade_loss, own.total_exposure) == ("5%", "1% up to 5", Decimal("0.8"))
    coins = RiskSettings().for_live(["BTC"])
    assert (coins.daily_loss, coins.per_trade_loss, coins.max_drawdown) == ("3%", "1%", Decimal("0.15"))


def test_a_share_and_an_amount_together_are_the_less_of_both() -> None:
    limits = RiskSettings.model_validate({"daily_loss": "3% up to 20"}).pack("paper", MINUTE_MS)
    assert day_limit(limits, to_cash(10_000)) == to_cash(20)
    assert day_limit(limits, to_cash(200)) == to_cash(6)
    assert day_limit(limits, -1) == 0
    nothing = RiskSettings.model_validate({"daily_loss": "0%"}).pack("paper", MINUTE_MS)
    assert day_limit(nothing, to_cash(10_000)) == 0


@pytest.mark.parametrize("text", ["3%", "20", "0.5%", "3% up to 20", "12.5%", "0"])
def test_a_limit_is_written_as_it_is_read(text: str) -> None:
    """What a journal keeps of the settings is what a replay reads."""
    settings = RiskSettings.model_validate({"daily_loss": text})
    told = settings.model_dump(mode="json")
    assert told["daily_loss"] == text
    assert RiskSettings.model_validate(told) == settings


@pytest.mark.parametrize("mode", ["paper", "live"])
def test_settings_a_journal_recorded_before_there_were_shares_mean_what_they_meant(mode: str) -> None:
    recorded = Options().public() | {"mode": mode}
    if mode == "live":
        recorded |= {"exchange": {**recorded["exchange"], "endpoint": "live"}, "account": "1"}
    old = {"daily_loss": "20", "per_trade_loss": "5", "max_drawdown": "0.15", "class_drawdown": "0.05"}
    recorded["risk"] |= old | {"total_exposure": "0.20"}
    recorded["sizing"] = {"method": "risk", "risk_per_trade": "0.01", "min_confidence": 50.0}
    options = Options.model_validate(recorded)
    limits, sizing = options.risk.pack("live", MINUTE_MS), options.sizing.pack("live")
    assert (limits.daily_loss, limits.daily_loss_ppm) == (to_cash(20), 0)
    assert (limits.per_trade_loss, limits.per_trade_loss_ppm) == (to_cash(5), 0)
    assert (limits.max_drawdown_ppm, limits.class_drawdown_ppm) == (150_000, 50_000)
    assert sizing == Sizing(fixed=0, risk_ppm=10_000, min_confidence=50.0)


def test_live_settings_are_recorded_with_the_limits_that_real_money_has() -> None:
    live = {"mode": "live", "account": "1", "exchange": {"endpoint": "live"}}
    told = Options.model_validate(live).public()["risk"]
    assert (told["daily_loss"], told["per_trade_loss"]) == ("3% up to 20", "1% up to 5")
    assert (told["max_drawdown"], told["total_exposure"]) == ("0.15", "0.20")
    own = Options.model_validate(live | {"risk": {"daily_loss": "2%"}}).public()["risk"]
    assert (own["daily_loss"], own["per_trade_loss"]) == ("2%", "1% up to 5")


@pytest.mark.parametrize(
    ("stake", "told", "amount", "share"),
    [
        ("5%", "5%", 0, 50_000),
        (100, "100", to_cash(100), 0),
        ("ALL", "all", 0, 1_000_000),
        (None, None, 0, 0),
    ],
)
def test_a_stake_is_a_share_an_amount_or_all(
    stake: object, told: str | None, amount: int, share: int
) -> None:
    settings = SizingSettings.model_validate({"stake": stake})
    assert settings.model_dump(mode="json")["stake"] == told
    packed = settings.pack("paper")
    assert (packed.stake, packed.stake_ppm) == (amount, share)


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
        ("daily_loss", "101%"),
        ("daily_loss", "1.00001%"),
        ("daily_loss", "3% up to"),
        ("daily_loss", "a little"),
        ("max_drawdown", "101%"),
        ("max_drawdown", "15% up to 3"),
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
        {"stake": 0},
        {"stake": "0%"},
        {"stake": "some"},
        {"stake": "5% up to 3"},
        {"stake": 5, "method": "fixed", "fixed_quantity": 1},
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

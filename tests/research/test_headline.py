"""What a result says before its figures: since when nothing could be bought, and what the limits did."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from domain.money import to_cash
from domain.times import DAY_MS, HOUR_MS
from platforms.paper.settings import PaperSettings
from research.engine.result import TRADE, VETO, Result
from research.statistics.headline import limits_did, stopped
from research.statistics.words import costs_words, limits_words, stopped_words
from risk import codes, table
from risk.case import Policy
from risk.settings import RiskSettings, SizingSettings
from risk.sizing import BY_CONCENTRATION
from tests.research.made import START, bare

OPENING = to_cash(1_000)


def policy(daily_loss: str = "3%", **sizing: object) -> Policy:
    return Policy.pack(
        RiskSettings.model_validate({"daily_loss": daily_loss}),
        SizingSettings.model_validate(sizing),
        mode="paper",
        timeframe_ms=HOUR_MS,
        cost_ppm=0,
    )


def run(*vetoes: tuple[int, int], entered: int | None = None, killed: int | None = None) -> Result:
    """A result of 100 hours; vetoes and the entry are at an hour, the switch thrown in one."""
    times = START + HOUR_MS * np.arange(100, dtype=np.int64)
    equity = np.full(100, OPENING)
    equity[30:] -= to_cash(31)
    rows = np.zeros(len(vetoes), dtype=VETO)
    rows["at_ms"], rows["rule"] = [times[hour] for hour, _ in vetoes], [rule for _, rule in vetoes]
    trades = np.zeros(0 if entered is None else 1, dtype=TRADE)
    if entered is not None:
        trades["opened_ms"], trades["closed_ms"] = times[entered], times[entered + 1]
        trades["bought"], trades["bound"] = OPENING // 4, BY_CONCENTRATION
    kill = None if killed is None else int(times[killed])
    return replace(bare(times, equity, OPENING), vetoes=rows, trades=trades, kill_switch_ms=kill)


def test_a_kill_switch_is_told_with_the_loss_that_threw_it_and_the_share_of_the_run() -> None:
    result = run((40, codes.KILL_SWITCH), (50, 0), (60, codes.KILL_SWITCH), killed=30)
    found = stopped(result, policy())
    assert found is not None
    assert (found.rule, found.denied, found.lost, found.limit) == (
        "kill_switch_active", 2, to_cash(31), to_cash(30),
    )  # fmt: skip
    words = stopped_words(found, result)
    assert words.startswith("2023-01-02 06:00: nothing could be bought any more, 69.7% of the run")
    assert "the day's loss of 31.00 (limit 30.00)" in words


@pytest.mark.parametrize(
    "rule", [codes.MAX_DRAWDOWN, codes.CLASS_DRAWDOWN, codes.SIZE, codes.FILTERS, codes.PER_TRADE_LOSS]
)
def test_a_rule_that_never_passes_again_stops_a_run_at_its_first_unbroken_denial(rule: int) -> None:
    before = ((5, rule), (10, codes.CONFIDENCE))
    found = stopped(run(*before, (20, rule), (21, 0), (50, rule), (51, codes.SIZE)), policy())
    assert found is not None
    assert (found.since_ms - START, found.rule, found.denied) == (20 * HOUR_MS, table.rule(rule).reason, 3)


@pytest.mark.parametrize(
    "result",
    [
        run(),
        run((5, 0)),
        run((5, codes.MAX_DRAWDOWN), (6, codes.CONFIDENCE)),
        run((5, codes.MAX_DRAWDOWN), entered=8),
        run((5, codes.COOL_DOWN), (9, codes.LOSS_STREAK)),
        replace(run((5, codes.MAX_DRAWDOWN)), open_positions=({"symbol": "BTC-USDT"},)),
    ],
)
def test_what_may_pass_again_stops_nothing(result: Result) -> None:
    assert stopped(result, policy()) is None


def test_the_limits_are_told_with_what_they_cut() -> None:
    result = run(entered=40)
    did = limits_did(result)
    assert (did.entries, did.cut) == (1, {"concentration": 1})
    assert did.worst_day == pytest.approx(0.031)
    assert did.mean_share == pytest.approx(0.25 / 0.969)
    assert limits_words(did, result, policy(stake="all")) == (
        "stake all: 1 entries, on average 25.8% of equity; 1 cut by concentration 25%; "
        "worst day -3.10% (limit 3%)"
    )


def test_entries_of_a_size_that_no_exchange_takes_are_told_beside_none() -> None:
    result = run((5, codes.FILTERS), (6, codes.CONFIDENCE), (7, codes.SIZE))
    words = limits_words(limits_did(result), result, policy(stake=1))
    assert "0 entries; none cut; 2 refused by the exchange's least and largest sizes; worst day" in words


@pytest.mark.parametrize(
    ("daily_loss", "sizing", "said"),
    [
        ("20", {"stake": "5%"}, ("stake 5% of equity", "(limit 20.00)")),
        ("3% up to 20", {"stake": 100}, ("stake 100.00", "(limit 3% up to 20.00)")),
        ("3%", {}, ("0.5% of equity at risk", "(limit 3%)")),
        ("3%", {"method": "fixed", "fixed_quantity": Decimal("0.10")}, ("fixed quantity 0.1", "none cut")),
    ],
)
def test_every_way_of_sizing_has_its_words(
    daily_loss: str, sizing: dict[str, object], said: tuple[str, str]
) -> None:
    result = run()
    words = limits_words(limits_did(result), result, policy(daily_loss, **sizing))
    assert words.startswith(f"{said[0]}: 0 entries; none cut; worst day -3.10%")
    assert said[1] in words


def test_costs_are_told_each_way() -> None:
    assert costs_words(PaperSettings().costs(), "1.00", "2.00") == (
        "0.185% each way: fee 0.06%, slippage 0.1%, half spread 0.025%; paid 1.00 in fees, 2.00 in slippage "
        "and spread"
    )


def test_a_day_s_fall_counts_from_the_evening_before() -> None:
    times = START + DAY_MS // 2 * np.arange(4, dtype=np.int64)
    equity = np.array([OPENING, OPENING * 2, OPENING, OPENING * 2])
    assert limits_did(bare(times, equity, OPENING)).worst_day == pytest.approx(0.5)

"""Figures of a backtest: an independent library agrees, and what is undefined stays undefined."""

import importlib
import json
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInput
from domain.money import ASSET_SCALE
from domain.times import DAY_MS, HOUR_MS
from research.data.candles import Candles
from research.engine.result import TRADE, Result
from research.statistics.metrics import daily_returns, metrics
from research.statistics.ratios import (
    LEAST_DAYS,
    calmar,
    drawdown,
    hold_curve,
    periods_of,
    sharpe,
    sharpe_interval,
    sortino,
)
from tests.research.made import Plan, bare, trade, walk
from tests.seeded import market, present

SPY = "equities/1d/SPY_1d_1998-2018.csv.gz"
DATA = present(
    ("seeded/1h/BTC-USDT", 25_000),
    ("seeded/1d/AAPL", 1_200),
    ("crypto/1h/BTC-USDT_1h_2017-2023.csv.gz", 10**6),
    ("crypto/1h/DOGE-USDT_1h_2019-2023.csv.gz", 10**6),
    (SPY, 10**6),
    ("equities/1d/AAPL_1d_1998-2018.csv.gz", 10**6),
)


def empyrical() -> Any:
    """Return the oracle; its own imports may warn, ours may not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("empyrical")


def invested(candles: Candles) -> Result:
    """Return an account that has been all in since before the first candle."""
    cents = np.rint(candles.close * 1_000_000).astype(np.int64)
    return bare(candles.time[1:], cents[1:], int(cents[0]), (candles.symbol,))


@pytest.mark.parametrize(("name", "count"), DATA)
def test_an_independent_library_finds_the_same_ratios(name: str, count: int) -> None:
    candles = market(name, count)
    result, crypto = invested(candles), "-" in candles.symbol
    oracle, periods = empyrical(), 365 if crypto else 252
    returns = daily_returns(result.times_ms, result.equity, result.opening_cash, every_day=crypto)
    hourly = np.diff(result.equity, prepend=result.opening_cash) / np.concatenate(
        [[result.opening_cash], result.equity[:-1]]
    )
    found = metrics(result)
    assert found.days > 1000
    assert found.periods == periods
    assert found.sharpe == pytest.approx(oracle.sharpe_ratio(returns, annualization=periods), rel=1e-9)
    assert found.sortino == pytest.approx(oracle.sortino_ratio(returns, annualization=periods), rel=1e-9)
    assert found.cagr == pytest.approx(oracle.cagr(returns, annualization=periods), rel=1e-9)
    assert found.max_drawdown == pytest.approx(-oracle.max_drawdown(hourly), rel=1e-9)
    depth, _ = drawdown(np.arange(len(returns) + 1), np.cumprod(np.append(1.0, 1 + returns)))
    assert depth == pytest.approx(-oracle.max_drawdown(returns), rel=1e-9)
    ours = calmar(oracle.cagr(returns, annualization=periods), depth)
    assert ours == pytest.approx(oracle.calmar_ratio(returns, annualization=periods), rel=1e-9)
    assert found.total_return == pytest.approx(oracle.cum_returns_final(returns), rel=1e-9)


@pytest.mark.parametrize(("name", "count"), present(("seeded/1d/AAPL", 1_200), (SPY, 10**6)))
def test_buy_and_hold_is_what_the_library_makes_of_the_candles(name: str, count: int) -> None:
    candles = market(name, count)
    result = bare(candles.time[100:], np.full(len(candles) - 100, 10**12), 10**12, (candles.symbol,))
    found, part, oracle = metrics(result, candles), candles[100:], empyrical()
    returns = np.diff(part.close, prepend=part.open[0]) / np.concatenate([[part.open[0]], part.close[:-1]])
    assert found.hold_return == pytest.approx(part.close[-1] / part.open[0] - 1, rel=1e-12)
    assert found.hold_sharpe == pytest.approx(oracle.sharpe_ratio(returns, annualization=252), rel=1e-9)
    assert found.hold_drawdown == pytest.approx(-oracle.max_drawdown(returns), rel=1e-9)


def test_buy_and_hold_spreads_evenly_and_a_late_symbol_is_cash_before() -> None:
    one, two = walk("A-B", 6, DAY_MS, seed=1), walk("C-D", 6, DAY_MS, seed=2, first=5.0)[2:]
    times, worth = hold_curve([one, two])
    assert times.tolist() == one.time.tolist()
    assert worth[1] == pytest.approx((one.close[1] / one.open[0] + 1) / 2)
    assert worth[5] == pytest.approx((one.close[5] / one.open[0] + two.close[3] / two.open[0]) / 2)


def test_buy_and_hold_does_not_earn_the_warm_up() -> None:
    series = walk("BTC-USDT", 500, HOUR_MS)
    result = trade([series], plan=Plan(warmup=120))
    assert metrics(result).hold_return == pytest.approx(series.close[-1] / series.open[120] - 1)
    assert metrics(result, []).hold_return is None


def test_figures_of_trades_by_hand() -> None:
    times = 1_600_000_000_000 + HOUR_MS * np.arange(240)
    rows = np.zeros(3, dtype=TRADE)
    rows["bought"], rows["sold"] = 1000 * ASSET_SCALE, np.array([1010, 990, 1040]) * ASSET_SCALE
    rows["gross"] = np.array([13, -7, 43]) * ASSET_SCALE
    rows["fees"], rows["slippage"] = 2 * ASSET_SCALE, 1 * ASSET_SCALE
    rows["pnl"] = np.array([10, -10, 40]) * ASSET_SCALE
    rows["opened_ms"], rows["closed_ms"] = times[[0, 10, 20]], times[[4, 12, 29]]
    plain = bare(times, np.full(240, 10_000 * ASSET_SCALE), 10_000 * ASSET_SCALE)
    result = Result(**{**vars(plain), "trades": rows, "held": 60})
    found = metrics(result)
    assert (found.profit_factor, found.win_rate, found.trades) == (5.0, 2 / 3, 3)
    assert found.expectancy == pytest.approx(40 / 3)
    assert (found.fees, found.slippage, found.costs) == (6.0, 3.0, 9.0)
    assert found.cost_share == pytest.approx(9 / 49)
    assert found.holding_hours == 5.0
    assert found.exposure == 0.25
    assert found.turnover == pytest.approx(6040 / 10_000 / (found.days / 365))


def test_an_open_position_has_turned_over_what_it_bought() -> None:
    result = trade([walk("BTC-USDT", 3000, HOUR_MS)])
    more = Result(**{**vars(result), "open_positions": ({"symbol": "BTC-USDT", "bought": 10**12},)})
    before, after = metrics(result).turnover, metrics(more).turnover
    assert before is not None
    assert after is not None
    years = metrics(result).days / 365
    assert after - before == pytest.approx(10**12 / float(result.equity.mean()) / years)


def test_what_is_undefined_is_none_and_json_takes_the_rest() -> None:
    days = np.arange(40) * DAY_MS
    still = metrics(bare(days, np.full(40, 100), 100))
    assert (still.total_return, still.cagr, still.max_drawdown, still.drawdown_days) == (0.0, 0.0, 0.0, 0.0)
    undefined = ("sharpe", "sortino", "calmar", "profit_factor", "expectancy", "cost_share", "win_rate",
                 "holding_hours", "hold_return", "hold_sharpe", "hold_drawdown")  # fmt: skip
    assert {
        name: value for name, value in still.plain().items() if name in undefined and value is not None
    } == {}
    assert json.loads(json.dumps(still.plain(), allow_nan=False))["days"] == 40


def test_only_gains_have_no_sortino_calmar_or_profit_factor() -> None:
    found = metrics(bare(np.arange(40) * DAY_MS, 100 + np.arange(40) ** 2, 100))
    assert found.sharpe is not None
    assert (found.sortino, found.calmar, found.profit_factor) == (None, None, None)


@pytest.mark.parametrize(("days", "told"), [(2, False), (LEAST_DAYS - 1, False), (LEAST_DAYS, True)])
def test_nothing_is_stretched_to_a_year_from_too_few_days(days: int, *, told: bool) -> None:
    """Twenty-six hours of luck were a Sharpe ratio of 13.5."""
    equity = 1_000 + np.random.default_rng(3).integers(0, 50, days).cumsum()
    found = metrics(bare(np.arange(days) * DAY_MS, equity, 1_000))
    yearly = (found.cagr, found.sharpe, found.sharpe_low, found.sharpe_high)
    assert [each is not None for each in yearly] == [told] * 4
    assert found.total_return is not None


def test_a_sharpe_ratio_comes_with_the_interval_that_holds_the_true_one_19_times_in_20() -> None:
    draw, years, held = np.random.default_rng(11), 4, 0
    for _ in range(300):
        returns = draw.standard_t(5, 365 * years) * 0.01 + 0.0005
        interval = sharpe_interval(returns, 365)
        assert interval is not None
        held += interval[0] <= 0.0005 / (0.01 * (5 / 3) ** 0.5) * 365**0.5 <= interval[1]
    assert 0.90 <= held / 300 <= 0.99


def test_an_account_that_is_gone_has_lost_everything_and_no_ratio() -> None:
    found = metrics(bare(np.arange(4) * DAY_MS, np.array([90, 40, 0, 0]), 100))
    assert (found.total_return, found.max_drawdown, found.sharpe, found.cagr) == (-1.0, 1.0, None, None)


def test_no_cycle_no_figure() -> None:
    found = metrics(bare(np.zeros(0, np.int64), np.zeros(0, np.int64), 100))
    assert (found.total_return, found.exposure, found.turnover, found.max_drawdown) == (
        None,
        None,
        None,
        None,
    )


def test_an_explosive_first_day_does_not_overflow() -> None:
    assert metrics(bare(np.zeros(1, np.int64), np.array([10**12]), 1)).cagr is None


def test_the_first_fall_counts_from_the_opening_cash() -> None:
    found = metrics(bare(np.arange(3) * DAY_MS, np.array([80, 90, 90]), 100))
    assert found.max_drawdown == pytest.approx(0.2)
    assert found.drawdown_days == 2.0


def test_a_deeper_fall_inside_a_cycle_is_not_hidden() -> None:
    plain = bare(np.arange(3) * DAY_MS, np.array([80, 90, 90]), 100)
    assert metrics(Result(**{**vars(plain), "max_drawdown": 0.3})).max_drawdown == 0.3


def test_a_drawdown_lasts_from_its_peak_to_its_recovery() -> None:
    days = np.arange(7) * DAY_MS
    recovered = drawdown(days, np.array([100.0, 110, 110, 88, 99, 110, 120]))
    under_water = drawdown(days, np.array([100.0, 110, 105, 88, 99, 100, 101]))
    assert recovered == pytest.approx((0.2, 3.0))
    assert under_water == pytest.approx((0.2, 5.0))


def test_a_day_is_a_utc_day_and_its_last_value_counts() -> None:
    times = np.array([0, DAY_MS - 1, DAY_MS, 2 * DAY_MS - 1])
    assert daily_returns(times, np.array([100, 110, 50, 121])).tolist() == [pytest.approx(0.1)]
    assert daily_returns(times, np.array([100, 110, 50, 121]), 100.0).tolist() == pytest.approx([0.1, 0.1])


def test_a_missing_day_is_no_observation_for_a_share_and_a_still_one_for_crypto() -> None:
    times, equity = np.array([0, 3]) * DAY_MS, np.array([100, 121])
    assert daily_returns(times, equity).tolist() == [pytest.approx(0.21)]
    assert daily_returns(times, equity, every_day=True).tolist() == pytest.approx([0.0, 0.0, 0.21])
    assert metrics(bare(times, equity, 100)).days == 4
    assert metrics(bare(times, equity, 100, ("SPY",))).days == 2


def test_a_symbol_that_trades_every_day_has_365_of_them() -> None:
    assert (periods_of(("BTC-USDT",)), periods_of(("SPY",)), periods_of(("SPY", "BTC-USDT"))) == (
        365,
        252,
        365,
    )


@pytest.mark.parametrize(
    ("times", "equity", "says"),
    [([0, 1], [1.0], "2 times for 1 values"), ([1, 0], [1.0, 1.0], "times fall"),
     ([0, DAY_MS], [0.0, 1.0], r"value 0.0 must be above 0")],
)  # fmt: skip
def test_returns_refuse_what_cannot_be(times: list[int], equity: list[float], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        daily_returns(np.array(times), np.array(equity))


VALUES = st.lists(st.integers(1, 10**12), min_size=2, max_size=60)


# A fall to a millionth leaves a return few digits, so these do not fall as far.
@given(
    st.lists(st.integers(1, 10**4), min_size=2, max_size=60),
    st.lists(st.integers(1, 5 * DAY_MS), min_size=60, max_size=60),
)
def test_daily_returns_compound_to_the_whole(values: list[int], steps: list[int]) -> None:
    times, equity = np.cumsum(steps)[: len(values)], np.array(values)
    for every_day in (False, True):
        returns = daily_returns(times, equity, 7.0, every_day=every_day)
        assert np.prod(1 + returns) == pytest.approx(values[-1] / 7.0, rel=1e-9)


@given(VALUES, st.sampled_from([2, 16, 512]))
def test_a_larger_account_has_the_same_ratios(values: list[int], factor: int) -> None:
    days = np.arange(len(values)) * DAY_MS
    one = metrics(bare(days, np.array(values), values[0]))
    two = metrics(bare(days, np.array(values) * factor, values[0] * factor))
    for name in ("total_return", "cagr", "sharpe", "sortino", "calmar", "max_drawdown", "drawdown_days"):
        assert getattr(one, name) == getattr(two, name)  # powers of two divide exactly


@given(VALUES)
def test_no_figure_is_ever_infinite(values: list[int]) -> None:
    plain = metrics(bare(np.arange(len(values)) * DAY_MS, np.array(values), 100)).plain()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_one_return_has_no_ratio() -> None:
    assert sharpe(np.array([0.1]), 365) is None
    assert sortino(np.array([-0.1]), 365) is None


def test_made_results_add_up() -> None:
    result = trade([walk("BTC-USDT", 2000, seed=1), walk("ETH-USDT", 2000, seed=2, first=1500)])
    rows = result.trades
    assert (rows["gross"] == rows["pnl"] + rows["fees"] + rows["slippage"]).all()
    assert (rows["sold"] - rows["bought"] - rows["fees"] == rows["pnl"]).all()
    assert result.equity[-1] == result.cash == result.opening_cash + rows["pnl"].sum()

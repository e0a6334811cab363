"""A result by its periods: falls, days and the rolling Sharpe ratio, against what is counted by hand."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.times import DAY_MS, HOUR_MS
from research.engine.result import Result
from research.report.trades import best_and_worst_days, exit_reasons, falls, trade_table
from research.statistics.metrics import metrics
from research.statistics.periods import days_of, rolling_sharpe, worst_falls
from research.statistics.ratios import sharpe
from tests.research.made import START, bare, instrument, trade, walk
from tests.research.test_report import Page

WALK = (walk("BTC-USDT", 24 * 250, HOUR_MS),)


def of(values: list[int], step: int = DAY_MS) -> Result:
    return bare(START + step * np.arange(len(values), dtype=np.int64), np.array(values), 100)


def test_falls_are_told_from_peak_to_recovery_the_deepest_first() -> None:
    found = worst_falls(of([110, 99, 105, 110, 120, 60, 90, 121, 120]), 5)
    told = [
        (each.peak_ms - START, each.bottom_ms - START, each.back_ms and each.back_ms - START)
        for each in found
    ]
    day = DAY_MS
    assert told == [(4 * day, 5 * day, 7 * day), (0, day, 3 * day), (7 * day, 8 * day, None)]
    assert [round(each.depth, 6) for each in found] == [0.5, 0.1, round(1 / 121, 6)]
    assert worst_falls(of([90, 95]), 1)[0].peak_ms == START, "the opening cash is a peak too"
    assert worst_falls(of([100, 101, 101]), 5) == []


@given(st.lists(st.integers(50, 200), min_size=1, max_size=60))
def test_the_deepest_fall_is_the_drawdown_and_days_multiply_to_the_return(values: list[int]) -> None:
    result = of(values, HOUR_MS * 7)
    found, figures = worst_falls(result, 99), metrics(result)
    assert max((each.depth for each in found), default=0.0) == pytest.approx(figures.max_drawdown)
    assert all(a.depth >= b.depth for a, b in pairwise(found))
    _, returns = days_of(result)
    assert np.prod(1 + returns) - 1 == pytest.approx(figures.total_return)


def test_each_point_of_the_rolling_ratio_is_that_of_the_days_before_it() -> None:
    result = trade(WALK)
    times, ratios, window = rolling_sharpe(result)
    _, returns = days_of(result)
    assert window == 90
    assert len(times) == len(ratios) == len(returns) - 89
    expected = [sharpe(returns[at : at + 90], 365) or 0.0 for at in range(len(ratios))]
    assert ratios == pytest.approx(np.array(expected))
    assert rolling_sharpe(of([100] * 50))[0].size == 0, "too few days"
    assert rolling_sharpe(of([100] * 60))[1].tolist() == [0.0] * 31


def number(shown: str) -> float:
    return float(shown.replace(",", "").replace("\u2212", "-"))


def test_the_trade_table_has_every_trade_and_ends_with_their_sum() -> None:
    result = trade(WALK)
    page = Page(trade_table(result, {"BTC-USDT": instrument("BTC-USDT")}))
    assert page.stack == []
    assert [tag for tag, _ in page.tags].count("tr") == len(result.trades) + 1
    last = [each for each in page.text.split("\n") if each.strip()][-1]
    assert number(last) == pytest.approx(result.trades["pnl"].sum() / 1e8, abs=0.01)


def test_exit_reasons_sum_to_all_trades_and_to_their_net() -> None:
    result = replace(trade(WALK), endings=("signal", "stop", "<b>by hand</b>"))
    page = Page(exit_reasons(result))
    cells = [each for each in page.text.split("\n") if each.strip()]
    rows = [cells[at : at + 6] for at in range(5, len(cells), 6)]
    assert {row[0] for row in rows} == {"signal", "stop", "<b>by hand</b>"}
    assert sum(int(row[1]) for row in rows) == len(result.trades)
    net = sum(number(row[5]) for row in rows)
    assert net == pytest.approx(result.trades["pnl"].sum() / 1e8, abs=0.02)


def test_periods_without_anything_say_so() -> None:
    still = of([100] * 5)
    assert "never fell" in falls(still)
    assert "No day" in best_and_worst_days(still)
    assert "No closed trade" in exit_reasons(still)
    assert "No closed trade" in trade_table(still, {})
    days = Page(best_and_worst_days(of([110, 99, 99])))
    assert "+10.00 %" in days.text
    assert "\u221210.00 %" in days.text
    assert "not yet" in Page(falls(of([110, 99]))).text

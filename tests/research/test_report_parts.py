"""The report's parts: prices, columns, lines, ticks, months and the first word are what they say."""

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.times import HOUR_MS, MINUTE_MS
from research.engine.result import TRADE
from research.report.axes import Scale, price_scale, round_ticks, thinned, time_ticks
from research.report.candles import columns_of, fill_prices, market_chart
from research.report.figures import _by_month
from research.report.text import percent
from research.report.verdict import Luck, verdict
from research.statistics.metrics import metrics
from tests.research.made import instrument, trade, walk


def test_fill_prices_are_averages_on_the_grid() -> None:
    grid = instrument("BTC-USDT")
    rows = np.zeros(1, dtype=TRADE)
    rows["lots"], rows["bought"], rows["sold"] = 3, 10_000_050 * 3 * 10 // 3, 20_000_000 * 3 * 10
    bought, sold = fill_prices(rows, grid)
    assert bought[0] == pytest.approx(100_000.50 / 3)
    assert sold[0] == pytest.approx(200_000.0)


def test_no_extreme_is_lost_in_columns() -> None:
    candles = walk("BTC-USDT", 10_007, MINUTE_MS)
    columns = columns_of(candles, 500, 0.01)
    assert len(columns) <= 500
    assert columns.high.max() == round(candles.high.max() * 100)
    assert columns.low.min() == round(candles.low.min() * 100)
    assert (columns.open[0], columns.close[-1]) == (
        round(candles.open[0] * 100),
        round(candles.close[-1] * 100),
    )


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(1, 50))
def test_a_thinned_line_keeps_its_ends_and_extremes(values: list[float], columns: int) -> None:
    line = np.array(values)
    keep = thinned(line, columns)
    assert keep[0] == 0
    assert keep[-1] == len(line) - 1
    assert (np.diff(keep) > 0).all()
    assert (line[keep].min(), line[keep].max()) == (line.min(), line.max())
    assert len(keep) <= 2 * columns + 2


@given(st.floats(1e-6, 1e9), st.floats(1e-9, 1e3))
def test_ticks_are_few_and_inside(low: float, share: float) -> None:
    scale = price_scale(np.array([low, low * (1 + share)]))
    ticks = round_ticks(scale)
    assert 0 < len(ticks) <= 7
    assert all(scale.low <= each <= scale.high for each in ticks)
    assert 0 <= float(scale.place(low)) <= 1000


@given(st.integers(0, 2 * 10**12), st.integers(1, 20 * 365 * 24))
def test_time_ticks_are_few_and_inside(first: int, hours: int) -> None:
    ticks = time_ticks(first, first + hours * HOUR_MS)
    assert len(ticks) <= 7
    assert ticks or hours < 2
    assert all(first <= at <= first + hours * HOUR_MS for at, _ in ticks)


def test_a_scale_runs_up_and_a_far_range_is_logarithmic() -> None:
    assert Scale(0, 10).place(np.array([0, 5, 10])).tolist() == [1000, 500, 0]
    assert price_scale(np.array([1.0, 100.0])).steep
    assert not price_scale(np.array([1.0, 3.0])).steep


def test_months_compound_to_the_whole() -> None:
    result = trade([walk("BTC-USDT", 5000, HOUR_MS)])
    months: Mapping[int, list[float | None]] = _by_month(result)
    whole = np.prod([1 + each for row in months.values() for each in row if each is not None])
    assert whole == pytest.approx(result.equity[-1] / result.opening_cash, rel=1e-12)
    assert list(months) == [2023]
    assert sum(each is not None for each in months[2023]) == 7


def test_trades_outside_the_candles_are_not_drawn() -> None:
    candles = walk("BTC-USDT", 3000, HOUR_MS)
    result, part = trade([candles]), candles[:1500]
    chart = market_chart(part, [result], {"BTC-USDT": instrument("BTC-USDT")}, 1)
    inside = int((result.trades["closed_ms"] <= part.time[-1] + HOUR_MS).sum())
    entries = re.search(r'class="dot entry" d="([^"]*)"', chart)
    assert entries is not None
    assert entries.group(1).count("M") == inside < len(result.trades)


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "n/a"), (-0.00001, "0.00 %"), (0.1234, "12.34 %"), (-12.5, "-1,250.00 %")]
)
def test_a_rounded_zero_has_no_sign(value: float | None, shown: str) -> None:
    assert percent(value) == shown


VERDICTS: tuple[tuple[float, Luck, str], ...] = (
    (-0.01, Luck(10, 0.99, 0.01, unseen=True), "no profit"),
    (0.5, Luck(10, 0.30, 0.01, unseen=True), "likely luck"),
    (0.5, Luck(10, 0.99, 0.60, unseen=True), "likely luck"),
    (0.5, Luck(10, 0.99, 0.01, unseen=False), "not proven"),
    (0.5, Luck(None, None, None, unseen=True), "not proven"),
    (0.5, Luck(10, 0.94, 0.01, unseen=True), "not proven"),
    (0.5, Luck(10, 0.99, None, unseen=True), "not proven"),
    (0.1, Luck(10, 0.99, 0.01, unseen=True), "behind buy and hold"),
    (0.5, Luck(10, 0.99, 0.01, unseen=True), "holds up"),
)


@pytest.mark.parametrize(("earned", "luck", "word"), VERDICTS)
def test_the_first_word_is_good_only_when_everything_is(earned: float, luck: Luck, word: str) -> None:
    result = trade([walk("BTC-USDT", 3000, HOUR_MS)])
    figures = replace(metrics(result), total_return=earned, hold_return=0.2)
    badge, said = verdict(("Out of sample", result, figures), luck, "USDT")
    assert f">{word}<" in badge
    assert ("Nothing was kept out of sample." in said) is not luck.unseen

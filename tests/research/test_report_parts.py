"""The report's parts: prices, columns, lines, ticks, months and the first word are what they say."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.times import HOUR_MS, MINUTE_MS
from research.engine.result import TRADE
from research.report import inlined
from research.report.candles import columns_of, fill_prices, market_chart
from research.report.inlined import script
from research.report.series import by_month, curve, distribution, thinned
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


def test_the_equity_drawn_keeps_ends_and_extremes_and_its_fall_is_below_the_peak() -> None:
    result = trade([walk("BTC-USDT", 5000, HOUR_MS)])
    lines = curve(result, 100)
    equity = result.equity / result.cash_scale
    assert (lines["e"][0], lines["e"][-1]) == (round(equity[0], 2), round(equity[-1], 2))
    assert (min(lines["e"]), max(lines["e"])) == (round(equity.min(), 2), round(equity.max(), 2))
    assert min(lines["f"]) == pytest.approx(-(metrics(result).max_drawdown or 0) * 100, abs=0.01)
    assert len(lines["t"]) == len(lines["e"]) == len(lines["f"]) == len(lines["h"]) <= 202
    assert all(a < b for name in ("t", "d") for a, b in pairwise(lines[name]))


@given(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=300))
def test_a_distribution_counts_every_trade_once_with_an_edge_at_zero(shares: list[float]) -> None:
    bars = distribution(np.array(shares))
    assert sum(bars["counts"]) == len(shares)
    assert len(bars["edges"]) == len(bars["counts"]) + 1
    assert min(abs(each) for each in bars["edges"]) < 1e-6


def test_the_page_s_modules_become_one_text_or_are_refused(tmp_path: Path, monkeypatch: Any) -> None:
    text = script("charts/report.js")
    assert not re.search(r"^(?:import|export)\b", text, re.MULTILINE)
    assert text.count('modules["vendor/lightweight-charts.js"] =') == 1
    monkeypatch.setattr(inlined, "STATIC", tmp_path)
    for line in ('import * as all from "./a.js";', "export default 1;", 'export * from "./a.js";'):
        (tmp_path / "own.js").write_text(f"{line}\n")
        with pytest.raises(ValueError, match=r"own\.js: (import|export) .* cannot be put into one file"):
            script.__wrapped__("own.js")
    (tmp_path / "own.js").write_text('const text = "</script>";\n')
    with pytest.raises(ValueError, match="may not end it"):
        script.__wrapped__("own.js")


def test_months_compound_to_the_whole() -> None:
    result = trade([walk("BTC-USDT", 5000, HOUR_MS)])
    months: Mapping[int, list[float | None]] = by_month(result.times_ms, result.equity, result.opening_cash)
    whole = np.prod([1 + each for row in months.values() for each in row if each is not None])
    assert whole == pytest.approx(result.equity[-1] / result.opening_cash, rel=1e-12)
    assert list(months) == [2023]
    assert sum(each is not None for each in months[2023]) == 7


def test_trades_outside_the_candles_are_not_drawn() -> None:
    candles = walk("BTC-USDT", 3000, HOUR_MS)
    result, part = trade([candles]), candles[:1500]
    chart = market_chart(part, [result], {"BTC-USDT": instrument("BTC-USDT")}, 1)
    inside = int((result.trades["closed_ms"] <= part.time[-1] + HOUR_MS).sum())
    drawn = json.loads(re.findall(r'<script type="application/json">(.*?)</script>', chart)[0])
    assert {len(each) for each in drawn["trades"]} == {inside}
    assert inside < len(result.trades)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "n/a"), (-0.00001, "0.00 %"), (0.1234, "12.34 %"), (-12.5, "\u22121,250.00 %")],
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

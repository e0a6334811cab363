"""The report's charts: figures with their data, drawn by the page's own modules (dashboard/static/charts)."""

import json
from typing import Any

from markupsafe import Markup

from research.engine.result import Result
from research.report.series import by_month, curve, distribution
from research.report.templates import chart
from research.report.text import note

COLUMNS = 1_000
"""Columns of the equity that the page keeps to zoom into, two points each."""


def figure(kind: str, title: str, data: dict[Any, Any], heading: str = "") -> Markup:
    """Return a figure that the page's script draws; no text in its data can end the script."""
    points = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return chart("figure", kind, title, points, heading)


def equity_chart(result: Result, quote: str) -> Markup:
    """Return equity by itself, beside buy and hold, its fall from the peak and its rolling Sharpe ratio."""
    if result.cycles < 2:
        return note("Fewer than two cycles: nothing to draw.")
    return figure("equity", "Equity over time", curve(result, COLUMNS) | {"quote": quote})


def monthly(result: Result, suffix: str = "") -> Markup:
    """Return the returns by UTC month and year as a table of warm and cold squares."""
    months = {
        year: [None if each is None else round(each, 6) for each in row]
        for year, row in by_month(result.times_ms, result.equity, result.opening_cash).items()
    }
    return figure("monthly", f"Returns by month{suffix}", months)


def histogram(result: Result) -> Markup:
    """Return the distribution of trade results after costs, as shares of what each trade bought."""
    rows = result.trades[result.trades["bought"] > 0]
    if not len(rows):
        return note("No closed trade.")
    return figure("histogram", "Number of trades by result", distribution(rows["pnl"] / rows["bought"]))

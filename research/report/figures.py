"""The report's tables: what it earned, what that is worth, what it cost, what was denied."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from domain.instrument import Instrument
from research.engine.result import Result
from research.report.candles import fill_prices
from research.report.templates import part
from research.report.text import NONE, Cell, coloured, minute, note, number, percent, span, table
from research.statistics.metrics import Metrics
from risk.table import NOTHING_TO_REDUCE, RULES

EXTREMES = 5
Samples = Sequence[tuple[str, Result, Metrics]]
"""Heading, result and figures of each sample; the one that was seen first."""
Show = Callable[[Metrics], Cell]


def _signed(name: str) -> Show:
    return lambda m: coloured(percent(getattr(m, name), signed=True), getattr(m, name))


def _share(name: str) -> Show:
    return lambda m: percent(getattr(m, name))


def _plain(name: str, places: int = 2) -> Show:
    return lambda m: number(getattr(m, name), places)


def _interval(figures: Metrics) -> Cell:
    result = figures.interval
    return NONE if result is None else f"{number(result[0])} and {number(result[1])}"


FIGURES: tuple[tuple[str, Show], ...] = (
    ("Total return", _signed("total_return")),
    ("… buy and hold", _signed("hold_return")),
    ("Growth per year (CAGR)", _signed("cagr")),
    ("Sharpe ratio", _plain("sharpe")),
    ("… with 95 % between", _interval),
    ("… buy and hold", _plain("hold_sharpe")),
    ("Sortino ratio", _plain("sortino")),
    ("Calmar ratio", _plain("calmar")),
    ("Max drawdown", _share("max_drawdown")),
    ("… buy and hold", _share("hold_drawdown")),
    ("Drawdown lasted", lambda m: span(None if m.drawdown_days is None else m.drawdown_days * 24)),
    ("Daily returns", _plain("days", 0)),
    ("Exposure", _share("exposure")),
    ("Closed trades", _plain("trades", 0)),
    ("Win rate", _share("win_rate")),
    ("Profit factor", _plain("profit_factor")),
    ("Expectancy per trade", lambda m: coloured(number(m.expectancy, signed=True), m.expectancy)),
    ("Average holding time", lambda m: span(m.holding_hours)),
    ("Turnover per year", lambda m: number(m.turnover, 1, unit="")),
    ("Fees", _plain("fees")),
    ("Slippage", _plain("slippage")),
    ("Costs, share of gross profit", _share("cost_share")),
)
WORTH = 13
"""Figures in the first table; the others tell of trades, costs and luck."""


def headline(samples: Samples, luck: Iterable[tuple[str, str]]) -> Markup:
    """Return every figure in two tables, samples side by side; what belongs to the search last."""
    heads = ["", *(title for title, _, _ in samples)]
    rows = [[name, *(show(figures) for _, _, figures in samples)] for name, show in FIGURES]
    rows += [[name, report] for name, report in luck]
    return part("halves", *(table(heads, half, "figures") for half in (rows[:WORTH], rows[WORTH:])))


def costs(result: Result) -> Markup:
    """Return what trading cost, by symbol and in all, in quote; closed trades."""
    rows = []
    for index, symbol in enumerate(result.symbols):
        rows.append([symbol, *_cost_row(result.trades[result.trades["symbol"] == index], result.cash_scale)])
    if len(rows) > 1:
        rows.append(["all", *_cost_row(result.trades, result.cash_scale)])
    return table(["", "Trades", "Traded", "Gross", "Fees", "Slippage", "Net"], rows)


def _cost_row(trades: Any, cash_scale: int) -> list[Cell]:
    sums = {
        name: sum(trades[name].tolist()) / cash_scale
        for name in ("bought", "sold", "gross", "fees", "slippage", "pnl")
    }
    gross, net = sums["gross"], sums["pnl"]
    return [
        number(len(trades), 0),
        number(sums["bought"] + sums["sold"], 0),
        coloured(number(gross, signed=True), gross),
        number(sums["fees"]),
        number(sums["slippage"]),
        coloured(number(net, signed=True), net),
    ]


def vetoes(result: Result) -> Markup:
    """Return how often each rule denied, most often first."""
    if not len(result.vetoes):
        return note("No decision was denied.")
    codes, counts = np.unique(result.vetoes["rule"], return_counts=True)
    order = np.lexsort((codes, -counts))
    most = int(counts.max())
    return part("vetoes", [_veto(int(codes[at]), int(counts[at]), most) for at in order])


def _veto(code: int, count: int, most: int) -> dict[str, str]:
    rule = RULES[code - 1] if 0 < code <= len(RULES) else NOTHING_TO_REDUCE
    share = f"{count / most * 100:.1f}"
    return {"reason": rule.reason, "count": number(count, 0), "share": share, "meaning": rule.meaning}


def extremes(result: Result, instruments: Mapping[str, Instrument]) -> Markup:
    """Return the trades that won and lost most, with average fill prices."""
    if not len(result.trades):
        return note("No closed trade.")
    order = np.argsort(-result.trades["pnl"], kind="stable").tolist()
    chosen = order if len(order) <= 2 * EXTREMES else [*order[:EXTREMES], *order[-EXTREMES:]]
    rows = [_trade(result, index, instruments) for index in chosen]
    head = ("", "Opened", "Closed", "Ending", "Quantity", "Bought at", "Sold at", "Fees", "Slippage", "Net")
    return table(head, rows)


def _trade(result: Result, index: int, instruments: Mapping[str, Instrument]) -> list[Cell]:
    row = result.trades[index]
    symbol = result.symbols[int(row["symbol"])]
    grid = instruments[symbol]
    digits = max(0, -int(grid.tick_size.normalize().as_tuple().exponent))
    prices = (float(each[0]) for each in fill_prices(result.trades[index : index + 1], grid))
    net = int(row["pnl"]) / result.cash_scale
    return [
        symbol,
        minute(int(row["opened_ms"])),
        minute(int(row["closed_ms"])),
        result.endings[int(row["ending"])],
        f"{grid.quantity(int(row['lots'])):f}",
        *(number(each, digits) for each in prices),
        number(int(row["fees"]) / result.cash_scale),
        number(int(row["slippage"]) / result.cash_scale),
        coloured(number(net, signed=True), net),
    ]


def pairs(result: Mapping[str, Any], nested: str = "") -> list[tuple[str, Any]]:
    """Return names and values in a row; mappings inside are written as name.inner."""
    rows: list[tuple[str, Any]] = []
    for name, value in result.items():
        if isinstance(value, Mapping):
            rows += pairs(value, f"{nested}{name}.")
        else:
            rows.append((f"{nested}{name}", NONE if value is None else value))
    return rows

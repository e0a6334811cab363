"""The report's tables of trades and of periods: every trade, why trades ended, falls, best and worst days."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from domain.instrument import Instrument
from domain.times import DAY_MS, HOUR_MS
from research.engine.result import Result
from research.report.candles import fill_prices
from research.report.text import Cell, coloured, day, minute, note, number, percent, span, table
from research.statistics.periods import Fall, days_of, worst_falls

MOST_ROWS = 2_000
"""Trades in the table; beyond, the latest."""
FALLS, DAYS = 5, 5

TRADE_HEAD = ("#", "Symbol", "Opened", "Closed", "Held", "Ended by", "Quantity", "Bought at", "Sold at",
              "Result",
              "Costs", "Net", "Sum")  # fmt: skip


def trade_table(result: Result, instruments: Mapping[str, Instrument]) -> Markup:
    """Return every closed trade in the order they closed; a click on a heading sorts by it."""
    count = len(result.trades)
    if not count:
        return note("No closed trade.")
    order = np.argsort(result.trades["closed_ms"], kind="stable")
    sums = np.cumsum(result.trades["pnl"][order]) / result.cash_scale
    first = max(0, count - MOST_ROWS)
    shown = enumerate(order[first:].tolist(), first)
    rows = [_trade(result, index, at, float(sums[at]), instruments) for at, index in shown]
    left = f"The first {first:,} of {count:,} trades are not listed." if first else ""
    return (note(left) if left else Markup()) + table(TRADE_HEAD, rows, "trades tall")


def _trade(
    result: Result, index: int, at: int, total: float, instruments: Mapping[str, Instrument]
) -> list[Cell]:
    row = result.trades[index]
    symbol = result.symbols[int(row["symbol"])]
    grid = instruments[symbol]
    digits = max(0, -int(grid.tick_size.normalize().as_tuple().exponent))
    prices = (float(each[0]) for each in fill_prices(result.trades[index : index + 1], grid))
    scale = result.cash_scale
    net, bought = int(row["pnl"]) / scale, int(row["bought"]) / scale
    share = net / bought if bought else None
    return [
        str(at + 1),
        symbol,
        minute(int(row["opened_ms"])),
        minute(int(row["closed_ms"])),
        span(int(row["closed_ms"] - row["opened_ms"]) / HOUR_MS),
        result.endings[int(row["ending"])],
        f"{grid.quantity(int(row['lots'])).normalize():f}",
        *(number(each, digits) for each in prices),
        coloured(percent(share, signed=True), share),
        number(int(row["fees"] + row["slippage"]) / scale),
        coloured(number(net, signed=True), net),
        coloured(number(total, signed=True), total),
    ]


def exit_reasons(result: Result) -> Markup:
    """Return how trades ended: how many each way, how many of them won, what they came to."""
    if not len(result.trades):
        return note("No closed trade.")
    rows = [_reason(name, result.trades[result.trades["ending"] == code], result) for code, name in
            enumerate(result.endings) if (result.trades["ending"] == code).any()]  # fmt: skip
    rows.sort(key=lambda each: -int(each[0]))
    head = ("", "Trades", "Won", "Average result", "Average time", "Net")
    return table(head, [cells for _, cells in rows])


def _reason(name: str, trades: Any, result: Result) -> tuple[int, list[Cell]]:
    net, count = sum(trades["pnl"].tolist()) / result.cash_scale, len(trades)
    shares = [pnl / bought for pnl, bought in trades[["pnl", "bought"]].tolist() if bought]
    mean = sum(shares) / len(shares) if shares else None
    held = sum((trades["closed_ms"] - trades["opened_ms"]).tolist()) / count / HOUR_MS
    won = sum(pnl > 0 for pnl in trades["pnl"].tolist()) / count
    cells: list[Cell] = [
        name,
        number(count, 0),
        percent(won, 0),
        coloured(percent(mean, signed=True), mean),
        span(held),
        coloured(number(net, signed=True), net),
    ]
    return count, cells


def falls(result: Result) -> Markup:
    """Return the deepest falls from a peak with how long they lasted."""
    match = worst_falls(result, FALLS)
    if not match:
        return note("Equity never fell below a peak.")
    end = int(result.times_ms[-1])
    head = ("", "Peak", "Lowest", "Reached again", "Days down", "Days in all")
    return table(head, [_fall(each, end) for each in match])


def _fall(fall: Fall, end_ms: int) -> list[Cell]:
    back = fall.back_ms if fall.back_ms is not None else end_ms
    return [
        coloured(percent(-fall.depth), -fall.depth),
        day(fall.peak_ms),
        day(fall.bottom_ms),
        "not yet" if fall.back_ms is None else day(fall.back_ms),
        number((fall.bottom_ms - fall.peak_ms) / DAY_MS, 0),
        number((back - fall.peak_ms) / DAY_MS, 0),
    ]


def best_and_worst_days(result: Result) -> Markup:
    """Return the days that brought and cost most, side by side."""
    times, returns = days_of(result)
    moved = np.flatnonzero(returns)
    if not len(moved):
        return note("No day on which equity moved.")
    order = moved[np.argsort(returns[moved], kind="stable")]
    worst, best = order[returns[order] < 0][:DAYS], order[returns[order] > 0][::-1][:DAYS]
    rows: list[list[Cell]] = []
    for index in range(max(len(worst), len(best))):
        sides = [_day(times, returns, side, index) for side in (best, worst)]
        rows.append([str(index + 1), *(cell for side in sides for cell in side)])
    return table(("", "Best day", "", "Worst day", ""), rows)


def _day(times: Any, returns: Any, order: Any, index: int) -> tuple[Cell, Cell]:
    if index >= len(order):
        return "", ""
    value = float(returns[order[index]])
    return day(int(times[order[index]])), coloured(percent(value, signed=True), value)

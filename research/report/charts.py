"""Equity with its drawdown, and the distribution of trade results, as inline drawings."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from research.data.candles import FloatArray, IntArray
from research.engine.result import Result
from research.report.axes import (
    BOX,
    Scale,
    drawn,
    grid,
    labels,
    line,
    price_scale,
    round_ticks,
    svg,
    thinned,
    time_scale,
    time_ticks,
)
from research.report.templates import chart
from research.report.text import note, number, percent
from research.statistics.periods import rolling_sharpe
from research.statistics.ratios import hold_curve

COLUMNS = 500
POINTS = 1_500
"""Columns of the equity that the page keeps to zoom into, two points each."""
BINS = 30


def equity_chart(result: Result, quote: str) -> Markup:
    """Return equity by itself, beside buy and hold, its fall from the peak and its rolling Sharpe ratio.

    All have one time axis, which the mouse zooms; empty without two cycles.
    """
    if result.cycles < 2:
        return note("Fewer than two cycles: nothing to draw.")
    times = result.times_ms
    equity = result.equity / result.cash_scale
    opening = result.opening_cash / result.cash_scale
    held, worth = _held(result)
    fall = _fall(equity, opening)
    x = time_scale(int(times[0]), int(times[-1]))
    rolling = rolling_sharpe(result)
    parts = [
        _legend(quote, with_hold=bool(len(held))),
        _panel("equity", x, [("equity", times, equity)], "high", f"Equity in {quote} over time"),
        *_beside(x, (times, equity / opening * 100), (held, worth * 100)),
        _under(x, times, fall),
        *_rolling(x, *rolling),
    ]
    points = _points(times, equity, fall, (held, worth), rolling[:2])
    return chart("curves", parts, points)


def _held(result: Result) -> tuple[IntArray, FloatArray]:
    """Return buy-and-hold over the cycles' period, of 1."""
    first, last = int(result.times_ms[0]), int(result.times_ms[-1])
    return hold_curve([each.between(first, last + 1) for each in result.candles])


def _fall(equity: FloatArray, opening: float) -> FloatArray:
    peak = np.maximum(np.maximum.accumulate(equity), opening)
    fall: FloatArray = equity / peak - 1
    return fall


Line = tuple[str, IntArray, FloatArray]
"""A line of a panel: class, times and values."""


def _panel(name: str, x: Scale, lines: Sequence[Line], height: str, title: str) -> Markup:
    y = price_scale(*(values for _, _, values in lines))
    ticks = round_ticks(y, 7 if height == "high" else 4)
    paths = [grid(ticks, y), *(_drawn(each, x, y) for each in lines)]
    named = [(at, number(at, 0 if y.high - y.low > 20 else 2)) for at in ticks]
    return _plot(svg(Markup().join(paths), title), labels([], x, named, y), height, name)


def _drawn(line_of: Line, x: Scale, y: Scale) -> Markup:
    kind, times, values = line_of
    keep = thinned(values, COLUMNS)
    return drawn(kind, line(x.place(times[keep]), y.place(values[keep])))


def _beside(x: Scale, own: tuple[IntArray, FloatArray], hold: tuple[IntArray, FloatArray]) -> list[Markup]:
    """Return equity and buy and hold, both from 100: on their own scale, for one may dwarf the other."""
    if not len(hold[0]):
        return []
    lines: list[Line] = [("hold", *hold), ("equity", *own)]
    title = chart("sub", "equity and buy and hold, both from 100")
    return [title, _panel("both", x, lines, "mid", "Equity and buy and hold from 100")]


def _under(x: Scale, times: IntArray, fall: FloatArray) -> Markup:
    y = Scale(min(float(fall.min()) * 1.08, -1e-4), 0.0)
    keep = thinned(fall, COLUMNS)
    path = line(x.place(times[keep]), y.place(fall[keep]))
    ticks = round_ticks(y, 3)
    inner = grid(ticks, y) + drawn("fall", f"{path}L{BOX} 0L0 0Z")
    named = [(at, percent(at, 1 if y.low > -0.1 else 0)) for at in ticks]
    across = time_ticks(int(times[0]), int(times[-1]))
    title = chart("sub", "fall from the peak")
    beside = labels(across, x, named, y)
    return title + _plot(svg(inner, "Fall from the peak over time"), beside, "low", "fall")


def _rolling(x: Scale, times: IntArray, ratios: FloatArray, window: int) -> list[Markup]:
    """Return the Sharpe ratio of the days before each day; nothing where there are too few days."""
    if not len(times):
        return []
    y = price_scale(ratios, np.zeros(1))
    y = Scale(min(y.low, -0.1), max(y.high, 0.1))
    ticks = round_ticks(y, 4)
    zero = drawn("zero", f"M0 {float(y.place(0.0)):.1f}H{BOX}")
    path = _drawn(("sharpe", np.minimum(times, int(x.high)), ratios), x, y)
    title = chart("sub", f"Sharpe ratio of the last {window} days, a year")
    named = [(at, number(at, 1)) for at in ticks]
    drawing = svg(grid(ticks, y) + zero + path, f"Rolling Sharpe ratio over {window} days")
    return [title, _plot(drawing, labels([], x, named, y), "low", "sharpe")]


def _plot(drawing: Markup, beside: Markup, kind: str, name: str = "") -> Markup:
    return chart("plot", drawing, beside, kind, name)


def _legend(quote: str, *, with_hold: bool) -> Markup:
    names = [("equity", f"equity, {quote}")]
    names += [("hold", "buy and hold, no costs")] if with_hold else []
    names.append(("fall", "fall from the peak"))
    return chart("legend", names)


def _points(
    times: IntArray,
    equity: FloatArray,
    fall: FloatArray,
    held: tuple[IntArray, FloatArray],
    rolling: tuple[IntArray, FloatArray],
) -> str:
    """Return what the cross-hair reads and the zoom draws, thinned: no extreme of the equity is lost.

    Minutes, equity, fall in per cent and buy-and-hold of 1; days of the rolling Sharpe ratio and its values.
    """
    keep = thinned(equity, POINTS)
    rows: dict[str, Any] = {
        "t": (times[keep] // 60_000).tolist(),
        "e": np.round(equity[keep], 2).tolist(),
        "f": np.round(fall[keep] * 100, 2).tolist(),
    }
    if len(held[0]):
        at = np.clip(np.searchsorted(held[0], times[keep], side="right") - 1, 0, None)
        rows["h"] = np.round(held[1][at], 4).tolist()
    if len(rolling[0]):
        few = thinned(rolling[1], POINTS // 2)
        rows["d"] = (rolling[0][few] // 60_000).tolist()
        rows["s"] = np.round(rolling[1][few], 2).tolist()
    return json.dumps(rows, separators=(",", ":")).replace("<", "\\u003c")


def histogram(result: Result) -> Markup:
    """Return the distribution of trade results after costs, as shares of what each trade bought."""
    rows = result.trades[result.trades["bought"] > 0]
    if not len(rows):
        return note("No closed trade.")
    shares = rows["pnl"] / rows["bought"]
    edges, counts = _bins(shares)
    most = int(counts.max())
    x, y = Scale(float(edges[0]), float(edges[-1]), down=False), Scale(0.0, most * 1.08)
    bars = {"down": "", "up": ""}
    for left, right, count in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True):
        bars["up" if left >= 0 else "down"] += _bar(x, y, left, right, count) if count else ""
    ticks = [at for at in round_ticks(y, 4) if at == int(at)]
    inner = Markup().join([grid(ticks, y), *(drawn(f"bar {kind}", path) for kind, path in bars.items())])
    across = [(at, percent(at, _places(x), signed=True)) for at in round_ticks(x, 5)]
    beside = labels([], x, [(at, number(at, 0)) for at in ticks], y)
    below = [("x", f"left:{float(x.place(at)) / 10:.2f}%", name) for at, name in across]
    return _plot(svg(inner, "Number of trades by result"), beside + chart("labels", below), "middle")


def _places(scale: Scale) -> int:
    return 2 if scale.high - scale.low < 0.02 else 1


def _bins(shares: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return edges, 0 among them, and counts; of a hundred results or more the outer 1 % go to the ends."""
    low, high = np.quantile(shares, (0.01, 0.99)) if len(shares) >= 100 else (shares.min(), shares.max())
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    width = (high - low) / BINS or 0.001
    edges = width * np.arange(np.floor(low / width), np.ceil(high / width) + 2)
    counts, _ = np.histogram(np.clip(shares, edges[0], edges[-1]), edges)
    return edges, counts


def _bar(x: Scale, y: Scale, left: float, right: float, count: int) -> str:
    first, last = float(x.place(left)), float(x.place(right))
    room = (last - first) * 0.08
    return f"M{first + room:.1f} {BOX}V{float(y.place(count)):.1f}H{last - room:.1f}V{BOX}Z"

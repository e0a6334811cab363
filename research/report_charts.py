"""Equity with its drawdown, and the distribution of trade results, as inline drawings."""

import json
from typing import Any

import numpy as np

from research.candles import FloatArray, IntArray
from research.ratios import hold_curve
from research.report_axes import (
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
from research.report_text import Markup, element, joined, number, percent, safe
from research.result import Result

COLUMNS = 500
POINTS = 400
BINS = 30


def equity_chart(result: Result, quote: str) -> Markup:
    """Return equity and buy-and-hold above, the fall from the peak below; empty without two cycles."""
    if result.cycles < 2:
        return element("p", "Fewer than two cycles: nothing to draw.", "note")
    times = result.times_ms
    equity = result.equity / result.cash_scale
    held, worth = _held(result)
    fall = _fall(equity, result.opening_cash / result.cash_scale)
    x = time_scale(int(times[0]), int(times[-1]))
    upper = _curves(x, (times, equity), (held, worth), quote)
    lower = _under(x, times, fall)
    points = _points(times, equity, fall, held, worth)
    data = f'<script type="application/json">{points}</script>'
    inner = joined([_legend(quote), upper, lower, element("p", "", "read"), Markup(data)])
    return element("figure", inner, "curves")


def _held(result: Result) -> tuple[IntArray, FloatArray]:
    """Return buy-and-hold of the opening cash over the cycles' period."""
    first, last = int(result.times_ms[0]), int(result.times_ms[-1])
    times, worth = hold_curve([each.between(first, last + 1) for each in result.candles])
    return times, worth * (result.opening_cash / result.cash_scale)


def _fall(equity: FloatArray, opening: float) -> FloatArray:
    peak = np.maximum(np.maximum.accumulate(equity), opening)
    fall: FloatArray = equity / peak - 1
    return fall


def _curves(
    x: Scale, own: tuple[IntArray, FloatArray], hold: tuple[IntArray, FloatArray], quote: str
) -> Markup:
    y = price_scale(own[1], hold[1])
    ticks = round_ticks(y, 7)
    paths = [grid(ticks, y)]
    for kind, (times, values) in (("hold", hold), ("equity", own)):
        if len(times):
            keep = thinned(values, COLUMNS)
            paths.append(drawn(kind, line(x.place(times[keep]), y.place(values[keep]))))
    named = [(at, number(at, 0 if y.high - y.low > 20 else 2)) for at in ticks]
    return _plot(svg(joined(paths), f"Equity in {quote} over time"), labels([], x, named, y), "high")


def _under(x: Scale, times: IntArray, fall: FloatArray) -> Markup:
    y = Scale(min(float(fall.min()) * 1.08, -1e-4), 0.0)
    keep = thinned(fall, COLUMNS)
    path = line(x.place(times[keep]), y.place(fall[keep]))
    ticks = round_ticks(y, 3)
    inner = joined([grid(ticks, y), drawn("fall", f"{path}L{BOX} 0L0 0Z")])
    named = [(at, percent(at, 1 if y.low > -0.1 else 0)) for at in ticks]
    across = time_ticks(int(times[0]), int(times[-1]))
    return _plot(svg(inner, "Fall from the peak over time"), labels(across, x, named, y), "low")


def _plot(drawing: Markup, beside: Markup, kind: str) -> Markup:
    return Markup(f'<div class="plot {kind}">{drawing}{beside}<i class="cross"></i></div>')


def _legend(quote: str) -> Markup:
    names = (
        ("equity", f"equity, {quote}"),
        ("hold", "buy and hold, no costs"),
        ("fall", "fall from the peak"),
    )
    keys = (
        element("span", joined([Markup(f'<i class="key {kind}"></i>'), safe(name)])) for kind, name in names
    )
    return element("p", joined(keys), "legend")


def _points(times: IntArray, equity: FloatArray, fall: FloatArray, held: IntArray, worth: FloatArray) -> str:
    """Return what the cross-hair reads: minute, equity, fall in per mille and buy-and-hold, thinned."""
    keep = np.unique(np.linspace(0, len(times) - 1, POINTS).astype(np.int64))
    rows: dict[str, Any] = {
        "t": (times[keep] // 60_000).tolist(),
        "e": np.round(equity[keep], 2).tolist(),
        "f": np.round(fall[keep] * 100, 2).tolist(),
    }
    if len(held):
        at = np.clip(np.searchsorted(held, times[keep], side="right") - 1, 0, None)
        rows["h"] = np.round(worth[at], 2).tolist()
    return json.dumps(rows, separators=(",", ":"))


def histogram(result: Result) -> Markup:
    """Return the distribution of trade results after costs, as shares of what each trade bought."""
    rows = result.trades[result.trades["bought"] > 0]
    if not len(rows):
        return element("p", "No closed trade.", "note")
    shares = rows["pnl"] / rows["bought"]
    edges, counts = _bins(shares)
    most = int(counts.max())
    x, y = Scale(float(edges[0]), float(edges[-1]), down=False), Scale(0.0, most * 1.08)
    bars = {"down": "", "up": ""}
    for left, right, count in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True):
        bars["up" if left >= 0 else "down"] += _bar(x, y, left, right, count) if count else ""
    ticks = [at for at in round_ticks(y, 4) if at == int(at)]
    inner = joined([grid(ticks, y), *(drawn(f"bar {kind}", path) for kind, path in bars.items())])
    across = [(at, percent(at, _places(x), signed=True)) for at in round_ticks(x, 5)]
    beside = labels([], x, [(at, number(at, 0)) for at in ticks], y)
    below = joined(
        element("span", name, "x", f'style="left:{float(x.place(at)) / 10:.2f}%"') for at, name in across
    )
    return _plot(svg(inner, "Number of trades by result"), joined([beside, below]), "middle")


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

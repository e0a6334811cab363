"""Axes and thinning for the report's charts: a box of 1000 by 1000 that the page stretches.

Labels are HTML beside the drawing, so that they stay readable at every width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor, log, log10

import numpy as np
from markupsafe import Markup

from domain.times import DAY_MS, HOUR_MS, millis, utc
from research.data.candles import FloatArray, IntArray
from research.report.templates import chart

BOX = 1000
MOST_TICKS = 7
FEW_STEPS = 4
"""Steps of 1, 2 or 5 below which a logarithmic scale takes even steps instead."""


@dataclass(frozen=True)
class Scale:
    """A straight or logarithmic way from values to places in the box."""

    low: float
    high: float
    steep: bool = False
    down: bool = True

    def place(self, values: FloatArray | IntArray | float) -> FloatArray:
        """Return where values lie, 0 to 1000 from the left or from the top."""
        result = np.asarray(values, dtype=np.float64)
        low, high = (log(self.low), log(self.high)) if self.steep else (self.low, self.high)
        share = ((np.log(result) if self.steep else result) - low) / ((high - low) or 1.0)
        return BOX * (1 - share if self.down else share)


def price_scale(*series: FloatArray) -> Scale:
    """Return a vertical scale around all values, with a little room; logarithmic where they range far."""
    filled = [each for each in series if len(each)]
    low, high = (float(fit(fit(each) for each in filled)) for fit in (min, max))
    if low > 0 and high / low > 4:
        return Scale(low / 1.05, high * 1.05, steep=True)
    room = (high - low) * 0.05 or abs(high) * 0.01 or 1.0
    return Scale(low - room, high + room)


def time_scale(first_ms: int, last_ms: int) -> Scale:
    """Return a horizontal scale over a period."""
    return Scale(float(first_ms), float(max(last_ms, first_ms + 1)), down=False)


def round_ticks(scale: Scale, most: int = 5) -> list[float]:
    """Return round values inside a scale: steps of 1, 2 or 5 times a power of ten."""
    if scale.steep:
        powers = range(floor(log10(scale.low)), ceil(log10(scale.high)) + 1)
        results = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
        inside = [each for each in results if scale.low <= each <= scale.high]
        if len(inside) >= FEW_STEPS:
            return inside[:: max(1, ceil(len(inside) / most))]
    rough = (scale.high - scale.low) / most
    power = 10.0 ** floor(log10(rough))
    step = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= rough * (1 - 1e-9))
    first, last = ceil(scale.low / step), floor(scale.high / step)
    return [index * step for index in range(first, last + 1)]


def time_ticks(first_ms: int, last_ms: int) -> list[tuple[int, str]]:
    """Return instants with labels: the finest of years, quarters, months, days or hours that fit."""
    months = _months(utc(first_ms), utc(last_ms))
    for step in (1, 3, 6, 12, 24, 60, 120):
        chosen = [each for each in months if (each.year * 12 + each.month - 1) % step == 0]
        if len(chosen) <= MOST_TICKS and (len(chosen) > 2 or step > 1):
            return [(millis(each), _month_name(each, step)) for each in chosen]
        if step == 1 and len(chosen) <= 2:
            return _even_ticks(first_ms, last_ms)
    return []


def _even_ticks(first_ms: int, last_ms: int) -> list[tuple[int, str]]:
    for step in (HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, *(k * DAY_MS for k in (1, 2, 5, 7, 14))):
        result = range(-(-first_ms // step) * step, last_ms + 1, step)
        if len(result) <= MOST_TICKS:
            shape = "%d %b" if step >= DAY_MS else "%d %b %H:%M"
            return [(each, utc(each).strftime(shape)) for each in result]
    return []


def _months(first: datetime, last: datetime) -> list[datetime]:
    each = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    results = []
    while each <= last:
        if each >= first:
            results.append(each)
        each = (each + timedelta(days=32)).replace(day=1)
    return results


def _month_name(month: datetime, step: int) -> str:
    return f"{month:%Y}" if month.month == 1 or step >= 12 else f"{month:%b}"


def labels(across: Sequence[tuple[int, str]], x: Scale, up: Sequence[tuple[float, str]], y: Scale) -> Markup:
    """Return the labels beside a chart, placed in per cent."""
    marks = [
        *(("x", f"left:{float(x.place(at)) / 10:.2f}%", name) for at, name in across),
        *(("y", f"top:{float(y.place(at)) / 10:.2f}%", name) for at, name in up),
    ]
    return chart("labels", marks)


def grid(up: Sequence[float], y: Scale) -> Markup:
    """Return horizontal lines at the ticks."""
    return drawn("grid", "".join(f"M0 {float(y.place(at)):.1f}H{BOX}" for at in up))


def drawn(kind: str, path: str) -> Markup:
    """Return a path of a class that the style sheet knows."""
    return chart("path", kind, path)


def svg(inner: Markup, title: str) -> Markup:
    """Return a drawing that fills its place."""
    return chart("svg", inner, title, BOX)


def line(x: FloatArray, y: FloatArray) -> str:
    """Return a path through points, to a tenth of a thousandth of the box."""
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def thinned(values: FloatArray, columns: int) -> IntArray:
    """Return places whose line looks the same: least and greatest value of each column, ends included."""
    edges = np.unique(np.linspace(0, len(values), columns + 1).astype(np.int64))
    keep = {0, len(values) - 1}
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = values[first:last]
        keep.update((first + int(part.argmin()), first + int(part.argmax())))
    return np.array(sorted(keep), dtype=np.int64)

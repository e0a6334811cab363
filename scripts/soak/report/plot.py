"""Plots as inline SVG: lines over the run's time, the faults shaded behind them.

They are drawn here and not by the page's charts: their axis counts seconds since the start, where those know
instants, and the report is to be read where no script runs.
"""

from collections.abc import Sequence
from math import ceil, floor, log10
from pathlib import Path
from typing import Any, NamedTuple

from research.report.templates import piece
from scripts.soak.evidence.slope import Point, thinned
from scripts.soak.progress import clock_text
from scripts.soak.rig.faults import Phase

WIDTH, HEIGHT = 960, 190
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 12, 26
MOST_POINTS = 1500
COLUMNS = 6
SIZE = {
    "width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT, "top": TOP,
    "inner": HEIGHT - TOP - BOTTOM,
}  # fmt: skip
TEMPLATES = Path(__file__).with_name("templates")
TONES = ("own", "wait", "up")


class Line(NamedTuple):
    """One series: name, points in seconds and the plot's unit, dashed for a trend."""

    name: str
    points: Sequence[Point]
    dashed: bool = False


class Axis(NamedTuple):
    """The range of values a plot shows and the ticks in it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def y(self, value: float) -> float:
        """Return a value's place from the top."""
        share = (value - self.low) / (self.high - self.low)
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)


def axis_for(values: Sequence[float], *, from_zero: bool) -> Axis:
    """Return an axis with round ticks around the values; a flat series gets some air."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    low = min(low, 0.0) if from_zero else low
    if high - low < 1e-9:
        high = low + max(abs(low) * 0.02, 1.0)
    step = round_step((high - low) / 4)
    bottom, top = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step
    count = round((top - bottom) / step)
    return Axis(bottom, top, tuple(bottom + index * step for index in range(count + 1)))


def round_step(rough: float) -> float:
    """Return the next of 1, 2, 5 times a power of ten."""
    scale = 10.0 ** floor(log10(rough))
    return float(next(factor * scale for factor in (1, 2, 5, 10) if factor * scale >= rough * (1 - 1e-9)))


def plot(
    title: str,
    unit: str,
    lines: Sequence[Line],
    phases: Sequence[Phase],
    seconds: float,
    *,
    from_zero: bool = True,
) -> str:
    """Return a figure with the lines, a legend and what it shows in words for those who cannot see it."""
    axis = axis_for([y for line in lines for _, y in line.points], from_zero=from_zero)
    span = max(seconds, 1.0)
    drawn = [_path(line, index, axis, span) for index, line in enumerate(lines)]
    marks = _times(span, HEIGHT - 8)
    return _piece("plot", title, unit, drawn, _shades(phases, span), _ticks(axis), marks, SIZE)


def _piece(name: str, *values: Any) -> str:
    return piece("plots.html.j2", name, *values, folder=TEMPLATES)


def x_of(seconds: float, span: float) -> float:
    """Return an instant's place from the left."""
    return LEFT + (WIDTH - LEFT - RIGHT) * min(max(seconds / span, 0.0), 1.0)


def _shades(phases: Sequence[Phase], span: float) -> list[dict[str, str]]:
    return [
        {
            "x": f"{x_of(phase.begins, span):.1f}",
            "width": f"{x_of(phase.ends, span) - x_of(phase.begins, span):.1f}",
            "title": f"{phase.fault}, {clock_text(phase.begins)} to {clock_text(phase.ends)}",
        }
        for phase in phases
        if phase.fault
    ]


def _ticks(axis: Axis) -> list[dict[str, str]]:
    return [
        {"y": f"{axis.y(tick):.1f}", "below": f"{axis.y(tick) + 4:.1f}", "text": f"{tick:,.6g}"}
        for tick in axis.ticks
    ]


def _path(line: Line, index: int, axis: Axis, span: float) -> dict[str, Any]:
    points = " ".join(f"{x_of(x, span):.1f},{axis.y(y):.1f}" for x, y in thinned(line.points, MOST_POINTS))
    tone = TONES[index % len(TONES)]
    return {"name": line.name, "points": points, "tone": tone, "dashed": line.dashed}


class Stretch(NamedTuple):
    """A piece of a row: from when to when in seconds, its style, what it is, and that in short."""

    begins: float
    ends: float
    style: str
    name: str
    short: str = ""


ROW = 24
LETTER = 6.2
"""Height of a row and width of a letter of a name, in the drawing's units."""


def strip(title: str, rows: Sequence[tuple[str, Sequence[Stretch]]], seconds: float) -> str:
    """Return bars over time, a row for each name; a stretch bears its name where there is room."""
    span = max(seconds, 1.0)
    height = ROW * len(rows) + 22
    bars = [
        {
            "name": name,
            "top": ROW * index + 2,
            "bars": [_stretch(each, span) for each in stretches],
        }
        for index, (name, stretches) in enumerate(rows)
    ]
    return _piece("strip", title, bars, _times(span, height - 6), SIZE | {"height": height, "bar": ROW - 6})


def _stretch(each: Stretch, span: float) -> dict[str, str]:
    left, right = x_of(each.begins, span), x_of(each.ends, span)
    written = next((text for text in (each.name, each.short) if LETTER * len(text) <= right - left), "")
    return {
        "style": each.style,
        "x": f"{left:.1f}",
        "width": f"{max(right - left, 0.6):.1f}",
        "title": f"{each.name}, {clock_text(each.begins)} to {clock_text(each.ends)}",
        "text": "" if each.name == each.style else written,
        "middle": f"{(left + right) / 2:.1f}",
    }


def _times(span: float, y: float) -> list[dict[str, Any]]:
    """Return the labels of the time axis."""
    return [
        {
            "x": f"{x_of(span * index / COLUMNS, span):.1f}",
            "y": y,
            "anchor": "end" if index == COLUMNS else "middle",
            "text": clock_text(span * index / COLUMNS),
        }
        for index in range(COLUMNS + 1)
    ]

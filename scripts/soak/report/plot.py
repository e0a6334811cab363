"""Plots as inline SVG: lines over the run's time, the faults shaded behind them."""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10
from typing import NamedTuple

from scripts.soak.evidence.slope import Point, thinned
from scripts.soak.progress import clock_text
from scripts.soak.rig.faults import Phase

WIDTH, HEIGHT = 960, 190
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 12, 26
MOST_POINTS = 1500
COLUMNS = 6
COLORS = ("#2563eb", "#d97706", "#059669")


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
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        *_shades(phases, span),
        *_grid(axis, span),
        *(_path(line, index, axis, span) for index, line in enumerate(lines)),
        "</svg>",
    ]
    legend = "".join(
        f'<span class="key"><i style="border-top-color:{COLORS[index % len(COLORS)]};'
        f'border-top-style:{"dashed" if line.dashed else "solid"}"></i>{escape(line.name)}</span>'
        for index, line in enumerate(lines)
    )
    caption = f"<figcaption><b>{escape(title)}</b> <small>{escape(unit)}</small>{legend}</figcaption>"
    return f"<figure>{caption}{''.join(parts)}</figure>"


def x_of(seconds: float, span: float) -> float:
    """Return an instant's place from the left."""
    return LEFT + (WIDTH - LEFT - RIGHT) * min(max(seconds / span, 0.0), 1.0)


def _shades(phases: Sequence[Phase], span: float) -> list[str]:
    return [
        f'<rect class="fault" x="{x_of(phase.begins, span):.1f}" y="{TOP}" '
        f'width="{x_of(phase.ends, span) - x_of(phase.begins, span):.1f}" height="{HEIGHT - TOP - BOTTOM}">'
        f"<title>{escape(phase.fault)}, {clock_text(phase.begins)} to {clock_text(phase.ends)}</title></rect>"
        for phase in phases
        if phase.fault
    ]


def _grid(axis: Axis, span: float) -> list[str]:
    rows = [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" '
        f'y1="{axis.y(tick):.1f}" y2="{axis.y(tick):.1f}"/>'
        f'<text x="{LEFT - 8}" y="{axis.y(tick) + 4:.1f}" text-anchor="end">{tick:,.6g}</text>'
        for tick in axis.ticks
    ]
    return rows + _times(span, HEIGHT - 8)


def _path(line: Line, index: int, axis: Axis, span: float) -> str:
    points = " ".join(f"{x_of(x, span):.1f},{axis.y(y):.1f}" for x, y in thinned(line.points, MOST_POINTS))
    dashes = ' stroke-dasharray="6 4"' if line.dashed else ""
    return f'<polyline points="{points}" stroke="{COLORS[index % len(COLORS)]}"{dashes}/>'


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
    parts = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">']
    for index, (name, stretches) in enumerate(rows):
        top = ROW * index + 2
        parts.append(f'<text x="{LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(name)}</text>')
        parts += [_stretch(each, top, span) for each in stretches]
    parts += _times(span, height - 6)
    return f"<figure><figcaption><b>{escape(title)}</b></figcaption>{''.join(parts)}</svg></figure>"


def _stretch(each: Stretch, top: float, span: float) -> str:
    left, right = x_of(each.begins, span), x_of(each.ends, span)
    told = f"{each.name}, {clock_text(each.begins)} to {clock_text(each.ends)}"
    bar = (
        f'<rect class="{each.style}" x="{left:.1f}" y="{top}" width="{max(right - left, 0.6):.1f}" '
        f'height="{ROW - 6}"><title>{escape(told)}</title></rect>'
    )
    written = next((text for text in (each.name, each.short) if LETTER * len(text) <= right - left), "")
    if not written or each.name == each.style:
        return bar
    middle = (left + right) / 2
    place = f'x="{middle:.1f}" y="{top + 13}" text-anchor="middle"'
    return f'{bar}<text class="name" {place}>{escape(written)}</text>'


def _times(span: float, y: float) -> list[str]:
    """Return the labels of the time axis."""
    return [
        f'<text x="{x_of(span * index / COLUMNS, span):.1f}" y="{y}" '
        f'text-anchor="{"end" if index == COLUMNS else "middle"}">{clock_text(span * index / COLUMNS)}</text>'
        for index in range(COLUMNS + 1)
    ]

"""Flaws in candles: gaps, dead stretches, prices nobody else saw, times off the grid.

Bad prints: a candle's high (low) that stands above (below) those of both its neighbours by at least
10 % and by at least three times the median range of the 51 candles around it. Distance from the
neighbours against a local, robust scale, with a floor so that calm stretches are not full of alarms,
is the rule of Brownlees and Gallo, "Financial econometric analysis at ultra-high frequency", CSDA
51 (2006); the centred rolling median is rule Q4 of Barndorff-Nielsen, Hansen, Lunde and Shephard,
"Realized kernels in practice", Econometrics Journal 12 (2009). A flash crash is found too: only a
second source can tell the two apart. Two bad prints in a row confirm one another and are not found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import polars as pl
from numpy.typing import NDArray

from domain.times import DAY_MS, MINUTE_MS, MONTH_MS, closing, grid, opened_by, utc
from perception.quality.intake import CLOSED_HOURS_MS
from research.data.candles import Candles, FloatArray
from research.data.slots import slots

GAP, FLAT, ZERO_VOLUME, BAD_PRINT, JUMP, OFF_GRID = KINDS = (
    "gap", "flat", "zero_volume", "bad_print", "jump", "off_grid",
)  # fmt: skip
SUSPECT = (BAD_PRINT, JUMP, OFF_GRID)
"""Kinds that make a backtest wrong; the others are how markets are."""

STRETCH = 10
"""Candles in a row without a move, or without a trade, from which on they are told."""
PRINT_SHARE, PRINT_RANGES, WINDOW = 0.10, 3.0, 51
JUMP_FACTOR = 1.25
"""An opening this far from the last close, and closes that stay there: a split, joined series, a shock."""
LINES = 5


@dataclass(frozen=True, order=True)
class Flaw:
    """One stretch: open times in ms (UTC) of its first and last candle, and how many there are.

    Of a gap they are the candles that are missing; of an equity's gap `count` is the days from one
    candle to the next.
    """

    kind: str
    first: int
    last: int
    count: int
    detail: str


def flaws(candles: Candles) -> tuple[Flaw, ...]:
    """Return every flaw, oldest first."""
    results = [
        *_gaps(candles),
        *_stretches(
            candles, FLAT, candles.high == candles.low, "candles in a row, every price the same", STRETCH
        ),
        *_stretches(candles, ZERO_VOLUME, candles.volume == 0, "candles in a row without a trade", STRETCH),
        *_prints(candles),
        *_jumps(candles),
        *_stretches(candles, OFF_GRID, _off_grid(candles), "candles that open off the timeframe's grid", 1),
    ]
    return tuple(sorted(results, key=lambda flaw: (flaw.first, KINDS.index(flaw.kind))))


def bad_prints(candles: Candles) -> NDArray[np.bool_]:
    """Tell for each candle whether its high or its low is a bad print."""
    above, below = _standing_out(candles)
    ranges = pl.Series(np.log(candles.high / candles.low))
    scale = ranges.rolling_median(WINDOW, min_samples=1, center=True).to_numpy()
    farthest = np.maximum(above, below)
    bad: NDArray[np.bool_] = (farthest >= log(1 + PRINT_SHARE)) & (farthest >= PRINT_RANGES * scale)
    return bad


def flaw_lines(result: Sequence[Flaw]) -> list[str]:
    """Return flaws as lines for people: per kind a headline and its largest ones, in time order."""
    lines: list[str] = []
    for kind in KINDS:
        these = [flaw for flaw in result if flaw.kind == kind]
        if not these:
            continue
        shown = sorted(sorted(these, key=lambda flaw: -flaw.count)[:LINES])
        lines.append(f"{kind}: {len(these)} {'place' if len(these) == 1 else 'places'}")
        lines.extend(f"  {_span(flaw)}: {flaw.detail}" for flaw in shown)
        if len(these) > len(shown):
            lines.append(f"  ... and {len(these) - len(shown)} more")
    return lines or ["no flaw found"]


def always_open(symbol: str) -> bool:
    """Tell whether a symbol is a pair such as BTC-USDT, traded without a pause; shares have no quote."""
    return "-" in symbol


def _gaps(candles: Candles) -> list[Flaw]:
    step = np.diff(candles.time)
    length = candles.timeframe_ms
    if not always_open(candles.symbol):
        return [
            _gap(candles, index, step[index] // DAY_MS, "days from one candle to the next")
            for index in np.flatnonzero(step > CLOSED_HOURS_MS)
        ]
    # Off the grid, after an outage, a candle counts from where it opened; months have no length.
    lacking = (np.diff(slots(candles.time, length)) if length == MONTH_MS else step // length) - 1
    return [_gap(candles, index, lacking[index], "candles missing") for index in np.flatnonzero(lacking > 0)]


def _gap(candles: Candles, index: np.intp, count: int, what: str) -> Flaw:
    length = candles.timeframe_ms
    after, before = int(candles.time[index]), int(candles.time[index + 1])
    last = after + ((before - after) // length - 1) * length
    if length == MONTH_MS:
        last = opened_by(before - 1, length)
    return Flaw(GAP, closing(after, length), last, int(count), f"{count} {what}")


def _stretches(candles: Candles, kind: str, mask: NDArray[np.bool_], what: str, least: int) -> list[Flaw]:
    """Return the runs of `mask` that are at least `least` candles long."""
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return [
        Flaw(
            kind,
            int(candles.time[start]),
            int(candles.time[end - 1]),
            int(end - start),
            f"{end - start} {what}",
        )
        for start, end in edges.reshape(-1, 2)
        if end - start >= least
    ]


def _standing_out(candles: Candles) -> tuple[FloatArray, FloatArray]:
    """Return by how much each high is above, each low below both neighbours, as logarithms."""
    high, low = candles.high, candles.low
    if len(candles) < 2:
        return np.zeros(len(candles)), np.zeros(len(candles))
    # At the ends there is one neighbour; it stands on both sides.
    highest = np.maximum(np.append(high[1:], high[-2]), np.append(high[1], high[:-1]))
    lowest = np.minimum(np.append(low[1:], low[-2]), np.append(low[1], low[:-1]))
    return np.log(high / highest), np.log(lowest / low)


def _prints(candles: Candles) -> list[Flaw]:
    above, below = _standing_out(candles)
    results = []
    for index in np.flatnonzero(bad_prints(candles)):
        time = int(candles.time[index])
        high = above[index] >= below[index]
        price = (candles.high if high else candles.low)[index]
        share = np.expm1(above[index]) if high else -np.expm1(-below[index])
        where = f"high {price:g} is {share:.0%} above" if high else f"low {price:g} is {share:.0%} below"
        results.append(Flaw(BAD_PRINT, time, time, 1, f"{where} both neighbours"))
    return results


def _jumps(candles: Candles) -> list[Flaw]:
    """Return openings far from the close before, where the closes around them show a new level."""
    if len(candles) < 2:
        return []
    opening = np.log(candles.open[1:] / candles.close[:-1])
    # Medians of three closes on each side: one bad print among them moves neither.
    before, after = _median3(candles.close)[:-1], _median3(candles.close[::-1])[::-1][1:]
    shift = np.log(after / before)
    least = log(JUMP_FACTOR)
    moved = (np.minimum(np.abs(opening), np.abs(shift)) >= least) & (opening * shift > 0)
    # Over more than four days nobody expects a level to hold; the gap is told.
    places = np.flatnonzero(moved & (np.diff(candles.time) <= CLOSED_HOURS_MS))
    return [_jump(candles, index + 1) for index in places]


def _jump(candles: Candles, index: np.intp) -> Flaw:
    time, opened, before = int(candles.time[index]), candles.open[index], candles.close[index - 1]
    what = (
        f"opens at {opened:g} after a close of {before:g}, x{opened / before:.3g}: a split, or a real shock"
    )
    return Flaw(JUMP, time, time, 1, what)


def _median3(values: FloatArray) -> FloatArray:
    return pl.Series(values).rolling_median(3, min_samples=1).to_numpy()


def _off_grid(candles: Candles) -> NDArray[np.bool_]:
    # As perception.quality.intake: a session's candles need only begin on a minute.
    length = candles.timeframe_ms
    schedule = grid(length) if always_open(candles.symbol) else min(length, MINUTE_MS)
    off: NDArray[np.bool_] = candles.time % schedule != 0
    return off


def _span(flaw: Flaw) -> str:
    first, last = (f"{utc(time):%Y-%m-%d %H:%M}" for time in (flaw.first, flaw.last))
    return first if first == last else f"{first} to {last}"

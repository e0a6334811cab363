"""The part of a series that is traded, behind the candles that warm the strategies up.

What lies before a range warms up, so that trading begins with the range. Where too little lies there, the
range's own candles do the rest, and it is said how many are gone.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from domain.errors import BadInput
from domain.times import utc
from research.data.candles import Candles
from research.data.load import Range

FEW = 30
"""Cycles below which a result is hardly one."""


class Lead(NamedTuple):
    """Series with their warm-up in front, how many candles it has, and what to say about it."""

    candles: list[Candles]
    warmup: int
    notes: list[str]


def with_lead(series: Sequence[Candles], span: Range, needed: int, wished: int) -> Lead:
    """Return the candles of a range with up to `wished` before it and a warm-up of `needed` at least.

    Raises BadInput where nothing is left to trade of any series.
    """
    firsts = [_first(each, span[0]) for each in series]
    warmup = max(needed, min(wished, *firsts)) if span[0] is not None else needed
    cut = [_cut(each, first, span, warmup) for each, first in zip(series, firsts, strict=True)]
    early = zip(series, firsts, strict=True)
    notes = [_short(each, first, warmup) for each, first in early if span[0] is not None and first < warmup]
    left = [max(len(each) - warmup, 0) for each in cut]
    if not min(left):
        each = cut[left.index(min(left))]
        raise BadInput(
            f"{each.symbol}: {len(each)} candles, and the warm-up alone takes {warmup}: nothing is left to "
            "trade; take a longer range or a shorter timeframe"
        )
    if max(left) < FEW:
        notes.append(f"only {max(left)} cycles are left behind a warm-up of {warmup} candles")
    return Lead(cut, warmup, notes)


def _first(candles: Candles, start_ms: int | None) -> int:
    return 0 if start_ms is None else int(np.searchsorted(candles.time, start_ms))


def _cut(candles: Candles, first: int, span: Range, warmup: int) -> Candles:
    last = len(candles) if span[1] is None else int(np.searchsorted(candles.time, span[1]))
    return candles[max(first - warmup, 0) : last]


def _short(candles: Candles, first: int, warmup: int) -> str:
    begin = candles.time[min(warmup, len(candles) - 1)]
    return (
        f"{candles.symbol}: {first} of the {warmup} candles of warm-up lie before the range, the range gives "
        f"the rest: its first cycle is at {utc(int(begin)):%Y-%m-%d %H:%M}"
    )

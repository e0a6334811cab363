"""Splits of shares in candles of the past: prices that jump like one are no loss, so they are not traded on.

Which jumps look like a split is the rule of perception.quality.splits, on whole columns.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import numpy as np

from domain.errors import BadInput
from domain.times import DAY_MS, millis, opened_by, utc
from perception.quality.splits import Split, looks_split
from research.data.candles import Candles
from research.data.flaws import always_open

LEAST = 1.25
"""The smallest change of a price that is looked at more closely."""
LINES = 3


class Doubt(NamedTuple):
    """A candle whose open looks like a split after the close before it."""

    place: int
    split: Split


def doubts(candles: Candles) -> list[Doubt]:
    """Return where a share's prices look like a split; coins and currencies are not split."""
    if always_open(candles.symbol) or len(candles) < 2:
        return []
    change = candles.close[:-1] / candles.open[1:]
    places = np.flatnonzero((change > LEAST) | (change < 1 / LEAST)) + 1
    looked = ((int(index), looks_split(candles.close[index - 1], candles.open[index])) for index in places)
    return [Doubt(index, split) for index, split in looked if split is not None]


def split_doubts(candles: Candles) -> tuple[str, ...]:
    """Return a line for each jump that looks like a split, for people."""
    return tuple(_line(candles, doubt) for doubt in doubts(candles))


def sure(candles: Candles, real: Collection[int] = ()) -> Candles:
    """Return candles none of whose jumps looks like a split, but for those on days (ms) that are `real`.

    Raises BadInput saying what to do.
    """
    open_ = _open(candles, real)
    if not open_:
        return candles
    text = "; ".join(_line(candles, each) for each in open_[:LINES])
    more = f"; and {len(open_) - LINES} more" if len(open_) > LINES else ""
    days = ",".join(f"{_day(candles, each):%Y%m%d}={each.split.factor:g}" for each in open_)
    raise BadInput(
        f"{candles.symbol}: {text}{more}: a loss or a gain that nobody had; take adjusted prices, or adjust "
        f"with --splits {days}, with 1 for a day on which the price really jumped"
    )


def since_doubt(candles: Candles, until_ms: int | None, real: Collection[int] = ()) -> Candles:
    """Return candles from the last doubted jump up to an instant on: nothing is warmed up across a split."""
    if until_ms is None:
        return candles
    early = [each.place for each in _open(candles, real) if candles.time[each.place] <= until_ms]
    return candles[early[-1] :] if early else candles


def _open(candles: Candles, real: Collection[int]) -> list[Doubt]:
    return [each for each in doubts(candles) if opened_by(int(candles.time[each.place]), DAY_MS) not in real]


def adjusted(candles: Candles, splits: Sequence[tuple[int, float]]) -> Candles:
    """Return candles in today's shares: `splits` are instants (ms) and what one share became then."""
    factor = np.ones(len(candles))
    for at, became in splits:
        factor[candles.time < at] *= became
    return replace(
        candles,
        open=candles.open / factor,
        high=candles.high / factor,
        low=candles.low / factor,
        close=candles.close / factor,
        volume=candles.volume * factor,
    )


def unsplit(candles: Candles, texts: Sequence[str]) -> Candles:
    """Return a share's candles adjusted for the splits that a person says. Raises BadInput."""
    splits = () if always_open(candles.symbol) else splits_of(texts)
    return adjusted(candles, splits) if splits else candles


def splits_of(texts: Sequence[str]) -> tuple[tuple[int, float], ...]:
    """Read `20140609=7` and `20000621=2,20000929=1`. Raises BadInput."""
    return tuple(_split(part) for text in texts for part in text.split(","))


def real_jumps(texts: Sequence[str]) -> frozenset[int]:
    """Return the days (ms) that were said to be no split. Raises BadInput."""
    return frozenset(at for at, became in splits_of(texts) if became == 1)


def _split(text: str) -> tuple[int, float]:
    day, _, became = text.partition("=")
    try:
        at = millis(datetime.strptime(f"{day}+0000", "%Y%m%d%z"))
        factor = float(became)
    except ValueError:
        at, factor = 0, 0.0
    if not 0 < factor < 1e6:
        raise BadInput(f"--splits {text!r} is not like 20140609=7, the day and the new shares for one")
    return at, factor


def _line(candles: Candles, doubt: Doubt) -> str:
    before, after = candles.close[doubt.place - 1], candles.open[doubt.place]
    day = f"{_day(candles, doubt):%Y-%m-%d}"
    return f"{day} opens at {after:g} after {before:g}, which looks like a {doubt.split} split"


def _day(candles: Candles, doubt: Doubt) -> datetime:
    return utc(int(candles.time[doubt.place]))

"""Splits of shares: price jumps that look like one, and what a known one does to the candles before it.

A company that splits its shares two for one leaves everybody with twice as many at half the price. Candles as
they were traded jump by a half, and whoever holds shares has lost nothing. The rule here is a guess: from one
session to the next the price became very nearly a simple fraction or multiple of what it was.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from domain.candle import Candle, RawCandle
from domain.instrument import Instrument
from domain.observation import SPLIT, Finding
from perception.quality.intake import Intake

KNOWN = ((3, 2), (2, 1), (5, 2), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1), (10, 1), (15, 1), (20, 1),
         (25, 1), (30, 1), (40, 1), (50, 1), (100, 1))  # fmt: skip
"""Splits that companies make, new shares for old; a reverse split is one of them the other way round."""

NEAR = 0.05
"""By how much the first price may be off what the split makes of the last one: shares move overnight too."""

BEGUN = "begun"
"""Kind of the finding that a warm-up begins behind what looks like a split."""


class Split(NamedTuple):
    """So many new shares for so many old ones."""

    new: int
    old: int

    @property
    def factor(self) -> float:
        """By how much there are more shares afterwards, and by how much each is worth less."""
        return self.new / self.old

    def __str__(self) -> str:
        return f"{self.new}:{self.old}"


ALL = [Split(new, old) for new, old in KNOWN] + [Split(old, new) for new, old in KNOWN]


def looks_split(before: float, after: float) -> Split | None:
    """Return the split that a share's first price after a session's end looks like, None where it is none.

    Both are prices above 0 in one unit; `before` is the last close.
    """
    change = before / after
    if 1 / (1.5 * (1 - NEAR)) < change < 1.5 * (1 - NEAR):
        return None
    result = min(ALL, key=lambda split: abs(change / split.factor - 1))
    return result if abs(change / result.factor - 1) <= NEAR else None


def may_split(instrument: Instrument) -> bool:
    """Say whether an instrument is a share: coins and currencies are not split."""
    return "-" not in instrument.symbol or instrument.asset_class == "equity"


def held_back(taken: Intake, after: Candle, instrument: Instrument) -> Intake:
    """Return candles that follow on `after` up to one that looks like a split of the share.

    What comes from there on is no price of what is held, a loss or a profit least of all: it is no candle, no
    quote, and no doubted candle that could trigger a stop. The finding says so, at each look, until the loop
    begins the share anew.
    """
    last, known = after, {each.time for each in taken.candles}
    for each in sorted((*taken.candles, *taken.refused), key=lambda candle: candle.time):
        split = looks_split(last.close, each.open) if each.time > after.time else None
        if split is not None:
            finding = Finding(SPLIT, _told(split, last.close, each.open, instrument), each.time)
            candles, refused = (
                tuple(one for one in some if one.time < each.time) for some in (taken.candles, taken.refused)
            )
            return Intake(candles, None, (*taken.findings, finding), (), refused)
        if each.time in known:
            last = each
    split = looks_split(last.close, taken.quote.price) if taken.quote else None
    if split is None or taken.quote is None:
        return taken
    finding = Finding(SPLIT, _told(split, last.close, taken.quote.price, instrument), taken.quote.time)
    return taken._replace(quote=None, findings=(*taken.findings, finding))


def begun_anew(taken: Intake, instrument: Instrument) -> Intake:
    """Return candles to warm up with: those since the last of them that looks like a split of the share."""
    for number, (earlier, later) in reversed(list(enumerate(pairwise(taken.candles), 1))):
        split = looks_split(earlier.close, later.open)
        if split is not None:
            finding = Finding(BEGUN, _told(split, earlier.close, later.open, instrument), later.time)
            return taken._replace(candles=taken.candles[number:], findings=(*taken.findings, finding))
    return taken


def _told(split: Split, before: int, after: int, instrument: Instrument) -> str:
    closed, opened = (f"{instrument.price(each).normalize():f}" for each in (before, after))
    return f"{closed}, then {opened}, looks like a {split} split"


def unsplit(candles: Iterable[tuple[RawCandle, float]]) -> list[RawCandle]:
    """Return candles, oldest first, in the shares of the last one, each given with its split coefficient.

    A coefficient is that of the day from which on the split counts: 2 for two new shares for an old one,
    1 for none. Prices before it are divided by it, volumes multiplied.
    """
    adjusted: list[RawCandle] = []
    factor = 1.0
    for candle, coefficient in reversed(list(candles)):
        adjusted.append(candle if factor == 1 else _in_shares_of_today(candle, factor))
        factor *= coefficient
    return adjusted[::-1]


def _in_shares_of_today(candle: RawCandle, factor: float) -> RawCandle:
    time, open_, high, low, close, volume = candle
    return RawCandle(time, open_ / factor, high / factor, low / factor, close / factor, volume * factor)

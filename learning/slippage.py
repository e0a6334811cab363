"""The law of slippage, fitted to what market orders paid: cost = range * (base + growth * sqrt(share)).

`share` is an order's lots over the mean volume of a candle, `range` the mean true range of a candle as a
share of its price; `platforms.impact` has the sources of the law. Costs are divided by the range, for what is
bought in a wild market scatters in that measure, and a straight line over sqrt(share) is laid through them by
least squares: the mean is what a backtest of many orders pays. Neither number may be below 0.

A table of quantiles by size and volatility was the other way: of 50 orders each of its cells would hold two
or three, and it says nothing of an order larger than any that was sent, where a backtest needs it most.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, sqrt
from typing import NamedTuple

from domain.slippage import Beyond, SlippageBin, SymbolSlippage

LEAST = 50
"""Market orders of a symbol below which nothing is said of it."""

ALIKE = 4.0
"""Sizes whose largest share is less than so many times the smallest do not show what size costs."""

BINS = 5


class PaidOrder(NamedTuple):
    """A market order that was filled: its share of volume, the range, and ppm paid beyond quote and open."""

    client_id: str
    share: float
    range_ppm: float
    beyond_ppm: float
    open_ppm: float | None


class Law(NamedTuple):
    """The two numbers of the law, and what is to be said of them."""

    base: float
    growth: float
    note: str


def slippage_of(symbol: str, paid: Sequence[PaidOrder], triggered: Sequence[float]) -> SymbolSlippage:
    """Return what a symbol's orders paid, with the law where there are enough of them."""
    enough = len(paid) >= LEAST
    law = law_of(paid) if enough else Law(0.0, 0.0, f"not enough fills: {len(paid)} of {LEAST}")
    opened = [each.open_ppm for each in paid if each.open_ppm is not None]
    return SymbolSlippage(
        symbol=symbol,
        enough=enough,
        needed=LEAST,
        base=law.base,
        growth=law.growth,
        note=law.note,
        quote=beyond([each.beyond_ppm for each in paid]),
        opened=beyond(opened),
        triggered=beyond(triggered),
        bins=tuple(_bin(rows, law) for rows in _by_share(paid)) if enough else (),
    )


def law_of(paid: Sequence[PaidOrder]) -> Law:
    """Lay the line through the orders; every range is above 0."""
    roots = [sqrt(each.share) for each in paid]
    costs = [each.beyond_ppm / each.range_ppm for each in paid]
    mean = sum(costs) / len(costs)
    least, most = min(each.share for each in paid), max(each.share for each in paid)
    if most < ALIKE * least:
        return Law(max(0.0, mean), 0.0, "sizes are too alike to show what size costs: it counts for nothing")
    middle = sum(roots) / len(roots)
    spread = sum((root - middle) ** 2 for root in roots)
    growth = sum((root - middle) * cost for root, cost in zip(roots, costs, strict=True)) / spread
    base = mean - growth * middle
    if growth < 0:
        return Law(max(0.0, mean), 0.0, "larger orders did not pay more: size counts for nothing")
    if base < 0:
        through = sum(root * cost for root, cost in zip(roots, costs, strict=True)) / sum(
            r * r for r in roots
        )
        return Law(0.0, max(0.0, through), "")
    return Law(base, growth, "")


def beyond(values: Sequence[float]) -> Beyond | None:
    """Return values summed up, None where there are none."""
    if not values:
        return None
    return Beyond(len(values), sum(values) / len(values), quantile(values, 0.5), quantile(values, 0.9))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the least value that at least a `share` of the values do not exceed."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def _by_share(paid: Sequence[PaidOrder]) -> list[Sequence[PaidOrder]]:
    """Return the orders in parts of one number, by their share of volume."""
    rows = sorted(paid, key=lambda each: (each.share, each.client_id))
    edges = [len(rows) * part // BINS for part in range(BINS + 1)]
    return [rows[low:high] for low, high in pairwise(edges) if high > low]


def _bin(rows: Sequence[PaidOrder], law: Law) -> SlippageBin:
    expected = [each.range_ppm * (law.base + law.growth * sqrt(each.share)) for each in rows]
    paid, count = [each.beyond_ppm for each in rows], len(rows)
    return SlippageBin(
        orders=count,
        share=sum(each.share for each in rows) / count,
        range_ppm=sum(each.range_ppm for each in rows) / count,
        expected=sum(expected) / count,
        measured=sum(paid) / count,
        high=quantile(paid, 0.9),
    )

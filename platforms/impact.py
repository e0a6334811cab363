"""Costs of a market order by its size, from a model of past fills; never less than what is configured.

The square-root law: cost = range * (base + growth * sqrt(lots / volume)). `range` is the mean true range of
the last closed candles as a share of the price, `volume` their mean volume in lots: what was known when the
order was sent, so paper, backtest and fit read the same numbers. That impact grows with the square root of
the share of volume, scaled by volatility, is the finding of Almgren, Thum, Hauptmann and Li (2005), "Direct
Estimation of Equity Market Impact" (power 0.6), and of Tóth et al. (2011), "Anomalous Price Impact and the
Critical Nature of Liquidity in Financial Markets" (power 0.5). `base` is what the smallest order pays.

Series are of closed candles, oldest first; prices in ticks, volume in base units. Windows are of fixed length
(shorter at a series' beginning), so nothing before them counts and a loop and a backtest see the same bits.
"""

from collections.abc import Iterable, Sequence
from math import ceil
from typing import NamedTuple

from domain.candle import Candle
from domain.impact import MOST_PPM, NO_ACTIVITY, NO_IMPACT, Impact, MarketActivity, beyond_ppm
from domain.kernel import kernel
from domain.money import PPM
from platforms.fills import Costs, market_price

RANGE_CANDLES = 14
VOLUME_CANDLES = 24

LOOK_BACK = VOLUME_CANDLES + 1
"""Candles that are read at most: one more than the longer window, whose first true range needs a close."""

LAST_LOT = 1.5
"""What the last lot pays over the mean of an order's lots: of q * sqrt(q), the derivative over sqrt(q)."""


class Slips(NamedTuple):
    """The models of all symbols, by their place, and the joined series they read; empty without a model."""

    base: Sequence[float]
    growth: Sequence[float]
    step: Sequence[float]
    high: Sequence[int]
    low: Sequence[int]
    close: Sequence[int]
    volume: Sequence[float]


@kernel
def range_ppm(
    high: Sequence[int], low: Sequence[int], close: Sequence[int], first: int, newest: int
) -> float:
    """Return the mean true range up to the candle `newest` of a series from `first` on, in ppm."""
    total = 0.0
    count = min(RANGE_CANDLES, newest - first + 1)
    for index in range(newest - count + 1, newest + 1):
        top, bottom = float(high[index]), float(low[index])
        if index > first:
            before = float(close[index - 1])
            top, bottom = max(top, before), min(bottom, before)
        total += top - bottom
    return PPM * (total / count) / float(close[newest])


@kernel
def mean_volume(volume: Sequence[float], step: float, first: int, newest: int) -> float:
    """Return the mean volume up to the candle `newest`, in lots of `step`; at least 1."""
    total = 0.0
    count = min(VOLUME_CANDLES, newest - first + 1)
    for index in range(newest - count + 1, newest + 1):
        total += volume[index]
    return max(1.0, total / count / step)


@kernel
def slipped(costs: Costs, beyond: float) -> Costs:
    """Return the costs of a market order: those given, or the model's `beyond` where it is more."""
    most = ceil(min(beyond, float(MOST_PPM)))
    # The model's cost holds the half spread that the costs count apart.
    slippage = max(costs.slippage, (2 * most - costs.spread + 1) // 2)
    return Costs(costs.maker_fee, costs.taker_fee, slippage, costs.spread, costs.participation)


@kernel
def slipped_at(costs: Costs, slips: Slips, symbol: int, first: int, newest: int, lots: int) -> Costs:
    """Return the costs of a market order sent after the candle `newest` of a symbol's, from `first` on."""
    if len(slips.base) == 0:
        return costs
    wide = range_ppm(slips.high, slips.low, slips.close, first, newest)
    volume = mean_volume(slips.volume, slips.step[symbol], first, newest)
    return slipped(costs, beyond_ppm(slips.base[symbol], slips.growth[symbol], wide, volume, lots))


@kernel
def takes_within(
    side: int,
    quote: int,
    limit: int,
    costs: Costs,
    base: float,
    growth: float,
    wide: float,
    volume: float,
    lots: int,
) -> int:
    """Return how many of some lots, taken at once, trade at a limit or better: all, some or none.

    It is the last lot that must: it pays `LAST_LOT` times what grows with size in their mean.
    """
    least, most = 0, lots
    while least < most:
        middle = least + (most - least + 1) // 2
        last = slipped(costs, beyond_ppm(base, LAST_LOT * growth, wide, volume, middle))
        price = market_price(side, quote, last)
        if (price <= limit and side > 0) or (price >= limit and side < 0):
            least = middle
        else:
            most = middle - 1
    return least


def measured(candles: Iterable[Candle], step: float) -> MarketActivity:
    """Return what a model reads after closed candles, of an instrument with lots of `step`."""
    window = ImpactWindow(NO_IMPACT, step)
    for candle in candles:
        window.take(candle)
    return window.measured()


class ImpactWindow:
    """The last closed candles of a symbol, and what its model says of an order sent now."""

    __slots__ = ("_close", "_high", "_low", "_volume", "impact", "step")

    def __init__(self, impact: Impact, step: float) -> None:
        self.impact = impact
        self.step = step
        self._high: list[int] = []
        self._low: list[int] = []
        self._close: list[int] = []
        self._volume: list[float] = []

    def take(self, candle: Candle) -> None:
        """Take in a candle that has closed."""
        self._high.append(candle.high)
        self._low.append(candle.low)
        self._close.append(candle.close)
        self._volume.append(candle.volume)
        if len(self._close) > LOOK_BACK:
            for column in (self._high, self._low, self._close, self._volume):
                del column[0]

    def costs(self, costs: Costs, lots: int) -> Costs:
        """Return the costs of a market order of so many lots, sent now."""
        wide, volume = self.measured()
        return slipped(costs, beyond_ppm(self.impact.base, self.impact.growth, wide, volume, lots))

    def takes(self, side: int, quote: int, limit: int, costs: Costs, lots: int) -> int:
        """Return how many of some lots, taken now, trade at a limit or better."""
        base, growth = self.impact
        return takes_within(side, quote, limit, costs, base, growth, *self.measured(), lots)

    def measured(self) -> MarketActivity:
        """Return what a model reads now."""
        newest = len(self._close) - 1
        if newest < 0:
            return NO_ACTIVITY
        wide = range_ppm(self._high, self._low, self._close, 0, newest)
        return MarketActivity(wide, mean_volume(self._volume, self.step, 0, newest))

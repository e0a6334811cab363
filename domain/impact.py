"""The law of slippage: what a market order costs beyond its quote, by its size and what its market does.

cost = range * (base + growth * sqrt(lots / volume)); `platforms.impact` says where it comes from and reads
range and volume from closed candles.
"""

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

from domain.kernel import kernel

MOST_PPM = 100_000
"""Largest cost beyond the quote, 10 %: up to here the fill kernels cannot wrap."""


class Impact(NamedTuple):
    """A symbol's model: shares of the range, for any order and by the root of its share of volume."""

    base: float
    growth: float


NO_IMPACT = Impact(0.0, 0.0)

Impacts = Mapping[str, Impact]


class MarketActivity(NamedTuple):
    """The activity of a market in its last closed candles: mean true range in ppm, mean volume in lots."""

    range_ppm: float
    volume: float


NO_ACTIVITY = MarketActivity(0.0, 1.0)
"""A market of which no candle was seen: no law costs anything in it."""


@kernel
def beyond_ppm(base: float, growth: float, wide: float, volume: float, lots: int) -> float:
    """Return what a model says a market order of so many lots costs beyond the quote, in ppm."""
    return wide * (base + growth * sqrt(float(lots) / volume))

"""The last check of an observation before the loop uses it, whoever let it in.

Perception has its own checks, kind by kind. What passes them and is no number all the same would end the
session in the journal, or sell a position for nothing on paper; here it is a market that is not seen.
"""

from math import isfinite

from domain.candle import Candle
from domain.observation import Observation

LARGEST = 1 << 53
"""A price in ticks beyond this is no price: floating point no longer tells it from the next."""


def unsound(observation: Observation) -> str:
    """Say what of an observation cannot be, "" where nothing is wrong."""
    if observation.quote is not None and not 0 < observation.quote.price < LARGEST:
        return f"a quote of {observation.quote.price} ticks"
    if any(not _possible(candle) for candle in observation.candles):
        return "a candle of impossible numbers"
    if any(each.score is not None and not isfinite(each.score) for each in observation.headlines):
        return "a headline whose score is no number"
    return ""


def _possible(candle: Candle) -> bool:
    prices = candle.open, candle.high, candle.low, candle.close
    return all(0 < price < LARGEST for price in prices) and isfinite(candle.volume) and candle.volume >= 0

"""The last check of an observation before the loop uses it, whoever let it in.

Perception has its own checks, kind by kind. What passes them and is no number all the same would end the
session in the journal, or sell a position for nothing on paper; here it is a market that is not seen.
"""

from math import inf, isfinite

from domain.candle import Candle
from domain.observation import Observation

LARGEST = 1 << 53
"""A price in ticks beyond this is no price: floating point no longer tells it from the next."""


def unsound(observation: Observation) -> str:
    """Say what of an observation cannot be, "" where nothing is wrong."""
    if observation.quote is not None and not 0 < observation.quote.price < LARGEST:
        return f"a quote of {observation.quote.price} ticks"
    for candle in observation.candles:
        if not _possible(candle):
            return "a candle of impossible numbers"
    for each in observation.headlines:
        if each.score is not None and not isfinite(each.score):
            return "a headline whose score is no number"
    return ""


def _possible(candle: Candle) -> bool:
    _, opened, high, low, close, volume = candle
    prices = 0 < opened < LARGEST and 0 < high < LARGEST and 0 < low < LARGEST and 0 < close < LARGEST
    return prices and 0 <= volume < inf

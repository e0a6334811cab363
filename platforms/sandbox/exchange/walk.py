"""A market of our own where no data is given: an endless random walk, the same for a seed."""

import math
import random
from collections.abc import Iterator

from domain.candle import RawCandle

STARTS = {"BTC": 60_000.0, "ETH": 3_000.0, "BNB": 600.0, "SOL": 150.0, "LTC": 80.0, "XRP": 0.6, "ADA": 0.5}
START = 100.0
_VOLATILITY = 0.0009
"""Standard deviation of a one-minute candle's logarithmic return."""
_TREND = 0.00045
_VALUE = 600_000.0
"""Mean quote volume of a candle."""


def walk(base: str, seed: int, timeframe_ms: int = 60_000) -> Iterator[RawCandle]:
    """Yield candles for ever: trends that turn, volatility that clusters, volume that follows it."""
    chance = random.Random(f"{seed}:{base}")  # noqa: S311 -- a market, not a secret
    price, drift, heat = STARTS.get(base, START), 0.0, 1.0
    number = 0
    while True:
        if chance.random() < 1 / 60:
            drift = chance.gauss(0, _TREND)
        heat = max(0.3, 0.94 * heat + 0.06 * abs(chance.gauss(0, 1.25)))
        row = _candle(chance, number * timeframe_ms, price, drift, heat)
        yield row
        price = row.close
        number += 1


def _candle(chance: random.Random, time: int, price: float, drift: float, heat: float) -> RawCandle:
    spread = _VOLATILITY * heat
    close = price * math.exp(chance.gauss(drift, spread))
    high = max(price, close) * math.exp(abs(chance.gauss(0, spread / 2)))
    low = min(price, close) * math.exp(-abs(chance.gauss(0, spread / 2)))
    volume = _VALUE / price * heat * chance.lognormvariate(0, 0.5)
    return RawCandle(time, price, high, low, close, volume)

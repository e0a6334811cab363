"""A strategy that looks at another symbol, loaded from a file of its own, and series with candles missing."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from agent.settings.user_strategies import LOADED, load_file
from reasoning.strategies.registry import STRATEGIES
from research.data.candles import Candles
from tests.seeded import market

NAME = "tested-lead"
SOURCE = """
from reasoning.declare import Declared, buy, crossed_above, crossed_below, ema, integer, rsi, sell, symbol


class Lead(Declared):
    name = "tested-lead"
    btc = symbol("BTC-USDT")
    length = integer(4, 2, 12)
    calm = ema(length, on=btc)
    trend = ema(3, on=symbol("BTC-USDT", "15m"))
    wave = rsi(3, on=symbol("ETH-USDT"))
    quick, slow = ema(3), ema(5, on="5m")

    def decide(self, now, last):
        if crossed_above(now.btc.close, now.calm) and now.quick > now.slow:
            return buy(stop=now.close * 0.985, target=now.close * 1.05, confidence=90)
        if crossed_below(now.btc.close, now.trend) and now.wave < 60:
            return sell(confidence=90)
"""


def registered(folder: Path, source: str = SOURCE) -> Iterator[str]:
    """Load the strategy from a file of a folder, and forget it afterwards."""
    folder.chmod(0o700)
    path = Path(folder, "tested_lead.py")
    path.write_text(source)
    path.chmod(0o600)
    load_file(path)
    yield NAME
    LOADED.pop(NAME, None)
    STRATEGIES.pop(NAME, None)
    sys.modules.pop(path.stem, None)
    sys.path[:] = [each for each in sys.path if Path(each) != folder]


def with_holes(symbol: str, seed: int, count: int = 1_000, share: float = 0.03) -> Candles:
    """Return a made market of which some candles are missing, not the first."""
    whole = market(f"seeded/1m/{symbol}", count)
    kept = np.random.default_rng(seed).random(count) >= share
    kept[0] = True
    prices = (whole.open, whole.high, whole.low, whole.close, whole.volume)
    return Candles(symbol, whole.timeframe_ms, whole.time[kept], *(each[kept] for each in prices))

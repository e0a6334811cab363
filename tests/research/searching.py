"""Candles, settings and a deadly strategy for the tests of sweeps, windows and studies."""

import multiprocessing
import os
from dataclasses import replace
from typing import Any

import numpy as np

from agent.settings.given import Settings
from agent.wiring.backtests import options_for, setup_of
from reasoning.strategies.sma import SMA, SmaPacked
from research.data.candles import Candles
from research.engine.backtest import Setup
from tests.seeded import market

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
YEAR = 366 * 24
"""Hours of 2020, where the seeded market begins."""
START_MS = 1_600_041_600_000  # a midnight
FREE: dict[str, Any] = {
    "daily_loss": 100_000, "max_trades_per_day": 1000, "cool_down_minutes": 0, "loss_streak_paper": 1000,
    "min_confidence": 40, "per_trade_loss": 50,
}  # fmt: skip  # limits so wide that much is traded


def walk(count: int, seed: int = 1, symbol: str = "BTC-USDT", size: float = 0.01) -> Candles:
    """Return an hourly random walk with gaps between close and open."""
    rng = np.random.default_rng(seed)
    close = 1000.0 * np.exp(np.cumsum(rng.normal(0, size, count)))
    opened = np.roll(close, 1) * np.exp(rng.normal(0, size / 5, count))
    opened[0] = 1000.0
    high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0, size / 2, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0, size / 2, count)))
    opened, high, low, close = (np.round(each, 2) for each in (opened, high, low, close))
    time = START_MS + np.arange(count) * HOUR_MS
    return Candles(symbol, HOUR_MS, time, opened, high, low, close, np.round(rng.exponential(5, count), 3))


def bitcoin(count: int) -> Candles:
    """Return the first hours of the seeded market, from 2020 on."""
    return market("seeded/1h/BTC-USDT", count)


def setup_for(candles: list[Candles], *strategies: str, **given: Any) -> Setup:
    """Return the setup of these strategies, sma if none is named."""
    settings = {"reasoning": {"strategies": strategies or ("sma",)}, "risk": FREE, **given}
    return setup_of(options_for(Settings(**settings), candles))


def deadly_size(packed: SmaPacked) -> int:
    """Return SMA's memory size, but never in a worker: there, `slow` 40 ends the process."""
    if packed.slow == 40 and multiprocessing.parent_process() is not None:
        os._exit(9)
    return SMA.size(packed)


DEADLY = replace(SMA, name="deadly", size=deadly_size)

"""The market every engine trades: seeded one-minute candles whose opens differ from the closes before.

In made data where open[i] is close[i-1] nobody can see at which price an engine fills.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEED = 20_260
BEGIN_MS = 1_577_836_800_000
MINUTE_MS = 60_000
FIRST_SIGNAL = 64
"""Signals before this candle count for nobody: engines warm their indicators up differently."""

Floats = NDArray[np.float64]


def made(bars: int) -> dict[str, NDArray[np.generic]]:
    """Return columns time, open, high, low, close, volume; prices on cents around 1,000."""
    rng = np.random.default_rng(SEED)
    steps = rng.normal(0.0, 0.0006, bars)
    close = 1_000.0 * np.exp(np.cumsum(steps - 0.0000002))
    opened = np.roll(close, 1) * np.exp(rng.normal(0.0, 0.0003, bars))
    opened[0] = 1_000.0
    high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0.0, 0.0003, bars)))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0.0, 0.0003, bars)))
    prices = [np.round(each, 2) for each in (opened, high, low, close)]
    volume = np.round(rng.exponential(5.0, bars), 3)
    time = BEGIN_MS + MINUTE_MS * np.arange(bars, dtype=np.int64)
    return dict(zip(("time", "open", "high", "low", "close", "volume"), (time, *prices, volume), strict=True))


def write(folder: Path, bars: int) -> Path:
    """Write the market where engines in other environments find it."""
    path = folder / f"market_{bars}.npz"
    columns: dict[str, Any] = made(bars)
    np.savez(path, **columns)
    return path

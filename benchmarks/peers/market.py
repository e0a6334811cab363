"""The market every engine trades: seeded one-minute candles that open elsewhere than the last one closed.

In made data where open[i] is close[i-1] nobody can see at which price an engine fills. Prices are whole
numbers: sums of them are exact, so no two engines disagree about a tie of two means by rounding.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SEED = 20_260
BEGIN_MS = 1_577_836_800_000
MINUTE_MS = 60_000
FIRST_SIGNAL = 1_000
"""Signals before this candle count for nobody. Engines start Wilder's RSI differently; by here the
start weighs (13/14)^1000 = 1e-32, so whoever computes Wilder's RSI computes the same."""
FIRST_TREND = 6_000
"""The same where longer candles are looked at: twenty of four hours are 4,800 candles."""
LONG, LONG_MEAN = 240, 20
"""Candles in a longer one, and how many longer ones are in its mean."""
BASKET = 4
"""Symbols that one account trades in the rows of a basket."""
FEE = 0.001
CASH = 10_000_000.0

Column = NDArray[np.float64]


def made(bars: int, symbol: int = 0) -> dict[str, NDArray[np.generic]]:
    """Return columns time (ms, UTC), open, high, low, close and volume; prices around 20,000."""
    rng = np.random.default_rng(SEED + symbol)
    steps = rng.normal(0.0, 0.0006, bars)
    close = 20_000.0 * np.exp(np.cumsum(steps - 0.0000002))
    opened = np.roll(close, 1) * np.exp(rng.normal(0.0, 0.0003, bars))
    opened[0] = 20_000.0
    high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0.0, 0.0003, bars)))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0.0, 0.0003, bars)))
    prices = [np.round(each) for each in (opened, high, low, close)]
    volume = np.round(rng.exponential(50.0, bars) + 20.0, 3)
    time = BEGIN_MS + MINUTE_MS * np.arange(bars, dtype=np.int64)
    return dict(zip(("time", "open", "high", "low", "close", "volume"), (time, *prices, volume), strict=True))


def write(folder: Path, bars: int) -> Path:
    """Write the market where engines in other environments find it."""
    path = folder / f"market_{bars}.npz"
    np.savez(path, **made(bars))  # type: ignore[arg-type]  # its stub takes the names for a flag
    return path


def write_basket(folder: Path, bars: int) -> Path:
    """Write a market of several symbols: columns as of one, their names ending on _0, _1 and so on."""
    path = folder / f"basket_{bars}.npz"
    each = [made(bars, symbol) for symbol in range(BASKET)]
    columns = {f"{name}_{place}": column for place, one in enumerate(each) for name, column in one.items()}
    np.savez(path, **columns)  # type: ignore[arg-type]  # as above
    return path


def symbols(market: dict[str, Column]) -> list[dict[str, Column]]:
    """Return the symbols of a basket, each as a market of its own."""
    names = ("time", "open", "high", "low", "close", "volume")
    return [{name: market[f"{name}_{place}"] for name in names} for place in range(BASKET)]


def read(path: Path) -> dict[str, Column]:
    """Read a market."""
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def pairs(slows: int = 20) -> list[tuple[int, int]]:
    """Return the pairs of means of the sweep: 20 fast by 20 slow, or by 200 slow ones in the same way."""
    step = 100 // slows or 1
    return [(fast, slow) for fast in range(5, 25) for slow in range(30, 30 + slows * step, step)]

"""The reference trades, worked out a second way: signals first, then fills, trade by trade."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.market import CASH, FEE, FIRST_SIGNAL, FIRST_TREND, LONG, LONG_MEAN, Column

Flags = NDArray[np.bool_]
Trade = tuple[int, float, int, float]
"""Candle and price of the entry, candle and price of the exit."""


class Reference(NamedTuple):
    """Closed trades, and cash with the unit that may be held at the last close."""

    trades: tuple[Trade, ...]
    equity: float


def rsi(close: Column, n: int = 14) -> Column:
    """Return Wilder's RSI, started from the mean of the first n changes; NaN before."""
    found = np.full(len(close), np.nan)
    changes = np.diff(close)
    ups, downs = np.maximum(changes, 0.0).tolist(), np.maximum(-changes, 0.0).tolist()
    gain, loss = sum(ups[:n]) / n, sum(downs[:n]) / n
    for place in range(n, len(close)):
        if place > n:
            gain += (ups[place - 1] - gain) / n
            loss += (downs[place - 1] - loss) / n
        found[place] = 100.0 - 100.0 / (1.0 + gain / loss) if loss > 0.0 else 100.0
    return found


def sma(close: Column, n: int) -> Column:
    """Return the mean of the last n closes; NaN before."""
    sums = np.concatenate([[0.0], np.cumsum(close)])
    return np.concatenate([np.full(n - 1, np.nan), (sums[n:] - sums[:-n]) / n])[: len(close)]


def rising(close: Column, late: int = 0) -> Flags:
    """Return where the last longer candle that has closed lies above its mean; seen `late` candles later."""
    longer = close[LONG - 1 :: LONG]
    above = np.append(False, longer > sma(longer, LONG_MEAN))
    found: Flags = above[np.maximum(np.arange(len(close)) + 1 - late, 0) // LONG]
    return found


def signals(kind: str, close: Column, late: int = 0) -> tuple[Flags, Flags]:
    """Return entries and exits, true at the candle whose close crosses; `late` as in `rising`."""
    first = FIRST_TREND if kind == "trend" else FIRST_SIGNAL
    line = rsi(close) if kind == "rsi" else sma(close, 20) - sma(close, 50)
    before, now = line[:-1], line[1:]
    low, high = (30.0, 70.0) if kind == "rsi" else (0.0, 0.0)
    below, above = (before >= low) & (now < low), (before <= high) & (now > high)
    enter, leave = (below, above) if kind == "rsi" else (above, below)
    count = np.arange(1, len(close)) >= first
    if kind == "trend":
        enter = enter & rising(close, late)[1:]
    return np.append([False], enter & count), np.append([False], leave & count)


def reference(kind: str, close: Column, prices: Column, later: int, late: int = 0) -> Reference:
    """Return the trades of one unit, filled at these prices so many candles after the signal."""
    enter, leave = signals(kind, close, late)
    trades: list[Trade] = []
    bought: int | None = None
    cash = CASH
    for place in np.flatnonzero(enter | leave).tolist():
        at = place + later
        if at >= len(close):
            break
        price = float(prices[at])
        if bought is None and enter[place]:
            bought = at
            cash -= price * (1.0 + FEE)
        elif bought is not None and leave[place]:
            trades.append((bought, float(prices[bought]), at, price))
            bought = None
            cash += price * (1.0 - FEE)
    return Reference(tuple(trades), cash + (float(close[-1]) if bought is not None else 0.0))

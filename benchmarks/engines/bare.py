"""The bare kernel: one compiled loop with indicator, next-open fill and fee, and nothing else."""

import sys

import common
import numba
import numpy as np
from numba import njit


@njit(cache=False)
def rsi_kernel(opened, close, n, fee, start):
    """Return closed trades and cash of RSI 30/70, one unit, long only."""
    gain = loss = cash = 0.0
    before = np.nan
    held = trades = want = 0
    last = close[0]
    for i in range(1, len(close)):
        if want == 1 and held == 0:
            cash -= opened[i] * (1.0 + fee)
            held = 1
        elif want == -1 and held == 1:
            cash += opened[i] * (1.0 - fee)
            held = 0
            trades += 1
        want = 0
        change = close[i] - last
        last = close[i]
        up = max(0.0, change)
        down = up - change
        if i > n:
            gain = (gain * (n - 1) + up) / n
            loss = (loss * (n - 1) + down) / n
        else:
            gain += up
            loss += down
            if i == n:
                gain /= n
                loss /= n
        if i < n:
            continue
        now = 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 50.0
        if i >= start:
            if before >= 30.0 > now:
                want = 1
            elif before <= 70.0 < now:
                want = -1
        before = now
    return trades, cash + held * close[-1] / 100.0


@njit(cache=False)
def sma_kernel(opened, close, fast, slow, fee, start):
    """Return closed trades and cash of a crossover of two means of the close in cents."""
    quick = slack = 0.0
    cash = 0.0
    before = np.nan
    held = trades = want = 0
    for i in range(len(close)):
        if want == 1 and held == 0:
            cash -= opened[i] * (1.0 + fee)
            held = 1
        elif want == -1 and held == 1:
            cash += opened[i] * (1.0 - fee)
            held = 0
            trades += 1
        want = 0
        quick += close[i]
        slack += close[i]
        if i >= fast:
            quick -= close[i - fast]
        if i >= slow:
            slack -= close[i - slow]
        if i < slow - 1:
            continue
        now = quick / fast - slack / slow
        if i >= start:
            if before <= 0.0 < now:
                want = 1
            elif before >= 0.0 > now:
                want = -1
        before = now
    return trades, cash + held * close[-1] / 100.0


path, kind, passes = sys.argv[1], sys.argv[2], int(sys.argv[3])
m = common.market(path)
cents = np.round(m["close"] * 100.0)


def work():
    """Run once."""
    if kind == "rsi":
        return rsi_kernel(m["open"], cents, 14, common.FEE, common.START)
    return sma_kernel(m["open"], cents, 20, 50, common.FEE, common.START)


first, best, (trades, cash) = common.timed(work, max(passes, 50))
common.tell(
    engine="bare kernel", version=numba.__version__, first=first, seconds=best, trades=int(trades),
    equity=1_000_000 + cash,
)  # fmt: skip

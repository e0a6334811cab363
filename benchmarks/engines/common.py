"""What every engine's script shares; it runs in the engine's own environment and imports nothing of ours."""

import json
import resource
import sys
import time

import numpy as np

FEE = 0.001
START = 64


def market(path):
    """Return the candles as a dict of arrays."""
    return dict(np.load(path))


def rsi(close, n=14):
    """Return Wilder's RSI seeded with the mean of the first n changes; NaN before."""
    out = np.full(len(close), np.nan)
    gain = loss = 0.0
    last = close[0]
    for i in range(1, len(close)):
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
        if i >= n:
            out[i] = 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 50.0
    return out


def sma(close, n):
    """Return the mean of the last n closes in cents, exactly; NaN before."""
    cents = np.round(close * 100.0).astype(np.int64)
    total = np.concatenate([[0], np.cumsum(cents)])
    out = np.full(len(close), np.nan)
    out[n - 1 :] = (total[n:] - total[:-n]) / n
    return out


def signals(kind, close, fast=20, slow=50):
    """Return entries and exits, true on the candle whose close crosses; nobody counts the first 64."""
    if kind == "rsi":
        now = rsi(close)
        before = np.roll(now, 1)
        enter, leave = (before >= 30.0) & (now < 30.0), (before <= 70.0) & (now > 70.0)
    else:
        now = sma(close, fast) - sma(close, slow)
        before = np.roll(now, 1)
        enter, leave = (before <= 0.0) & (now > 0.0), (before >= 0.0) & (now < 0.0)
    enter[:START] = leave[:START] = False
    return enter, leave


def timed(work, passes):
    """Return the seconds of the first pass and of the fastest later one, and the last result."""
    seconds = []
    for _ in range(passes + 1):
        begin = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begin)
    return seconds[0], min(seconds[1:]) if passes else seconds[0], result


def tell(**figures):
    """Print the figures as one JSON line, peak memory added."""
    figures["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("FIGURES " + json.dumps(figures))
    sys.stdout.flush()

"""Common code of all engines' scripts; it runs in the engine's own environment and imports nothing of ours.

`SCRIPT DATA KIND PASSES`: DATA as benchmarks.peers.market writes it, KIND rsi, sma or sweep.
"""

import json
import resource
import sys
import time
from importlib.metadata import version

import numpy as np

FEE = 0.001
CASH = 10_000_000.0
START = 1_000
BEGIN_MS = 1_577_836_800_000
MINUTE_MS = 60_000


def asked():
    """Return the candles as a dict of arrays, the kind and the number of passes."""
    return dict(np.load(sys.argv[1])), sys.argv[2], int(sys.argv[3])


def pairs():
    """Return the 400 pairs of means of the sweep."""
    return [(fast, slow) for fast in range(5, 25) for slow in range(30, 130, 5)]


def crossings(kind, line):
    """Return entries and exits of an RSI or of a difference of means, true where it crosses."""
    low, high = (30.0, 70.0) if kind == "rsi" else (0.0, 0.0)
    below, above = np.zeros(line.shape, bool), np.zeros(line.shape, bool)
    below[START:] = (line[START - 1 : -1] >= low) & (line[START:] < low)
    above[START:] = (line[START - 1 : -1] <= high) & (line[START:] > high)
    return (below, above) if kind == "rsi" else (above, below)


def timed(work, passes):
    """Return the seconds of the first pass, of the fastest later one, and the last result."""
    seconds = []
    for _ in range(passes + 1):
        begin = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begin)
    return seconds[0], min(seconds[1:]) if passes else seconds[0], result


def index(milliseconds):
    """Return the number of the candle that is open at a time."""
    return (int(milliseconds) - BEGIN_MS) // MINUTE_MS


def tell(package, times, trades=None, **figures):
    """Print the figures as one JSON line.

    `times` are of the first and of the fastest pass; `trades` rows of candle and price of entry and
    exit. Peak memory is that of the whole process.
    """
    figures.update(version=version(package), first=times[0], seconds=times[1])
    if trades is not None:
        rows = [[int(row[0]), float(row[1]), int(row[2]), float(row[3])] for row in trades]
        figures.update(trades=len(rows), ends=[rows[0], rows[-1]] if rows else [])
    figures["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.flush()
    print("\nFIGURES " + json.dumps(figures), flush=True)

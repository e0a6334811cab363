"""Common code of all engines' scripts; it runs in the engine's own environment and imports nothing of ours.

`SCRIPT DATA KIND PASSES`: DATA as benchmarks.peers.market writes it, KIND rsi, sma, basket (sma on four symbols
of one account), trend (sma, entered while the last four hours closed above the mean of twenty) or sweep.
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
START_TREND = 6_000
BASKET = 4
BEGIN_MS = 1_577_836_800_000
MINUTE_MS = 60_000


def asked():
    """Return the candles as a dict of arrays, the kind and the number of passes."""
    return dict(np.load(sys.argv[1])), sys.argv[2], int(sys.argv[3])


def pairs():
    """Return the 400 pairs of means of the sweep."""
    return [(fast, slow) for fast in range(5, 25) for slow in range(30, 130, 5)]


def markets():
    """Return the symbols of a basket as one dict of arrays each, or the one market there is."""
    m, kind, _ = asked()
    if kind != "basket":
        return [m]
    names = ("time", "open", "high", "low", "close", "volume")
    return [{name: m[f"{name}_{place}"] for name in names} for place in range(BASKET)]


def first(kind):
    """Return the first candle whose signal counts."""
    return START_TREND if kind == "trend" else START


def crossings(kind, line):
    """Return entries and exits of an RSI or of a difference of means, true where it crosses."""
    low, high = (30.0, 70.0) if kind == "rsi" else (0.0, 0.0)
    below, above = np.zeros(line.shape, bool), np.zeros(line.shape, bool)
    begin = first(kind)
    below[begin:] = (line[begin - 1 : -1] >= low) & (line[begin:] < low)
    above[begin:] = (line[begin - 1 : -1] <= high) & (line[begin:] > high)
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


def listed(trades):
    """Return trades as rows of plain numbers: candle and price of entry and exit."""
    return [[int(row[0]), float(row[1]), int(row[2]), float(row[3])] for row in trades]


def tell_basket(package, times, parts, **figures):
    """Print the figures of several symbols; `parts` are the trades of each."""
    rows = [listed(trades) for trades in parts]
    told = [{"trades": len(each), "ends": [each[0], each[-1]] if each else []} for each in rows]
    tell(package, times, symbols=told, trades_of_all=sum(map(len, rows)), **figures)


def tell(package, times, trades=None, **figures):
    """Print the figures as one JSON line.

    `times` are of the first and of the fastest pass; `trades` rows of candle and price of entry and
    exit. Peak memory is that of the whole process.
    """
    figures.update(version=version(package), first=times[0], seconds=times[1])
    if trades is not None:
        rows = listed(trades)
        figures.update(trades=len(rows), ends=[rows[0], rows[-1]] if rows else [])
    if "trades_of_all" in figures:
        figures["trades"] = figures.pop("trades_of_all")
    figures["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.flush()
    print("\nFIGURES " + json.dumps(figures), flush=True)

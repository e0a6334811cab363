"""The bare kernel, to which every engine is compared: indicator, fill at the next open, fee, no more.

`python -m benchmarks.peers.bare DATA KIND PASSES` times it; no account, no stops, no orders, floats only.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.peers.market import (
    CASH,
    FEE,
    FIRST_SIGNAL,
    FIRST_TREND,
    LONG,
    LONG_MEAN,
    Column,
    pairs,
    read,
    symbols,
)

Outcome = tuple[int, float, int]
"""Closed trades, cash won, and one while a unit is held at the end."""


def rsi_kernel(opened: Column, close: Column, n: int, fee: float, start: int) -> Outcome:
    """Trade one unit on Wilder's RSI: buy below 30, sell above 70."""
    gain = loss = cash = 0.0
    before = 50.0
    held = trades = want = 0
    last = close[0]
    share = 1.0 / n
    keep = 1.0 - share
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
            gain = gain * keep + up * share
            loss = loss * keep + down * share
        else:
            gain += up * share
            loss += down * share
        if i < n:
            continue
        now = 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 50.0
        if i >= start:
            if before >= 30.0 > now:
                want = 1
            elif before <= 70.0 < now:
                want = -1
        before = now
    return trades, cash, held


def sma_kernel(opened: Column, close: Column, fast: int, slow: int, fee: float, start: int) -> Outcome:
    """Trade one unit on two means of the close: buy when the fast one rises above the slow one."""
    quick = slack = cash = before = 0.0
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
        quick += close[i] - (close[i - fast] if i >= fast else 0.0)
        slack += close[i] - (close[i - slow] if i >= slow else 0.0)
        if i < slow - 1:
            continue
        now = quick * slow - slack * fast
        if i >= start:
            if before <= 0.0 < now:
                want = 1
            elif before >= 0.0 > now:
                want = -1
        before = now
    return trades, cash, held


def trend_kernel(opened: Column, close: Column, fast: int, slow: int, fee: float, start: int) -> Outcome:
    """Trade as `sma_kernel`, entering only while the last longer candle closed above its mean."""
    quick = slack = cash = before = longer = 0.0
    held = trades = want = 0
    rising = False
    for i in range(len(close)):
        if want == 1 and held == 0:
            cash -= opened[i] * (1.0 + fee)
            held = 1
        elif want == -1 and held == 1:
            cash += opened[i] * (1.0 - fee)
            held = 0
            trades += 1
        want = 0
        quick += close[i] - (close[i - fast] if i >= fast else 0.0)
        slack += close[i] - (close[i - slow] if i >= slow else 0.0)
        if (i + 1) % LONG == 0:
            longer += close[i] - (close[i - LONG * LONG_MEAN] if i >= LONG * LONG_MEAN else 0.0)
            rising = i + 1 >= LONG * LONG_MEAN and close[i] * LONG_MEAN > longer
        if i < slow - 1:
            continue
        now = quick * slow - slack * fast
        if i >= start:
            if before <= 0.0 < now and rising:
                want = 1
            elif before >= 0.0 > now:
                want = -1
        before = now
    return trades, cash, held


def machine_code(kernel: Callable[..., Outcome]) -> Callable[..., Outcome]:
    """Return a kernel compiled by numba."""
    import numba  # noqa: PLC0415  # half a second, and the plain kernels need none of it

    made: Any = numba.njit(cache=True, error_model="numpy")
    compiled: Callable[..., Outcome] = made(kernel)
    return compiled


def equity(outcome: Outcome, close: Column) -> float:
    """Return cash and the unit that may be held, at the last close."""
    return CASH + worth(outcome, close)


def worth(outcome: Outcome, close: Column) -> float:
    """Return what was won, and the unit that may be held at the last close."""
    _, cash, held = outcome
    return float(cash + held * close[-1])


def measure(path: Path, kind: str, passes: int) -> dict[str, Any]:
    """Time a kernel over many passes, or the sweep of 400 pairs over a few."""
    market = read(path)
    markets = symbols(market) if kind == "basket" else [market]
    kernels: dict[str, Callable[..., Outcome]] = {"rsi": rsi_kernel, "trend": trend_kernel}
    kernel = machine_code(kernels.get(kind, sma_kernel))
    start = FIRST_TREND if kind == "trend" else FIRST_SIGNAL
    single: dict[str, Sequence[tuple[int, ...]]] = {"rsi": [(14,)], "sweep": pairs()}
    chosen = single.get(kind, [(20, 50)])
    closes = [each["close"] for each in markets for _ in chosen]
    seconds, outcomes = [], [(0, 0.0, 0)]
    for _ in range(passes + 1):
        begin = time.perf_counter()
        outcomes = [
            kernel(each["open"], each["close"], *numbers, FEE, start)
            for each in markets
            for numbers in chosen
        ]
        seconds.append(time.perf_counter() - begin)
    return {
        "first": seconds[0],
        "seconds": min(seconds[1:]),
        "median": median(seconds[1:]),
        "pairs": len(chosen),
        "trades": sum(each[0] for each in outcomes),
        "equity": CASH + sum(worth(*each) for each in zip(outcomes, closes, strict=True)),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "version": f"numba {versions()}",
    }


def versions() -> str:
    """Return the versions of what compiles the kernel."""
    from importlib.metadata import version  # noqa: PLC0415  # asked for once

    return f"{version('numba')}, numpy {np.__version__}"


if __name__ == "__main__":
    print("FIGURES " + json.dumps(measure(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))

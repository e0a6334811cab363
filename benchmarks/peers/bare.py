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

from benchmarks.peers.market import CASH, FEE, FIRST_SIGNAL, Column, pairs, read

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


def machine_code(kernel: Callable[..., Outcome]) -> Callable[..., Outcome]:
    """Return a kernel compiled by numba."""
    import numba  # noqa: PLC0415  # half a second, and the plain kernels need none of it

    made: Any = numba.njit(cache=True, error_model="numpy")
    compiled: Callable[..., Outcome] = made(kernel)
    return compiled


def equity(outcome: Outcome, close: Column) -> float:
    """Return cash and the unit that may be held, at the last close."""
    _, cash, held = outcome
    return float(CASH + cash + held * close[-1])


def measure(path: Path, kind: str, passes: int) -> dict[str, Any]:
    """Time a kernel over many passes, or the sweep of 400 pairs over a few."""
    market = read(path)
    opened, close = market["open"], market["close"]
    kernel = machine_code(rsi_kernel if kind == "rsi" else sma_kernel)
    single: dict[str, Sequence[tuple[int, ...]]] = {"rsi": [(14,)], "sma": [(20, 50)]}
    chosen = single.get(kind) or pairs()
    seconds, outcomes = [], [(0, 0.0, 0)]
    for _ in range(passes + 1):
        begin = time.perf_counter()
        outcomes = [kernel(opened, close, *numbers, FEE, FIRST_SIGNAL) for numbers in chosen]
        seconds.append(time.perf_counter() - begin)
    return {
        "first": seconds[0],
        "seconds": min(seconds[1:]),
        "median": median(seconds[1:]),
        "pairs": len(outcomes),
        "trades": sum(each[0] for each in outcomes),
        "equity": equity(outcomes[0], close) if len(outcomes) == 1 else sum(each[1] for each in outcomes),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "version": f"numba {versions()}",
    }


def versions() -> str:
    """Return the versions of what compiles the kernel."""
    from importlib.metadata import version  # noqa: PLC0415  # asked for once

    return f"{version('numba')}, numpy {np.__version__}"


if __name__ == "__main__":
    print("FIGURES " + json.dumps(measure(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))

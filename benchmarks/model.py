"""The kernel of a trained model: microseconds a row in the loop, rows a second as machine code.

`python -m benchmarks.model`. The trees are made by chance in the size that training makes (120 of 7 leaves),
for what a walk costs does not depend on what was learned. CPU time, the best of the passes.
"""

import random
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from domain.model import Arrays
from reasoning.kernels.model import trees_odds
from reasoning.kernels.model_inputs import INPUTS, LOOK_BACK, model_inputs
from reasoning.models import added, odds_of

TREES, LEAVES, WIDTH = 120, 7, len(INPUTS) + 2
ROWS, PASSES = 2_000, 5


def grown(chance: random.Random) -> Arrays:
    """Return trees of `LEAVES` leaves that ask for any input."""
    nodes: list[list[Any]] = []
    roots = [_grow(chance, LEAVES, nodes) for _ in range(TREES)]
    columns = [tuple(column) for column in zip(*nodes, strict=True)]
    return Arrays(0.0, (), (), (), tuple(roots), *columns)


def _grow(chance: random.Random, leaves: int, nodes: list[list[Any]]) -> int:
    index = len(nodes)
    if leaves == 1:
        nodes.append([-1, 0.0, 0, 0, chance.gauss(0.0, 0.02)])
        return index
    nodes.append([chance.randrange(WIDTH), chance.gauss(0.0, 1.0), 0, 0, 0.0])
    left = chance.randrange(1, leaves)
    nodes[index][2] = _grow(chance, left, nodes)
    nodes[index][3] = _grow(chance, leaves - left, nodes)
    return index


def many(
    roots: Any, feature: Any, threshold: Any, left: Any, right: Any, value: Any, rows: Any, width: int
) -> float:
    """Return the sum of the log-odds of all rows."""
    total = 0.0
    for row in range(len(rows) // width):
        total += trees_odds(roots, feature, threshold, left, right, value, rows, row * width)
    return total


def best(work: Callable[[], object], each: int) -> float:
    """Return the CPU seconds of one of `each`, the best of the passes."""
    spent = []
    for _ in range(PASSES):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent) / each


def main() -> None:
    """Measure and print."""
    chance = random.Random(1)
    arrays = grown(chance)
    rows = [[chance.gauss(0.0, 1.0) for _ in range(WIDTH)] for _ in range(ROWS)]
    names = ("roots", "feature", "threshold", "left", "right", "value")
    flat = [np.array(getattr(arrays, name)) for name in names]
    table = np.array(rows).reshape(-1)
    njit: Any = numba.njit
    many.__globals__["trees_odds"] = njit(trees_odds)
    machine = njit(many)
    if machine(*flat, table, WIDTH) != sum(odds_of(arrays, row) for row in rows):
        raise SystemExit("machine code and Python differ: no figure counts")
    closes = [100.0 + chance.gauss(0.0, 1.0) for _ in range(LOOK_BACK)]
    inputs = [0.0] * WIDTH

    def read() -> None:
        for _ in range(200):
            model_inputs(closes, closes, closes, closes, LOOK_BACK - 1, 0, 50.0, 0.03, 1, inputs, 0)

    odds = 1e6 * best(lambda: [odds_of(arrays, row) for row in rows], ROWS)
    parts = 1e6 * best(lambda: [added(arrays, row) for row in rows], ROWS)
    rate = 1 / best(lambda: machine(*flat, table, WIDTH), ROWS)
    figures = {
        "odds in Python": f"{odds:.1f} us a row (<= 40)",
        "what each input adds": f"{parts:.1f} us a row",
        "inputs of an entry": f"{1e6 * best(read, 200):.1f} us an entry",
        "odds as machine code": f"{rate:,.0f} rows/s (>= 200,000)",
    }
    for name, figure in figures.items():
        print(f"{name:<32}{figure}")


if __name__ == "__main__":
    main()

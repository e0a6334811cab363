"""What the tests of indicators share: columns of candles of every kind, and a kind stepped over them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reasoning.indicators.kind import DEFAULTS, IndicatorKind
from reasoning.own import OwnMemory

COLUMNS = ("time", "open", "high", "low", "close", "volume")
MARGIN = 3
START, HOUR = 1_577_836_800_000, 3_600_000

Columns = dict[str, list[float]]
Rows = list[tuple[float, ...]]


def walked(
    count: int, seed: int = 3, price: float = 10_000.0, tick: float = 1.0, *, rests: bool = True
) -> Columns:
    """Return candles of an hour: a walk in ticks with gaps, that stands still at times and trades nothing."""
    dice = np.random.default_rng(seed)
    close = [price]
    for index in range(count - 1):
        at_rest = rests and index % 97 > 80
        move = 0.0 if at_rest else float(dice.normal(0.0, 0.01 * price * (5.0 if index % 41 == 0 else 0.5)))
        close.append(max(tick, round((close[-1] + move) / tick) * tick))
    opened = [price - tick, *close[:-1]]
    still = [a == b for a, b in zip(opened, close, strict=True)]
    reach = [
        0.0 if stands else round(abs(float(dice.normal(0.0, 0.004 * price))) / tick) * tick
        for stands in still
    ]
    high = [max(o, c) + r for o, c, r in zip(opened, close, reach, strict=True)]
    low = [max(tick, min(o, c) - r) for o, c, r in zip(opened, close, reach, strict=True)]
    volume = [
        0.0 if stands or (rests and index % 13 == 7) else float(dice.exponential(20.0))
        for index, stands in enumerate(still)
    ]
    steps = np.cumsum([0, *(48 if index % 151 == 150 else 1 for index in range(count - 1))])
    time = [float(START + HOUR * int(step)) for step in steps]
    return dict(zip(COLUMNS, (time, opened, high, low, close, volume), strict=True))


def level(count: int, price: float = 100.0, volume: float = 1.0) -> Columns:
    """Return candles of a price that never moved."""
    time = [float(START + HOUR * index) for index in range(count)]
    return dict(zip(COLUMNS, (time, *([price] * count for _ in range(4)), [volume] * count), strict=True))


def inputs_of(kind: IndicatorKind, columns: Columns) -> list[list[float]]:
    """Return the columns a kind takes in, candle by candle."""
    return [columns[DEFAULTS.get(name, name)] for name in kind.inputs]


def as_row(value: Any) -> tuple[float, ...]:
    """Return an indicator's value as a tuple."""
    return tuple(value) if isinstance(value, tuple) else (value,)


def stepped(kind: IndicatorKind, columns: Columns, *parameters: float) -> Rows:
    """Step a kind over candles in a memory that refuses every place but its own; return its outputs."""
    given: Sequence[float] = parameters or kind.defaults
    size = kind.size(*given)
    memory = OwnMemory([0.0] * (MARGIN + size))
    for index in range(MARGIN):
        memory[index] = -7.0 - index
    rows = [
        as_row(kind.step(memory, MARGIN, *given, *inputs))
        for inputs in zip(*inputs_of(kind, columns), strict=True)
    ]
    assert list(memory[:MARGIN]) == [-7.0, -8.0, -9.0], "it wrote outside its block"
    return rows


COUNT = 240
SCENES: dict[str, Columns] = {
    "ticks": walked(COUNT),
    "fractions": walked(COUNT, seed=4, price=0.07, tick=1e-5),
    "huge": walked(COUNT, seed=5, price=9e14),
    "tiny": walked(COUNT, seed=6, price=3e-9, tick=1e-13),
    "level": level(COUNT),
    "silent": level(COUNT, volume=0.0),
    "one": walked(1),
}
"""Candles of every sort, short and long."""


def small(kind: IndicatorKind) -> tuple[float, ...]:
    """Return parameters at their lower limits, widths at their default."""
    return tuple(each.low if each.kind is int else each.default for each in kind.parameters)

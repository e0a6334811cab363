"""Gaps that three candles leave, and how they are filled, as an indicator."""

from typing import NamedTuple

from domain.kernel import kernel
from reasoning.indicators.kind import IndicatorKind, Parameter
from reasoning.indicators.levels import WING
from reasoning.kernels.indicators import Memory
from reasoning.kernels.structure import TREND, structure_size, structure_step

GAPS = 16
"""Gaps that are kept of one side."""
HIGH_1, LOW_1, HIGH_2, LOW_2, NEXT_UP, NEXT_DOWN, RINGS = 0, 1, 2, 3, 4, 5, 6
NEAR, FAR, LEFT = 0, 1, 2
GAP = 3
"""The two candles before; next slot of each ring; the rings of gaps (near edge, far edge, bars left: 0 is
free); structure."""
STRUCTURE = RINGS + 2 * GAPS * GAP


class Gaps(NamedTuple):
    """Far edge of the nearest gap half filled from above and from below, 0 for none; gaps open; trend."""

    below: float
    above: float
    open: float
    trend: float


@kernel
def gaps_size(wing: int, _least: float, _max_age: int) -> int:
    """Return the floats of both rings of gaps and of structure."""
    return STRUCTURE + structure_size(wing)


@kernel
def gaps_warmup(_wing: int, _least: float, _max_age: int) -> int:
    """Return the candles before a gap can be filled: the three that make it."""
    return 3


@kernel
def filled(memory: Memory, ring: int, side: int, near: float, close: float) -> float:
    """Let a candle fill a side's gaps; return the far edge of the nearest one half filled, 0 when none.

    `near` is the candle's price towards the gaps. A gap closed through is used up without a vote.
    """
    result = 0.0
    for index in range(GAPS):
        at = ring + index * GAP
        if memory[at + LEFT] <= 0.0:
            continue
        memory[at + LEFT] -= 1.0
        middle = 0.5 * (memory[at + NEAR] + memory[at + FAR])
        if side * (near - middle) <= 0.0:
            memory[at + LEFT] = 0.0
            if side * (close - memory[at + FAR]) >= 0.0:
                edge = memory[at + FAR]
                result = edge if result == 0.0 else side * max(side * result, side * edge)
    return result


@kernel
def open_gap(memory: Memory, ring: int, counter: int, near: float, far: float, max_age: int) -> None:
    """Remember a gap in the place of the oldest."""
    at = ring + int(memory[counter]) * GAP
    memory[at + NEAR] = near
    memory[at + FAR] = far
    memory[at + LEFT] = float(max_age)
    memory[counter] = 0.0 if memory[counter] + 1.0 == GAPS else memory[counter] + 1.0


@kernel
def gaps_step(
    memory: Memory, at: int, wing: int, least: float, max_age: int, high: float, low: float, close: float
) -> Gaps:
    """Return what a candle filled: it may fill gaps known before it, and open one."""
    ups, downs = at + RINGS, at + RINGS + GAPS * GAP
    below = filled(memory, ups, 1, low, close)
    above = filled(memory, downs, -1, high, close)
    before, under = memory[at + HIGH_2], memory[at + LOW_2]
    if before > 0.0 and low - before >= least * before:
        open_gap(memory, ups, at + NEXT_UP, low, before, max_age)
    if under > 0.0 and under - high >= least * under:
        open_gap(memory, downs, at + NEXT_DOWN, high, under, max_age)
    memory[at + HIGH_2] = memory[at + HIGH_1]
    memory[at + LOW_2] = memory[at + LOW_1]
    memory[at + HIGH_1] = high
    memory[at + LOW_1] = low
    structure_step(memory, at + STRUCTURE, wing, high, low, close)
    count = 0.0
    for index in range(2 * GAPS):
        if memory[ups + index * GAP + LEFT] > 0.0:
            count += 1.0
    return Gaps(below, above, count, memory[at + STRUCTURE + TREND])


GAP_FILLS = IndicatorKind(
    name="gaps",
    family="structure",
    step=gaps_step,
    size=gaps_size,
    warmup=gaps_warmup,
    parameters=(
        WING,
        Parameter("least", float, 0.002, 0.0, 0.5, "least size of a gap, as a fraction"),
        Parameter("max_age", int, 50, 1, 1_000, "candles in which a gap may be filled to its middle"),
    ),
    inputs=("high", "low", "close"),
    outputs=Gaps._fields,
    on_price=True,
    formula="gap at candle i: low(i) - high(i - 2) >= least * high(i - 2), and mirrored",
    source="reasoning.indicators.gaps",
    convention="The newest 16 gaps of each side are kept; of several filled at once the nearest counts.",
    late=True,
    directions=("trend",),
    priced=("below", "above"),
)

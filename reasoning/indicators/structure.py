"""Kinds that the built-in strategies are made of: what they see, in a form of their own.

They are declared like any other (`reasoning.declare`) and stand in the table beside them. Prices
are in ticks, whole numbers above 0, so 0 says that there is none.
"""

from typing import NamedTuple

from domain.kernel import kernel
from reasoning.indicators.kind import VALUE, IndicatorKind, Parameter
from reasoning.indicators.moving import before_window
from reasoning.kernels.indicators import Memory, mean_size, mean_step
from reasoning.kernels.levels import LEVELS_SIZE, sweep, touch
from reasoning.kernels.structure import (
    BREAK,
    BREAK_BEFORE,
    HIGH,
    LAST_BREAK,
    LOW,
    NEW_HIGH,
    NEW_LOW,
    SEEN,
    TREND,
    structure_size,
    structure_step,
    structure_warmup,
)

WING = Parameter("wing", int, 5, 1, 50, "bars on each side of a swing")


class SweptLevels(NamedTuple):
    """The ends of sweeps of lows and of highs that were reclaimed, 0 for none; last swings; their trend."""

    under: float
    above: float
    high: float
    low: float
    trend: float


@kernel
def swept_size(wing: int, _tolerance: float, _touches: int, _least: float, _patience: int) -> int:
    """Return the floats of levels of lows, levels of highs and structure."""
    return 2 * LEVELS_SIZE + structure_size(wing)


@kernel
def swept_warmup(wing: int, _tolerance: float, _touches: int, _least: float, _patience: int) -> int:
    """Return the candles before two swings of one side can be confirmed."""
    return structure_warmup(wing) + wing


@kernel
def swept_step(
    memory: Memory,
    at: int,
    wing: int,
    tolerance: float,
    touches: int,
    least: float,
    patience: int,
    high: float,
    low: float,
    close: float,
) -> SweptLevels:
    """Return what a candle swept and reclaimed.

    Levels known before it are swept first, then its swing may touch one.
    """
    lows, highs, structure = at, at + LEVELS_SIZE, at + 2 * LEVELS_SIZE
    under = sweep(memory, lows, 1, low, close, least, touches, patience)
    above = sweep(memory, highs, -1, high, close, least, touches, patience)
    structure_step(memory, structure, wing, high, low, close)
    number = memory[structure + SEEN]
    if memory[structure + NEW_LOW] > 0.0:
        touch(memory, lows, memory[structure + NEW_LOW], tolerance, number)
    if memory[structure + NEW_HIGH] > 0.0:
        touch(memory, highs, memory[structure + NEW_HIGH], tolerance, number)
    return SweptLevels(
        under, above, memory[structure + HIGH], memory[structure + LOW], memory[structure + TREND]
    )


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


OPEN_BEFORE, HIGH_BEFORE, LOW_BEFORE, CLOSE_BEFORE = 0, 1, 2, 3
SIDES, BLOCKS_STRUCTURE = 4, 14
"""The candle before; both sides; structure."""
FOUND_HIGH, FOUND_LOW, ZONE_HIGH, ZONE_LOW, WAITS = 0, 1, 2, 3, 4
SIDE = 5
"""One side: the latest block (0: none), the zone waited for (0: none) and the bars left for it."""


class OrderBlocks(NamedTuple):
    """Returns into zones, and all that is said of them.

    `up` and `down` are 1 where the candle comes back into the zone of that side for the first time; then the
    far edges, last swings, the directions of the last two breaks, and the zones waited for (0: none).
    """

    up: float
    down: float
    floor: float
    ceiling: float
    high: float
    low: float
    last_break: float
    break_before: float
    up_low: float
    up_high: float
    down_low: float
    down_high: float


@kernel
def order_blocks_size(wing: int, _surge: float, _max_age: int) -> int:
    """Return the floats of the candle before, both sides and structure."""
    return BLOCKS_STRUCTURE + structure_size(wing)


@kernel
def order_blocks_warmup(wing: int, _surge: float, _max_age: int) -> int:
    """Return the candles before a return: a swing and its break."""
    return structure_warmup(wing)


@kernel
def returned(memory: Memory, at: int, side: int, near: float, close: float) -> int:
    """Let a candle meet a side's zone: 1 when it comes back into it for the first time, else 0.

    `near` is the candle's price towards the zone: its low for a bullish one, its high for a bearish.
    """
    if memory[at + WAITS] <= 0.0:
        return 0
    memory[at + WAITS] -= 1.0
    edge = memory[at + ZONE_HIGH] if side > 0 else memory[at + ZONE_LOW]
    far = memory[at + ZONE_LOW] if side > 0 else memory[at + ZONE_HIGH]
    if side * (close - far) < 0.0:
        memory[at + WAITS] = 0.0
        return 0
    if side * (near - edge) > 0.0:
        return 0
    memory[at + WAITS] = 0.0
    return 1


@kernel
def note_block(memory: Memory, candle: int, at: int, side: int, close: float, surge: float) -> None:
    """Remember the candle before as a side's latest block, or forget a block that was closed through."""
    before = memory[candle + CLOSE_BEFORE]
    far = memory[at + FOUND_LOW] if side > 0 else memory[at + FOUND_HIGH]
    if memory[at + FOUND_HIGH] > 0.0 and side * (close - far) < 0.0:
        memory[at + FOUND_HIGH] = 0.0
    against = side * (before - memory[candle + OPEN_BEFORE]) < 0.0
    if before > 0.0 and against and side * (close - before) > surge * before:
        memory[at + FOUND_HIGH] = memory[candle + HIGH_BEFORE]
        memory[at + FOUND_LOW] = memory[candle + LOW_BEFORE]


@kernel
def arm(memory: Memory, at: int, max_age: int) -> None:
    """At a break, wait for the price to return into the latest block."""
    if memory[at + FOUND_HIGH] > 0.0:
        memory[at + ZONE_HIGH] = memory[at + FOUND_HIGH]
        memory[at + ZONE_LOW] = memory[at + FOUND_LOW]
        memory[at + WAITS] = float(max_age)
        memory[at + FOUND_HIGH] = 0.0


@kernel
def order_blocks_step(
    memory: Memory,
    at: int,
    wing: int,
    surge: float,
    max_age: int,
    opened: float,
    high: float,
    low: float,
    close: float,
) -> OrderBlocks:
    """Return what a candle did: it may return into a zone, complete a block, or break structure."""
    long, short, structure = at + SIDES, at + SIDES + SIDE, at + BLOCKS_STRUCTURE
    up = returned(memory, long, 1, low, close)
    down = returned(memory, short, -1, high, close)
    note_block(memory, at, long, 1, close, surge)
    note_block(memory, at, short, -1, close, surge)
    memory[at + OPEN_BEFORE] = opened
    memory[at + HIGH_BEFORE] = high
    memory[at + LOW_BEFORE] = low
    memory[at + CLOSE_BEFORE] = close
    structure_step(memory, structure, wing, high, low, close)
    if memory[structure + BREAK] == 1.0:
        arm(memory, long, max_age)
    elif memory[structure + BREAK] == -1.0:
        arm(memory, short, max_age)
    rising, falling = memory[long + WAITS] > 0.0, memory[short + WAITS] > 0.0
    return OrderBlocks(
        float(up),
        float(down),
        memory[long + ZONE_LOW],
        memory[short + ZONE_HIGH],
        memory[structure + HIGH],
        memory[structure + LOW],
        memory[structure + LAST_BREAK],
        memory[structure + BREAK_BEFORE],
        memory[long + ZONE_LOW] if rising else 0.0,
        memory[long + ZONE_HIGH] if rising else 0.0,
        memory[short + ZONE_LOW] if falling else 0.0,
        memory[short + ZONE_HIGH] if falling else 0.0,
    )


MEAN = IndicatorKind(
    name="mean",
    family="structure",
    step=mean_step,
    size=mean_size,
    warmup=before_window,
    parameters=(Parameter("n", int, 20, 1, 5_000, "closes averaged"),),
    inputs=("close",),
    outputs=VALUE,
    on_price=True,
    formula="sum of the last n closes / n",
    source="TA-Lib SMA",
    convention="The simple moving average of whole ticks: their running sum is exact, so it costs one "
    "addition however long the window is.",
)
SWEPT = IndicatorKind(
    name="swept",
    family="structure",
    step=swept_step,
    size=swept_size,
    warmup=swept_warmup,
    parameters=(
        WING,
        Parameter("tolerance", float, 0.001, 0.0, 0.1, "width of a level, as a fraction"),
        Parameter("touches", int, 2, 2, 10, "swings that make a level"),
        Parameter("least", float, 0.0, 0.0, 0.1, "least way beyond the level, as a fraction"),
        Parameter("patience", int, 3, 0, 50, "bars after the sweep in which a close may reclaim it"),
    ),
    inputs=("high", "low", "close"),
    outputs=SweptLevels._fields,
    on_price=True,
    formula="farthest price beyond a level of equal swings that a close has reclaimed",
    source="reasoning.kernels.levels",
    convention="Of several reclaimed at once the one touched last counts.",
    late=True,
    directions=("trend",),
    priced=("under", "above", "high", "low"),
)
GAP_FILLS = IndicatorKind(
    name="gaps",
    family="structure",
    step=gaps_step,
    size=gaps_size,
    warmup=gaps_warmup,
    parameters=(
        WING,
        Parameter("least", float, 0.002, 0.0, 0.5, "least size of a gap, as a fraction"),
        Parameter("max_age", int, 50, 1, 1_000, "bars in which a gap may be filled to its middle"),
    ),
    inputs=("high", "low", "close"),
    outputs=Gaps._fields,
    on_price=True,
    formula="gap at candle i: low(i) - high(i - 2) >= least * high(i - 2), and mirrored",
    source="reasoning.kernels.structure",
    convention="The newest 16 gaps of each side are kept; of several filled at once the nearest counts.",
    late=True,
    directions=("trend",),
    priced=("below", "above"),
)
ORDER_BLOCKS = IndicatorKind(
    name="order_blocks",
    family="structure",
    step=order_blocks_step,
    size=order_blocks_size,
    warmup=order_blocks_warmup,
    parameters=(
        WING,
        Parameter("surge", float, 0.01, 0.0, 0.5, "least move of the close after the block, as a fraction"),
        Parameter("max_age", int, 30, 1, 1_000, "bars in which the price may return into the zone"),
    ),
    inputs=("open", "high", "low", "close"),
    outputs=OrderBlocks._fields,
    on_price=True,
    formula="high and low of the last opposite candle before a close that moved by more than surge",
    source="reasoning.kernels.structure",
    convention="A zone is waited for from a break of structure on, until it is met or closed through.",
    late=True,
    directions=("last_break", "break_before"),
    priced=("floor", "ceiling", "high", "low", "up_low", "up_high", "down_low", "down_high"),
)
STRUCTURES: dict[str, IndicatorKind] = {kind.name: kind for kind in (MEAN, SWEPT, GAP_FILLS, ORDER_BLOCKS)}

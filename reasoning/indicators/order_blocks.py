"""The last opposite candle before a strong move, and returns into its zone, as an indicator."""

from typing import NamedTuple

from domain.kernel import kernel
from reasoning.indicators.kind import IndicatorKind, Parameter
from reasoning.indicators.levels import WING
from reasoning.kernels.indicators import Memory
from reasoning.kernels.structure import (
    BREAK,
    BREAK_BEFORE,
    HIGH,
    LAST_BREAK,
    LOW,
    structure_size,
    structure_step,
    structure_warmup,
)

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


ORDER_BLOCKS = IndicatorKind(
    name="order_blocks",
    family="structure",
    step=order_blocks_step,
    size=order_blocks_size,
    warmup=order_blocks_warmup,
    parameters=(
        WING,
        Parameter("surge", float, 0.01, 0.0, 0.5, "least move of the close after the block, as a fraction"),
        Parameter("max_age", int, 30, 1, 1_000, "candles in which the price may return into the zone"),
    ),
    inputs=("open", "high", "low", "close"),
    outputs=OrderBlocks._fields,
    on_price=True,
    formula="high and low of the last opposite candle before a close that moved by more than surge",
    source="reasoning.indicators.order_blocks",
    convention="A zone is waited for from a break of structure on, until it is met or closed through.",
    late=True,
    directions=("last_break", "break_before"),
    priced=("floor", "ceiling", "high", "low", "up_low", "up_high", "down_low", "down_high"),
)

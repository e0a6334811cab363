"""BOS order block: enter on the first return into the last opposite candle before a break of structure.

A bullish block is a down candle whose next close is more than `surge` above its own; its zone is the
candle's high to low. At a break of structure upwards the latest block becomes the zone to wait for, for
`max_age` bars; a close through it ends it. Confidence: base 40; consistency 20 when the last two breaks
went with the trade, 10 when only the last did; volume and volatility as shared. The mirrored setup
votes to sell; on spot that only closes a long position.
"""

from typing import NamedTuple

from pydantic import Field

from domain.decision import Signal
from domain.kernel import kernel
from reasoning.kernels.features import Features
from reasoning.kernels.indicators import Memory
from reasoning.kernels.strategy import Strategy, StrategyParams, signal_to
from reasoning.kernels.structure import (
    BREAK,
    BREAK_BEFORE,
    LAST_BREAK,
    SEEN,
    aim,
    beyond,
    pays,
    structure_size,
    structure_step,
    structure_warmup,
)

STOP_AT, TARGET_AT, POINTS = 0, 1, 2
OPEN_BEFORE, HIGH_BEFORE, LOW_BEFORE, CLOSE_BEFORE = 3, 4, 5, 6
SIDES, STRUCTURE = 7, 17
"""Memory: stop, target and points of the last vote; the candle before; both sides; structure."""
FOUND_HIGH, FOUND_LOW, ZONE_HIGH, ZONE_LOW, LEFT = 0, 1, 2, 3, 4
SIDE = 5
"""One side: the latest block (0: none), the zone waited for (0: none) and the bars left for it."""


class BlockPacked(NamedTuple):
    """Order block parameters as the kernels take them."""

    wing: int
    surge: float
    max_age: int
    stop_beyond: float
    target_multiple: float
    min_reward_risk: float


class BlockParams(StrategyParams):
    """Order block parameters as a user sets them."""

    wing: int = Field(5, ge=1, le=50, description="bars on each side of a swing")
    surge: float = Field(
        0.01, gt=0, le=0.5, description="least move of the close after the block, as a fraction"
    )
    max_age: int = Field(30, ge=1, le=1000, description="bars in which the price may return into the zone")
    stop_beyond: float = Field(0.001, gt=0, le=0.1, description="stop beyond the zone, as a fraction")
    target_multiple: float = Field(3.0, gt=0, le=20, description="target in risks where no swing lies beyond")
    min_reward_risk: float = Field(2.0, ge=0, le=20, description="least reward over risk, at the signal")

    def packed(self) -> BlockPacked:
        """Return the parameters as numbers."""
        return BlockPacked(
            self.wing,
            self.surge,
            self.max_age,
            self.stop_beyond,
            self.target_multiple,
            self.min_reward_risk,
        )


@kernel
def block_size(packed: BlockPacked) -> int:
    """Return the floats the memory needs."""
    return STRUCTURE + structure_size(packed[0])


@kernel
def block_warmup(packed: BlockPacked) -> int:
    """Return the candles before the first possible vote: a swing, its break, and a return."""
    return structure_warmup(packed[0]) + 1


@kernel
def returned(memory: Memory, at: int, side: int, near: float, close: float) -> int:
    """Let a candle meet a side's zone: 1 when it comes back into it for the first time, else 0.

    `near` is the candle's price towards the zone: its low for a bullish one, its high for a bearish.
    """
    if memory[at + LEFT] <= 0.0:
        return 0
    memory[at + LEFT] -= 1.0
    edge = memory[at + ZONE_HIGH] if side > 0 else memory[at + ZONE_LOW]
    far = memory[at + ZONE_LOW] if side > 0 else memory[at + ZONE_HIGH]
    if side * (close - far) < 0.0:
        memory[at + LEFT] = 0.0
        return 0
    if side * (near - edge) > 0.0:
        return 0
    memory[at + LEFT] = 0.0
    return 1


@kernel
def note_block(memory: Memory, at: int, side: int, close: float, surge: float) -> None:
    """Remember the candle before as a side's latest block, or forget a block that was closed through."""
    before = memory[CLOSE_BEFORE]
    far = memory[at + FOUND_LOW] if side > 0 else memory[at + FOUND_HIGH]
    if memory[at + FOUND_HIGH] > 0.0 and side * (close - far) < 0.0:
        memory[at + FOUND_HIGH] = 0.0
    against = side * (before - memory[OPEN_BEFORE]) < 0.0
    if before > 0.0 and against and side * (close - before) > surge * before:
        memory[at + FOUND_HIGH] = memory[HIGH_BEFORE]
        memory[at + FOUND_LOW] = memory[LOW_BEFORE]


@kernel
def arm(memory: Memory, at: int, max_age: int) -> None:
    """At a break, wait for the price to return into the latest block."""
    if memory[at + FOUND_HIGH] > 0.0:
        memory[at + ZONE_HIGH] = memory[at + FOUND_HIGH]
        memory[at + ZONE_LOW] = memory[at + FOUND_LOW]
        memory[at + LEFT] = float(max_age)
        memory[at + FOUND_HIGH] = 0.0


@kernel
def block_strategy_step(
    memory: Memory, packed: BlockPacked, opened: float, high: float, low: float, close: float, _volume: float
) -> int:
    """Take in one candle: it may return into a zone, complete a block, or break structure."""
    wing, surge, max_age, stop_beyond, multiple, least = packed
    long, short = SIDES, SIDES + SIDE
    up = returned(memory, long, 1, low, close)
    down = returned(memory, short, -1, high, close)
    note_block(memory, long, 1, close, surge)
    note_block(memory, short, -1, close, surge)
    memory[OPEN_BEFORE] = opened
    memory[HIGH_BEFORE] = high
    memory[LOW_BEFORE] = low
    memory[CLOSE_BEFORE] = close
    structure_step(memory, STRUCTURE, wing, high, low, close)
    if memory[STRUCTURE + BREAK] == 1.0:
        arm(memory, long, max_age)
    elif memory[STRUCTURE + BREAK] == -1.0:
        arm(memory, short, max_age)
    if up == down:
        return 0
    side = 1 if up == 1 else -1
    stop = beyond(memory[long + ZONE_LOW] if side > 0 else memory[short + ZONE_HIGH], side, stop_beyond)
    target = aim(memory, STRUCTURE, side, close, float(stop), multiple)
    if pays(side, close, float(stop), float(target), least) == 0:
        return 0
    memory[STOP_AT] = float(stop)
    memory[TARGET_AT] = float(target)
    memory[POINTS] = 0.0
    if memory[STRUCTURE + LAST_BREAK] == side:
        memory[POINTS] = 20.0 if memory[STRUCTURE + BREAK_BEFORE] == side else 10.0
    return side


@kernel
def block_signal(
    memory: Memory, _packed: BlockPacked, vote: int, _close: float, features: Features
) -> Signal:
    """Return the signal of a return into a block."""
    return signal_to(vote, 40.0, memory[POINTS], features, 0, int(memory[STOP_AT]), int(memory[TARGET_AT]))


def explain_block(memory: Memory, packed: BlockPacked, signal: Signal) -> str:
    """Say that a zone was met, or what is waited for."""
    if signal.vote:
        return (
            f"first return into the order block, stop {signal.stop} and target {signal.target} ticks "
            f"(base 40, consistency {signal.trend:.0f})"
        )
    if memory[STRUCTURE + SEEN] < block_warmup(packed):
        return f"order block warming up, {memory[STRUCTURE + SEEN]:.0f} of {block_warmup(packed)} candles"
    waiting = [
        f"{memory[at + ZONE_LOW]:.0f}-{memory[at + ZONE_HIGH]:.0f}"
        for at in (SIDES, SIDES + SIDE)
        if memory[at + LEFT] > 0.0
    ]
    return (
        f"waiting for a return into {' or '.join(waiting)} ticks" if waiting else "no order block to wait for"
    )


BLOCK = Strategy(
    name="bos-order-block",
    params=BlockParams,
    size=block_size,
    warmup=block_warmup,
    step=block_strategy_step,
    signal=block_signal,
    explain=explain_block,
)

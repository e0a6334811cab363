"""FVG fill: enter when half of a fair value gap has been filled.

A bullish gap at candle i: its low lies above the high of candle i-2 by at least `min_gap` of that high.
When a later candle, at most `max_age` bars on, comes down to the gap's middle, the gap is used up; if
that candle closes above the gap's far edge it is a vote. Confidence: base 25; 15 when the trend of the
swings goes with the trade, 15 when that of the means does; volume and volatility as shared. The mirrored
setup votes to sell; on spot that only closes a long position. At most GAPS gaps a side are kept.
"""

from typing import NamedTuple

from pydantic import Field

from domain.decision import Signal
from domain.kernel import kernel
from reasoning.kernels.features import Features
from reasoning.kernels.indicators import Memory
from reasoning.kernels.strategy import Strategy, StrategyParams, signal_to
from reasoning.kernels.structure import SEEN, TREND, beyond, pays, structure_size, structure_step

GAPS = 16
STOP_AT, TARGET_AT, POINTS = 0, 1, 2
HIGH_1, LOW_1, HIGH_2, LOW_2 = 3, 4, 5, 6
NEXT_UP, NEXT_DOWN, RINGS = 7, 8, 9
NEAR, FAR, LEFT = 0, 1, 2
GAP = 3
"""Memory: stop, target and points of the last vote; the two candles before; next slot of each ring; the rings
of gaps (near edge, far edge, bars left: 0 is free); structure."""
STRUCTURE = RINGS + 2 * GAPS * GAP


class GapPacked(NamedTuple):
    """Fair value gap parameters as the kernels take them."""

    wing: int
    min_gap: float
    max_age: int
    stop_beyond: float
    target_multiple: float
    min_reward_risk: float


class GapParams(StrategyParams):
    """Fair value gap parameters as a user sets them."""

    wing: int = Field(5, ge=1, le=50, description="bars on each side of a swing, for the trend")
    min_gap: float = Field(0.002, gt=0, le=0.5, description="least size of a gap, as a fraction")
    max_age: int = Field(50, ge=1, le=1000, description="bars in which a gap may be filled to its middle")
    stop_beyond: float = Field(0.001, gt=0, le=0.1, description="stop beyond the gap, as a fraction")
    target_multiple: float = Field(2.0, gt=0, le=20, description="target in risks")
    min_reward_risk: float = Field(1.5, ge=0, le=20, description="least reward over risk, at the signal")

    def packed(self) -> GapPacked:
        """Return the parameters as numbers."""
        return GapPacked(
            self.wing,
            self.min_gap,
            self.max_age,
            self.stop_beyond,
            self.target_multiple,
            self.min_reward_risk,
        )


@kernel
def gap_size(packed: GapPacked) -> int:
    """Return the floats the memory needs."""
    return STRUCTURE + structure_size(packed[0])


@kernel
def gap_warmup(_packed: GapPacked) -> int:
    """Return the candles before the first possible vote: three that make a gap and one that fills it."""
    return 4


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
def gap_strategy_step(
    memory: Memory, packed: GapPacked, _opened: float, high: float, low: float, close: float, _volume: float
) -> int:
    """Take in one candle: it may fill gaps known before it, and open one."""
    wing, min_gap, max_age, stop_beyond, multiple, least = packed
    below = filled(memory, RINGS, 1, low, close)
    above = filled(memory, RINGS + GAPS * GAP, -1, high, close)
    if memory[HIGH_2] > 0.0 and low - memory[HIGH_2] >= min_gap * memory[HIGH_2]:
        open_gap(memory, RINGS, NEXT_UP, low, memory[HIGH_2], max_age)
    if memory[LOW_2] > 0.0 and memory[LOW_2] - high >= min_gap * memory[LOW_2]:
        open_gap(memory, RINGS + GAPS * GAP, NEXT_DOWN, high, memory[LOW_2], max_age)
    memory[HIGH_2] = memory[HIGH_1]
    memory[LOW_2] = memory[LOW_1]
    memory[HIGH_1] = high
    memory[LOW_1] = low
    structure_step(memory, STRUCTURE, wing, high, low, close)
    if (below > 0.0) == (above > 0.0):
        return 0
    side = 1 if below > 0.0 else -1
    stop = beyond(below if side > 0 else above, side, stop_beyond)
    target = max(int(close + multiple * (close - stop)), 0)
    if pays(side, close, float(stop), float(target), least) == 0:
        return 0
    memory[STOP_AT] = float(stop)
    memory[TARGET_AT] = float(target)
    memory[POINTS] = 15.0 if memory[STRUCTURE + TREND] == side else 0.0
    return side


@kernel
def gap_signal(memory: Memory, _packed: GapPacked, vote: int, _close: float, features: Features) -> Signal:
    """Return the signal of a half-filled gap."""
    points = memory[POINTS] + (15.0 if features.trend == vote else 0.0)
    return signal_to(vote, 25.0, points, features, 0, int(memory[STOP_AT]), int(memory[TARGET_AT]))


def explain_gap(memory: Memory, packed: GapPacked, signal: Signal) -> str:
    """Say that a gap was filled to its middle, or how many are open."""
    if signal.vote:
        return (
            f"gap filled to its middle, stop {signal.stop} and target {signal.target} ticks "
            f"(base 25, trend {signal.trend:.0f})"
        )
    if memory[STRUCTURE + SEEN] < gap_warmup(packed):
        return f"fvg warming up, {memory[STRUCTURE + SEEN]:.0f} of {gap_warmup(packed)} candles"
    count = sum(memory[RINGS + index * GAP + LEFT] > 0.0 for index in range(2 * GAPS))
    return f"{count} gaps open, none filled to its middle"


FVG = Strategy(
    name="fvg",
    params=GapParams,
    size=gap_size,
    warmup=gap_warmup,
    step=gap_strategy_step,
    signal=gap_signal,
    explain=explain_gap,
)

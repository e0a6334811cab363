"""Liquidity sweep: enter when stops below equal lows were taken and the price closed back above.

Confidence: base 20; 15 when the trend of the swings goes with the trade, 15 when that of the means
does, 10 when the candle's body is more than half its range; volume and volatility as shared. The
mirrored setup above equal highs votes to sell with its own stop and target; on spot that only closes
a long position.
"""

from typing import NamedTuple

from pydantic import Field

from domain.decision import Signal
from domain.kernel import kernel
from reasoning.kernels.features import Features
from reasoning.kernels.indicators import Memory
from reasoning.kernels.levels import LEVELS_SIZE, sweep, touch
from reasoning.kernels.strategy import Strategy, StrategyParams, signal_to
from reasoning.kernels.structure import (
    NEW_HIGH,
    NEW_LOW,
    SEEN,
    TREND,
    aim,
    beyond,
    pays,
    structure_size,
    structure_step,
    structure_warmup,
)

STOP_AT, TARGET_AT, POINTS, BLOCKS = 0, 1, 2, 3
"""Memory: stop and target of the last vote (ticks), its points for trend and body, then the blocks."""


class SweepPacked(NamedTuple):
    """Liquidity sweep parameters as the kernels take them."""

    wing: int
    tolerance: float
    touches: int
    min_sweep: float
    patience: int
    stop_beyond: float
    target_multiple: float
    min_reward_risk: float


class SweepParams(StrategyParams):
    """Liquidity sweep parameters as a user sets them."""

    wing: int = Field(5, ge=1, le=50, description="bars on each side of a swing")
    tolerance: float = Field(0.001, gt=0, le=0.1, description="width of a level, as a fraction")
    touches: int = Field(2, ge=2, le=10, description="swings that make a level")
    min_sweep: float = Field(0.0, ge=0, le=0.1, description="least way beyond the level, as a fraction")
    patience: int = Field(3, ge=0, le=50, description="bars after the sweep in which a close may reclaim it")
    stop_beyond: float = Field(0.001, gt=0, le=0.1, description="stop beyond the sweep's end, as a fraction")
    target_multiple: float = Field(2.0, gt=0, le=20, description="target in risks where no swing lies beyond")
    min_reward_risk: float = Field(1.5, ge=0, le=20, description="least reward over risk, at the signal")

    def packed(self) -> SweepPacked:
        """Return the parameters as numbers."""
        return SweepPacked(
            self.wing,
            self.tolerance,
            self.touches,
            self.min_sweep,
            self.patience,
            self.stop_beyond,
            self.target_multiple,
            self.min_reward_risk,
        )


@kernel
def sweep_size(packed: SweepPacked) -> int:
    """Return the floats the memory needs."""
    return BLOCKS + 2 * LEVELS_SIZE + structure_size(packed[0])


@kernel
def sweep_warmup(packed: SweepPacked) -> int:
    """Return the candles before the first possible vote: two swings of one side, confirmed."""
    return structure_warmup(packed[0]) + packed[0] + 1


@kernel
def sweep_strategy_step(
    memory: Memory, packed: SweepPacked, opened: float, high: float, low: float, close: float, _volume: float
) -> int:
    """Take in one candle: levels known before it are swept first, then its swing may touch one.

    Memory: see STOP_AT and what follows; levels of lows, levels of highs, structure.
    """
    wing, tolerance, touches, min_sweep, patience, stop_beyond, multiple, least = packed
    lows, highs = BLOCKS, BLOCKS + LEVELS_SIZE
    structure = BLOCKS + 2 * LEVELS_SIZE
    under = sweep(memory, lows, 1, low, close, min_sweep, touches, patience)
    above = sweep(memory, highs, -1, high, close, min_sweep, touches, patience)
    structure_step(memory, structure, wing, high, low, close)
    number = memory[structure + SEEN]
    if memory[structure + NEW_LOW] > 0.0:
        touch(memory, lows, memory[structure + NEW_LOW], tolerance, number)
    if memory[structure + NEW_HIGH] > 0.0:
        touch(memory, highs, memory[structure + NEW_HIGH], tolerance, number)
    if (under > 0.0) == (above > 0.0):
        return 0
    side = 1 if under > 0.0 else -1
    stop = beyond(under if side > 0 else above, side, stop_beyond)
    target = aim(memory, structure, side, close, float(stop), multiple)
    if pays(side, close, float(stop), float(target), least) == 0 or number < sweep_warmup(packed):
        return 0
    memory[STOP_AT] = float(stop)
    memory[TARGET_AT] = float(target)
    body = 10.0 if 2.0 * abs(close - opened) > high - low else 0.0
    memory[POINTS] = body + (15.0 if memory[structure + TREND] == side else 0.0)
    return side


@kernel
def sweep_signal(
    memory: Memory, _packed: SweepPacked, vote: int, _close: float, features: Features
) -> Signal:
    """Return the signal of a reclaimed sweep."""
    points = memory[POINTS] + (15.0 if features.trend == vote else 0.0)
    return signal_to(vote, 20.0, points, features, 0, int(memory[STOP_AT]), int(memory[TARGET_AT]))


def explain_sweep(memory: Memory, packed: SweepPacked, signal: Signal) -> str:
    """Say what was swept, or that nothing was."""
    if signal.vote:
        where = "lows" if signal.vote > 0 else "highs"
        return (
            f"equal {where} swept and reclaimed, stop {signal.stop} and target {signal.target} ticks "
            f"(base 20, trend and body {signal.trend:.0f})"
        )
    value = memory[BLOCKS + 2 * LEVELS_SIZE + SEEN]
    if value < sweep_warmup(packed):
        return f"sweep warming up, {value:.0f} of {sweep_warmup(packed)} candles"
    return "no level swept and reclaimed"


SWEEP = Strategy(
    name="liquidity-sweep",
    params=SweepParams,
    size=sweep_size,
    warmup=sweep_warmup,
    step=sweep_strategy_step,
    signal=sweep_signal,
    explain=explain_sweep,
)

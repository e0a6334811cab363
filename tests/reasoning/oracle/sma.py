"""SMA crossover strategy: buy when the fast mean rises above the slow one, sell when it falls below.

Confidence: base 40; trend by how fast the means part: 20 points when their distance changed by 0.4 ATR
or more in the crossing candle, less in proportion (at the crossing itself the distance is near zero,
so its change is what tells a decided crossing from a graze); volume and volatility from the shared
features. The stop is a distance from the actual entry, 3 % by default.
"""

from typing import NamedTuple, Self

from pydantic import Field, model_validator

from domain.decision import Signal
from domain.kernel import kernel
from reasoning.kernels.features import Features
from reasoning.kernels.indicators import Memory, mean_size, mean_step
from reasoning.kernels.strategy import Indicator, Strategy, StrategyParams, signal_of


class SmaPacked(NamedTuple):
    """SMA parameters as the kernels take them."""

    fast: int
    slow: int
    stop_ppm: int


class SmaParams(StrategyParams):
    """SMA parameters as a user sets them."""

    fast: int = Field(20, ge=2, le=1_000, description="closes in the fast mean, in candles")
    slow: int = Field(50, ge=3, le=5_000, description="closes in the slow mean, in candles")
    stop_ppm: int = Field(30_000, ge=100, le=900_000, description="stop below the entry, parts per million")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.fast >= self.slow:
            raise ValueError(f"fast {self.fast} is not below slow {self.slow}")
        return self

    def packed(self) -> SmaPacked:
        """Return the parameters as numbers."""
        return SmaPacked(self.fast, self.slow, self.stop_ppm)


@kernel
def sma_size(packed: SmaPacked) -> int:
    """Return the floats the memory needs."""
    return 3 + mean_size(packed[0]) + mean_size(packed[1])


@kernel
def sma_warmup(packed: SmaPacked) -> int:
    """Return the candles before the first possible vote: a full slow mean and one to come from."""
    return packed[1] + 1


@kernel
def sma_strategy_step(
    memory: Memory,
    packed: SmaPacked,
    _opened: float,
    _high: float,
    _low: float,
    close: float,
    _volume: float,
) -> int:
    """Take in one close.

    Memory: 0 previous distance fast - slow, 1 distance, 2 slow mean (ticks), 3.. the slow mean's
    block (3 is the candles seen), then the fast mean's.
    """
    fast_n, slow_n, _ = packed
    before = memory[1]
    slow = mean_step(memory, 3, slow_n, close)
    fast = mean_step(memory, 3 + mean_size(slow_n), fast_n, close)
    value = memory[3]
    now = fast - slow if value >= slow_n else 0.0
    memory[0] = before
    memory[1] = now
    memory[2] = slow
    if value <= slow_n:
        return 0
    if before <= 0.0 < now:
        return 1
    return -1 if before >= 0.0 > now else 0


@kernel
def sma_signal(memory: Memory, packed: SmaPacked, vote: int, _close: float, features: Features) -> Signal:
    """Return the signal of a crossing: how fast the means part is its trend part."""
    trend = 0.0
    if features.atr > 0.0:
        trend = min(20.0, 50.0 * abs(memory[1] - memory[0]) / features.atr)
    return signal_of(vote, 40.0, trend, features, packed[2])


def explain_sma(memory: Memory, packed: SmaPacked, signal: Signal) -> str:
    """Say how far the fast mean stands from the slow one, in percent of the slow."""
    fast, slow = f"sma{packed.fast}", f"sma{packed.slow}"
    if signal.vote > 0:
        return f"{fast} crossed above {slow} by {_percent(memory)} %"
    if signal.vote < 0:
        return f"{fast} crossed below {slow} by {_percent(memory)} %"
    if memory[3] <= packed.slow:
        return f"{fast}/{slow} warming up, {memory[3]:.0f} of {packed.slow + 1} candles"
    if memory[1] == 0.0:
        return f"{fast} level with {slow}"
    return f"{fast} {_percent(memory)} % {'above' if memory[1] > 0.0 else 'below'} {slow}"


def _percent(memory: Memory) -> str:
    return f"{abs(memory[1]) / memory[2] * 100.0:.2g}"


def indicators_of_sma(memory: Memory, packed: SmaPacked) -> tuple[Indicator, ...]:
    """Return both means, once they are full."""
    if memory[3] < packed.slow:
        return ()
    return (
        Indicator(f"sma{packed.fast}", memory[2] + memory[1], on_price=True),
        Indicator(f"sma{packed.slow}", memory[2], on_price=True),
    )


SMA = Strategy(
    name="sma",
    params=SmaParams,
    size=sma_size,
    warmup=sma_warmup,
    step=sma_strategy_step,
    signal=sma_signal,
    explain=explain_sma,
    indicators=indicators_of_sma,
)

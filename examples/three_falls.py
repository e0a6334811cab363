"""Three falls: buy after three closes that each lie below the one before, sell after three that lie above."""

from typing import NamedTuple

from pydantic import Field

from domain.decision import Signal
from domain.kernel import kernel
from reasoning.kernels.features import Features
from reasoning.kernels.indicators import Memory
from reasoning.kernels.strategy import Strategy, StrategyParams, signal_of


class Packed(NamedTuple):
    """The parameters as plain numbers."""

    falls: int
    stop_ppm: int


class Params(StrategyParams):
    """The parameters as you set them, under [reasoning.custom.three-falls]."""

    falls: int = Field(3, ge=1, le=20, description="closes in a row that lie below the one before")
    stop_ppm: int = Field(30_000, ge=100, le=900_000, description="stop below the entry, parts per million")

    def packed(self) -> Packed:
        """Return them as numbers."""
        return Packed(self.falls, self.stop_ppm)


@kernel
def size(packed: Packed) -> int:
    """Return the floats of memory: the last close, and how many closes fell (below 0) or rose in a row."""
    return 2


@kernel
def warmup(packed: Packed) -> int:
    """Return the candles before the first possible vote."""
    return packed[0] + 1


@kernel
def step(
    memory: Memory, packed: Packed, opened: float, high: float, low: float, close: float, volume: float
) -> int:
    """Return +1 to buy, -1 to sell, 0 to say nothing."""
    last, run = memory[0], memory[1]
    if last > 0.0 and close < last:
        run = min(run, 0.0) - 1.0
    elif last > 0.0 and close > last:
        run = max(run, 0.0) + 1.0
    memory[0], memory[1] = close, run
    if run == -packed[0]:
        return 1
    return -1 if run == packed[0] else 0


@kernel
def signal(memory: Memory, packed: Packed, vote: int, close: float, features: Features) -> Signal:
    """Return the vote with a confidence: a base of 50, 20 more where the market's trend agrees."""
    return signal_of(vote, 50.0, 20.0 if features.trend == vote else 0.0, features, packed[1])


def explain(memory: Memory, packed: Packed, signal: Signal) -> str:
    """Return a part of a sentence about the last candle; `agent why` shows it."""
    return f"{abs(memory[1]):.0f} closes in a row {'fell' if memory[1] < 0 else 'rose'}"


THREE_FALLS = Strategy(
    name="three-falls", params=Params, size=size, warmup=warmup, step=step, signal=signal, explain=explain
)

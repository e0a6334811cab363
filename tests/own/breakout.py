"""A strategy of the old form, with kernels of its own: a breakout, as many users have one."""

TEXT = '''"""Breakout: a breakout of the highest high and the lowest low of the last candles (Donchian).

Run it:    agent backtest --strategy NAME --data FILE
Prove it:  agent lookahead NAME
Trade it:  reasoning.strategies = ["NAME"] in the configuration, parameters under
           [reasoning.custom.NAME]
"""

from typing import NamedTuple

from pydantic import Field

from domain.decision import Signal
from domain.kernel import kernel
from reasoning.kernels.features import Features
from reasoning.kernels.indicators import Memory
from reasoning.kernels.strategy import Strategy, StrategyParams, signal_of


class Packed(NamedTuple):
    """The parameters as plain numbers, for the kernels."""

    period: int
    stop_ppm: int


class Params(StrategyParams):
    """The parameters as you set them, each with its limits."""

    period: int = Field(20, ge=2, le=500, description="candles whose high and low must be passed")
    stop_ppm: int = Field(30_000, ge=100, le=900_000, description="stop below the entry, parts per million")

    def packed(self) -> Packed:
        return Packed(self.period, self.stop_ppm)


# Kernels: plain functions on numbers. The loop calls them as they are, a backtest compiles them, so they
# may use numbers, tuples, `memory`, if, for, while, min, max, abs and other kernels; no lists, no text.


@kernel
def size(packed: Packed) -> int:
    """Floats the memory needs: here a count, and rings of highs and lows. All are 0.0 at first."""
    return 1 + 2 * packed[0]


@kernel
def warmup(packed: Packed) -> int:
    """Candles before the first possible vote."""
    return packed[0] + 1


@kernel
def step(
    memory: Memory, packed: Packed, opened: float, high: float, low: float, close: float, volume: float
) -> int:
    """See one closed candle (prices in ticks): +1 to buy, -1 to sell, 0 to say nothing.

    What is not in `memory` is forgotten: so no step can look ahead.
    """
    period = packed[0]
    seen = int(memory[0])
    vote = 0
    if seen >= period:
        highest = 0.0
        lowest = 1e300
        for place in range(period):
            highest = max(highest, memory[1 + place])
            lowest = min(lowest, memory[1 + period + place])
        if close > highest:
            vote = 1
        elif close < lowest:
            vote = -1
    memory[1 + seen % period] = high
    memory[1 + period + seen % period] = low
    memory[0] = seen + 1.0
    return vote


@kernel
def signal(memory: Memory, packed: Packed, vote: int, close: float, features: Features) -> Signal:
    """Asked after a vote: a base of 40, up to 20 for the trend; volume and volatility are added to it."""
    return signal_of(vote, 40.0, 20.0 if features.trend == vote else 0.0, features, packed[1])


def explain(memory: Memory, packed: Packed, signal: Signal) -> str:
    """Say in words what the last candle meant; `agent why` shows it."""
    if signal.vote:
        return f"close broke the {'high' if signal.vote > 0 else 'low'} of {packed.period} candles"
    return f"close inside the range of {packed.period} candles"


STRATEGY = Strategy(
    name="NAME", params=Params, size=size, warmup=warmup, step=step, signal=signal, explain=explain
)
'''


def breakout(name: str) -> str:
    """Return the file under a name such as `my-breakout`."""
    return TEXT.replace("NAME", name)

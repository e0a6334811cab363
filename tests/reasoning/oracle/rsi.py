"""RSI strategy: buy when Wilder's RSI falls below its lower line, sell when it rises above its upper.

Confidence: base 40; trend 2 points for each RSI point beyond the line, at most 20; volume and
volatility from the shared features. The stop is a distance from the actual entry, 3 % by default.
"""

from typing import NamedTuple, Self

from pydantic import Field, model_validator

from domain.decision import Signal
from domain.kernel import kernel
from reasoning.kernels.features import Features
from reasoning.kernels.indicators import RSI_SIZE, Memory, rsi_step
from reasoning.kernels.strategy import Indicator, Strategy, StrategyParams, signal_of


class RsiPacked(NamedTuple):
    """RSI parameters as the kernels take them."""

    period: int
    lower: float
    upper: float
    stop_ppm: int


class RsiParams(StrategyParams):
    """RSI parameters as a user sets them."""

    period: int = Field(14, ge=2, le=500, description="changes of the close the RSI averages over")
    lower: float = Field(30.0, ge=1, le=99, description="buy when the RSI crosses below this")
    upper: float = Field(70.0, ge=1, le=99, description="sell when the RSI crosses above this")
    stop_ppm: int = Field(30_000, ge=100, le=900_000, description="stop below the entry, parts per million")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.lower >= self.upper:
            raise ValueError(f"lower {self.lower} is not below upper {self.upper}")
        return self

    def packed(self) -> RsiPacked:
        """Return the parameters as numbers."""
        return RsiPacked(self.period, self.lower, self.upper, self.stop_ppm)


@kernel
def rsi_size(_packed: RsiPacked) -> int:
    """Return the floats the memory needs."""
    return 2 + RSI_SIZE


@kernel
def rsi_warmup(packed: RsiPacked) -> int:
    """Return the candles before the first possible vote: `period` changes and one RSI to come from."""
    return packed[0] + 2


@kernel
def rsi_strategy_step(
    memory: Memory,
    packed: RsiPacked,
    _opened: float,
    _high: float,
    _low: float,
    close: float,
    _volume: float,
) -> int:
    """Take in one close. Memory: 0 previous RSI, 1 RSI, 2.. the RSI block (2 is the candles seen)."""
    period, lower, upper, _ = packed
    before = memory[1]
    now = rsi_step(memory, 2, period, close)
    memory[0] = before
    memory[1] = now
    if memory[2] < period + 2:
        return 0
    if before >= lower > now:
        return 1
    return -1 if before <= upper < now else 0


@kernel
def rsi_signal(memory: Memory, packed: RsiPacked, vote: int, _close: float, features: Features) -> Signal:
    """Return the signal of a crossing: its depth beyond the line is its trend part."""
    _, lower, upper, stop_ppm = packed
    depth = lower - memory[1] if vote > 0 else memory[1] - upper
    trend = 2.0 * depth if depth < 10.0 else 20.0
    return signal_of(vote, 40.0, trend, features, stop_ppm)


def explain_rsi(memory: Memory, packed: RsiPacked, signal: Signal) -> str:
    """Say where the RSI stands and where it came from."""
    before, now = memory[0], memory[1]
    if signal.vote > 0:
        return f"rsi {now:.1f} crossed below {packed.lower:g} from {before:.1f}"
    if signal.vote < 0:
        return f"rsi {now:.1f} crossed above {packed.upper:g} from {before:.1f}"
    if memory[2] < packed.period + 2:
        return f"rsi warming up, {memory[2]:.0f} of {packed.period + 2} candles"
    if now < packed.lower:
        return f"rsi {now:.1f} still below {packed.lower:g}"
    if now > packed.upper:
        return f"rsi {now:.1f} still above {packed.upper:g}"
    return f"rsi {now:.1f} inside {packed.lower:g}-{packed.upper:g}"


def indicators_of_rsi(memory: Memory, packed: RsiPacked) -> tuple[Indicator, ...]:
    """Return the RSI between the lines it votes at, once it is known."""
    if memory[2] <= packed.period:
        return ()
    return (
        Indicator("rsi", memory[1], on_price=False),
        Indicator("rsi lower", packed.lower, on_price=False),
        Indicator("rsi upper", packed.upper, on_price=False),
    )


RSI = Strategy(
    name="rsi",
    params=RsiParams,
    size=rsi_size,
    warmup=rsi_warmup,
    step=rsi_strategy_step,
    signal=rsi_signal,
    explain=explain_rsi,
    indicators=indicators_of_rsi,
)

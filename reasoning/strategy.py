"""The shape of a strategy: parameters, a flat memory, and a step that sees one closed candle at a time.

A step cannot look ahead: all it ever gets is the newest closed candle, the shared features of that
candle and what it wrote into its own memory before. The same step runs in the loop and, compiled, in
a backtest, so it returns numbers; `explain` turns them into words afterwards.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from domain.decision import Signal
from domain.kernel import kernel
from reasoning.features import Features
from reasoning.indicators import Memory

PackedT = TypeVar("PackedT", bound=tuple[Any, ...])
PackedT_contra = TypeVar("PackedT_contra", bound=tuple[Any, ...], contravariant=True)


class StrategyParams(BaseModel, ABC):
    """What a user may set for a strategy; `packed` is the same as plain numbers for its kernels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def packed(self) -> tuple[Any, ...]:
        """Return the parameters as a NamedTuple of numbers."""


class Step(Protocol[PackedT_contra]):
    """A step kernel: take in one closed candle (prices in ticks), return what it says about it."""

    def __call__(
        self,
        memory: Memory,
        packed: PackedT_contra,
        features: Features,
        opened: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        /,
    ) -> Signal:
        """Change `memory`, return the signal; no vote before `warmup` candles."""
        ...


@dataclass(frozen=True)
class Strategy(Generic[PackedT]):
    """One strategy: its name, parameters and kernels.

    `size` is the floats its memory needs (all zeros before the first candle), `warmup` the candles
    after which it can vote, `explain` a sentence part about the candle last taken in.
    """

    name: str
    params: type[StrategyParams]
    size: Callable[[PackedT], int]
    warmup: Callable[[PackedT], int]
    step: Step[PackedT]
    explain: Callable[[Memory, PackedT, Signal], str]


QUIET = Signal(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0)
"""What a strategy says when it has nothing to say."""


@kernel
def signal_of(vote: int, base: float, trend: float, features: Features, stop_ppm: int) -> Signal:
    """Return a signal whose confidence is base + trend + shared parts, at most 100; all 0 for no vote.

    `stop_ppm` is the stop's distance from the actual entry; no absolute stop or target.
    """
    if vote == 0:
        return Signal(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0)
    total = base + trend + features.volume + features.volatility
    confidence = min(100.0, total)
    return Signal(vote, confidence, base, trend, features.volume, features.volatility, stop_ppm, 0, 0)

"""Settings of the room: which strategies speak, how they are tuned, and how many must agree."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from reasoning.blocks import BlockParams
from reasoning.gaps import GapParams
from reasoning.rsi import RsiParams
from reasoning.sentiment import SentimentSettings
from reasoning.sma import SmaParams
from reasoning.strategies import STRATEGIES
from reasoning.strategy import StrategyParams
from reasoning.sweep import SweepParams


class ReasoningSettings(BaseModel):
    """How the agent reasons. Each built-in strategy has its parameters in the field of its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategies: tuple[str, ...] = Field(("rsi", "sma"), description="strategies that have a voice")
    vote_threshold: float = Field(30.0, gt=0, le=100, description="smallest size of the score that acts")
    rsi: RsiParams = Field(default_factory=RsiParams, description="the RSI strategy")
    sma: SmaParams = Field(default_factory=SmaParams, description="the SMA crossover strategy")
    liquidity_sweep: SweepParams = Field(
        default_factory=SweepParams, description="the liquidity sweep strategy"
    )
    bos_order_block: BlockParams = Field(default_factory=BlockParams, description="the order block strategy")
    fvg: GapParams = Field(default_factory=GapParams, description="the fair value gap strategy")
    sentiment: SentimentSettings = Field(
        default_factory=SentimentSettings, description="the voice of the headlines"
    )

    @field_validator("strategies")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = ", ".join(STRATEGIES)
        if not names:
            raise ValueError(f"no strategy named; known: {known}")
        for name in names:
            if name not in STRATEGIES:
                raise ValueError(f"unknown strategy {name!r}; known: {known}")
        if len(set(names)) < len(names):
            raise ValueError(f"strategy named twice in {', '.join(names)}")
        return names

    def packed(self, name: str) -> tuple[Any, ...]:
        """Return a strategy's parameters as the numbers its kernels take."""
        params: StrategyParams = getattr(self, name.replace("-", "_"))
        return params.packed()

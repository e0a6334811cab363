"""The settings of learning."""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class Hedge(NamedTuple):
    """The parameters of Hedge, by which lessons move weights, as numbers."""

    enabled: int
    rate: float
    full_result: float
    floor: float
    ceiling: float
    min_evidence: int


class LearningSettings(BaseModel):
    """The learning of voices' weights from lessons, and the time vetoed entries are watched."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(
        default=True,
        description="learn from outcomes; off, every voice keeps its weight and no veto is watched",
    )
    rate: float = Field(
        default=0.3, gt=0, le=2, description="Hedge's learning rate: how far one trade moves a weight"
    )
    full_result: float = Field(
        default=0.03,
        gt=0,
        le=1,
        description="return after costs at which a voice counts as wholly right or wrong (0.03 is 3 %)",
    )
    floor: float = Field(default=0.25, gt=0, le=1, description="lowest weight a voice can sink to")
    ceiling: float = Field(default=4.0, ge=1, le=100, description="highest weight a voice can rise to")
    min_evidence: int = Field(
        default=5, ge=1, le=1000, description="trades a voice must have spoken in before its weight leaves 1"
    )
    veto_horizon_candles: int = Field(
        default=60, ge=1, le=100_000, description="closed candles after which a vetoed entry is settled"
    )
    max_pending: int = Field(
        default=200,
        ge=1,
        le=10_000,
        description="vetoed entries watched at once; beyond it the oldest are dropped",
    )

    def packed(self) -> Hedge:
        """Return what moves weights as numbers."""
        return Hedge(
            int(self.enabled), self.rate, self.full_result, self.floor, self.ceiling, self.min_evidence
        )

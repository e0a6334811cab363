"""Settings of the order protocol: how often books are compared and when a person is called."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.money import MAX_AMOUNT

Money = Annotated[Decimal, Field(gt=0, le=MAX_AMOUNT, decimal_places=8, allow_inf_nan=False)]


class OrderSettings(BaseModel):
    """The watch over orders at a real venue; the paper exchange lives with the agent and needs none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reconcile_seconds: float = Field(
        30.0, ge=1, le=3600, description="pause between two comparisons of the journal with the venue"
    )
    operator_minutes: float = Field(
        15.0, gt=0, le=1440, description="how long an order may stay unknown before it needs an operator"
    )
    flatten_seconds: float = Field(
        5.0, ge=1, le=120, description="longest an emergency stop goes on trying; then it says what is left"
    )
    cash: Money | None = Field(
        None, description="most of the quote asset the agent may use, in quote; null for all that is there"
    )

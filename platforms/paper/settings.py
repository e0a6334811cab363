"""The settings of the paper exchange."""

from collections.abc import Iterable
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from domain.errors import BadInput
from domain.instrument import Instrument
from domain.money import DECIMALS, MAX_AMOUNT, PPM, to_cash
from platforms.fills import Costs

MOST = Decimal("0.1")
"""Largest fee, slippage or spread: up to here the fill kernels cannot wrap in 64 bits."""


class PaperSettings(BaseModel):
    """The paper exchange: opening cash in the quote asset, costs as fractions (at most six decimals)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cash: Decimal = Field(
        default=Decimal(10_000),
        gt=0,
        le=MAX_AMOUNT,
        decimal_places=8,
        description="opening cash of a new account, in the quote asset",
    )
    maker_fee: Decimal = Field(
        default=Decimal("0.00025"),
        ge=0,
        le=MOST,
        decimal_places=6,
        description="fee of a resting limit order, as a fraction of the notional",
    )
    taker_fee: Decimal = Field(
        default=Decimal("0.0006"),
        ge=0,
        le=MOST,
        decimal_places=6,
        description="fee of every other fill, as a fraction of the notional",
    )
    slippage: Decimal = Field(
        default=Decimal("0.001"),
        ge=0,
        le=MOST,
        decimal_places=6,
        description="how far beyond the touch a market order fills; half of it for limit orders",
    )
    spread: Decimal = Field(
        default=Decimal("0.0005"),
        ge=0,
        le=MOST,
        decimal_places=6,
        description="bid to ask, of which a taker pays half",
    )
    participation: Decimal = Field(
        default=MOST,
        gt=0,
        le=1,
        decimal_places=6,
        description="share of a candle's base volume that resting limit orders of a symbol may take",
    )

    def opening_cash(self, instruments: Iterable[Instrument]) -> int:
        """Return the opening cash in cash units of the instruments' quote. Raises BadInput beyond them."""
        try:
            return to_cash(self.cash, next((each.cash_decimals for each in instruments), DECIMALS))
        except ValueError as error:
            raise BadInput(f"paper.cash: {error}") from None

    def costs(self) -> Costs:
        """Return the costs as the kernels take them, in parts per million."""
        return Costs(
            maker_fee=int(self.maker_fee * PPM),
            taker_fee=int(self.taker_fee * PPM),
            slippage=int(self.slippage * PPM),
            spread=int(self.spread * PPM),
            participation=int(self.participation * PPM),
        )

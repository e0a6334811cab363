"""The settings of how entries are ordered."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.impact import Impact, Impacts
from domain.money import PPM
from risk.amounts import Fraction
from risk.entry_orders import AUTO, LIMIT, MARKET, EntryOrders
from risk.of_numbers import NumberSection

KINDS = {"market": MARKET, "limit": LIMIT, "auto": AUTO}
MOST_SLICES = 20

Number = Annotated[float, Field(ge=0, lt=1_000_000, allow_inf_nan=False)]
Part = Annotated[Decimal, Fraction, Field(ge=0, le=1, decimal_places=6, allow_inf_nan=False)]
Worst = Annotated[Decimal, Fraction, Field(gt=0, le=Decimal("0.1"), decimal_places=6, allow_inf_nan=False)]


class SlippageLaw(NumberSection):
    """The numbers of a symbol's slippage model: cost = range * (base + growth * sqrt(share of volume))."""

    base: Number = Field(description="share of the range that the smallest order pays")
    growth: Number = Field(description="share of the range by the root of the share of volume")


class EntrySettings(NumberSection):
    """The order of an entry: at the market, within a price, or as predicted slippage says."""

    order: Literal["market", "limit", "auto"] = Field(
        "market",
        description="market; limit: immediate or cancel, at most `worst` above the quote; auto: market where "
        "little slippage is predicted, else as limit, in slices where those pay less",
    )
    worst: Worst = Field(
        Decimal("0.002"), description="limit and auto: most a limit lies above the quote, as a fraction of it"
    )
    most_of_stop: Part = Field(
        Decimal("0.1"),
        description="auto: most of the way to the stop that the predicted slippage of a market order may "
        "take, as a fraction",
    )
    slices: int = Field(
        1, ge=1, le=MOST_SLICES, description="auto: most slices of an entry, one a cycle; 1 for none"
    )
    model: str | None = Field(
        None,
        max_length=4096,
        description="auto: slippage model whose numbers the session takes, NAME, NAME:VERSION or a file",
    )
    laws: dict[str, SlippageLaw] = Field(
        {}, description="auto: the numbers of each symbol, as taken from model or as given here"
    )

    @model_validator(mode="after")
    def _auto_needs_numbers(self) -> Self:
        if self.order == "auto" and self.model is None and not self.laws:
            raise ValueError(
                "order auto goes by a slippage model: name one (model = 'fills', made by agent slippage fit) "
                "or give a symbol's numbers ([entries.laws.BTC-USDT] base = ..., growth = ...)"
            )
        if self.order != "auto" and self.slices > 1:
            raise ValueError(f"slices {self.slices} is of order auto, order is {self.order}; set slices = 1")
        return self

    @property
    def impacts(self) -> Impacts:
        """The laws in force, by symbol."""
        return {name: Impact(law.base, law.growth) for name, law in self.laws.items()} if self.auto else {}

    @property
    def auto(self) -> bool:
        """True where the law of slippage chooses."""
        return self.order == "auto"

    @property
    def worst_ppm(self) -> int:
        """How far above its quote an entry may pay at most, 0 where at the market."""
        return 0 if self.order == "market" else int(self.worst * PPM)

    def pack(self, configured_ppm: int) -> EntryOrders:
        """Return them as numbers; `configured_ppm` is half the spread and the slippage of the settings."""
        return EntryOrders(
            kind=KINDS[self.order],
            worst_ppm=self.worst_ppm,
            stop_share_ppm=int(self.most_of_stop * PPM),
            slices=self.slices,
            configured_ppm=configured_ppm,
        )

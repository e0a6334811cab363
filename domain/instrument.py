"""An instrument and its grid: the edge between decimals and the integers kernels use."""

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from functools import cached_property

import msgspec

from domain.money import DECIMALS
from domain.symbols import DOLLARS

_PAIRS: dict[str, tuple[str, str]] = {
    "BTC": ("0.01", "0.00001"),
    "ETH": ("0.01", "0.0001"),
    "BNB": ("0.0001", "0.001"),
    "SOL": ("0.0001", "0.001"),
    "LTC": ("0.01", "0.001"),
    "XRP": ("0.00001", "0.1"),
    "ADA": ("0.00001", "0.1"),
    "DOGE": ("0.0000001", "1"),
}
ABOUT_A_DOLLAR = frozenset({*DOLLARS, "USD", "EUR", "GBP"})
"""Quotes worth about a dollar."""
MOST_COARSENED = 10
_PAIR = ("0.0001", "0.001")


def pair_grid(base: str) -> tuple[Decimal, Decimal]:
    """Return the tick and the step of a crypto pair by its base asset; careful ones where it is not known.

    Ticks are the finest Binance has used for the pair since 2017, so that recorded history lies on the
    grid.
    """
    tick, step = _PAIRS.get(base, _PAIR)
    return Decimal(tick), Decimal(step)


def has_pair_grid(base: str, quote: str) -> bool:
    """Tell whether a pair's grid is known: that of a base asset is one in money, not in another coin."""
    return base in _PAIRS and quote in ABOUT_A_DOLLAR


def fitting_step(tick: Decimal, step: Decimal, cash_decimals: int) -> Decimal:
    """Return the smallest of 1, 10, 100 ... steps of which, at one tick, one is worth whole cash units.

    A lot of BTTC is 0.1 of it at the exchange, worth 1e-9 USDT at one tick: counted are lots of 1. Where no
    such step is found within ten decimals the step is returned as it is.
    """
    for power in range(MOST_COARSENED):
        coarse = step.scaleb(power)
        worth = (tick * coarse).scaleb(cash_decimals)
        if worth >= 1 and worth == worth.to_integral_value():
            return coarse
    return step


class Instrument(msgspec.Struct, frozen=True, dict=True):
    """A tradable symbol with its price and quantity grid.

    `tick_size` is the smallest price step, `step_size` the smallest quantity step (one lot),
    both in decimal units. `cash_decimals` are those of the account's cash unit (money.cash_decimals of
    the quote; 8 where a journal does not say). `order_step` and `order_tick` are what orders must be
    multiples of where the exchange's own grid is coarser than what is counted on. Raises ValueError when a
    tick times a lot is not a whole number of cash units.
    """

    symbol: str
    base: str
    quote: str
    tick_size: Decimal
    step_size: Decimal
    min_quantity: Decimal
    min_notional: Decimal
    asset_class: str = "crypto"
    cash_decimals: int = DECIMALS
    order_step: Decimal | None = None
    order_tick: Decimal | None = None

    def __post_init__(self) -> None:
        if self.tick_size <= 0 or self.step_size <= 0:
            raise ValueError(f"{self.symbol}: tick size and step size must be above 0")
        factor = (self.tick_size * self.step_size).scaleb(self.cash_decimals)
        if factor != factor.to_integral_value() or factor < 1:
            raise ValueError(
                f"{self.symbol}: tick size {self.tick_size} times step size {self.step_size} "
                f"is not a multiple of {self.cash_unit:f} {self.quote}"
            )

    @cached_property
    def cash_unit(self) -> Decimal:
        """The smallest amount of the quote currency that is counted."""
        return Decimal(1).scaleb(-self.cash_decimals)

    @cached_property
    def cash_factor(self) -> int:
        """Cash units in one tick times one lot."""
        return int((self.tick_size * self.step_size).scaleb(self.cash_decimals))

    @cached_property
    def tick(self) -> float:
        """Tick size as a float, for indicators and reading."""
        return float(self.tick_size)

    @cached_property
    def min_lots(self) -> int:
        """Smallest quantity in lots."""
        return self.lots(self.min_quantity)

    def sendable(self, lots: int) -> int:
        """Return the most of some lots that an order may be for."""
        if self.order_step is None:
            return lots
        return self.lots(self.quantity(lots) // self.order_step * self.order_step)

    def level(self, ticks: int) -> int:
        """Return a level an order may carry: the next above that lies on the exchange's grid."""
        if self.order_tick is None:
            return ticks
        count = (self.price(ticks) / self.order_tick).to_integral_value(ROUND_CEILING)
        return self.ticks(count * self.order_tick)

    def below(self, ticks: int) -> int:
        """Return the next price at or below some ticks that lies on the exchange's grid."""
        if self.order_tick is None:
            return ticks
        return self.ticks((self.price(ticks) // self.order_tick) * self.order_tick)

    def stop_level(self, ticks: int, mark: int | None) -> int:
        """Return the level of a stop to sell: above, or below where above would set it off at `mark`."""
        above = self.level(ticks)
        if self.order_tick is None or mark is None or above < mark or ticks >= mark:
            return above
        return self.ticks(
            (self.price(ticks) / self.order_tick).to_integral_value(ROUND_DOWN) * self.order_tick
        )

    @cached_property
    def min_cash(self) -> int:
        """Smallest notional in cash units."""
        return int(self.min_notional.scaleb(self.cash_decimals))

    def ticks(self, price: Decimal | str) -> int:
        """Round a decimal price to the nearest tick."""
        steps = (Decimal(price) / self.tick_size).quantize(Decimal(1), ROUND_HALF_EVEN)
        return int(steps)

    def lots(self, quantity: Decimal | str) -> int:
        """Round a decimal quantity down to whole lots."""
        return int((Decimal(quantity) / self.step_size).quantize(Decimal(1), ROUND_DOWN))

    def price(self, ticks: int) -> Decimal:
        """Turn ticks into a decimal price."""
        return self.tick_size * ticks

    def quantity(self, lots: int) -> Decimal:
        """Turn lots into a decimal quantity."""
        return self.step_size * lots

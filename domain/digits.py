"""The grid that prices themselves tell: their digits, and what rounding them to ticks loses."""

from collections.abc import Sequence
from decimal import Decimal
from math import inf

from domain.instrument import fitting_step

SIGNIFICANT = 8
"""Significant digits believed of the lowest price: what lies behind them is noise of a float."""
MOST_DECIMALS = 12
MOST_LOST = 0.0005
"""Share of a price that rounding to ticks may lose on average: a quarter of what a trade costs one way."""


def decimals_of(price: float) -> int:
    """Return how many decimals a price has, as it would be written."""
    exponent = Decimal(repr(price)).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def tick_of(prices: Sequence[float]) -> Decimal:
    """Return the largest power of ten, 1 at most, on which prices above 0 lie, to eight digits of the lowest.

    Raises ValueError without a price.
    """
    lowest = min(prices, default=0.0)
    if not lowest > 0:
        raise ValueError("there is no price above 0 to tell a tick by")
    places = SIGNIFICANT - 1 - Decimal(lowest).adjusted()
    decimals = min(max(map(decimals_of, prices)), max(places, 0), MOST_DECIMALS)
    return Decimal(1).scaleb(-decimals)


def step_of(prices: Sequence[float], least: Decimal, tick: Decimal, cash_decimals: int) -> Decimal:
    """Return a lot worth a tenth of the smallest order at the middle price, 1 at most and a power of ten.

    It is coarser where the cash unit asks for it.
    """
    middle = Decimal(sorted(prices)[len(prices) // 2])
    power = (least / 10 / middle).adjusted()
    return fitting_step(tick, Decimal(1).scaleb(min(power, 0)), cash_decimals)


def lost(prices: Sequence[float], tick: float) -> float:
    """Return the share of a price that rounding to ticks loses, on average over prices above 0; 0 of none."""
    shares = [abs(price - round(price / tick) * tick) / price for price in prices if 0 < price < inf]
    return sum(shares) / len(shares) if shares else 0.0

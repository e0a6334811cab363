"""Integer money: price in ticks, quantity in lots, cash in cash units of the quote currency.

A cash unit is 1e-8 of a currency that money is counted in, and 1e-12 of a coin that serves as a quote:
a tick of 0.000001 BTC times a lot of 0.001 ETH is 1e-9 BTC. One tick times one lot of an instrument is
`cash_factor` cash units, a whole number, so cash adds up exactly over instruments of one quote. Rounding
is always against us: fees up, quantities down.
"""

from decimal import Decimal

from domain.kernel import kernel, primitive

DECIMALS = 8
"""Decimals of a cash unit, and of the smallest amount of any asset the exchange tells."""
COIN_DECIMALS = 12
COINS = frozenset({"BTC", "ETH", "BNB"})
"""Quote currencies worth so much that their pairs have grids finer than 1e-8."""
ASSET_SCALE = 10**DECIMALS
PPM = 1_000_000
MAX_CASH = 4 * 10**18
"""Largest notional in cash units (40 billion USDT, 4 million BTC): beyond it 64-bit kernels would wrap."""
MAX_AMOUNT = MAX_CASH // ASSET_SCALE
"""Largest amount a setting may name, in the quote currency."""


def cash_decimals(quote: str) -> int:
    """Return how many decimals a cash unit of a quote currency has."""
    return COIN_DECIMALS if quote in COINS else DECIMALS


@kernel
def notional(price: int, lots: int, cash_factor: int) -> int:
    """Value in cash units of `lots` at `price` ticks."""
    return price * lots * cash_factor


@primitive
def quotient(amount: int, by: int) -> int:
    """Return how often a number above 0 goes into a non-negative amount.

    Machine code may take both for numbers without a sign: half the steps of `//`, which rounds down.
    """
    return amount // by


@kernel
def share_up(amount: int, ppm: int) -> int:
    """Return `ppm` parts per million of a non-negative amount, rounded up, without overflow."""
    whole = quotient(amount, 1_000_000)
    rest = amount - whole * 1_000_000
    return whole * ppm + quotient(rest * ppm + 999_999, 1_000_000)


@kernel
def share_down(amount: int, ppm: int) -> int:
    """Return `ppm` parts per million of a non-negative amount, rounded down, without overflow."""
    whole = quotient(amount, 1_000_000)
    rest = amount - whole * 1_000_000
    return whole * ppm + quotient(rest * ppm, 1_000_000)


def to_cash(amount: Decimal | int | str, decimals: int = DECIMALS) -> int:
    """Turn a quote amount into cash units of so many decimals, exactly.

    Raises ValueError when the amount has more decimals or exceeds the largest notional.
    """
    units = Decimal(amount).scaleb(decimals)
    if units != units.to_integral_value():
        raise ValueError(f"amount {amount} has more than {decimals} decimals")
    if abs(units) > MAX_CASH:
        raise ValueError(f"amount {amount} exceeds the largest notional {from_cash(MAX_CASH, decimals):f}")
    return int(units)


def from_cash(units: int, decimals: int = DECIMALS) -> Decimal:
    """Turn cash units of so many decimals into a quote amount, exactly."""
    return Decimal(units).scaleb(-decimals)


def asset_text(units: int) -> str:
    """Return 1e-8 of an asset as a decimal text with all its digits."""
    return f"{from_cash(units):f}"


def cash_text(units: int, decimals: int = DECIMALS) -> str:
    """Return cash units as an exact decimal text without trailing zeros."""
    return f"{from_cash(units, decimals).normalize():f}"


def show_cash(units: int, decimals: int = DECIMALS) -> str:
    """Format cash units for people: rounded to two decimals, to six of a coin."""
    places = 2 if decimals == DECIMALS else 6
    return f"{from_cash(units, decimals):,.{places}f}"

"""Integer money: price in ticks, quantity in lots, cash in units of 1e-8 quote.

One tick times one lot of an instrument is `cash_factor` cash units, a whole number, so cash adds
up exactly over instruments. Rounding is always against us: fees up, quantities down.
"""

from decimal import Decimal

from domain.kernel import kernel

CASH_UNIT = Decimal("0.00000001")
CASH_SCALE = 100_000_000
PPM = 1_000_000
MAX_CASH = 4 * 10**18
"""Largest notional in cash units (40 billion quote): beyond it 64-bit kernels would wrap, so refuse it."""


@kernel
def notional(price: int, lots: int, cash_factor: int) -> int:
    """Value in cash units of `lots` at `price` ticks."""
    return price * lots * cash_factor


@kernel
def share_up(amount: int, ppm: int) -> int:
    """Return `ppm` parts per million of a non-negative amount, rounded up, without overflow."""
    whole = amount // 1_000_000
    rest = amount - whole * 1_000_000
    return whole * ppm + (rest * ppm + 999_999) // 1_000_000


@kernel
def share_down(amount: int, ppm: int) -> int:
    """Return `ppm` parts per million of a non-negative amount, rounded down, without overflow."""
    whole = amount // 1_000_000
    rest = amount - whole * 1_000_000
    return whole * ppm + (rest * ppm) // 1_000_000


def to_cash(amount: Decimal | int | str) -> int:
    """Turn a quote amount into cash units, exactly.

    Raises ValueError when the amount has more than eight decimals or exceeds the largest notional.
    """
    units = Decimal(amount) / CASH_UNIT
    if units != units.to_integral_value():
        raise ValueError(f"amount {amount} has more than 8 decimals")
    if abs(units) > MAX_CASH:
        raise ValueError(f"amount {amount} exceeds the largest notional {from_cash(MAX_CASH)}")
    return int(units)


def from_cash(units: int) -> Decimal:
    """Turn cash units into a quote amount, exactly."""
    return Decimal(units) * CASH_UNIT


def show_cash(units: int, places: int = 2) -> str:
    """Format cash units for people, rounded to `places` decimals."""
    return f"{from_cash(units):,.{places}f}"

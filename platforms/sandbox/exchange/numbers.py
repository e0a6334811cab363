"""Decimals on the exchange's grid of eight places."""

from decimal import ROUND_DOWN, Decimal

EIGHT = Decimal("0.00000001")
ZERO = Decimal(0)


def down(value: Decimal, step: Decimal = EIGHT) -> Decimal:
    """Round down to a multiple of `step`."""
    return (value / step).to_integral_value(ROUND_DOWN) * step


def plain(value: Decimal) -> str:
    """Return a decimal as Binance writes it: fixed point, eight places."""
    return f"{value:.8f}"

"""Amounts, shares, instants and spans, short enough for a phone."""

from datetime import datetime
from decimal import Decimal

CENT = Decimal("0.01")


def money(text: str | None, quote: str | None = None, *, signed: bool = False) -> str:
    """Return an amount rounded to two decimals; one below 1 keeps its first digits."""
    if text is None:
        return "?"
    value = Decimal(text)
    rounded = value.quantize(CENT) if abs(value) >= 1 or not value else value.quantize(_first_digits(value))
    number = f"{rounded:{'+' if signed and value else ''},f}"
    return f"{number} {quote}" if quote else number


def _first_digits(value: Decimal) -> Decimal:
    return Decimal(1).scaleb(max(min(-2, value.adjusted() - 3), -12))


def share(value: float | None, *, signed: bool = False) -> str:
    """Return a fraction of 1 in per cent."""
    return "?" if value is None else f"{value:{'+' if signed else ''}.2%}"


def rate(wins: int, trades: int) -> str:
    """Return a win rate, with what it rests on."""
    return f"{wins} of {trades} won" + (f" ({wins / trades:.0%})" if trades else "")


def clock(at: datetime | None) -> str:
    """Return an instant as a time of day; the date is told where it matters."""
    return "never" if at is None else f"{at:%H:%M:%S}"


def stamp(at: datetime | None) -> str:
    """Return an instant with its date, to the minute."""
    return "never" if at is None else f"{at:%m-%d %H:%M}"


def span(seconds: float) -> str:
    """Return a span in its two largest units."""
    whole = int(max(seconds, 0))
    for size, unit, below, small in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // below} {small}"
    return f"{whole} s"

"""Words, numbers and tables of the report; every text is escaped unless it is Markup."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from domain.times import utc
from research.report.templates import part

NONE = "n/a"
MINUS = "\N{MINUS SIGN}"


Cell = str | Markup


def note(text: str) -> Markup:
    """Return a line of explanation."""
    return part("note", text)


def table(head: Sequence[Cell], rows: Iterable[Sequence[Cell]], kind: str = "") -> Markup:
    """Return a table that scrolls inside its card: a column of names, then numbers.

    The last cell of a short row spans the columns that are left.
    """
    return part("table", head, list(rows), kind)


def coloured(text: str, value: float | None) -> Markup:
    """Return a figure in the colour of a gain or a loss; its sign says the same."""
    return part("coloured", text, value)


def percent(value: float | None, places: int = 2, *, signed: bool = False) -> str:
    """Format a fraction of 1."""
    return number(None if value is None else value * 100, places, signed=signed, unit=" %")


def number(value: float | None, places: int = 2, *, signed: bool = False, unit: str = "") -> str:
    """Format a number with thousands separated and the minus of numbers; a rounded zero has no sign."""
    if value is None:
        return NONE
    if round(value, places) == 0:
        return f"{0:.{places}f}{unit}"
    return f"{value:{'+' if signed else ''},.{places}f}{unit}".replace("-", MINUS)


def span(hours: float | None) -> str:
    """Format a length of time."""
    if hours is None:
        return NONE
    return (
        f"{hours * 60:.0f} min" if hours < 2 else f"{hours:.1f} h" if hours < 72 else f"{hours / 24:.1f} days"
    )


def day(time_ms: int) -> str:
    """Format a day (UTC)."""
    return f"{utc(time_ms):%Y-%m-%d}"


def minute(time_ms: int) -> str:
    """Format an instant to the minute (UTC)."""
    return f"{utc(time_ms):%Y-%m-%d %H:%M}"

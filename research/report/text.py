"""Words, numbers and tables of the report; every text is escaped unless it is Markup."""

from collections.abc import Iterable, Sequence
from html import escape

from domain.times import utc

NONE = "n/a"


class Markup(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


Cell = str | Markup


def safe(text: object) -> Markup:
    """Return a text as HTML that shows it as it is."""
    return text if isinstance(text, Markup) else Markup(escape(str(text), quote=True))


def joined(parts: Iterable[Markup], between: str = "") -> Markup:
    """Return pieces of HTML in a row."""
    return Markup(between.join(parts))


def element(tag: str, inner: Cell, kind: str = "", extra: str = "") -> Markup:
    """Return an element with a class and further attributes, which are written as given."""
    named = f' class="{escape(kind)}"' if kind else ""
    return Markup(f"<{tag}{named}{extra and ' ' + extra}>{safe(inner)}</{tag}>")


def table(head: Sequence[Cell], rows: Iterable[Sequence[Cell]], kind: str = "") -> Markup:
    """Return a table that scrolls inside its card: a column of names, then numbers.

    The last cell of a short row spans the columns that are left.
    """
    top = joined(element("th", cell, extra='scope="col"') for cell in head)
    body = joined(_row(row, len(head)) for row in rows)
    inner = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return Markup(f'<div class="{escape(("scroll " + kind).strip())}">{inner}</div>')


def _row(cells: Sequence[Cell], width: int) -> Markup:
    first = element("th", cells[0], extra='scope="row"')
    spare = width - len(cells)
    wide = f'colspan="{spare + 1}"' if spare else ""
    rest = [element("td", cell) for cell in cells[1:-1]] + [element("td", cells[-1], extra=wide)]
    return element("tr", joined([first, *rest]))


def card(title: str, inner: Markup, note: Cell = "") -> Markup:
    """Return a section with a heading."""
    report = element("p", note, "note") if note else Markup()
    return Markup(f"<section>{element('h2', title)}{report}{inner}</section>")


def coloured(text: str, value: float | None) -> Markup:
    """Return a figure in the colour of a gain or a loss; its sign says the same."""
    kind = "" if not value else "up" if value > 0 else "down"
    return element("span", text, kind) if kind else safe(text)


def percent(value: float | None, places: int = 2, *, signed: bool = False) -> str:
    """Format a fraction of 1."""
    return number(None if value is None else value * 100, places, signed=signed, unit=" %")


def number(value: float | None, places: int = 2, *, signed: bool = False, unit: str = "") -> str:
    """Format a number with thousands separated; a rounded zero has no sign."""
    if value is None:
        return NONE
    if round(value, places) == 0:
        return f"{0:.{places}f}{unit}"
    return f"{value:{'+' if signed else ''},.{places}f}{unit}"


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

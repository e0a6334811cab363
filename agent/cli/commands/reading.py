"""Command-line words on the format of candle files, read into a `Reading`."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import BadInput

if TYPE_CHECKING:
    from perception.files.layout import Reading

FIELDS = ("time", "open", "high", "low", "close", "volume", "adjusted")
_PARTS = re.compile(rf",(?=(?:{'|'.join(FIELDS)})=)")

FormatOption = Annotated[
    str | None,
    typer.Option("--format", help="Format of files that are not recognised, such as binance or yahoo."),
]
ColumnsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--columns",
        help="Columns by name or number: time=Date:%d.%m.%Y,close=Price,volume=- (none); may be repeated.",
    ),
]
ZoneOption = Annotated[
    str | None,
    typer.Option("--timezone", help="Zone of times that name none, such as UTC or America/New_York."),
]
SplitsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--splits",
        help="Splits to adjust a share's prices for, as 20140609=7 (new for one; 1 for a real jump).",
    ),
]


def reading_of(
    format_: str | None, columns: Sequence[str] | None, timezone: str | None, symbol: str | None = None
) -> "Reading":
    """Return what was said of files. Raises BadInput for words that are not understood."""
    from perception.files.layout import Reading
    from perception.files.stamps import zone_of

    if timezone is not None:
        zone_of(timezone)
    named = tuple(_column(part) for text in columns or () for part in _PARTS.split(text))
    return Reading(format_, named, timezone, symbol)


def said_of_files(
    format_: str | None, columns: Sequence[str] | None, timezone: str | None
) -> dict[str, Any] | None:
    """Return what was said of files as settings of a session, None for nothing. Raises BadInput."""
    reading = reading_of(format_, columns, timezone)
    text = {"format": format_, "columns": dict(reading.columns) or None, "timezone": timezone}
    return {name: value for name, value in text.items() if value is not None} or None


def _column(text: str) -> tuple[str, str]:
    name, result, value = text.partition("=")
    if not result or name not in FIELDS or not value:
        raise BadInput(f"--columns {text!r} is not like close=Price; fields are {', '.join(FIELDS)}")
    return name, value

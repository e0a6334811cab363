"""The layout of a candle file: what a person says of it, and what is recognised."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from perception.files import stamps
from perception.files.formats import TEXT, Format
from perception.files.numerals import Style
from perception.files.stamps import Form

PRICES = ("open", "high", "low", "close")

COLUMNS = ("time", *PRICES, "volume", "adjusted")
"""What a person may name a column for."""

NONE = -1
"""The place of a column that is not there."""


@dataclass(frozen=True)
class Reading:
    """A person's word on the format of their files, where the files do not say it themselves.

    `columns` gives time, open, high, low, close, volume a column's name or its number from 1; `-` is a
    column that is not there (volume, adjusted), and a time may have a form behind a colon: `Date:%d.%m.%Y`.
    """

    format: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    timezone: str | None = None
    symbol: str | None = None

    def column(self, name: str) -> str:
        """Return what was said of a column, or ""."""
        return dict(self.columns).get(name, "")


@dataclass(frozen=True)
class Layout:
    """The layout of a file: its format, and the places of columns in a row, NONE where there is none."""

    format: Format
    places: tuple[int, ...]
    """Of time, open, high, low, close, volume."""
    width: int
    delimiter: str = ","
    skip: int = 0
    """Lines before the first row."""
    form: Form = stamps.COUNTED
    zone: str = ""
    style: Style = Style.PLAIN
    shape: str = TEXT
    adjusted: int = NONE
    split: int = NONE
    quoted: int = NONE
    symbol: str = ""
    """As the file says it; "" where it does not."""
    of: int = NONE
    """The column that says in every row whose candle it is."""


@dataclass(frozen=True)
class Head:
    """The first rows of a file as cells, and what a file is."""

    path: Path
    shape: str
    rows: Sequence[Sequence[str]]
    names: Sequence[str] = ()
    """Of the columns, where the file has them apart from its rows."""

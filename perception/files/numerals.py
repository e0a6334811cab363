"""Numbers as candle files write them: plain, commas between thousands, a decimal comma, K, M and B.

A style is chosen for a whole file by its own cells. Where they do not tell, nothing is guessed.
"""

import re
from collections.abc import Iterable
from enum import StrEnum


class Style(StrEnum):
    """The way a file writes its numbers."""

    PLAIN = "1234.5"
    THOUSANDS = "1,234.5"
    COMMA = "1.234,5"


_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+")
_POINTED = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3}){2,}")
_WRITTEN = {
    Style.THOUSANDS: re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{2,3})*,[0-9]{3}(\.[0-9]*)?"),
    Style.COMMA: re.compile(r"[+-]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]*)(,[0-9]*)?([eE][+-]?[0-9]+)?"),
}
"""How a number with commas, or with points beside decimal commas, must be written; India's lakhs are."""
_MULTIPLES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


class Unclear(ValueError):
    """A file whose commas may stand between thousands or before decimals."""


def style_of(cells: Iterable[str]) -> Style:
    """Return the style of a file's numbers. Raises Unclear with a cell that may be read in two ways."""
    unclear = ""
    for cell in cells:
        comma, point = cell.rfind(","), cell.rfind(".")
        if comma < 0 and not _POINTED.fullmatch(cell):
            continue
        if comma >= 0 and point >= 0:
            return Style.COMMA if comma > point else Style.THOUSANDS
        if comma < 0 or not _GROUPED.fullmatch(cell):
            return Style.COMMA
        if cell.count(",") > 1:
            return Style.THOUSANDS
        unclear = cell
    if unclear:
        raise Unclear(unclear)
    return Style.PLAIN


def number(text: str, style: Style, *, multiples: bool = False) -> float:
    """Return a number. Raises ValueError for what is none, digits of other scripts and `1_000` included.

    A mark that stands where the style has none is no number: dropping it would make 12345 of 1234.5.
    """
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    plain, times = text.strip(), 1.0
    if multiples and plain[-1:] in _MULTIPLES:
        plain, times = plain[:-1], _MULTIPLES[plain[-1]]
    return float(_pointed(plain, style)) * times


def _pointed(text: str, style: Style) -> str:
    """Return a number as Python reads it. Raises ValueError for one of another style."""
    if style is Style.PLAIN or not ("," in text or (style is Style.COMMA and "." in text)):
        return text
    if not _WRITTEN[style].fullmatch(text):
        raise ValueError(text)
    return text.replace(",", "") if style is Style.THOUSANDS else text.replace(".", "").replace(",", ".")

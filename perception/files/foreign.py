"""Candle files of other programs: recognised by what they hold, read whole, oldest first."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from domain.errors import BadInput
from domain.symbols import is_symbol
from perception.files import contents, names
from perception.files.cells import Cell, arrays_of, text_of
from perception.files.foreign_rows import ForeignRows, Table
from perception.files.layout import Layout, Reading
from perception.files.parquet import table_columns
from perception.files.recognise import of_arrays, of_table, recognised

_FIRST_ARRAY = re.compile(rb"\s*\[\s*(\[[^\[\]]*\])")


@dataclass(frozen=True)
class Foreign:
    """A file as it was read: its layout, its candles, and notes for people."""

    layout: Layout
    table: Table
    notes: tuple[str, ...] = ()


def layout_of(path: Path, reading: Reading) -> Layout:
    """Return how a file is read. Raises BadInput for one of no format that is known."""
    kind = contents.kind_of(path)
    if kind in (contents.PARQUET, contents.FEATHER):
        return of_table(path, table_columns(path, feather=kind == contents.FEATHER), reading)
    head = contents.first_bytes(path)
    cut = len(head) == contents.CHUNK
    if head.lstrip()[:1] == b"[":
        return of_arrays(path, _first_array(path, head), reading)
    return recognised(path, text_of(path, head, cut=cut), reading, cut=cut)


def read_foreign(path: Path, reading: Reading) -> Foreign:
    """Read a file of another program's. Raises BadInput naming file, line, field and value."""
    if not path.is_file():
        contents.kind_of(path)
    stat = path.stat()
    return _read(path, reading, stat.st_mtime_ns, stat.st_size)


def symbol_in(path: Path, reading: Reading, layout: Layout) -> names.Named:
    """Return a file's symbol: as a person says it, as the file holds it, as its name says it."""
    if reading.symbol is not None:
        return names.Named(reading.symbol)
    if is_symbol(layout.symbol):
        return names.Named(layout.symbol, f"it holds {layout.symbol}")
    return names.named(path, shares=layout.format.shares)


@lru_cache(maxsize=4)
def _read(path: Path, reading: Reading, changed: int, size: int) -> Foreign:
    # A session asks for a file's timeframe, its length and its rows, one after the other.
    del changed, size
    rows = ForeignRows(path, layout_of(path, reading))
    table = rows.read()
    return Foreign(rows.layout, table, rows.notes)


def _first_array(path: Path, head: bytes) -> list[object]:
    match = _FIRST_ARRAY.match(head)
    if match is None:
        return arrays_of(path)[0] if arrays_of(path) else []
    try:
        first: list[object] = msgspec.json.decode(match[1], type=list[Cell])
    except msgspec.DecodeError as error:
        raise BadInput(contents.damaged(path, error)) from None
    return first


__all__ = ["Foreign", "Layout", "Reading", "Table", "layout_of", "read_foreign", "symbol_in"]

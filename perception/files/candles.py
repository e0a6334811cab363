"""Candle files, read as a stream and refused with a reason: Boyd's own, and those of other programs.

A file of our own holds `timestamp,open,high,low,close,volume`, oldest first, as CSV, gzipped CSV or
Parquet; the timestamp is the candle's open time as ISO 8601 with a zone, or as whole seconds or milliseconds
since 1970 (UTC). Any other file goes to perception.files.foreign. Every error is a BadInput that names the
file, the line, the field, its value and what it should have been.

Numbers are ASCII digits with a point and an exponent where needed (`1e-05`, as pandas writes small prices), a
sign and spaces around; what Python's float would take besides is not (`1_000`, digits of other scripts). A
price no market has had is a mistake in the file. What unpacks beyond the limits is refused while it is read.
"""

import csv
import io
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from math import inf
from pathlib import Path

from domain.candle import RawCandle
from domain.errors import BadInput
from domain.times import TIMEFRAMES, millis
from perception.files import contents, names
from perception.files.contents import DAMAGE, GZIP, PARQUET
from perception.files.foreign import Reading, layout_of, read_foreign, symbol_in
from perception.files.limits import (
    FIELDS,
    LEAST_PRICE,
    MOST_PRICE,
    MOST_VOLUME,
    SAMPLE_ROWS,
    reason,
    shown,
    usual_step,
)
from perception.files.parquet import MOST_ROWS, check_rows, parquet_cells, parquet_rows, table_columns

HEADER = ",".join(FIELDS)
SUFFIXES = (
    ".csv", ".csv.gz", ".parquet", ".zip", ".json", ".json.gz", ".feather", ".txt", ".tsv",
)  # fmt: skip
"""How names of candle files end; what they are is told by their content."""
MAX_LINE = 4096
"""Longest line read, in characters: a file without line ends must not fill the memory."""
ASKED = Reading()
"""Nothing said: a file tells all by itself."""

_SPREADSHEET = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
_DAMAGE = (*DAMAGE, csv.Error)
_ZONED = re.compile(r"[0-9.eE+]*|.*(Z|[+-][0-9]{2}:?[0-9]{2})")
"""A count, or a time with a zone."""


def read_candles(path: Path, reading: Reading = ASKED) -> Generator[RawCandle, None, None]:
    """Return the file's candles oldest first, reading as they are asked for.

    The file as a whole is checked at once, each row when it is reached. Raises BadInput.
    """
    if not own(path, reading):
        return _foreign(path, reading)
    if contents.kind_of(path) == PARQUET:
        return _candles(path, "row", 1, parquet_cells(path, FIELDS))
    return _candles(path, "line", 2, _csv_cells(path))


def own(path: Path, reading: Reading = ASKED) -> bool:
    """Tell whether a file is one of our own format. Raises BadInput for one that cannot be read at all."""
    kind = contents.kind_of(path)
    if reading.format not in (None, "boyd") or reading.columns:
        return False
    if kind == PARQUET:
        return set(FIELDS) <= set(table_columns(path))
    lines = contents.first_bytes(path, 2 * MAX_LINE).split(b"\n", 2)
    return headed(lines[0]) and (len(lines) == 1 or _zoned(lines[1]))


def headed(line: bytes) -> bool:
    """Tell whether a line is the header of our own files."""
    return line.decode("utf-8-sig", "replace").strip().lower().replace(" ", "") == HEADER


def estimate_rows(path: Path, reading: Reading = ASKED) -> int:
    """Guess the number of candles from the file's size and its first rows, for a progress bar."""
    if not own(path, reading):
        return len(read_foreign(path, reading).table.time)
    kind = contents.kind_of(path)
    if kind == PARQUET:
        return parquet_rows(path)
    try:
        with _text(path) as stream:
            header = stream.readline(MAX_LINE)
            lines = list(islice(_lines(stream), SAMPLE_ROWS))
        size = _unpacked_size(path) if kind == GZIP else path.stat().st_size
    except UnicodeDecodeError as error:
        raise _not_text(path, error) from error
    except _DAMAGE as error:
        raise BadInput(contents.damaged(path, error)) from error
    length = sum(map(len, lines))
    return round(max(size - len(header), 0) * len(lines) / length) if length else 0


def timeframe_of(path: Path, reading: Reading = ASKED) -> int:
    """Return the candles' length in milliseconds: the most common step of the first rows."""
    rows = read_candles(path, reading)
    times = [candle.time for candle in islice(rows, SAMPLE_ROWS)]
    rows.close()
    sparse = not own(path, reading) and layout_of(path, reading).format.sparse
    return timeframe(path, times, sparse=sparse)


def timeframe(path: Path, times: Sequence[int], *, sparse: bool) -> int:
    """Return the length of candles that open at these times; of sparse ones the name's, where that fits.

    Raises BadInput for a single candle.
    """
    step = usual_step(times)
    if step is None:
        raise BadInput(f"{path}: holds 1 candle; at least 2 are needed to tell the timeframe")
    named = names.length_of(path) if sparse else None
    fits = named is not None and all((time - times[0]) % named == 0 for time in times[:SAMPLE_ROWS])
    return named if fits and named else step


def known(path: Path, length: int) -> str:
    """Return the name of a timeframe. Raises BadInput for one that is not supported."""
    for name, supported in TIMEFRAMES.items():
        if supported == length:
            return name
    raise BadInput(f"{path}: candles are {length / 1000:g} s apart, known are {', '.join(TIMEFRAMES)}")


def symbol_of(path: Path, reading: Reading | None = None) -> str | None:
    """Return the symbol in a name like `BTC-USDT_1m_20230316.csv.gz` or `BTCUSDT-1h.zip`, or None.

    With a `reading` the file is asked first: some hold their symbol. Raises BadInput then.
    """
    if reading is None or own(path, reading):
        return names.named(path).symbol
    return symbol_in(path, reading, layout_of(path, reading)).symbol


def _foreign(path: Path, reading: Reading) -> Generator[RawCandle, None, None]:
    rows = read_foreign(path, reading).table.rows()
    return (row for row in rows)


def _zoned(line: bytes) -> bool:
    stamp = line.decode("utf-8", "replace").split(",")[0].strip().strip('"')
    return _ZONED.fullmatch(stamp) is not None or not stamp[:4].isdecimal()


def _text(path: Path) -> io.TextIOBase:
    # Spreadsheets put a byte-order mark in front; utf-8-sig drops it.
    return io.TextIOWrapper(contents.opened(path), encoding="utf-8-sig", newline="")


def _lines(stream: io.TextIOBase) -> Iterator[str]:
    return iter(partial(stream.readline, MAX_LINE), "")


def _unpacked_size(path: Path) -> int:
    # RFC 1952: the last four bytes are the unpacked size modulo 2**32.
    with path.open("rb") as stream:
        stream.seek(-4, io.SEEK_END)
        return int.from_bytes(stream.read(4), "little")


def _not_text(path: Path, error: UnicodeDecodeError) -> BadInput:
    return BadInput(f"{path}: is not UTF-8 text (byte {error.object[error.start]:#04x})")


def _csv_cells(path: Path) -> Iterator[Sequence[object]]:
    try:
        with _text(path) as stream:
            header = stream.readline(MAX_LINE).strip()
            if header.lower().replace(" ", "") != HEADER:
                raise BadInput(f"{path}: line 1: header is {shown(header)}; it must be {HEADER!r}")
            yield from csv.reader(_lines(stream))
    except UnicodeDecodeError as error:
        raise _not_text(path, error) from error
    except _DAMAGE as error:
        raise BadInput(contents.damaged(path, error)) from error


def _candles(
    path: Path, unit: str, first: int, rows: Iterable[Sequence[object]]
) -> Generator[RawCandle, None, None]:
    # The loop of every recorded session: one comparison tells a sound row, `_fault` finds words for another.
    previous = -inf
    as_text, most = unit == "line", first + MOST_ROWS - 1
    for number, cells in enumerate(rows, first):
        if not cells:
            continue  # a blank line, as editors leave at the end
        try:
            if as_text:
                _plain("".join(cells))  # type: ignore[arg-type]  # texts, as CSV has nothing else
            stamp, open_, high, low, close, volume = cells
            candle = RawCandle(
                _time(stamp),
                float(open_),  # type: ignore[arg-type]  # what float refuses is what is being asked
                float(high),  # type: ignore[arg-type]  # same
                float(low),  # type: ignore[arg-type]  # same
                float(close),  # type: ignore[arg-type]  # same
                float(volume),  # type: ignore[arg-type]  # same
            )
        except (ValueError, TypeError, OverflowError) as error:
            raise BadInput(f"{path}: {unit} {number}: {_malformed(cells)}") from error
        time, opened, top, bottom, closed, traded = candle
        if not (
            time > previous
            and LEAST_PRICE <= bottom <= opened <= top <= MOST_PRICE
            and bottom <= closed <= top
            and 0 <= traded <= MOST_VOLUME
        ):
            raise BadInput(f"{path}: {unit} {number}: {reason(candle, previous)}")
        if number > most:
            check_rows(path, number - first + 1)
        previous = time
        yield candle
    if previous == -inf:
        raise BadInput(f"{path}: holds a header and no candles")


def _plain(row: str) -> None:
    # float takes 1_0 and digits of other scripts; one look at the row tells whether there may be any.
    if "_" in row or not row.isascii():
        raise ValueError("no plain numbers")


def _time(stamp: object) -> int:
    """Return milliseconds since 1970. Raises ValueError or TypeError with the reason."""
    if isinstance(stamp, str) and stamp[10:11] == "T" and stamp[19:] == "Z":
        return int(datetime.fromisoformat(stamp).timestamp()) * 1000  # the usual form, by the short way
    if isinstance(stamp, int):
        return _epoch(stamp)
    if not isinstance(stamp, str):
        raise TypeError(f"time {shown(stamp)} is neither ISO 8601 nor seconds nor milliseconds")
    if stamp.isascii() and stamp.isdecimal():
        return _epoch(int(stamp))
    if _SPREADSHEET.fullmatch(stamp):
        raise ValueError(
            f"time {shown(stamp)} was mangled by a spreadsheet, its digits are lost; export it anew"
        )
    try:
        instant = datetime.fromisoformat(stamp)
    except ValueError as error:
        raise ValueError(f"time {shown(stamp)} is neither ISO 8601 nor seconds nor milliseconds") from error
    return millis(instant)


def _epoch(number: int) -> int:
    # Seconds of 1973..2286 have 9 or 10 digits, milliseconds 12 or 13; 20140523 is a date, not a time.
    if 10**8 <= number < 10**10:
        return number * 1000
    if 10**11 <= number < 10**13:
        return number
    raise ValueError(f"time {number} is neither seconds (9-10 digits) nor milliseconds (12-13 digits)")


def _malformed(cells: Sequence[object]) -> str:
    if len(cells) != len(FIELDS):
        return f"{len(cells)} fields; there must be {len(FIELDS)}: {HEADER}"
    try:
        _time(cells[0])
    except (ValueError, TypeError, OverflowError) as error:
        return str(error)
    for name, cell in zip(FIELDS[1:], cells[1:], strict=True):
        if not _is_number(cell):
            return f"{name} {shown(cell)} is not a number"
    return "cannot be read"


def _is_number(cell: object) -> bool:
    return (not isinstance(cell, str) or (cell.isascii() and "_" not in cell)) and _converts(cell)


def _converts(cell: object) -> bool:
    try:
        float(cell)  # type: ignore[arg-type]  # what float refuses is what is being asked
    except (ValueError, TypeError, OverflowError):
        return False
    return True

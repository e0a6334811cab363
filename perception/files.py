"""Candle files: CSV, gzipped CSV and Parquet, read as a stream and refused with a reason.

A file holds `timestamp,open,high,low,close,volume`, oldest first; the timestamp is the candle's open
time as ISO 8601 with a zone, or as whole seconds or milliseconds since 1970 (UTC). Every error is a
BadInput that names the file, the line, the field, its value and what it should have been.

Numbers are ASCII digits with a point and an exponent where needed (`1e-05`, as pandas writes small prices), a
sign and spaces around; what Python's float would take besides is not (`1_000`, digits of other scripts). A
price no market has had is a mistake in the file. What unpacks beyond the limits is refused while it is read.
"""

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice, pairwise
from math import inf, isfinite
from pathlib import Path
from typing import IO, Any

from domain.candle import RawCandle
from domain.errors import BadInput
from domain.times import millis, utc
from perception.parquet import MOST_ROWS, check_rows, parquet_cells, parquet_rows

HEADER = "timestamp,open,high,low,close,volume"
FIELDS = tuple(HEADER.split(","))
SUFFIXES = (".csv", ".csv.gz", ".parquet")
SAMPLE_ROWS = 200
MOST_BYTES = 512 * 1024 * 1024
"""Most that a file may hold once it is unpacked: 15 years of minutes are 8 million rows."""
LEAST_PRICE, MOST_PRICE, MOST_VOLUME = 1e-12, 1e12, 1e18
"""Beyond any pair's: bitcoin in dong is some 1e9, the cheapest coin in bitcoin some 1e-11."""
CHUNK = 64 * 1024
MAX_LINE = 4096
"""Longest line read, in characters: a file without line ends must not fill the memory."""

_SYMBOL = re.compile(r"([A-Z0-9]{1,12}(?:-[A-Z0-9]{1,12})?)_\d+[mhd][_.]")
_SPREADSHEET = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
_LFS = b"version https://git-lfs"
_DAMAGE = (OSError, EOFError, zlib.error, csv.Error)


def read_candles(path: Path) -> Generator[RawCandle, None, None]:
    """Return the file's candles oldest first, reading as they are asked for.

    The file as a whole is checked at once, each row when it is reached. Raises BadInput.
    """
    suffix = _inspect(path)
    if suffix == ".parquet":
        return _candles(path, "row", 1, parquet_cells(path, FIELDS))
    return _candles(path, "line", 2, _csv_cells(path))


def estimate_rows(path: Path) -> int:
    """Guess the number of candles from the file's size and its first rows, for a progress bar."""
    suffix = _inspect(path)
    if suffix == ".parquet":
        return parquet_rows(path)
    try:
        with _text(path) as stream:
            header = stream.readline(MAX_LINE)
            lines = list(islice(_lines(stream), SAMPLE_ROWS))
        size = _unpacked_size(path) if suffix == ".csv.gz" else path.stat().st_size
    except UnicodeDecodeError as error:
        raise _not_text(path, error) from error
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    length = sum(map(len, lines))
    return round(max(size - len(header), 0) * len(lines) / length) if length else 0


def timeframe_of(path: Path) -> int:
    """Return the candles' length in milliseconds: the most common step of the first 200 rows."""
    rows = read_candles(path)
    times = [candle.time for candle in islice(rows, SAMPLE_ROWS)]
    rows.close()
    steps = Counter(later - earlier for earlier, later in pairwise(times))
    if not steps:
        raise BadInput(f"{path}: holds 1 candle; at least 2 are needed to tell the timeframe")
    most = max(steps.values())
    return min(step for step, count in steps.items() if count == most)


def symbol_of(path: Path) -> str | None:
    """Return the symbol in a name like `BTC-USDT_1m_20230316-20230501.csv.gz`, or None."""
    found = _SYMBOL.match(path.name)
    return found.group(1) if found else None


def unpacked(path: Path, head: Callable[[bytes], bool]) -> io.BytesIO | None:
    """Return what a CSV file holds, unpacked, or None where `head` does not like its first bytes.

    Raises BadInput beyond MOST_BYTES, OSError, EOFError and zlib.error for a file that is damaged.
    """
    found = io.BytesIO()
    with _bytes(path) as stream:
        while part := stream.read(CHUNK):
            if not found.tell() and not head(part[:MAX_LINE]):
                return None
            found.write(part)
    found.seek(0)
    return found


def _inspect(path: Path) -> str:
    if path.is_dir():
        raise BadInput(f"{path}: is a directory; a candle file is needed")
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    suffix = next((known for known in SUFFIXES if path.name.lower().endswith(known)), None)
    if suffix is None:
        raise BadInput(f"{path}: name must end in one of {', '.join(SUFFIXES)}")
    try:
        with path.open("rb") as stream:
            head = stream.read(len(_LFS))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    if not head:
        raise BadInput(f"{path}: is empty")
    if head == _LFS:
        raise BadInput(f"{path}: is a git-lfs pointer, not the data; fetch it with 'git lfs pull'")
    return suffix


def _text(path: Path) -> io.TextIOBase:
    # Spreadsheets put a byte-order mark in front; utf-8-sig drops it.
    return io.TextIOWrapper(_bytes(path), encoding="utf-8-sig", newline="")


def _bytes(path: Path) -> io.BufferedReader:
    source = gzip.open if path.name.lower().endswith(".gz") else open
    return io.BufferedReader(_Bounded(path, source(path, "rb")), CHUNK)  # type: ignore[arg-type]  # it reads


class _Bounded(io.RawIOBase):
    """Reads on until more than MOST_BYTES came. Raises BadInput then."""

    def __init__(self, path: Path, source: IO[bytes]) -> None:
        self._path = path
        self._source = source
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        part = self._source.read(len(buffer))
        self._read += len(part)
        if self._read > MOST_BYTES:
            raise BadInput(too_large(self._path))
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._source.close()
        super().close()


def too_large(path: Path) -> str:
    """Return what to say of a file that holds more than is read."""
    limit = f"{MOST_BYTES // 1024**2} MiB"
    return f"{path}: holds more than {limit} once unpacked, which is the limit; split it by time"


def _lines(stream: io.TextIOBase) -> Iterator[str]:
    return iter(partial(stream.readline, MAX_LINE), "")


def _unpacked_size(path: Path) -> int:
    # RFC 1952: the last four bytes are the unpacked size modulo 2**32.
    with path.open("rb") as stream:
        stream.seek(-4, io.SEEK_END)
        return int.from_bytes(stream.read(4), "little")


def _not_text(path: Path, error: UnicodeDecodeError) -> BadInput:
    return BadInput(f"{path}: is not UTF-8 text (byte {error.object[error.start]:#04x})")


def _damaged(path: Path, error: Exception) -> BadInput:
    return BadInput(f"{path}: is damaged or cut short: {error}")


def _csv_cells(path: Path) -> Iterator[Sequence[object]]:
    try:
        with _text(path) as stream:
            header = stream.readline(MAX_LINE).strip()
            if header.lower().replace(" ", "") != HEADER:
                raise BadInput(f"{path}: line 1: header is {_shown(header)}; it must be {HEADER!r}")
            yield from csv.reader(_lines(stream))
    except UnicodeDecodeError as error:
        raise _not_text(path, error) from error
    except _DAMAGE as error:
        raise _damaged(path, error) from error


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
            raise BadInput(f"{path}: {unit} {number}: {_fault(candle, previous)}")
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
        raise TypeError(f"time {_shown(stamp)} is neither ISO 8601 nor seconds nor milliseconds")
    if stamp.isascii() and stamp.isdecimal():
        return _epoch(int(stamp))
    if _SPREADSHEET.fullmatch(stamp):
        raise ValueError(
            f"time {_shown(stamp)} was mangled by a spreadsheet, its digits are lost; export it anew"
        )
    try:
        instant = datetime.fromisoformat(stamp)
    except ValueError as error:
        raise ValueError(f"time {_shown(stamp)} is neither ISO 8601 nor seconds nor milliseconds") from error
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
            return f"{name} {_shown(cell)} is not a number"
    return "cannot be read"


def _is_number(cell: object) -> bool:
    return (not isinstance(cell, str) or (cell.isascii() and "_" not in cell)) and _converts(cell)


def _converts(cell: object) -> bool:
    try:
        float(cell)  # type: ignore[arg-type]  # what float refuses is what is being asked
    except (ValueError, TypeError, OverflowError):
        return False
    return True


def _fault(candle: RawCandle, previous: float) -> str:
    if candle.time <= previous:
        before = utc(int(previous)).isoformat()
        order = "repeats" if candle.time == previous else "is before"
        return f"time {utc(candle.time).isoformat()} {order} the last candle's {before}; oldest first"
    for name, value in zip(FIELDS[1:], candle[1:], strict=True):
        if said := _value_fault(name, value):
            return said
    if candle.high < candle.low:
        return f"high {candle.high} is below low {candle.low}"
    return f"open {candle.open} or close {candle.close} is outside low {candle.low} to high {candle.high}"


def _value_fault(name: str, value: float) -> str:
    if not isfinite(value):
        return f"{name} {value} is not finite"
    if name == "volume":
        limit = f"volume {value} is above {MOST_VOLUME:g}" if value > MOST_VOLUME else ""
        return f"volume {value} is below 0" if value < 0 else limit
    if value <= 0:
        return f"{name} {value} is not above 0"
    if not LEAST_PRICE <= value <= MOST_PRICE:
        return f"{name} {value} is no price: it must be from {LEAST_PRICE:g} to {MOST_PRICE:g}"
    return ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."

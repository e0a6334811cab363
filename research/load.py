"""Candle files as arrays: Polars makes it fast, the loop's own reader says what is wrong.

Whatever is not perfect at first sight is read again by perception.files, row by row. So a file is
refused here exactly when the loop refuses it, in the same words, and its numbers are the same bits.
"""

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from domain.errors import BadInput
from domain.times import TIMEFRAMES, millis, utc
from perception.files import (
    FIELDS,
    HEADER,
    LEAST_PRICE,
    MOST_PRICE,
    MOST_VOLUME,
    SAMPLE_ROWS,
    read_candles,
    symbol_of,
    unpacked,
)
from perception.parquet import check_rows
from research.candles import Candles, FloatArray, IntArray

Columns = tuple[IntArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]
"""Open time in ms (UTC), open, high, low, close, volume."""
Range = tuple[int | None, int | None]
"""First instant and the instant after the last, in ms (UTC); None is open."""

_SCHEMA = {name: pl.String if name == "timestamp" else pl.Float64 for name in FIELDS}
# Closer than the parser: it would take 23:59:60. Rust's \d takes digits of every script, so [0-9].
_ISO = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-5][0-9](Z|\+00:00)$"
_COUNT = r"^[0-9]{9,13}$"
_RANGE = re.compile(r"([0-9]{8})?-([0-9]{8})?")
_UNREADABLE = (OSError, EOFError, zlib.error, UnicodeDecodeError, pl.exceptions.PolarsError)


def load(path: Path, symbol: str | None = None) -> Candles:
    """Read one candle file; the symbol is in its name unless given.

    Raises BadInput exactly where and as the loop would.
    """
    columns = _fast(path) or _careful(path)
    symbol = symbol or symbol_of(path)
    if symbol is None:
        raise BadInput(f"{path}: the name does not begin with a symbol such as BTC-USDT; add --symbol")
    return Candles(symbol, _timeframe(path, columns[0]), *columns)


def load_many(paths: Sequence[Path], symbols: Sequence[str] | None = None) -> tuple[Candles, ...]:
    """Read files of one timeframe; those of one symbol are joined in time order.

    `symbols` names each file's symbol. Raises BadInput for a bad file, for different timeframes and
    for files of one symbol that overlap in time.
    """
    if symbols is not None and len(symbols) != len(paths):
        raise BadInput(f"{len(symbols)} symbols for {len(paths)} data files; give one each")
    found: dict[str, list[tuple[Candles, Path]]] = {}
    for number, path in enumerate(paths):
        candles = load(path, symbols[number] if symbols else None)
        found.setdefault(candles.symbol, []).append((candles, path))
    _one_timeframe([part for parts in found.values() for part in parts])
    return tuple(_joined(parts) for parts in found.values())


def timerange(text: str) -> Range:
    """Read `20230101-20230601`, `20230101-` or `-20230601`: UTC days, the second one not included."""
    found = _RANGE.fullmatch(text)
    if found is None or text == "-":
        raise BadInput(f"timerange {text!r} is not like 20230101-20230601, 20230101- or -20230601")
    start, end = (_day(text, part) for part in found.groups())
    if start is not None and end is not None and start >= end:
        raise BadInput(f"timerange {text!r}: its end is not after its start; the end day is not included")
    return start, end


def select(candles: Candles, span: Range) -> Candles:
    """Return the candles that open inside the range. Raises BadInput when there is none."""
    chosen = candles.between(*span)
    if not len(chosen):
        first, last = (_stamp(int(candles.time[end])) for end in (0, -1))
        start, end = ("" if limit is None else f"{utc(limit):%Y%m%d}" for limit in span)
        raise BadInput(
            f"timerange {start}-{end} holds no candle of {candles.symbol}; its data is from {first} to {last}"
        )
    return chosen


def sound(columns: Columns) -> bool:
    """Tell whether times rise and every candle is one: the rule of perception.files, on whole columns."""
    time, open_, high, low, close, volume = columns
    return bool(
        (time[1:] > time[:-1]).all()
        and ((low >= LEAST_PRICE) & (low <= open_) & (open_ <= high) & (high <= MOST_PRICE)).all()
        and ((low <= close) & (close <= high)).all()
        and ((volume >= 0) & (volume <= MOST_VOLUME)).all()
    )


def _fast(path: Path) -> Columns | None:
    """Return the columns of a file in which nothing is out of the ordinary, else None."""
    try:
        frame = _frame(path)
        if frame is None or not frame.height or any(frame.null_count().row(0)):
            return None
        times = _times(frame["timestamp"])
        if times is None:
            return None
        values = [_floats(frame[name]) for name in FIELDS[1:]]
    except _UNREADABLE:
        return None
    columns = (times, *values)
    return columns if times[0] >= 0 and sound(columns) else None  # type: ignore[return-value,arg-type]  # six


def _frame(path: Path) -> pl.DataFrame | None:
    name = path.name.lower()
    if name.endswith(".parquet"):
        check_rows(path, _rows(path))
        frame = pl.read_parquet(path.read_bytes(), columns=list(FIELDS))
        numeric = all(frame.schema[name].is_numeric() for name in FIELDS[1:])
        decimal = any(frame.schema[name].is_decimal() for name in FIELDS[1:])
        return frame if numeric and not decimal else None
    if not name.endswith((".csv", ".csv.gz")):
        return None
    # By Python: it knows files of several gzip members and checks each one's sum.
    data = unpacked(path, _has_header)
    if data is None:
        return None
    frame = pl.read_csv(data, has_header=False, skip_rows=1, schema=_SCHEMA)
    check_rows(path, frame.height)
    return frame


def _has_header(data: bytes) -> bool:
    header = data[: data.find(b"\n") + 1].decode("utf-8-sig")
    return header.strip().lower().replace(" ", "") == HEADER


def _rows(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _times(column: pl.Series) -> IntArray | None:
    """Return open times in ms, or None where the form is not one of the usual ones."""
    kind = column.dtype
    if kind == pl.String:
        if column.str.contains(_ISO).all():
            digits = column.str.slice(0, 19).str.replace(" ", "T", literal=True)
            return _ints(digits.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="ms", strict=True))
        return _counted(_ints(column)) if column.str.contains(_COUNT).all() else None
    if isinstance(kind, pl.Datetime):
        return _ints(column.dt.cast_time_unit("ms")) if kind.time_zone else None
    return _counted(_ints(column)) if kind.is_integer() else None


def _counted(counts: IntArray) -> IntArray | None:
    """Return seconds (9 or 10 digits) and milliseconds (12 or 13) as milliseconds, as the loop does."""
    seconds = (counts >= 10**8) & (counts < 10**10)
    milliseconds = (counts >= 10**11) & (counts < 10**13)
    return np.where(seconds, counts * 1000, counts) if (seconds | milliseconds).all() else None


def _ints(column: pl.Series) -> IntArray:
    return column.cast(pl.Int64).to_numpy(writable=True)


def _floats(column: pl.Series) -> FloatArray:
    # Writable: numba compiles a kernel once more for arrays that are not.
    return column.cast(pl.Float64).to_numpy(writable=True)


def _careful(path: Path) -> Columns:
    """Read row by row as the loop does. Raises its BadInput."""
    rows = np.fromiter(read_candles(path), dtype=np.dtype((np.float64, len(FIELDS))))
    time, *values = (np.ascontiguousarray(rows[:, place]) for place in range(len(FIELDS)))
    # Milliseconds stay far below 2**53, so the way through a float is exact.
    return (time.astype(np.int64), *values)  # type: ignore[return-value]  # six


def _timeframe(path: Path, times: IntArray) -> int:
    """Return the most common step of the first rows, by perception.files.timeframe_of's rule."""
    steps = Counter(later - earlier for earlier, later in pairwise(times[:SAMPLE_ROWS].tolist()))
    if not steps:
        raise BadInput(f"{path}: holds 1 candle; at least 2 are needed to tell the timeframe")
    most = max(steps.values())
    length: int = min(step for step, count in steps.items() if count == most)
    if length not in TIMEFRAMES.values():
        raise BadInput(f"{path}: candles are {length / 1000:g} s apart, known are {', '.join(TIMEFRAMES)}")
    return length


def _one_timeframe(parts: Sequence[tuple[Candles, Path]]) -> None:
    names = {length: name for name, length in TIMEFRAMES.items()}
    for candles, path in parts[1:]:
        if candles.timeframe_ms != parts[0][0].timeframe_ms:
            kinds = [f"{names[each.timeframe_ms]} in {file}" for each, file in (parts[0], (candles, path))]
            raise BadInput(f"data files have different timeframes: {', '.join(kinds)}")


def _joined(parts: list[tuple[Candles, Path]]) -> Candles:
    """Join files of one symbol. Raises BadInput naming two that overlap."""
    parts = sorted(parts, key=lambda part: int(part[0].time[0]))
    for (before, first), (after, second) in pairwise(parts):
        start, end = int(after.time[0]), min(int(before.time[-1]), int(after.time[-1]))
        if start <= end:
            raise BadInput(
                f"{second}: overlaps {first} from {_stamp(start)} to {_stamp(end)}; "
                f"{before.symbol} must come once for each time"
            )
    if len(parts) == 1:
        return parts[0][0]
    every = [candles for candles, _ in parts]
    columns = (
        np.concatenate([getattr(candles, name) for candles in every])
        for name in ("time", "open", "high", "low", "close", "volume")
    )
    return Candles(every[0].symbol, every[0].timeframe_ms, *columns)


def _day(text: str, day: str | None) -> int | None:
    if day is None:
        return None
    try:
        return millis(datetime.strptime(f"{day}+0000", "%Y%m%d%z"))
    except ValueError:
        raise BadInput(f"timerange {text!r}: {day} is no day of the calendar (YYYYMMDD)") from None


def _stamp(time: int) -> str:
    return f"{utc(time):%Y-%m-%dT%H:%M:%SZ}"

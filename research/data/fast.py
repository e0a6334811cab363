"""Candle files as columns by Polars, where nothing in them is out of the ordinary.

Whatever is not perfect at first sight comes back as None and is read again row by row, by candles or
foreign of perception.files. So a file is refused exactly when and as the loop refuses it, and its numbers are
the same
bits.
"""

import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from perception.files import contents, stamps
from perception.files.candles import MAX_LINE, headed
from perception.files.contents import FEATHER, PARQUET
from perception.files.formats import ARRAYS, TABLE
from perception.files.layout import NONE, Layout
from perception.files.limits import FIELDS, LEAST_PRICE, MOST_PRICE, MOST_VOLUME
from perception.files.numerals import Style
from perception.files.parquet import check_rows
from research.data.candles import FloatArray, IntArray

Columns = tuple[IntArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]
"""Open time in ms (UTC), open, high, low, close, volume."""

SCHEMA = {name: pl.String if name == "timestamp" else pl.Float64 for name in FIELDS}
# Closer than the parser: it would take 23:59:60. Rust's \d takes digits of every script, so [0-9].
_CLOCK = "[0-9]{2}:[0-9]{2}:[0-5][0-9]"
_ISO = rf"^[12][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}(Z|\+00:00)$"
_NAIVE = rf"^[12][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}$"
_DATE = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$"
_COUNT = r"^[0-9]{9,13}$"
_SIZES = ((8, 1000, 1), (11, 1, 1), (14, 1, 1000), (17, 1, 1_000_000))
"""Smallest power of ten of a count, and what makes milliseconds of it: seconds to nanoseconds."""
_UNREADABLE = (
    OSError,
    EOFError,
    zlib.error,
    UnicodeDecodeError,
    pl.exceptions.PolarsError,
    msgspec.DecodeError,
)


def own_columns(path: Path) -> Columns | None:
    """Return the columns of a file of our own format, or None where one reads more slowly."""
    try:
        frame = _own_frame(path)
        if frame is None or not frame.height or any(frame.null_count().row(0)):
            return None
        times = _times(frame["timestamp"])
        if times is None:
            return None
        values = [_floats(frame[name]) for name in FIELDS[1:]]
    except _UNREADABLE:
        return None
    return _sound(times, values)


def foreign_columns(path: Path, layout: Layout) -> Columns | None:
    """Return the columns of another program's file, or None where one reads more slowly."""
    plain = layout.style is Style.PLAIN and layout.adjusted == NONE and not layout.format.multiples
    if not plain or layout.format.ends:
        return None
    try:
        if layout.shape == ARRAYS:
            return _array_columns(path)
        return _table_columns(path, layout) if layout.shape == TABLE else _text_columns(path, layout)
    except _UNREADABLE:
        return None


def sound(columns: Columns) -> bool:
    """Tell whether times rise and every candle is one: perception.files.limits on whole columns."""
    time, open_, high, low, close, volume = columns
    return bool(
        (time[1:] > time[:-1]).all()
        and ((low >= LEAST_PRICE) & (low <= open_) & (open_ <= high) & (high <= MOST_PRICE)).all()
        and ((low <= close) & (close <= high)).all()
        and ((volume >= 0) & (volume <= MOST_VOLUME)).all()
    )


def _own_frame(path: Path) -> pl.DataFrame | None:
    if contents.kind_of(path) == PARQUET:
        check_rows(path, int(pl.scan_parquet(path).select(pl.len()).collect().item()))
        frame = pl.read_parquet(path.read_bytes(), columns=list(FIELDS))
        return frame if _numeric(frame, FIELDS[1:]) else None
    # By Python: it knows files of several gzip members and checks each one's sum.
    data = contents.unpacked(path, lambda head: headed(head[: head.find(b"\n") + 1]), MAX_LINE)
    if data is None:
        return None
    frame = pl.read_csv(data, has_header=False, skip_rows=1, schema=SCHEMA)
    check_rows(path, frame.height)
    return frame


def _text_columns(path: Path, layout: Layout) -> Columns | None:
    kind = pl.Int64 if layout.form.kind == stamps.COUNT else pl.String
    wanted = [index for index in (*layout.places, layout.quoted) if index != NONE]
    whose = [] if layout.of == NONE else [f"column_{layout.of}"]
    schema: dict[str, type[pl.DataType]] = {f"column_{index}": pl.String for index in range(layout.width)}
    schema |= {f"column_{index}": pl.Float64 for index in wanted[1:]}
    schema[f"column_{wanted[0]}"] = kind
    frame = pl.read_csv(
        contents.whole(path),
        has_header=False,
        skip_rows=layout.skip,
        separator=layout.delimiter,
        schema=schema,
        columns=[*(f"column_{index}" for index in sorted(wanted)), *whose],
    )
    check_rows(path, frame.height)
    if (
        not frame.height
        or any(frame.null_count().row(0))
        or any(frame[each].n_unique() > 1 for each in whose)
    ):
        return None
    times = _stamped(frame[f"column_{wanted[0]}"], layout)
    if times is None:
        return None
    values = [_floats(frame[f"column_{index}"]) for index in layout.places[1:] if index != NONE]
    if layout.places[-1] == NONE:
        values.append(np.zeros(len(times)))
    if layout.quoted != NONE and _swapped(values, frame[f"column_{layout.quoted}"].to_numpy()):
        return None
    return _sound(times, values)


def _swapped(values: Sequence[FloatArray], quoted: FloatArray) -> bool:
    """Tell whether the volume of any row may be that in the quote currency."""
    _, high, low, _, volume = values
    traded = (volume > 0) & (quoted > 0)
    paid = np.divide(quoted, volume, out=np.ones_like(volume), where=traded)
    return bool((traded & ((paid < low) | (paid > high))).any())


def _table_columns(path: Path, layout: Layout) -> Columns | None:
    feather = contents.kind_of(path) == FEATHER
    if feather:
        frame = pl.read_ipc(path.read_bytes(), use_pyarrow=False)
    else:
        check_rows(path, int(pl.scan_parquet(path).select(pl.len()).collect().item()))
        frame = pl.read_parquet(path.read_bytes())
    check_rows(path, frame.height)
    names = [frame.columns[index] for index in layout.places if index != NONE]
    frame = frame.select(names)
    if len(names) < 6 or not frame.height or any(frame.null_count().row(0)) or not _numeric(frame, names[1:]):
        return None
    times = _times(frame[names[0]])
    return None if times is None else _sound(times, [_floats(frame[name]) for name in names[1:]])


def _array_columns(path: Path) -> Columns | None:
    rows = msgspec.json.decode(contents.whole(path), type=list[tuple[int, float, float, float, float, float]])
    check_rows(path, len(rows))
    if not rows:
        return None
    table = np.array(rows, dtype=np.float64)
    times = _counted(table[:, 0].astype(np.int64))
    return None if times is None else _sound(times, [table[:, index] for index in range(1, 6)])


def _sound(times: IntArray, values: Sequence[FloatArray]) -> Columns | None:
    """Return columns oldest first where every candle is sound, else None."""
    if len(times) > 1 and times[0] > times[-1]:
        times, values = times[::-1], [each[::-1] for each in values]
    # Writable and of one piece: numba compiles a kernel once more for arrays that are not.
    columns = (np.ascontiguousarray(times), *map(np.ascontiguousarray, values))
    return columns if times[0] >= 0 and sound(columns) else None  # type: ignore[return-value,arg-type]  # six


def _stamped(column: pl.Series, layout: Layout) -> IntArray | None:
    kind = layout.form.kind
    if kind == stamps.COUNT:
        return _counted(column.to_numpy(writable=True))
    if layout.form.layout:
        return None
    if kind == stamps.NAIVE and layout.zone and column.str.contains(_NAIVE).all():
        naive = column.str.replace(" ", "T", literal=True).str.to_datetime(
            "%Y-%m-%dT%H:%M:%S", time_unit="ms"
        )
        # An hour that comes twice, or never, raises: row by row it is told apart or named.
        return _ints(naive.dt.replace_time_zone(layout.zone, ambiguous="raise", non_existent="raise"))
    if kind == stamps.DATE and column.str.contains(_DATE).all():
        return _ints(column.str.to_datetime("%Y-%m-%d", time_unit="ms"))
    return _times(column)


def _times(column: pl.Series) -> IntArray | None:
    """Return open times in ms, or None where the form is not one of the usual ones."""
    kind = column.dtype
    if kind == pl.String:
        if column.str.contains(_ISO).all():
            digits = column.str.slice(0, 19).str.replace(" ", "T", literal=True)
            return _ints(digits.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="ms", strict=True))
        return _counted(_ints(column), 2) if column.str.contains(_COUNT).all() else None
    if isinstance(kind, pl.Datetime):
        return _ints(column.dt.cast_time_unit("ms")) if kind.time_zone else None
    return _counted(_ints(column), 2) if kind.is_integer() else None


def _counted(counts: IntArray, sizes: int = 4) -> IntArray | None:
    """Return seconds to nanoseconds, by their size, as milliseconds; None where one is none of them."""
    for power, times, parts in _SIZES[:sizes]:
        if ((counts >= 10**power) & (counts < 10 ** (power + 2))).all():
            return counts * times // parts
    fits = [(counts >= 10**power) & (counts < 10 ** (power + 2)) for power, _, _ in _SIZES[:sizes]]
    if not np.any(fits, axis=0).all():
        return None
    return np.select(fits, [counts * times // parts for _, times, parts in _SIZES[:sizes]])


def _numeric(frame: pl.DataFrame, names: Sequence[str]) -> bool:
    kinds = [frame.schema[name] for name in names]
    return all(kind.is_numeric() and not kind.is_decimal() for kind in kinds)


def _ints(column: pl.Series) -> IntArray:
    return column.cast(pl.Int64).to_numpy(writable=True)


def _floats(column: pl.Series) -> FloatArray:
    return column.cast(pl.Float64).to_numpy(writable=True)

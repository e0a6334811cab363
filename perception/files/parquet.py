"""Parquet and feather candle files. pyarrow is heavy and an extra, so it is imported on use."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from domain.errors import BadInput
from domain.extras import lacking

BATCH_ROWS = 8192
MOST_ROWS = 8_000_000
"""Most candles of a file: 15 years of minutes. Packed, a column of equal values takes next to nothing."""


def parquet_cells(path: Path, fields: Sequence[str]) -> Iterator[Sequence[object]]:
    """Return the rows' cells in the order of `fields`, the first being the time.

    A timestamp column comes as milliseconds since 1970, any other type as it is. Raises BadInput.
    """
    parquet, arrow = _pyarrow(path)
    try:
        with parquet.ParquetFile(path) as file:
            check_rows(path, file.metadata.num_rows)
            _check_columns(path, fields, file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(fields)):
                columns = [batch.column(name).to_pylist() for name in fields[1:]]
                yield from zip(_times(path, batch.column(fields[0]), arrow), *columns, strict=True)
    except (OSError, arrow.ArrowException) as error:
        raise BadInput(f"{path}: is not readable Parquet: {_first_line(error)}") from error


def parquet_rows(path: Path) -> int:
    """Return the number of rows the file says it holds. Raises BadInput."""
    parquet, arrow = _pyarrow(path)
    try:
        return int(parquet.read_metadata(path).num_rows)
    except (OSError, arrow.ArrowException) as error:
        raise BadInput(f"{path}: is not readable Parquet: {_first_line(error)}") from error


def table_columns(path: Path, *, feather: bool = False) -> list[str]:
    """Return the names of a Parquet or feather file's columns. Raises BadInput."""
    parquet, arrow = _pyarrow(path)
    try:
        if feather:
            with arrow.OSFile(str(path)) as file:
                return list(arrow.ipc.open_file(file).schema.names)
        return list(parquet.read_schema(path).names)
    except (OSError, arrow.ArrowException) as error:
        raise BadInput(f"{path}: is not readable {_kind(feather)}: {_first_line(error)}") from error


def table_cells(path: Path, *, feather: bool) -> Iterator[Sequence[object]]:
    """Return the rows of a Parquet or feather file of any columns.

    Instants come as milliseconds since 1970, times without a zone as naive datetimes. Raises BadInput.
    """
    parquet, arrow = _pyarrow(path)
    try:
        if feather:
            with arrow.OSFile(str(path)) as file:
                table = arrow.ipc.open_file(file).read_all()
        else:
            check_rows(path, parquet_rows(path))
            table = parquet.read_table(path)
        check_rows(path, table.num_rows)
        for batch in table.to_batches(max_chunksize=BATCH_ROWS):
            yield from zip(*(_plain(column, arrow) for column in batch.columns), strict=True)
    except (OSError, arrow.ArrowException) as error:
        raise BadInput(f"{path}: is not readable {_kind(feather)}: {_first_line(error)}") from error


def check_rows(path: Path, rows: int) -> None:
    """Raise BadInput for a file with more rows than are read."""
    if rows > MOST_ROWS:
        raise BadInput(f"{path}: holds {rows} rows, the limit is {MOST_ROWS}; split it by time")


def _pyarrow(path: Path) -> tuple[ModuleType, ModuleType]:
    try:
        import pyarrow as pa  # noqa: PLC0415  # heavy, and absent without the extra
        from pyarrow import parquet  # noqa: PLC0415  # same
    except ImportError as error:
        raise BadInput(f"{path}: {lacking('reading Parquet', 'parquet')}") from error
    return parquet, pa


def _check_columns(path: Path, fields: Sequence[str], names: Sequence[str]) -> None:
    missing = [name for name in fields if name not in names]
    if missing:
        raise BadInput(
            f"{path}: columns are {', '.join(names)}; missing {', '.join(missing)} of {','.join(fields)}"
        )


def _times(path: Path, column: object, arrow: ModuleType) -> Iterable[object]:
    kind = column.type  # type: ignore[attr-defined]  # pyarrow ships no types
    if not arrow.types.is_timestamp(kind):
        return list(column.to_pylist())  # type: ignore[attr-defined]  # same
    if kind.tz is None:
        raise BadInput(f"{path}: timestamp column has type {kind}, which has no timezone; store it as UTC")
    whole = column.cast(arrow.timestamp("ms", kind.tz), safe=False)  # type: ignore[attr-defined]  # same
    return list(whole.cast(arrow.int64()).to_pylist())


def _plain(column: object, arrow: ModuleType) -> list[object]:
    kind = column.type  # type: ignore[attr-defined]  # pyarrow ships no types
    if arrow.types.is_timestamp(kind):
        # Nanoseconds would need pandas.
        whole = column.cast(arrow.timestamp("ms", kind.tz), safe=False)  # type: ignore[attr-defined]  # same
        return list((whole if kind.tz is None else whole.cast(arrow.int64())).to_pylist())
    return list(column.to_pylist())  # type: ignore[attr-defined]  # same


def _kind(feather: bool) -> str:  # noqa: FBT001  # one of two
    return "feather" if feather else "Parquet"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]

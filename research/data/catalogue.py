"""The candle catalogue: one Parquet file per symbol and timeframe under the home, whole or not there.

HOME/candles/BTC-USDT/1m.parquet holds the columns of a candle file, so that the loop can read it too,
and in its footer what they are: fingerprint, sources, when they came. A file is replaced in one step
and read back against its fingerprint.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl
from filelock import FileLock, Timeout

from domain.errors import BadInput
from domain.private import private_folder
from domain.symbols import LIKE, is_symbol
from domain.times import MONTH_MS, TIMEFRAMES, utc
from edge.files import write_whole
from edge.typed_json import typed
from perception.files.limits import FIELDS
from research.data.candles import COLUMNS, Candles, IntArray
from research.data.mapped import columns_file, read_columns, write_columns

FOLDER = "candles"
LOCK_SECONDS = 10.0
_KEY = "boyd.candles"
_NAMES = {length: name for name, length in TIMEFRAMES.items()}
_TIME = pl.Datetime("ms", "UTC")
_TYPES = (_TIME, *[pl.Float64] * 5)


class Origin(msgspec.Struct, frozen=True):
    """The origin of candles: a file's or a venue's name, when (UTC), and how many were new."""

    name: str
    at: datetime
    candles: int


class CatalogueEntry(msgspec.Struct, frozen=True):
    """A catalogue entry, as its file's footer has it; times are open times in ms (UTC)."""

    symbol: str
    timeframe_ms: int
    candles: int
    first: int
    last: int
    fingerprint: str
    sources: tuple[Origin, ...] = ()

    @property
    def timeframe(self) -> str:
        """Name of the timeframe."""
        return _NAMES[self.timeframe_ms]


class Added(NamedTuple):
    """The result of an import: candles that are new, those held already, and all there are now."""

    entry: CatalogueEntry
    new: int
    known: int


class Catalogue:
    """Candles by symbol and timeframe in `home`/candles."""

    def __init__(self, home: Path) -> None:
        self.root = home / FOLDER

    def path(self, symbol: str, timeframe_ms: int) -> Path:
        """Return the file of a symbol and timeframe. Raises BadInput for one that cannot be."""
        if not is_symbol(symbol):
            raise BadInput(f"symbol {symbol[:40]!r} is not like {LIKE}")
        name = _NAMES.get(timeframe_ms)
        if name is None:
            raise BadInput(f"timeframe {timeframe_ms} ms is not one of {', '.join(TIMEFRAMES)}")
        # Some file systems take 1M for 1m.
        return self.root / symbol / f"{'1mo' if timeframe_ms == MONTH_MS else name}.parquet"

    def add(self, candles: Candles, source: str, at: datetime) -> Added:
        """Merge candles into what is held, as of `at`; those held already must be the same.

        Raises BadInput, with nothing written, for a candle that differs and a file that cannot be.
        """
        if not len(candles):
            raise BadInput(f"{source}: holds no candle of {candles.symbol}")
        with self.adding(candles.symbol, candles.timeframe_ms, at) as series:
            new = series.add(candles, source)
        return Added(series.entry(), new, len(candles) - new)

    @contextmanager
    def adding(self, symbol: str, timeframe_ms: int, at: datetime) -> Iterator["Series"]:
        """Let several sources be added to one series, as of `at`; it is written once, in the end.

        What was added is written also when a later source is refused. Raises BadInput as `add`.
        """
        path = self.path(symbol, timeframe_ms)
        with self._locked(path):
            held = _read(path, symbol, timeframe_ms) if path.is_file() else None
            series = Series(held, at)
            try:
                yield series
            finally:
                if series.new and series.candles is not None:
                    _write(path, series.candles, series.entry())

    def get(self, symbol: str, timeframe_ms: int) -> Candles:
        """Return the candles held. Raises BadInput when there are none or the file is not sound."""
        path = self.path(symbol, timeframe_ms)
        if not path.is_file():
            there = ", ".join(f"{entry.symbol} {entry.timeframe}" for entry in self.list()) or "none"
            raise BadInput(f"{symbol} {_NAMES[timeframe_ms]} is not in {self.root}; there are: {there}")
        return _read(path, symbol, timeframe_ms)[1]

    def mapped(self, symbol: str, timeframe_ms: int) -> Candles:
        """Return the candles held as `get` does, mapped from a file of columns; for more than memory is for.

        The file is made where there is none. Where it cannot be written the candles are in memory.
        """
        path = self.path(symbol, timeframe_ms)
        if not path.is_file():
            return self.get(symbol, timeframe_ms)
        for _ in range(2):
            entry = _footer(path, path)
            file = columns_file(path, entry.fingerprint)
            candles = read_columns(file, symbol, timeframe_ms, entry.fingerprint)
            if candles is not None:
                return candles
            held = _read(path, symbol, timeframe_ms)[1]
            try:
                write_columns(path, held)
            except OSError:
                break
        return held

    def held(self, symbol: str, timeframe_ms: int) -> Candles | None:
        """Return the candles held, or None. Raises BadInput as `get` for a file that is not sound."""
        path = self.path(symbol, timeframe_ms)
        return _read(path, symbol, timeframe_ms)[1] if path.is_file() else None

    def list(self) -> tuple[CatalogueEntry, ...]:
        """Return what is held, by symbol and timeframe. Raises BadInput for a file that is not ours."""
        files = sorted(self.root.glob("*/*.parquet"))
        results = [_footer(path, path) for path in files if not path.name.startswith(".")]
        return tuple(sorted(results, key=lambda entry: (entry.symbol, entry.timeframe_ms)))

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        """Hold the file's lock: two imports at once would each forget the other's candles."""
        lock = FileLock(path.with_name(f".{path.name}.lock"), mode=0o600)
        try:
            private_folder(path.parent)
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout:
            raise BadInput(f"{path}: another import has been at it for {LOCK_SECONDS:g} s") from None
        except OSError as error:
            raise BadInput(f"{path}: cannot be written: {error.strerror}") from None
        try:
            yield
        finally:
            lock.release()


class Series:
    """One series of the catalogue while sources are added to it."""

    def __init__(self, held: tuple[CatalogueEntry, Candles] | None, at: datetime) -> None:
        self._held = None if held is None else held[0]
        self._sources = () if held is None else held[0].sources
        self._at = at
        self.candles = None if held is None else held[1]
        self.new = 0

    def add(self, candles: Candles, source: str) -> int:
        """Merge candles and return how many are new. Raises BadInput where one differs from what is held."""
        before = 0 if self.candles is None else len(self.candles)
        self.candles = candles if self.candles is None else _merged(self.candles, candles, source)
        new = len(self.candles) - before
        self._sources = _origins(self._sources, Origin(source, self._at, new))
        self.new += new
        return new

    def entry(self) -> CatalogueEntry:
        """Return what the file says about itself, as it is or will be written."""
        if self._held is not None and not self.new:
            return self._held
        if self.candles is None:
            raise BadInput("nothing was added")
        return _entry(self.candles, self._sources)


def _entry(candles: Candles, sources: Iterable[Origin]) -> CatalogueEntry:
    return CatalogueEntry(
        candles.symbol, candles.timeframe_ms, len(candles), int(candles.time[0]), int(candles.time[-1]),
        candles.fingerprint, tuple(sources),
    )  # fmt: skip


def _origins(before: tuple[Origin, ...], new: Origin) -> tuple[Origin, ...]:
    """Add a source; one that goes on where it last stopped, as a download does, stays one line."""
    if before and before[-1].name == new.name:
        return (*before[:-1], Origin(new.name, new.at, before[-1].candles + new.candles))
    return (*before, new)


def _merged(held: Candles, more: Candles, source: str) -> Candles:
    """Join two sets of candles in time order. Raises BadInput where they contradict one another."""
    if more.time[0] > held.time[-1] or more.time[-1] < held.time[0]:
        first, second = (held, more) if more.time[0] > held.time[-1] else (more, held)
        pieces = (np.concatenate([getattr(first, name), getattr(second, name)]) for name in COLUMNS)
        return Candles(held.symbol, held.timeframe_ms, *pieces)
    _, mine, theirs = np.intersect1d(held.time, more.time, assume_unique=True, return_indices=True)
    _agree(held, more, mine, theirs, source)
    new = np.ones(len(more), dtype=bool)
    new[theirs] = False
    time = np.concatenate([held.time, more.time[new]])
    order = np.argsort(time, kind="stable")
    columns = (np.concatenate([getattr(held, name), getattr(more, name)[new]])[order] for name in COLUMNS)
    return Candles(held.symbol, held.timeframe_ms, *columns)


def _agree(held: Candles, more: Candles, mine: IntArray, theirs: IntArray, source: str) -> None:
    for name in COLUMNS[1:]:
        ours, other = getattr(held, name)[mine], getattr(more, name)[theirs]
        differing = np.flatnonzero(ours != other)
        if len(differing):
            index = differing[0]
            at = f"{utc(int(held.time[mine[index]])):%Y-%m-%dT%H:%M:%SZ}"
            raise BadInput(
                f"{source}: {name} {other[index]!s} of {held.symbol} {_NAMES[held.timeframe_ms]} at {at} "
                f"differs from the catalogue's {ours[index]!s}; {len(differing)} of {len(mine)} candles "
                f"held already differ in {name}, nothing was written"
            )


def _write(path: Path, candles: Candles, entry: CatalogueEntry) -> None:
    """Put a new file in the place of the old one, at once or not at all."""
    frame = pl.DataFrame(
        dict(zip(FIELDS, (getattr(candles, name) for name in COLUMNS), strict=True))
    ).with_columns(pl.col("timestamp").cast(_TIME))
    packed = io.BytesIO()
    frame.write_parquet(packed, compression="zstd", metadata={_KEY: msgspec.json.encode(entry).decode()})
    try:
        write_whole(path, packed.getbuffer(), settled=True)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written: {error.strerror}") from None


def _read(path: Path, symbol: str, timeframe_ms: int) -> tuple[CatalogueEntry, Candles]:
    """Read a file at one go, for it may be replaced meanwhile. Raises BadInput."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None
    entry = _footer(path, io.BytesIO(data))
    if (entry.symbol, entry.timeframe_ms) != (symbol, timeframe_ms):
        raise BadInput(f"{path}: holds {entry.symbol} {entry.timeframe}; it was moved or renamed")
    try:
        frame = pl.read_parquet(data)
    except pl.exceptions.PolarsError as error:
        raise BadInput(f"{path}: is damaged or cut short: {_first_line(error)}") from None
    if list(zip(frame.columns, frame.dtypes, strict=True)) != list(zip(FIELDS, _TYPES, strict=True)):
        raise BadInput(f"{path}: is no candle file of this catalogue; remove it and import anew")
    time, *values = (frame[name].to_physical().to_numpy(writable=True) for name in FIELDS)
    candles = Candles(symbol, timeframe_ms, time, *values)
    if candles.fingerprint != entry.fingerprint:
        raise BadInput(f"{path}: was changed after it was written (fingerprint); remove it and import anew")
    return entry, candles


def _footer(path: Path, content: Path | io.BytesIO) -> CatalogueEntry:
    """Return what a file says about itself. Raises BadInput for one that is not ours or not whole."""
    text: str | None = None
    try:
        text = pl.read_parquet_metadata(content).get(_KEY)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadInput(f"{path}: is damaged or cut short: {_first_line(error)}") from None
    if text is not None:
        with suppress(msgspec.DecodeError):
            entry = typed(text, CatalogueEntry)
            if entry.timeframe_ms in _NAMES:
                return entry
    raise BadInput(f"{path}: is no candle file of this catalogue; remove it and import anew")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]

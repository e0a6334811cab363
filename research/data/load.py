"""Candle files as arrays, whatever program wrote them, and joining what belongs together."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from domain.errors import BadInput
from domain.symbols import LIKE, is_symbol
from domain.times import TIMEFRAMES, millis, utc
from perception.files import names
from perception.files.candles import ASKED, known, own, read_candles, timeframe
from perception.files.foreign import Reading, layout_of, read_foreign, symbol_in
from perception.files.formats import BOYD
from perception.files.limits import FIELDS, SAMPLE_ROWS
from research.data.candles import Candles
from research.data.fast import Columns, foreign_columns, own_columns

Range = tuple[int | None, int | None]
"""First instant and the instant after the last, in ms (UTC); None is open."""

_RANGE = re.compile(r"([0-9]{8})?-([0-9]{8})?")


class Loaded(NamedTuple):
    """A file's candles, the format it was read as, and what somebody should know of it."""

    path: Path
    candles: Candles
    format: str
    title: str
    notes: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """One line for people, "" where there is nothing to tell."""
        title = () if self.format == BOYD.name else (self.title,)
        return "; ".join((*title, *self.notes))


def read(path: Path, reading: Reading = ASKED) -> Loaded:
    """Read one candle file; the symbol is in it or in its name unless given.

    Raises BadInput exactly where and as the loop would.
    """
    if own(path, reading):
        columns = own_columns(path) or _careful(path)
        symbol = _symbol(path, names.Named(reading.symbol) if reading.symbol else names.named(path))
        return Loaded(path, _candles(path, symbol.symbol, columns), BOYD.name, BOYD.title, _said(symbol))
    layout = layout_of(path, reading)
    notes: tuple[str, ...] = ()
    fast = foreign_columns(path, layout)
    if fast is None:
        foreign = read_foreign(path, reading)
        layout, notes = foreign.layout, foreign.notes
        fast = _arrays(foreign.table[:6])
    symbol = _symbol(path, symbol_in(path, reading, layout))
    candles = _candles(path, symbol.symbol, fast, sparse=layout.format.sparse)
    return Loaded(path, candles, layout.format.name, layout.format.title, (*_said(symbol), *notes))


def load(path: Path, symbol: str | None = None) -> Candles:
    """Read one candle file; the symbol is in it or in its name unless given. Raises BadInput."""
    return read(path, Reading(symbol=symbol)).candles


def read_many(
    paths: Sequence[Path], symbols: Sequence[str] | None = None, reading: Reading = ASKED
) -> list[Loaded]:
    """Read files; `symbols` names each one's symbol, or one for all. Raises BadInput."""
    if symbols and len(symbols) not in (1, len(paths)):
        raise BadInput(f"{len(symbols)} symbols for {len(paths)} data files; give one each, or one for all")
    each = [None] * len(paths) if not symbols else [*symbols] * (len(paths) if len(symbols) == 1 else 1)
    return [
        read(path, reading if symbol is None else replace(reading, symbol=symbol))
        for path, symbol in zip(paths, each, strict=True)
    ]


def joined(files: Sequence[Loaded]) -> tuple[Candles, ...]:
    """Join the files of each symbol in time order.

    Raises BadInput for different timeframes and for files of one symbol that overlap in time.
    """
    result: dict[str, list[tuple[Candles, Path]]] = {}
    for each in files:
        result.setdefault(each.candles.symbol, []).append((each.candles, each.path))
    _one_timeframe([part for parts in result.values() for part in parts])
    return tuple(_joined(parts) for parts in result.values())


def timerange(text: str) -> Range:
    """Read `20230101-20230601`, `20230101-` or `-20230601`: UTC days, the second one not included."""
    match = _RANGE.fullmatch(text)
    if match is None or text == "-":
        raise BadInput(f"timerange {text!r} is not like 20230101-20230601, 20230101- or -20230601")
    start, end = (_day(text, part) for part in match.groups())
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


def _careful(path: Path) -> Columns:
    """Read row by row as the loop does. Raises its BadInput."""
    rows = np.fromiter(read_candles(path), dtype=np.dtype((np.float64, len(FIELDS))))
    return _arrays([rows[:, index] for index in range(len(FIELDS))])


def _arrays(columns: Sequence[Any]) -> Columns:
    # Milliseconds stay far below 2**53, so the way through a float is exact.
    time, *values = (np.array(column) for column in columns)
    return (time.astype(np.int64), *values)  # type: ignore[return-value]  # six


def _symbol(path: Path, named: names.Named) -> names.Named:
    if named.symbol is None:
        why = f"; {named.said}" if named.said else ""
        raise BadInput(f"{path}: the name does not begin with a symbol such as BTC-USDT; add --symbol{why}")
    if not is_symbol(named.symbol):
        raise BadInput(f"{path}: symbol {named.symbol[:40]!r} is not like {LIKE}")
    return named


def _said(named: names.Named) -> tuple[str, ...]:
    return (named.said,) if named.said else ()


def _candles(path: Path, symbol: str | None, columns: Columns, *, sparse: bool = False) -> Candles:
    length = timeframe(path, columns[0][:SAMPLE_ROWS].tolist(), sparse=sparse)
    known(path, length)
    return Candles(symbol or "", length, *columns)


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

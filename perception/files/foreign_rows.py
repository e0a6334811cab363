"""The rows of another program's file on their way into columns, oldest first.

What is wrong with a row is said with its line, its field and its value, as for files of our own. A file may
be newest first. Rows without a price at all (a holiday of Yahoo's, zeros of Alpha Vantage's) are left out
and counted; prices are adjusted where the file says how.
"""

import csv
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from math import inf, isfinite
from pathlib import Path
from typing import NamedTuple

from domain.candle import RawCandle
from domain.errors import BadInput
from domain.times import WEEK_MS, opened_by, utc
from perception.files import contents, stamps
from perception.files.cells import arrays_of, is_nothing, is_zero, text_of
from perception.files.formats import ARRAYS, TABLE
from perception.files.layout import NONE, Layout
from perception.files.limits import FIELDS, fault, shown, usual_step
from perception.files.numerals import number
from perception.files.parquet import check_rows, table_cells

ADJUSTED_DECIMALS = 6
"""As Yahoo writes prices: an adjusted one is a product and would have sixteen."""


class Table(NamedTuple):
    """Candles in columns, oldest first: open times in ms (UTC), prices, volume, and the line of each."""

    time: "array[int]"
    open: "array[float]"
    high: "array[float]"
    low: "array[float]"
    close: "array[float]"
    volume: "array[float]"
    line: "array[int]"

    def rows(self) -> Iterator[RawCandle]:
        """Return the candles one by one."""
        return map(RawCandle, *self[:6])


class _Row(NamedTuple):
    """One row read: a candle's values, its adjusted close and what one share became."""

    candle: tuple[int, float, float, float, float, float]
    adjusted: float
    split: float


class ForeignRows:
    """Reads a file by its layout; `notes` are what somebody should know of it, once it is read."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path = path
        self.layout = layout
        self.unit = "row" if layout.shape in (TABLE, ARRAYS) else "line"
        self.zone = stamps.zone_of(layout.zone) if layout.zone else None
        self.left_out: list[str] = []
        self.without_volume = self.swapped = 0
        self.said = ""
        self.whose: object = None

    def read(self) -> Table:
        """Return the candles. Raises BadInput naming file, line, field and value."""
        rows: list[_Row] = []
        lines = array("q")
        for line, cells in self._cells():
            row = self._row(line, cells) if cells else None
            if row is not None:
                rows.append(row)
                lines.append(line)
                check_rows(self.path, len(lines))
        if not rows:
            raise BadInput(f"{self.path}: holds no candles")
        times = self._told_apart(array("q", (row.candle[0] for row in rows)), lines)
        if len(times) > 1 and times[0] > times[-1]:
            rows, times, lines = rows[::-1], times[::-1], lines[::-1]
        open_, high, low, close, volume = (
            array("d", (row.candle[index] for row in rows)) for index in range(1, 6)
        )
        table = Table(self._opened(times), open_, high, low, close, volume, lines)
        table = self._adjusted(table, rows)
        self._check(table)
        return table

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on rows that were left out, put right or adjusted."""
        return tuple(self._notes())

    def _notes(self) -> Iterable[str]:
        if self.said:
            yield self.said
        if self.left_out:
            out = _count(len(self.left_out), "row")
            yield f"left out, without prices: {out}, the first is {self.left_out[0]}"
        if self.without_volume:
            yield f"without a volume, counted as 0: {_count(self.without_volume, 'candle')}"
        if self.swapped:
            yield f"the two volumes have changed places in {_count(self.swapped, 'row')} and were put right"

    def _cells(self) -> Iterator[tuple[int, Sequence[object]]]:
        if self.layout.shape == TABLE:
            feather = contents.kind_of(self.path) == contents.FEATHER
            return enumerate(table_cells(self.path, feather=feather), 1)
        if self.layout.shape == ARRAYS:
            return enumerate(arrays_of(self.path), 1)
        return self._of_text()

    def _of_text(self) -> Iterator[tuple[int, Sequence[object]]]:
        lines = text_of(self.path, contents.whole(self.path), cut=False).splitlines()
        skip = self.layout.skip
        try:
            yield from enumerate(csv.reader(lines[skip:], delimiter=self.layout.delimiter), skip + 1)
        except csv.Error as error:
            raise BadInput(contents.damaged(self.path, error)) from error

    def _row(self, line: int, cells: Sequence[object]) -> _Row | None:
        layout = self.layout
        if len(cells) != layout.width:
            raise self._bad(line, f"{len(cells)} fields; there must be {layout.width}, as in the first row")
        if layout.of != NONE:
            self._of_one(line, cells[layout.of])
        stamp, *prices = (cells[index] for index in layout.places[:5])
        volume = cells[layout.places[5]] if layout.places[5] != NONE else 0.0
        if all(map(is_nothing, prices)) or all(map(is_zero, prices)):
            self.left_out.append(str(stamp))
            return None
        open_, high, low, close = (
            self._number(line, name, cell) for name, cell in zip(FIELDS[1:5], prices, strict=True)
        )
        traded = self._volume(line, volume, cells, (low, high))
        candle = (self._time(line, stamp), open_, high, low, close, traded)
        adjusted = self._optional(line, "adjusted close", layout.adjusted, cells, close)
        split = self._optional(line, "split coefficient", layout.split, cells, 1.0)
        return _Row(
            candle, adjusted, split or 1.0
        )  # 0 is no split, as Yahoo writes it, and no end of all volume

    def _of_one(self, line: int, whose: object) -> None:
        """Raise BadInput for a row of another symbol than the first row's."""
        if self.whose is None:
            self.whose = whose
        if whose != self.whose:
            raise self._bad(
                line, f"is of {shown(whose)}, the rows before of {shown(self.whose)}; give each its file"
            )

    def _volume(
        self, line: int, volume: object, cells: Sequence[object], prices: tuple[float, float]
    ) -> float:
        """Return the volume in the base asset: some files change it for that in the quote on the way."""
        if self.layout.format.multiples and is_nothing(volume):
            self.without_volume += 1
            return 0.0
        traded = self._number(line, "volume", volume)
        other = self._optional(line, "volume", self.layout.quoted, cells, 0.0)
        low, high = prices
        if traded > 0 and other > 0 and not low <= other / traded <= high and low <= traded / other <= high:
            self.swapped += 1
            return other
        return traded

    def _optional(self, line: int, name: str, index: int, cells: Sequence[object], otherwise: float) -> float:
        if index == NONE:
            return otherwise
        value = self._number(line, name, cells[index])
        if not isfinite(value) or value < 0:
            raise self._bad(line, f"{name} {value} is below 0 or not finite")
        return value

    def _number(self, line: int, name: str, cell: object) -> float:
        try:
            if isinstance(cell, str):
                return number(cell, self.layout.style, multiples=self.layout.format.multiples)
            # Of what JSON and tables hold, true is no number here.
            return float("" if isinstance(cell, bool) else cell)  # type: ignore[arg-type]  # float refuses
        except (ValueError, TypeError, OverflowError):
            raise self._bad(line, f"{name} {shown(cell)} is not a number") from None

    def _time(self, line: int, stamp: object) -> int:
        try:
            if isinstance(stamp, datetime):
                return stamps.local(stamp, self.zone, str(stamp))
            if isinstance(stamp, date):
                return stamps.session(stamp)
            if isinstance(stamp, (int, float)) and not isinstance(stamp, bool):
                return stamps.counted(stamp)
            if isinstance(stamp, str):
                return stamps.read(self.layout.form, stamp.strip(), self.zone)
        except ValueError as error:
            raise self._bad(line, self._explained(str(error))) from error
        raise self._bad(line, f"time {shown(stamp)} is no time")

    def _explained(self, text: str) -> str:
        if not text.endswith(stamps.NO_ZONE):
            return text
        hint = f"; {self.layout.format.hint}" if self.layout.format.hint else ""
        return f"{text}; say it with --timezone, such as UTC or America/New_York{hint}"

    def _told_apart(self, times: "array[int]", lines: "array[int]") -> "array[int]":
        """Tell the two instants apart at which a zone's clocks show one time, when they go back."""
        if self.zone is None or self.layout.form.kind not in (stamps.NAIVE, stamps.COUNT):
            return times
        doubled: dict[int, list[int]] = defaultdict(list)
        for index, time in enumerate(times):
            if self.layout.form.kind == stamps.NAIVE and stamps.again(time, self.zone) is not None:
                doubled[time].append(index)
        backwards = len(times) > 1 and times[0] > times[-1]
        for time, places in doubled.items():
            if len(places) != 2:
                raise self._bad(lines[places[0]], self._which(time, len(places)))
            later = stamps.again(time, self.zone)
            times[places[0 if backwards else 1]] = time if later is None else later
        return times

    def _which(self, time: int, count: int) -> str:
        clock = f"{datetime.fromtimestamp(time / 1000, self.zone):%Y-%m-%d %H:%M}"
        return (
            f"time {clock} comes twice in {self.layout.zone}, when clocks go back, and here {count} times: "
            "which is meant? export it in UTC"
        )

    def _opened(self, times: "array[int]") -> "array[int]":
        """Give weeks and months their opening where a source dates them by their last trading day."""
        step = usual_step(times)
        if not self.layout.format.ends or step is None or step < WEEK_MS:
            return times
        return array("q", (opened_by(time, step) for time in times))

    def _adjusted(self, table: Table, rows: Sequence[_Row]) -> Table:
        """Adjust prices by adjusted close over close, and volume by splits."""
        ratios = [
            row.adjusted / close if close else 1.0 for row, close in zip(rows, table.close, strict=True)
        ]
        if self.layout.adjusted == NONE or all(abs(ratio - 1) < 1e-9 for ratio in ratios):
            return table
        prices = (
            array(
                "d",
                (
                    round(price * ratio, ADJUSTED_DECIMALS)
                    for price, ratio in zip(column, ratios, strict=True)
                ),
            )
            for column in table[1:5]
        )
        volume, became = array("d", table.volume), 1.0
        for index in range(len(rows) - 1, -1, -1):
            volume[index] *= became
            became *= rows[index].split
        first = f"{utc(table.time[0]):%Y-%m-%d} by {ratios[0]:.6g}"
        self.said = f"prices are adjusted for splits and dividends ({first}); as traded: --columns adjusted=-"
        open_, high, low, close = prices
        return table._replace(open=open_, high=high, low=low, close=close, volume=volume)

    def _check(self, table: Table) -> None:
        previous = -inf
        for index, candle in enumerate(table.rows()):
            text = fault(candle, previous)
            if text:
                raise self._bad(table.line[index], text)
            previous = candle.time

    def _bad(self, line: int, text: str) -> BadInput:
        return BadInput(f"{self.path}: {self.unit} {line}: {text}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

"""Columns: an indicator's number of every candle of a tape, worked out once for all trials that share it.

The kernel that fills a column is the one the loop calls, candle by candle from the tape's first, so what
is read here is what the strategy's own memory would hold. Columns are kept up to a stated number of
bytes, the one that was asked for longest ago goes first.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import chain, product
from typing import Any, NamedTuple

import numpy as np

from reasoning.declare.uses import CANDLE
from reasoning.indicators.table import INDICATORS
from reasoning.kernels.strategy import ColumnKey, CrossedSide, Strategy
from research.data.candles import FloatArray, IntArray
from research.engine.compiler import asked_at_columns
from research.engine.crossings import AT_ONCE, WORD, Places, Words
from research.engine.fillers import filler
from research.engine.pages import Pages
from research.engine.tape import Tape

MOST_BYTES = 128 * 2**20
"""Bytes of columns kept for one tape at most; of a short one a quarter of it, which a cache may hold."""
AT_LEAST = 32
"""Columns that are kept where they find room in that."""
COLUMNS = (*CANDLE, "time")
"""The columns of a candle that an indicator may be made of."""
SERIES = ("close", "volume")
"""The numbers of a candle that are at hand as columns, in the order of `fill_series`."""
MOST_HELD = 32 * 2**20
"""Bytes of columns that the trials of one call read, beyond those of one trial."""
Given = ColumnKey | float


class ColumnCache:
    """The columns of one tape, shared by threads."""

    def __init__(self, tape: Tape, series: FloatArray, most: int | None = None) -> None:
        """Begin with none; `series` has the tape's closes and volumes as `fill_series` writes them.

        `most` are the bytes that are kept, where not as many as the tape's length asks for.
        """
        self._tape = tape
        self._series = series
        asked = min(max(AT_LEAST * 8 * len(tape.close), MOST_BYTES // 4), MOST_BYTES)
        self._most = asked if most is None else most
        self._pages = Pages(len(tape.close))
        self._kept: OrderedDict[Given, FloatArray] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[Given, threading.Lock] = {}
        self._memories: dict[ColumnKey, FloatArray] = {}
        self._shorter: ColumnCache | None = None

    def extend(self, shorter: "ColumnCache") -> None:
        """Go on with the columns of a tape that this one begins with, instead of filling them anew.

        Does nothing where this tape does not begin with that one, or with nothing at all.
        """
        if 0 < len(shorter) <= len(self) and _begins_with(self._tape, shorter._tape):  # noqa: SLF001  # its own kind
            self._shorter, shorter._shorter = shorter, None  # noqa: SLF001  # else all would be kept

    def _given_up(self, key: ColumnKey, outputs: Sequence[str]) -> tuple[FloatArray, list[FloatArray]] | None:
        """Return a kind's memory behind the last candle, and its columns, for whoever goes on with them."""
        with self._lock:
            columns = [self._kept.get(key._replace(output=name)) for name in outputs]
            memory = self._memories.pop(key._replace(output=outputs[0]), None)
        there = [each for each in columns if each is not None]
        return None if memory is None or len(there) < len(columns) else (memory, there)

    def get(self, key: Given) -> FloatArray:
        """Return a column, float64[n]; a number's is that number throughout."""
        kept = self._found(key)
        if kept is not None:
            return kept
        # Each is made by one thread while others make others.
        whole = key._replace(output="") if isinstance(key, ColumnKey) else key
        with self._lock:
            making = self._making.setdefault(whole, threading.Lock())
        with making:
            kept = self._found(key)
            return self._made(key) if kept is None else kept

    def _found(self, key: Given) -> FloatArray | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def __len__(self) -> int:
        """Return the candles of the tape."""
        return len(self._tape.close)

    @property
    def nbytes(self) -> int:
        """Return the bytes that are kept."""
        return 8 * len(self) * len(self._kept)

    def _made(self, key: Given) -> FloatArray:
        count = len(self)
        if not isinstance(key, ColumnKey):
            return self._keep(key, np.full(count, float(key)))
        if key.kind in SERIES:
            first = SERIES.index(key.kind) * count
            return self._keep(key, self._series[first : first + count])
        if key.kind in COLUMNS:
            return self._keep(key, np.ascontiguousarray(getattr(self._tape, key.kind), dtype=np.float64))
        kind = INDICATORS[key.kind]
        inputs = [self.get(each) for each in key.inputs]
        first = min(max((known_after(each) for each in key.inputs), default=0), count)
        outputs = tuple(self._pages.array(first) for _ in kind.outputs)
        shorter = None if self._shorter is None else self._shorter._given_up(key, kind.outputs)  # noqa: SLF001
        memory = np.zeros(int(kind.size(*key.parameters)))
        if shorter is not None and len(shorter[1][0]) > first:
            memory = shorter[0]
            for column, known in zip(outputs, shorter[1], strict=True):
                column[: len(known)] = known
            first = len(shorter[1][0])
        filler(kind)(memory, *key.parameters, *(each[first:] for each in (*inputs, *outputs)))
        self._memories[key._replace(output=kind.outputs[0])] = memory
        for name, column in zip(kind.outputs, outputs, strict=True):
            self._keep(key._replace(output=name), column)
        return outputs[kind.outputs.index(key.output)]  # what is kept may be others already

    def _keep(self, key: Given, column: FloatArray) -> FloatArray:
        with self._lock:
            self._kept[key] = column
            while len(self._kept) > 1 and self.nbytes > self._most:
                self._kept.popitem(last=False)
        return column


def _begins_with(tape: Tape, shorter: Tape) -> bool:
    """Tell whether the first candles of a tape are those of another."""
    return all(
        np.array_equal(getattr(tape, name)[: len(shorter.close)], getattr(shorter, name)) for name in COLUMNS
    )


class TrialColumns(NamedTuple):
    """Trials as `find_many` takes them; `kept` are the arrays that lie where `place` and `ahead` say."""

    kept: Sequence[FloatArray]
    place: IntArray
    level: FloatArray
    packs: FloatArray
    ahead: IntArray
    pairs: int
    candles: int

    @property
    def given(self) -> tuple[Any, ...]:
        """The first arguments of `find_many`, for all candles."""
        return self.place, self.level, self.packs, self.ahead, self.pairs, 0, self.candles

    def of_none(self, first: int, until: int) -> tuple[Any, ...]:
        """Return the same of no trial, for some candles: their features alone are worked out."""
        none = self._replace(place=self.place[:0], level=self.level[:0], packs=self.packs[:0])
        return *none.given[:-2], first, until


class Crossings:
    """Room for the crossings in a piece of the candles; for one thread."""

    def __init__(self) -> None:
        self._bits: Words = np.zeros(AT_ONCE, dtype=np.uint64)
        self._candidate: Places = np.zeros(AT_ONCE * WORD, dtype=np.int32)

    @property
    def room(self) -> tuple[Words, Places]:
        """The bits of as many candles as are looked at at once, blank, and room for those that are set."""
        return self._bits, self._candidate


class TrialKeys:
    """The columns that trials of a strategy read which decides over columns, and those of them that cross.

    `columns` is how many a trial reads, `kinds` the types of its packed parameters.
    """

    def __init__(self, strategy: Strategy[Any], packs: Sequence[Any]) -> None:
        self._strategy = strategy
        of: Any = strategy.columns
        self.columns, self.pairs = len(strategy.needs), len(strategy.sides)
        self.kinds = tuple(map(type, packs[0]))
        self._packs = table_of(packs)
        self._place: dict[Given, int] = {}
        self._rows: IntArray = np.empty((len(packs), self.columns + 2 * self.pairs), dtype=np.int64)
        self._levels: FloatArray = np.zeros((len(packs), self.pairs))
        for number, needed in enumerate(strategy.needs):
            first, which = alike(self._packs[:, needed])
            keys = [of(packs[trial])[number] for trial in first.tolist()]
            self._rows[:, number] = self._placed(keys)[which]
        for pair, (one, other) in enumerate(strategy.sides):
            column, beside = (one, other) if one.column >= 0 else (other, one)
            at = self.columns + 2 * pair
            self._rows[:, at] = self._of_side(column)
            if beside.column < 0:
                self._levels[:, pair] = self._numbers(beside)
            self._rows[:, at + 1] = self._rows[:, beside.column] if beside.column >= 0 else -1
        self._keys = list(self._place)
        self._lies: IntArray = np.zeros(len(self._keys) + 1, dtype=np.int64)  # the last for none: told by 0
        self._all: dict[ColumnCache, tuple[list[FloatArray], IntArray]] = {}

    def _placed(self, keys: Sequence[Given]) -> IntArray:
        return np.array([self._place.setdefault(key, len(self._place)) for key in keys], dtype=np.int64)

    def _of_side(self, side: CrossedSide) -> IntArray:
        """Return the places of the columns on a side of a crossing, of a number's where none stands there."""
        if side.column >= 0:
            return self._rows[:, side.column]
        values, which = np.unique(self._numbers(side), return_inverse=True)
        return self._placed(values.tolist())[which]

    def _numbers(self, side: CrossedSide) -> FloatArray:
        return self._packs[:, side.field] if side.field >= 0 else np.full(len(self._packs), side.level)

    def of(self, trial: int) -> tuple[list[Given], IntArray, FloatArray, FloatArray]:
        """Return a trial's columns, its row of places among them (-1 for none), and of levels and packs."""
        row = self._rows[trial].tolist()  # a list, for NumPy's own ways cost more for so few
        used = sorted({*row} - {-1})
        places = [-1 if key < 0 else used.index(key) for key in row]
        keys, rows = [self._keys[key] for key in used], slice(trial, trial + 1)
        return keys, np.array([places], dtype=np.int64), self._levels[rows], self._packs[rows]

    @cached_property
    def find(self) -> Callable[..., int]:
        """Machine code of `find_many` for the strategy."""
        return asked_at_columns(self._strategy, self.columns, self.kinds)

    def order(self) -> IntArray:
        """Return an order in which any run of trials reads few columns: a square of a grid, no row of it."""
        return squares(self._rows[:, : self.columns])

    def asked(self, trials: IntArray, columns: ColumnCache) -> TrialColumns:
        """Return some of the trials with the columns of a tape, as many of them as `MOST_HELD` allows.

        Where it allows those of all trials, all are there from the first call on.
        """
        most = self._rows.shape[1] + MOST_HELD // (8 * max(len(columns), 1))
        rows = self._rows[trials]
        if len(self._keys) <= most:
            kept, lies = self._of_all(columns)
        else:
            # Sets and one array that is kept: NumPy's own ways cost more than all else here, for so few.
            while len(used := {*rows.ravel().tolist()}) > most and len(rows) > 1:
                rows = rows[: len(rows) // 2]
            used.discard(-1)
            kept, lies = [], self._lies
            for key in used:
                column = columns.get(self._keys[key])
                kept.append(column)
                lies[key] = column.ctypes.data
        chosen = trials[: len(rows)]
        read = lies[list({*rows.ravel().tolist()} - {-1})]
        lie, level, packs = lies[rows], self._levels[chosen], self._packs[chosen]
        return TrialColumns(kept, lie, level, packs, read, self.pairs, len(columns))

    def _of_all(self, columns: ColumnCache) -> tuple[list[FloatArray], IntArray]:
        """Return all columns of a tape, and where they lie."""
        if columns not in self._all:
            kept, lies = [columns.get(key) for key in self._keys], self._lies.copy()
            lies[:-1] = [column.ctypes.data for column in kept]
            self._all[columns] = kept, lies
        return self._all[columns]


def table_of(packs: Sequence[Sequence[float]]) -> FloatArray:
    """Return packed parameters as float64[trials, parameters]."""
    flat = chain.from_iterable(packs)
    return np.fromiter(flat, np.float64, len(packs) * len(packs[0])).reshape(len(packs), -1)


def squares(table: IntArray | FloatArray) -> IntArray:
    """Return an order of a table's rows in which any run of them has few kinds of number in each column."""
    ranks = [np.unique(column, return_inverse=True)[1] for column in table.T]
    ranks = [each for each in ranks if each.any()]
    # Morton's order: the bits of all ranks by turns, as many as a place of 63 bits holds.
    places = np.zeros(len(table), dtype=np.int64)
    axes = len(ranks)
    bits = min(len(table).bit_length(), 63 // max(axes, 1))
    for bit, axis in product(range(bits), range(axes)):
        places |= (ranks[axis] >> bit & 1) << (bit * axes + axis)
    return np.argsort(places, kind="stable")


def alike(table: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the first row of each kind in a table, and for every row which of these it is like."""
    if len(table) == 1:  # a lone trial waits for the rest of this
        return np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    which, first = np.zeros(len(table), dtype=np.int64), np.zeros(1, dtype=np.int64)
    for column in table.T:
        values, rank = np.unique(column, return_inverse=True)
        _, first, which = np.unique(which * len(values) + rank, return_index=True, return_inverse=True)
    return first, which


def known_after(key: ColumnKey) -> int:
    """Return the candles before a column is known."""
    if key.kind in COLUMNS:
        return 0
    own = int(INDICATORS[key.kind].warmup(*key.parameters))
    return own + max((known_after(each) for each in key.inputs), default=0)

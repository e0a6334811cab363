"""Columns: an indicator's number of every candle of a tape, worked out once for all trials that share it.

The kernel that fills a column is the one the loop calls, candle by candle from the tape's first, so what
is read here is what the strategy's own memory would hold. Columns are kept up to a stated number of
bytes, the one that was asked for longest ago goes first.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from mmap import mmap
from typing import Any, NamedTuple

import numpy as np

from reasoning.declare.kinds import KINDS
from reasoning.declare.uses import CANDLE
from reasoning.indicators.kind import IndicatorKind
from reasoning.kernels.strategy import ColumnKey, Strategy
from research.data.candles import FloatArray
from research.engine import crossings
from research.engine.compiler import MachineCode, cache_folder, compiled, written
from research.engine.crossings import MOST_PAIRS, Places
from research.engine.tape import Tape

MOST_BYTES = 128 * 2**20
"""Bytes of columns that are kept for one tape."""
COLUMNS = (*CANDLE, "time")
"""The columns of a candle that an indicator may be made of."""
Given = ColumnKey | float


class ColumnCache:
    """The columns of one tape, shared by threads."""

    def __init__(self, tape: Tape, most: int = MOST_BYTES) -> None:
        self._tape = tape
        self._most = most
        self._kept: OrderedDict[Given, FloatArray] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Given) -> FloatArray:
        """Return a column, float64[n]; a number's is that number throughout."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            return self._made(key)

    def __len__(self) -> int:
        """Return the candles of the tape."""
        return len(self._tape.close)

    @property
    def nbytes(self) -> int:
        """Return the bytes that are kept."""
        return sum(each.nbytes for each in self._kept.values())

    def _made(self, key: Given) -> FloatArray:
        count = len(self)
        if not isinstance(key, ColumnKey):
            return self._keep(key, np.full(count, float(key)))
        if key.kind in COLUMNS:
            return self._keep(key, np.ascontiguousarray(getattr(self._tape, key.kind), dtype=np.float64))
        kind = KINDS[key.kind]
        inputs = [self._kept[each] if each in self._kept else self._made(each) for each in key.inputs]
        outputs = tuple(_pages(count) for _ in kind.outputs)
        first = min(max((known_after(each) for each in key.inputs), default=0), count)
        memory = np.zeros(int(kind.size(*key.parameters)))
        filler(kind)(memory, *key.parameters, *(each[first:] for each in (*inputs, *outputs)))
        for name, column in zip(kind.outputs, outputs, strict=True):
            self._keep(key._replace(output=name), column)
        return outputs[kind.outputs.index(key.output)]  # what is kept may be others already

    def _keep(self, key: Given, column: FloatArray) -> FloatArray:
        self._kept[key] = column
        while len(self._kept) > 1 and self.nbytes > self._most:
            self._kept.popitem(last=False)
        return column


def _pages(count: int) -> FloatArray:
    """Return zeros in pages of their own: a column that is dropped gives its memory back at once."""
    return np.frombuffer(mmap(-1, max(8 * count, 1)), dtype=np.float64, count=count)


class Candidates(NamedTuple):
    """The columns a strategy decides over, and the candles at which it can vote."""

    columns: tuple[FloatArray, ...]
    candidate: Places
    found: int


class Crossings:
    """Finds where strategies can vote on one tape; for one thread."""

    def __init__(self, columns: ColumnCache) -> None:
        self._columns = columns
        count = len(columns)
        self._eights = np.zeros((count + 7) // 8, dtype=np.uint64)
        self._side = self._eights.view(np.uint8)[:count]
        self._candidate = np.zeros(count, dtype=np.int32)
        self._every = np.arange(count, dtype=np.int32)

    def of(self, strategy: Strategy[Any], packed: Any) -> Candidates | None:
        """Return where a strategy can vote: at its crossings, else anywhere; None without columns."""
        if strategy.columns is None or not (keys := strategy.columns(packed)):
            return None
        get = self._columns.get
        columns = tuple([get(each) for each in keys])
        pairs = None if strategy.crossings is None else strategy.crossings(packed)
        if pairs is None or len(pairs) > MOST_PAIRS:
            return Candidates(columns, self._every, len(self._every))
        compare, changes = _machine()
        for pair, (one, other) in enumerate(pairs):
            compare(get(one), get(other), pair, self._side)
        return Candidates(
            columns, self._candidate, changes(self._side, self._eights, len(self._side), self._candidate)
        )


@cache
def _machine() -> tuple[Callable[..., None], Callable[..., int]]:
    """Return machine code of both steps of the search."""
    compiled()
    return MachineCode(crossings.compare), MachineCode(crossings.changes)


def known_after(key: ColumnKey) -> int:
    """Return the candles before a column is known."""
    if key.kind in COLUMNS:
        return 0
    own = int(KINDS[key.kind].warmup(*key.parameters))
    return own + max((known_after(each) for each in key.inputs), default=0)


_fillers: dict[str, Callable[..., None]] = {}


def filler(kind: IndicatorKind) -> Callable[..., None]:
    """Return machine code that fills the columns of a kind: memory, parameters, inputs and outputs in."""
    if kind.name not in _fillers:
        compiled()
        function = written("fill", source_of(kind), kind.name, {"step": kind.step}, cache_folder())
        _fillers[kind.name] = MachineCode(function)
    return _fillers[kind.name]


def source_of(kind: IndicatorKind) -> str:
    """Return the source of a loop over all candles for a kind."""
    given = [f"p{index}" for index in range(len(kind.parameters))]
    taken = [f"x{index}" for index in range(len(kind.inputs))]
    outputs = [f"y{index}" for index in range(len(kind.outputs))]
    arguments = ", ".join(["memory", *given, *taken, *outputs])
    called = ", ".join(["memory", "0", *given, *(f"{each}[i]" for each in taken)])
    named = [f"{y}[i] = now.{name}" for y, name in zip(outputs, kind.outputs, strict=True)]
    result = named if len(outputs) > 1 else ["y0[i] = now"]
    body = "".join(f"        {line}\n" for line in (f"now = step({called})", *result))
    return f"def fill({arguments}):\n    for i in range(len(y0)):\n{body}"

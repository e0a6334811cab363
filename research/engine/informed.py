"""Candles of symbols that strategies look at, laid behind a strategy's memory as its step finds them there.

Behind the memory lie: how many of its own candles were stepped, the next row, where the rows begin, for each
own candle the row after its last, and the rows (`reasoning.kernels.informative.ROW` numbers each). So what a
run has got to is in its memory, and whoever steps a stretch again goes on from there.

A candle is in the rows of the first own candle that is not older, and that the loop meets when the other has
closed: later where it comes later, never earlier.
"""

import mmap
import os
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from domain.errors import BadInput
from domain.instrument import Instrument
from reasoning.kernels.informative import ROW
from reasoning.kernels.strategy import Informative
from research.data.candles import Candles, FloatArray, IntArray
from research.engine.tape import Tape

HEAD = 3
"""Numbers in front of the rows' ends."""
ROOM = 2**16
"""Floats of a memory that find room in front of what is shared; a larger one is copied together with it."""


class BesideCandles(NamedTuple):
    """Candles of a symbol that is looked at, and the grid its prices are counted on.

    The first `warmup` of them are delivered together, as where it is traded as well.
    """

    candles: Candles
    instrument: Instrument
    warmup: int = 0


def behind(own: Tape, others: Mapping[str, Tape], symbols: Sequence[Informative], kept: int) -> FloatArray:
    """Return what lies behind the memory of a strategy that steps over a tape.

    Of each other symbol the last `kept` candles are there to be taken in. Raises BadInput without any.
    """
    known, tapes = _known(own), [_tape(others, each) for each in symbols]
    parts = [_taken(own, known, each, kept) for each in tapes]
    index, row = (np.concatenate([part[kind] for part in parts]) for kind in (0, 1))
    which = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    ends = np.cumsum(np.bincount(index, minlength=len(own.time)))
    order = np.argsort(index, kind="stable")
    del parts, index  # each is as long as all candles together
    row, which = row[order], which[order]
    result = np.empty(HEAD + len(ends) + ROW * len(row))
    result[:HEAD] = 0.0, 0.0, HEAD + len(ends)
    result[HEAD : HEAD + len(ends)] = ends
    rows = result[HEAD + len(ends) :].reshape(-1, ROW)
    for number, tape in enumerate(tapes):
        mine = np.flatnonzero((which == number) & (row >= 0))
        rows[mine, 0] = number
        columns = (tape.time, tape.open, tape.high, tape.low, tape.close, tape.volume)
        for column, values in enumerate(columns, 1):
            rows[mine, column] = values[row[mine]]
    anew = np.flatnonzero(row < 0)
    rows[anew] = 0.0
    rows[anew, 0] = -1 - which[anew]
    return result


def enough(own: Tape, others: Mapping[str, Tape], symbols: Sequence[Informative]) -> int:
    """Return how many kept candles of others are enough that none is passed over: more change nothing."""
    known = _known(own)
    return max(_most_waiting(own, known, _tape(others, each)) for each in symbols)


def _most_waiting(own: Tape, known: IntArray, other: Tape) -> int:
    closed = _closed(known, other)
    taken = np.minimum(np.searchsorted(other.time, own.time, "right"), closed)
    before = np.maximum(np.append(0, np.maximum.accumulate(taken)[:-1]), _begin(own, other))
    return max(int((closed - before).max()), 1)


class Behind:
    """The numbers behind a memory, once for all who step a strategy over a tape.

    Each has pages of his own where he writes alone, which is a place or two in front.
    """

    def __init__(self, numbers: FloatArray) -> None:
        """Keep numbers as `behind` returns them; where a system has no file in memory each has a copy."""
        self._numbers: FloatArray | None = numbers
        self._count = len(numbers)
        try:
            self._file = os.memfd_create("boyd-informative")
        except (AttributeError, OSError):
            return
        weakref.finalize(self, os.close, self._file)
        os.ftruncate(self._file, 8 * (ROOM + self._count))
        with mmap.mmap(self._file, 0) as pages:
            np.frombuffer(pages, dtype=np.float64, count=self._count, offset=8 * ROOM)[:] = numbers
        self._numbers = None

    def memory(self, size: int) -> FloatArray:
        """Return a memory of `size` floats as it is before the first candle, with the numbers behind it."""
        if self._numbers is not None or size > ROOM:
            numbers = self._numbers if self._numbers is not None else self.memory(0)
            return np.concatenate([np.zeros(size), numbers])
        pages = mmap.mmap(self._file, 0, access=mmap.ACCESS_COPY)
        return np.frombuffer(pages, dtype=np.float64, offset=8 * (ROOM - size))


def _tape(others: Mapping[str, Tape], wanted: Informative) -> Tape:
    try:
        return others[wanted.symbol]
    except KeyError:
        raise BadInput(f"{wanted.where}: looks at {wanted.symbol}, of which no candles are given") from None


def _known(own: Tape) -> IntArray:
    """Return the instants at which the loop meets the own candles."""
    return own.turn_ms[np.searchsorted(own.turn_end, np.arange(len(own.time)), "right")]


def _closed(known: IntArray, other: Tape) -> IntArray:
    """Return how many candles of another symbol have closed at some instants."""
    turns = np.searchsorted(other.turn_ms, known, "right")
    return np.where(turns > 0, other.turn_end[np.maximum(turns - 1, 0)], 0)


def _begin(own: Tape, other: Tape) -> int:
    """Return the first candle of another symbol that is taken in at all."""
    return int(np.searchsorted(other.time, own.time[0]))


def _taken(own: Tape, known: IntArray, other: Tape, kept: int) -> tuple[IntArray, IntArray]:
    """Return the own candles before which another symbol's lie, and which: -1 where it begins anew."""
    closed = _closed(known, other)
    first = np.maximum(closed - kept, 0)
    upto = np.minimum(np.searchsorted(other.time, own.time, "right"), closed)
    taken = np.maximum.accumulate(np.maximum(upto, first))
    before = np.append(0, taken[:-1])
    begin = np.maximum(np.maximum(before, first), _begin(own, other))
    anew = np.flatnonzero(first > before)
    counts = np.maximum(upto - begin, 0)
    index = np.repeat(np.arange(len(own.time)), counts)
    row = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(begin, counts)
    return np.concatenate([anew, index]), np.concatenate([np.full(len(anew), -1), row])


def cut(memory: FloatArray, size: int, begin: int, end: int) -> FloatArray:
    """Return a memory that has got to own candle `begin` with no more behind it than is read before `end`."""
    tail = memory[size:]
    if not len(tail):
        return memory
    ends, first = tail[HEAD : int(tail[HEAD - 1])], int(tail[1])
    last = max(int(ends[end - 1]), first)
    head = np.array([0.0, 0.0, HEAD + end - begin])
    rows = tail[HEAD + len(ends) + ROW * first : HEAD + len(ends) + ROW * last]
    return np.concatenate([memory[:size], head, ends[begin:end] - first, rows])


def begun(memory: Any, size: int) -> Any:
    """Return a memory of `size` floats as it is before the first candle, with what lies behind it."""
    if isinstance(memory, np.ndarray):
        result = memory.copy()
        result[: size + 2 if len(memory) > size else size] = 0.0
        return result
    tail = list(memory[size:])
    if tail:
        tail[0] = tail[1] = 0.0
    return [0.0] * size + tail

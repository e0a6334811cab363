"""Candles of symbols that strategies look at, laid behind a strategy's memory as its step finds them there.

Behind the memory lie: how many of its own candles were stepped, the next row, where the rows begin, for each
own candle the row after its last, and the rows (`reasoning.kernels.informative.ROW` numbers each). So what a
run has got to is in its memory, and whoever steps a stretch again goes on from there.

A candle is in the rows of the first own candle that is not older, and that the loop meets when the other has
closed: later where it comes later, never earlier.
"""

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
    known = own.turn_ms[np.searchsorted(own.turn_end, np.arange(len(own.time)), "right")]
    parts = [_rows(own, known, _tape(others, each), which, kept) for which, each in enumerate(symbols)]
    index, rows = (np.concatenate([part[kind] for part in parts]) for kind in (0, 1))
    order = np.argsort(index, kind="stable")
    ends = np.cumsum(np.bincount(index, minlength=len(own.time)))
    head = [0.0, 0.0, HEAD + len(own.time)]
    return np.concatenate([head, ends.astype(np.float64), rows[order].reshape(-1)])


def _tape(others: Mapping[str, Tape], wanted: Informative) -> Tape:
    try:
        return others[wanted.symbol]
    except KeyError:
        raise BadInput(f"{wanted.where}: looks at {wanted.symbol}, of which no candles are given") from None


def _rows(own: Tape, known: IntArray, other: Tape, which: int, kept: int) -> tuple[IntArray, FloatArray]:
    """Return the rows of another symbol, and the own candle that each lies before.

    `known` are the instants at which the loop meets the own candles.
    """
    turns = np.searchsorted(other.turn_ms, known, "right")
    closed = np.where(turns > 0, other.turn_end[np.maximum(turns - 1, 0)], 0)
    first = np.maximum(closed - kept, 0)
    upto = np.minimum(np.searchsorted(other.time, own.time, "right"), closed)
    taken = np.maximum.accumulate(np.maximum(upto, first))
    before = np.append(0, taken[:-1])
    begin = np.maximum(np.maximum(before, first), int(np.searchsorted(other.time, own.time[0])))
    anew = np.flatnonzero(first > before)
    counts = np.maximum(upto - begin, 0)
    index = np.repeat(np.arange(len(own.time)), counts)
    row = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(begin, counts)
    columns = (other.time, other.open, other.high, other.low, other.close, other.volume)
    rows = np.column_stack([np.full(len(index), which), *(each[row] for each in columns)])
    blank = np.zeros((len(anew), ROW))
    blank[:, 0] = -1 - which
    return np.concatenate([anew, index]), np.concatenate([blank, rows]).astype(np.float64)


def begun(memory: Any, size: int) -> list[float]:
    """Return a memory of `size` floats as it is before the first candle, with what lies behind it."""
    tail = list(memory[size:])
    if tail:
        tail[0] = tail[1] = 0.0
    return [0.0] * size + tail

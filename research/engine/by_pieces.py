"""The votes of one backtest over columns: a piece of each is filled and searched before the next piece.

Columns of a whole series would be written to memory and read back once; a piece stays in the processor's
cache, in the same few pages. Machine code is that of the columns of a sweep, and so are the bits.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reasoning.indicators.table import INDICATORS
from reasoning.kernels.features import PLAN
from reasoning.kernels.strategy import ColumnKey, Strategy
from reasoning.own import OwnStrategy
from research.data.candles import FloatArray
from research.engine.columns import SERIES, Crossings, Given, TrialKeys, known_after
from research.engine.compiler import decides_over_columns
from research.engine.fillers import filler
from research.engine.recording import Recording
from research.engine.signals import CONFIDENCE, EVENT, FLOAT, KNOWN
from research.engine.tape import Tape

PIECE = 32_768
"""Candles filled at a time: two or three columns of so many find room in a core's second cache."""
LEAST = 200_000
"""Candles from which a series is worth the machine code of columns, which takes longer to be made."""


def in_pieces(prepared: Recording, index: int, strategy: Strategy[Any], packed: Any) -> bool:
    """Tell whether the votes of a strategy of the house are found by pieces of columns."""
    return (
        prepared.engine.compiled
        and len(prepared.tapes[index].close) >= LEAST
        and not isinstance(strategy, OwnStrategy)
        and decides_over_columns(strategy, [packed])
    )


class _Piece:
    """A column's numbers of some candles, and before them that of the candle before."""

    def __init__(self) -> None:
        self.room = np.zeros(1 + PIECE)
        self.moves = FLOAT

    @property
    def values(self) -> FloatArray:
        """The numbers of the piece's candles, as many as a piece has at most."""
        return self.room[1:]

    @property
    def address(self) -> int:
        """Where the number of candle 0 would lie for the first piece."""
        return int(self.room.__array_interface__["data"][0]) + FLOAT

    def keep(self) -> None:
        """Take the last number of a whole piece for the one before the next."""
        self.room[0] = self.room[PIECE]


class PieceColumns:
    """The columns of a lone trial, filled piece by piece in order."""

    def __init__(self, tape: Tape, series: FloatArray, keys: Sequence[Given]) -> None:
        self._tape = tape
        self._series = series
        self._count = len(tape.close)
        self._pieces: dict[Given, _Piece] = {}
        self._memories: dict[ColumnKey, FloatArray] = {}
        for key in keys:
            self._add(key)

    def _add(self, key: Given) -> None:
        """Make room for a column, behind those it is made of."""
        if key in self._pieces or self._whole(key) is not None:
            return
        if not isinstance(key, ColumnKey):
            self._pieces[key] = piece = _Piece()
            piece.room[:] = float(key)
        elif key.kind not in INDICATORS:
            self._pieces[key] = _Piece()
        else:
            for each in key.inputs:
                self._add(each)
            kind = INDICATORS[key.kind]
            self._memories[key] = np.zeros(int(kind.size(*key.parameters)))
            for name in kind.outputs:
                self._pieces[key._replace(output=name)] = _Piece()

    def _whole(self, key: Given) -> FloatArray | None:
        """Return a column that is at hand for all candles, None for another."""
        if not isinstance(key, ColumnKey) or key.kind not in SERIES:
            return None
        first = SERIES.index(key.kind) * self._count
        return self._series[first : first + self._count]

    def fill(self, begin: int, until: int) -> None:
        """Fill the numbers of the next candles."""
        if begin > 0:
            for piece in self._pieces.values():
                piece.keep()
        for key, piece in self._pieces.items():
            if isinstance(key, ColumnKey) and key.kind not in INDICATORS:
                piece.values[: until - begin] = getattr(self._tape, key.kind)[begin:until]
            elif key in self._memories:
                self._step(key, begin, until)

    def _step(self, key: Any, begin: int, until: int) -> None:
        kind = INDICATORS[key.kind]
        first = max(max((known_after(each) for each in key.inputs), default=0), begin)
        if first >= until:
            return
        inputs = [self._values(each, begin, until)[first - begin :] for each in key.inputs]
        outputs = [self._pieces[key._replace(output=name)] for name in kind.outputs]
        columns = [each.values[first - begin : until - begin] for each in outputs]
        filler(kind)(self._memories[key], *key.parameters, *inputs, *columns)

    def _values(self, key: Given, begin: int, until: int) -> FloatArray:
        whole = self._whole(key)
        return self._pieces[key].values[: until - begin] if whole is None else whole[begin:until]

    def address(self, key: Given, begin: int) -> int:
        """Return where a column's candle 0 would lie while its candles from `begin` on are there."""
        whole = self._whole(key)
        if whole is not None:
            return int(whole.__array_interface__["data"][0])
        return self._pieces[key].address - FLOAT * begin


def events_in_pieces(
    prepared: Recording, index: int, strategy: Strategy[Any], packed: Any, room: int
) -> tuple[Any, Any, int]:
    """Return the events of a strategy on one tape, as `find_events` writes them, and how many there are.

    Beyond `room` they are counted, and not kept.
    """
    trial = TrialKeys(strategy, [packed])
    keys, places, levels, packs = trial.of(0)
    tape, series, turns = prepared.tapes[index], prepared.series[index], prepared.turns[index]
    columns = PieceColumns(tape, series, keys)
    bits = Crossings().room
    events, confidence = np.zeros(room * EVENT, dtype=np.int64), np.zeros(room * CONFIDENCE)
    begins, counts = np.array([0, room]), np.zeros(1, dtype=np.int64)
    none = np.zeros(KNOWN)
    for begin in range(0, len(tape.close), PIECE):
        until = min(begin + PIECE, len(tape.close))
        columns.fill(begin, until)
        lies = np.array([*(columns.address(each, begin) for each in keys), 0], dtype=np.int64)
        more = PLAN, series, none, *bits, *turns, events, confidence, begins, counts
        trial.find(lies[places], levels, packs, lies[:0], trial.pairs, begin, until, *more)
    return events, confidence, int(counts[0])

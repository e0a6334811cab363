"""The votes of one backtest over columns: a piece of each is filled and searched before the next piece.

Columns of a whole series would be written to memory and read back once; a piece stays in the processor's
cache, in the same few pages. Machine code is that of the columns of a sweep, and so are the bits.

Where there is a second processor another thread finds the votes of the second half. Its columns begin some
candles earlier, at a guess: what an average came from wears off. Where the first half ends it is looked
whether they had come to the very memories and numbers of its own; if not, it goes on through the second half.
"""

from collections.abc import Callable, Sequence
from math import lcm
from typing import Any

import numpy as np

from reasoning.indicators.kind import COUNT
from reasoning.indicators.table import INDICATORS
from reasoning.kernels.features import PLAN
from reasoning.kernels.strategy import ColumnKey, Strategy
from reasoning.own import OwnStrategy
from research.data.candles import FloatArray
from research.engine.columns import SERIES, Crossings, Given, TrialKeys, known_after
from research.engine.compiler import decides_over_columns
from research.engine.fillers import filler
from research.engine.meanwhile import meanwhile, processors
from research.engine.recording import Recording
from research.engine.signals import CONFIDENCE, EVENT, FLOAT, KNOWN
from research.engine.tape import Tape

PIECE = 98_304
"""Candles filled at a time: a column of so many finds room in a core's second cache. Fewer take longer, for
between two pieces a thread may wait for Python's lock."""
LEAST = 200_000
"""Candles from which a series is worth the machine code of columns, which takes longer to be made."""
SETTLED = 8_192
"""Candles, no more than a piece, that a guess is given to wear off: an RSI over 200 takes some 7,400."""


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

    def keep(self, count: int) -> None:
        """Take the last number of a piece of so many candles for the one before the next."""
        self.room[0] = self.room[count]


class PieceColumns:
    """The columns of a lone trial, filled piece by piece in order, from the first candle or a `guess` on."""

    def __init__(self, tape: Tape, series: FloatArray, keys: Sequence[Given]) -> None:
        self._tape = tape
        self._series = series
        self._count = len(tape.close)
        self._pieces: dict[Given, _Piece] = {}
        self._memories: dict[ColumnKey, FloatArray] = {}
        self._fillers: dict[ColumnKey, Callable[..., None]] = {}
        self._skipped: dict[ColumnKey, int] = {}
        self._filled = 0
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
            self._fillers[key] = filler(kind)
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
        for piece in self._pieces.values():
            piece.keep(self._filled)
        for key, piece in self._pieces.items():
            if isinstance(key, ColumnKey) and key.kind not in INDICATORS:
                piece.values[: until - begin] = getattr(self._tape, key.kind)[begin:until]
            elif key in self._memories:
                self._step(key, begin, until)
        self._filled = until - begin

    def _step(self, key: Any, begin: int, until: int) -> None:
        kind = INDICATORS[key.kind]
        zero = max((known_after(each) for each in key.inputs), default=0)
        first = max(zero, begin)
        if self._filled == 0 and first > zero:
            first += (zero - first) % round_of(key.parameters)
            self._skipped[key] = first - zero if first < until else 0
        if first >= until:
            return
        inputs = [self._values(each, begin, until)[first - begin :] for each in key.inputs]
        outputs = [self._pieces[key._replace(output=name)] for name in kind.outputs]
        columns = [each.values[first - begin : until - begin] for each in outputs]
        self._fillers[key](self._memories[key], *key.parameters, *inputs, *columns)

    @property
    def forget(self) -> bool:
        """Whether all of them come to the same state from shortly before a candle, as a rule."""
        return all(INDICATORS[key.kind].forgets for key in self._memories)

    def guess(self, until: int) -> None:
        """Come to a candle from shortly before it, as if no other were before, but for the count of them.

        For columns that `forget` alone: what another kind would make of a count that is set is not known.
        """
        self.fill(until - SETTLED, until)
        for key, skipped in self._skipped.items():
            self._memories[key][COUNT] += skipped

    def state(self) -> bytes:
        """Return all that tells the numbers to come, beside the candles to come."""
        last = [each.room[self._filled] for each in self._pieces.values()]
        return b"".join(each.tobytes() for each in (*self._memories.values(), np.array(last)))

    def _values(self, key: Given, begin: int, until: int) -> FloatArray:
        whole = self._whole(key)
        return self._pieces[key].values[: until - begin] if whole is None else whole[begin:until]

    def address(self, key: Given, begin: int) -> int:
        """Return where a column's candle 0 would lie while its candles from `begin` on are there."""
        whole = self._whole(key)
        if whole is not None:
            return int(whole.__array_interface__["data"][0])
        return self._pieces[key].address - FLOAT * begin


def round_of(parameters: Sequence[float]) -> int:
    """Return after how many candles rings of these lengths are at the same slots again."""
    return lcm(*(int(each) for each in parameters if each >= 1 and each == int(each)))


class PieceVotes:
    """The events of a lone trial on candles that come in order, written from a row on and before another."""

    def __init__(
        self, prepared: Recording, index: int, trial: TrialKeys, of: Any, rows: Any, room: slice
    ) -> None:
        self._keys, self._places, *self._asked = of
        self._find, self._pairs = trial.find, trial.pairs
        self.columns = PieceColumns(prepared.tapes[index], prepared.series[index], self._keys)
        self._counts, begins = np.zeros(1, dtype=np.int64), np.array([room.start, room.stop])
        given = PLAN, prepared.series[index], np.zeros(KNOWN), *Crossings().room, *prepared.turns[index]
        self._more = *given, *rows, begins, self._counts

    def find(self, first: int, until: int) -> bytes:
        """Find those of some candles, behind those that were found; return the state of the columns then."""
        for begin in range(first, until, PIECE):
            end = min(begin + PIECE, until)
            self.columns.fill(begin, end)
            lies = np.array([*(self.columns.address(each, begin) for each in self._keys), 0], dtype=np.int64)
            asked = lies[self._places], *self._asked, lies[:0], self._pairs, begin, end
            self._find(*asked, *self._more)
        return self.columns.state()

    @property
    def count(self) -> int:
        """How many there are; beyond the room they are not kept."""
        return int(self._counts[0])


def events_in_pieces(
    prepared: Recording, index: int, strategy: Strategy[Any], packed: Any, room: int
) -> tuple[Any, Any, int]:
    """Return the events of a strategy on one tape, as `find_events` writes them, and how many there are.

    Beyond `room` they are counted, and not kept.
    """
    count = len(prepared.tapes[index].close)
    rows = np.empty(2 * room * EVENT, dtype=np.int64), np.empty(2 * room * CONFIDENCE)
    trial = TrialKeys(strategy, [packed])
    asked = prepared, index, trial, trial.of(0), rows
    votes, half = PieceVotes(*asked, slice(0, room)), count // 2 + SETTLED  # the other thread begins later
    if processors() < 2 or half >= count or not votes.columns.forget:
        votes.find(0, count)
        return *rows, votes.count

    def more_votes() -> tuple[int, bytes]:
        more = PieceVotes(*asked, slice(room, 2 * room))
        more.columns.guess(half)
        guessed = more.columns.state()
        more.find(half, count)
        return more.count, guessed

    second = meanwhile(more_votes)
    state = votes.find(0, half)
    more, guessed = second()
    if state != guessed:
        votes.find(half, count)
        return *rows, votes.count
    result = votes.count + more
    if result <= room:  # then they are moved beneath one another
        for each, width in zip(rows, (EVENT, CONFIDENCE), strict=True):
            each[votes.count * width : result * width] = each[room * width : (room + more) * width]
    return *rows, result

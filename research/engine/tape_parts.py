"""Any run of a tape's turns, made where it is needed: what a backtest in parts holds of a symbol at a time.

A sound series' ticks are worked out from its candles again for each part, which takes less time than to write
them down; a series that needed a closer look is kept as the loop's cursor left it.
"""

from typing import NamedTuple

import numpy as np

from domain.instrument import Instrument
from platforms.impact import LOOK_BACK
from research.data.candles import Candles, IntArray
from research.engine.tape import NOTHING, Tape, bulk_tape, no_tape, tape_of, ticks_of

BACK = LOOK_BACK + 2
"""Candles before a part's own that may be read: by models of past fills."""


class TapePart(NamedTuple):
    """A run of a tape's turns, the turn before it, and what candles may be read with them.

    `turn` is the number of the first turn, `candle` that of the first candle on the whole tape. Where earlier
    ones are left out `spare` is 1: the tape's first row then is nobody's candle, and room for one open time.
    """

    tape: Tape
    turn: int
    candle: int
    spare: int


class TapeSource:
    """One symbol's tape, whole until it is dropped, then part by part. Raises BadInput as `tape_of`."""

    def __init__(self, candles: Candles, instrument: Instrument, warmup: int) -> None:
        self._candles = candles
        self._instrument = instrument
        self._first = max(warmup, 1)
        bulk = bulk_tape(candles, instrument, warmup) if len(candles) > warmup else None
        self._kept = tape_of(candles, instrument, warmup) if bulk is None else None
        self._whole = self._kept if bulk is None else bulk
        self.turn_ms: IntArray = self.whole.turn_ms

    @property
    def whole(self) -> Tape:
        """The whole tape; made anew once it was dropped."""
        if self._whole is None:
            self._whole = tape_of(self._candles, self._instrument, self._first)
        return self._whole

    def drop(self) -> None:
        """Forget the whole tape where its parts can be made of candles, and give their memory back."""
        self._whole = self._kept
        self._candles.release()

    def opened(self, candle: int) -> int:
        """Return the open time of a candle of the whole tape."""
        result = int((self._candles if self._kept is None else self._kept).time[candle])
        self._candles.release()
        return result

    def part(self, first: int, until: int) -> TapePart:
        """Return the turns from `first` on and before `until`, with the one before them."""
        turn = max(first - 1, 0)
        ends = self._ends(turn, until)
        if not len(ends):
            return TapePart(no_tape(self._candles.symbol), turn, 0, 0)
        candle = max(int(ends[0]) - 1 - BACK, 0) if first else 0
        spare = min(candle, 1)
        rows, turns = slice(candle - spare, int(ends[-1])), slice(turn, until)
        ends = ends - candle + spare
        tape = self._of_candles(rows, turns, ends) if self._kept is None else self._of_kept(rows, turns, ends)
        self._candles.release()  # else the pages of all symbols would be there at a time
        return TapePart(tape, turn, candle, spare)

    def _ends(self, first: int, until: int) -> IntArray:
        """Return how many candles have closed by each of some turns."""
        if self._kept is not None:
            return self._kept.turn_end[first:until]
        return np.arange(self._first + first, self._first + until, dtype=np.int64)

    def _of_candles(self, rows: slice, turns: slice, ends: IntArray) -> Tape:
        part = self._candles[rows]
        opens = slice(self._first + turns.start, self._first + turns.stop)
        quote = ticks_of(self._candles.open[opens], self._instrument)
        opened, high, low, close = (
            ticks_of(each, self._instrument) for each in (part.open, part.high, part.low, part.close)
        )
        ms = self._candles.time[opens].copy()
        # Nothing of it is a view: one row's open time is written, and mapped candles give their memory back.
        return Tape(
            part.symbol, part.time.copy(), opened, high, low, close, part.volume.copy(),
            ms, ends, quote, quote, NOTHING, NOTHING, NOTHING,
        )  # fmt: skip

    def _of_kept(self, rows: slice, turns: slice, ends: IntArray) -> Tape:
        whole = self.whole
        return Tape(
            whole.symbol, whole.time[rows].copy(), whole.open[rows], whole.high[rows], whole.low[rows],
            whole.close[rows], whole.volume[rows], whole.turn_ms[turns], ends, whole.turn_quote[turns],
            whole.turn_mark[turns], whole.doubt_ms, whole.doubt_low, whole.doubt_turn - turns.start,
        )  # fmt: skip

"""Many trials on the same candles, each a backtest cut down to its score: the same rules, no tables.

A single voice's votes go straight into the replay's events, features are worked out once per candle
for all trials, and the books are used again. What comes out is what `backtest` comes to, to the bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from reasoning.kernels.features import PLAN
from research.data.candles import Candles, FloatArray
from research.engine.backtest import BacktestVoice, Setup, events_of, opened
from research.engine.beside import Misstep
from research.engine.compiler import MachineCode, compiled, plain
from research.engine.layout import (
    ACCT,
    EVENT_AT,
    EVENT_COUNT,
    SYMBOL,
    TRADES_AT,
)
from research.engine.recording import Recording
from research.engine.signals import CONFIDENCE, EVENT, KNOWN
from research.statistics.ratios import periods_of
from research.statistics.scoring import FIELDS, day_ends, score_books


@cache
def _scorer() -> Callable[..., None]:
    """Return machine code of `score_books`."""
    compiled()  # registers the kernels and sets the folder
    return MachineCode(score_books)


class TrialRunner:
    """Candles made ready, and books that every trial writes anew; for one process and one thread.

    Raises BadInput when a series is too short.
    """

    def __init__(self, candles: Sequence[Candles], setup: Setup, *, machine: bool) -> None:
        self.setup = setup
        self.machine = machine
        owned = [_writable(each) for each in candles]
        self.prepared = Recording(owned, setup.instruments, setup.warmup, compiled() if machine else plain())
        self.periods = periods_of([each.symbol for each in candles])
        day = np.asarray(self.prepared.market.blocks.day)
        self.ends = day[day_ends(self.prepared.instants, self.periods)]
        self.equity = np.zeros(int(day[-1]) + 1, dtype=np.int64)
        self.lean = machine and len(setup.voices) == 1
        self._size_books(max(256, len(self.prepared.instants) // 16))
        if self.lean:
            self.known = [np.zeros(KNOWN * len(tape.close)) for tape in self.prepared.tapes]

    @property
    def days(self) -> int:
        """Number of daily returns of each trial."""
        return len(self.ends)

    def score(self, voices: Sequence[BacktestVoice]) -> tuple[FloatArray, FloatArray]:
        """Run one trial; return its score float64[FIELDS] and daily returns float64[days].

        `voices` are those of the setup, with other parameters.
        """
        setup = replace(self.setup, voices=tuple(voices))
        ints, floats, equity = self._lean(setup) if self.lean else self._full(setup)
        row, daily = np.zeros(FIELDS), np.zeros(self.days)
        score: Callable[..., None] = _scorer() if self.machine else score_books
        cycles = len(self.prepared.instants)
        score(ints, floats, equity, self.ends, cycles, setup.cash, self.periods, daily, row)
        return row, daily

    def _full(self, setup: Setup) -> tuple[Any, Any, Any]:
        event, confidence, counts = events_of(self.prepared, setup)
        give, (ints, floats) = self.prepared.give, opened(self.prepared, setup, counts)
        books = give(ints), give(floats), give(np.zeros_like(self.equity))
        votes, slips = (give(event), give(confidence)), self.prepared.slips(setup.impacts)
        self.prepared.engine.replay(*books, setup.house(), self.prepared.market, *votes, slips)
        return books

    def _lean(self, setup: Setup) -> tuple[Any, Any, Any]:
        rows = self._events(setup.voices[0])
        if rows[-1] > self.room:
            self._size_books(rows[-1])
            rows = self._events(setup.voices[0])
        ints, floats, blank_floats, size = self.ints, self.floats, self.blank[1], self.head
        ints[:size] = self.blank[0]
        floats[:] = blank_floats
        for index in range(len(rows) - 1):
            at = ACCT + index * SYMBOL
            ints[at + EVENT_AT], ints[at + EVENT_COUNT] = rows[index], rows[index + 1] - rows[index]
        event, confidence = self.event[: rows[-1] * EVENT], self.confidence[: rows[-1] * CONFIDENCE]
        prepared, books = self.prepared, (ints, floats, self.equity)
        slips = prepared.slips(setup.impacts)
        prepared.engine.replay(*books, setup.house(), prepared.market, event, confidence, slips)
        return ints, floats, self.equity

    def _events(self, voice: BacktestVoice) -> list[int]:
        """Write the events of every symbol; return each one's first row, then the row after the last."""
        find, rows = self.prepared.engine.events(voice.strategy), [0]
        size = voice.strategy.size_for(voice.packed)
        for index, (columns, series) in enumerate(
            zip(self.prepared.columns, self.prepared.series, strict=True)
        ):
            turns, known = self.prepared.turns[index], self.known[index]
            more = *columns, *turns, self.event, self.confidence, rows[-1]
            try:
                rows.append(find(np.zeros(size), voice.packed, PLAN, series, known, *more))
            except Misstep as misstep:
                raise misstep.on(self.prepared.tapes[index]) from None
        return rows

    def _size_books(self, room: int) -> None:
        """Make room for this many events; rows of trades and vetoes need not be blank."""
        self.room = room
        counts = [room, *(0 for _ in self.prepared.tapes[1:])]
        self.ints, self.floats = opened(self.prepared, self.setup, counts)
        self.head = int(self.ints[TRADES_AT])
        self.blank = self.ints[: self.head].copy(), self.floats.copy()
        self.event, self.confidence = np.zeros(room * EVENT, dtype=np.int64), np.zeros(room * CONFIDENCE)


def _writable(candles: Candles) -> Candles:
    """Return candles whose arrays are writable: for others the compiler would make a second version."""
    columns = candles.time, candles.open, candles.high, candles.low, candles.close, candles.volume
    if all(column.flags.writeable for column in columns):
        return candles
    prices = candles.open.copy(), candles.high.copy(), candles.low.copy(), candles.close.copy()
    return Candles(candles.symbol, candles.timeframe_ms, candles.time.copy(), *prices, candles.volume.copy())

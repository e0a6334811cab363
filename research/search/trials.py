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
from research.engine.columns import ColumnCache, Crossings
from research.engine.compiler import MachineCode, among, compiled, plain
from research.engine.layout import (
    ACCT,
    EVENT_AT,
    EVENT_COUNT,
    SYMBOL,
    TRADES_AT,
    ExitTables,
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


class TrialInputs:
    """Candles made ready, and their columns: what the trials of several threads read and none changes.

    Raises BadInput when a series is too short.
    """

    def __init__(self, candles: Sequence[Candles], setup: Setup, *, machine: bool) -> None:
        owned = [_writable(each) for each in candles]
        self.prepared = Recording(owned, setup.instruments, setup.warmup, compiled() if machine else plain())
        self.periods = periods_of([each.symbol for each in candles])
        self.market = self.prepared.market
        self.tapes = tuple(zip(self.prepared.columns, self.prepared.series, self.prepared.turns, strict=True))
        day = np.asarray(self.market.blocks.day)
        self.days = int(day[-1]) + 1
        self.ends = day[day_ends(self.prepared.instants, self.periods)]
        self.columns = [ColumnCache(tape) for tape in self.prepared.tapes]


class TrialRunner:
    """Books that every trial writes anew; for one thread."""

    def __init__(self, inputs: TrialInputs, setup: Setup) -> None:
        self.setup = setup
        self.house = setup.house()
        self.slips = inputs.prepared.slips(setup.impacts)
        self.inputs = inputs
        self.prepared = inputs.prepared
        self.machine = inputs.prepared.engine.compiled
        self.equity = np.zeros(inputs.days, dtype=np.int64)
        self.lean = self.machine and len(setup.voices) == 1
        self._size_books(max(256, len(self.prepared.instants) // 16))
        self.stepped: set[str] = set()
        if self.lean:
            self.known = [np.zeros(KNOWN * len(tape.close)) for tape in self.prepared.tapes]
            self.crossings = [Crossings(columns) for columns in self.inputs.columns]

    @property
    def days(self) -> int:
        """Number of daily returns of each trial."""
        return len(self.inputs.ends)

    def score(self, voices: Sequence[BacktestVoice]) -> tuple[FloatArray, FloatArray]:
        """Run one trial; return its score float64[FIELDS] and daily returns float64[days].

        `voices` are those of the setup, with other parameters.
        """
        row, daily = np.zeros(FIELDS), np.zeros(self.days)
        self.score_into(voices, row, daily)
        return row, daily

    def score_into(self, voices: Sequence[BacktestVoice], row: FloatArray, daily: FloatArray) -> None:
        """Run one trial and write its score and daily returns."""
        ints, floats, equity = self._lean(voices[0]) if self.lean else self._full(voices)
        score: Callable[..., None] = _scorer() if self.machine else score_books
        cycles, periods = len(self.prepared.instants), self.inputs.periods
        score(ints, floats, equity, self.inputs.ends, cycles, self.setup.cash, periods, daily, row)

    def _full(self, voices: Sequence[BacktestVoice]) -> tuple[Any, Any, Any]:
        setup = replace(self.setup, voices=tuple(voices))
        event, confidence, counts = events_of(self.prepared, setup)
        give, (ints, floats) = self.prepared.give, opened(self.prepared, setup, counts)
        books = give(ints), give(floats), give(np.zeros_like(self.equity))
        votes = give(event), give(confidence)
        self.prepared.engine.replay(
            *books,
            self.house,
            self.inputs.market,
            *votes,
            self.slips,
            self.prepared.unheard,
            self._exits(voices),
        )
        return books

    def _lean(self, voice: BacktestVoice) -> tuple[Any, Any, Any]:
        rows = self._events(voice)
        if rows[-1] > self.room:
            self._size_books(rows[-1])
            rows = self._events(voice)
        ints, floats = self.ints, self.floats
        ints[: self.head], floats[:] = self.blank
        for index in range(len(rows) - 1):
            at = ACCT + index * SYMBOL
            ints[at + EVENT_AT], ints[at + EVENT_COUNT] = rows[index], rows[index + 1] - rows[index]
        more = self.house, self.inputs.market, self.event, self.confidence, self.slips, self.prepared.unheard
        self.prepared.engine.replay(ints, floats, self.equity, *more, self._exits([voice]))
        return ints, floats, self.equity

    def _exits(self, voices: Sequence[BacktestVoice]) -> ExitTables:
        return self.prepared.exits([each.strategy.exits_for(each.packed) for each in voices])

    def _events(self, voice: BacktestVoice) -> list[int]:
        """Write the events of every symbol; return each one's first row, then the row after the last."""
        rows = [0]
        for index in range(len(self.inputs.tapes)):
            among = self._among(index, voice, rows[-1]) if voice.strategy.name in self.stepped else None
            rows.append(self._stepped(index, voice, rows[-1]) if among is None else among)
        if rows[-1] <= self.room:  # else it is stepped once more, for only then was it looked at
            self.stepped.add(voice.strategy.name)
        return rows

    def _stepped(self, index: int, voice: BacktestVoice, first: int) -> int:
        """Step the strategy over a tape."""
        find, memory = self.prepared.engine.events(voice.strategy), voice.strategy.size_for(voice.packed)
        columns, series, turns = self.inputs.tapes[index]
        more = *columns, *turns, self.event, self.confidence, first
        try:
            return find(np.zeros(memory), voice.packed, PLAN, series, self.known[index], *more)
        except Misstep as misstep:
            raise misstep.on(self.prepared.tapes[index]) from None

    def _among(self, index: int, voice: BacktestVoice, first: int) -> int | None:
        """Ask a strategy that decides over columns where it can vote; None for another, or one that fails."""
        candidates = self.crossings[index].of(voice.strategy, voice.packed)
        if candidates is None:
            return None
        _, series, turns = self.inputs.tapes[index]
        where, books = (candidates.candidate, candidates.found), (self.event, self.confidence, first)
        more = self.known[index], *where, *turns, *books
        try:
            return among(voice.strategy)(candidates.columns, voice.packed, PLAN, series, *more)
        except (ArithmeticError, ValueError):  # stepped, it says at which line
            return None

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

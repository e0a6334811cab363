"""A backtest of several symbols in bounded memory: votes symbol by symbol, then the account days at a time.

1. Votes depend on one symbol's candles alone: its tape is made, asked and dropped, the votes stay.
2. The account lives through as many whole days at a time as find room. Its books go from one part to the
   next as they are, but for numbers that count from a part's beginning (`COUNTED` and `PLACED` of `layout`):
   those are told anew. A part begins with a UTC day because a day's limit is worked out there.

What comes out is what all at once comes to, to the bit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from domain.errors import BadInput
from domain.times import DAY_MS
from reasoning.kernels.features import PLAN
from reasoning.kernels.indicators import ATR_SIZE
from research.data.candles import Candles, FloatArray, IntArray, merged
from research.engine.backtest import Setup, check_cash, events_of, live, opened, result_of
from research.engine.compiler import CompiledRules
from research.engine.exit_tables import divided
from research.engine.informed import BesideCandles
from research.engine.layout import (
    ACCT,
    CANDLE_AT,
    DECIDED,
    DOUBT_AT,
    DOUBT_COUNT,
    ENTRY_CANDLE,
    ENTRY_CYCLE,
    EVENT,
    EVENT_AT,
    EVENT_COUNT,
    EVENT_CYCLE,
    EVENT_TURN,
    EVENT_VOICES,
    LOTS,
    PER_VOICE,
    SYMBOL,
    TRADE_ROW,
    TRADES,
    TRADES_AT,
    TURN,
    TURN_AT,
    TURN_COUNT,
    VETO_ROW,
    VETOES,
    VETOES_AT,
    Opinions,
)
from research.engine.opinions import opinions_at
from research.engine.recording import Recording
from research.engine.result import Result
from research.engine.tape import no_tape
from research.engine.tape_parts import BACK, TapePart, TapeSource

MEGABYTE = 2**20
CANDLE_BYTES = 176
"""Bytes of a candle while its symbol is asked for votes, or while the account lives through it."""
PLAIN_TIMES = 5
"""How many times that plain Python takes, which reads lists."""
TRADE_CYCLE, VETO_CYCLE = 2, 0
"""Where rows of trades and vetoes have their cycle."""


def bytes_of(candles: Sequence[Candles], engine: CompiledRules) -> int:
    """Return the bytes that a backtest of all these candles at once takes beside them."""
    return sum(map(len, candles)) * _each(engine)


def _each(engine: CompiledRules) -> int:
    return CANDLE_BYTES * (1 if engine.compiled else PLAIN_TIMES)


def backtest_in_parts(candles: Sequence[Candles], setup: Setup, engine: CompiledRules, memory: int) -> Result:
    """Run a backtest with at most `memory` bytes of tapes at a time, beside candles, votes and equity.

    Raises BadInput when a series is too short, the account too large, or `memory` too little for one symbol
    or for one day of all of them.
    """
    check_cash(setup)
    longest, each = max(candles, key=len), _each(engine)
    _room_for(len(longest) * each, memory, f"{len(longest):,} candles of {longest.symbol}")
    beside = (*setup.beside, *_looked_at(candles, setup))
    sides = [SymbolInParts(one, setup, engine, beside) for one in candles]
    session = SessionInParts(sides, setup, engine)
    days = session.days()
    cycles = int(np.diff(days).max())
    _room_for(cycles * len(candles) * each, memory, f"a day of {len(candles)} symbols")
    for first, until in _parts(days, memory // (len(candles) * each)):
        session.live(first, until)
    result = result_of(session.head, candles, setup, session.ints, session.floats, session.equity)
    return replace(result, divided=session.divided)


def _looked_at(candles: Sequence[Candles], setup: Setup) -> list[BesideCandles]:
    """Return the candles of traded symbols that strategies look at beside those they vote on."""
    symbols = {each.symbol for voice in setup.voices for each in voice.strategy.informative}
    return [
        BesideCandles(each, setup.instruments[each.symbol], setup.warmup)
        for each in candles
        if each.symbol in symbols
    ]


def _room_for(needed: int, memory: int, what: str) -> None:
    if needed > memory:
        raise BadInput(
            f"memory {memory // MEGABYTE:,} MB is too little: {what} take {-(-needed // MEGABYTE):,} MB; "
            "give that much, or take a shorter range or a longer timeframe"
        )


def _parts(days: IntArray, most: int) -> Iterator[tuple[int, int]]:
    """Yield runs of whole days of at most so many cycles; `days` are each day's first cycle, and the end."""
    first = 0
    while first < days[-1]:
        fitting = int(days[np.searchsorted(days, first + most, side="right") - 1])
        until = max(fitting, int(days[np.searchsorted(days, first, side="right")]))
        yield first, until
        first = until


class Votes(NamedTuple):
    """One symbol's votes: rows as `layout` lays them out, when each was made (ms), models' opinions."""

    event: IntArray
    confidence: FloatArray
    at_ms: IntArray
    opinions: Opinions


class SymbolInParts:
    """One symbol of a session: its votes, and its tape part by part. Raises BadInput as `TapeSource`."""

    def __init__(
        self, candles: Candles, setup: Setup, engine: CompiledRules, beside: Sequence[BesideCandles]
    ) -> None:
        self.instrument = setup.instruments[candles.symbol]
        self.source = TapeSource(candles, self.instrument, setup.warmup)
        alone = Recording.of([self.source.whole], [self.instrument], engine, beside=beside)
        event, confidence, counts = events_of(alone, setup)
        names = [voice.strategy.name for voice in setup.voices]
        opinions = opinions_at(alone, names, setup.models, event, confidence, counts)
        voices = len(setup.voices)
        rows = event.reshape(-1, EVENT_VOICES + PER_VOICE * voices)
        floats = confidence.reshape(-1, 1 + voices)
        self.votes = Votes(rows, floats, self.source.turn_ms[rows[:, EVENT_TURN]], opinions)
        self.source.drop()
        self._memory: Any = alone.give(np.zeros(ATR_SIZE))
        self._known: FloatArray = np.zeros(0)
        self._filled = 0
        self.entry = 0

    def series(self, part: TapePart, engine: CompiledRules) -> Any:
        """Return closes, volumes and ATRs of a part, as `Recording.series` has them; parts come in order."""
        tape, rows = part.tape, len(part.tape.close)
        new = rows - max(part.candle - part.spare + rows - self._filled, 0)
        fresh = slice(new, rows)
        taken = (each[fresh] for each in (tape.high, tape.low, tape.close, tape.volume))
        columns = [np.ascontiguousarray(each) for each in taken]
        given = columns if engine.compiled else [each.tolist() for each in columns]
        filled: Any = np.zeros(3 * (rows - new))
        filled = filled if engine.compiled else filled.tolist()
        engine.fill_series(filled, self._memory, PLAN, *given)
        self._known = np.append(self._known, np.asarray(filled, dtype=np.float64)[2 * (rows - new) :])
        atr = self._known[len(self._known) - rows :]
        self._known, self._filled = self._known[-BACK - 2 :], self._filled + rows - new
        result = np.concatenate((tape.close.astype(np.float64), tape.volume, atr))
        return result if engine.compiled else result.tolist()


def _times(sides: Sequence[SymbolInParts]) -> Iterator[IntArray]:
    """Yield each symbol's instants, and give their memory back once the next are asked for."""
    for side in sides:
        yield side.source.turn_ms
        side.source.drop()


class SessionInParts:
    """The account of several symbols and the cycles it lives through; `head` is their recording, empty."""

    def __init__(self, sides: Sequence[SymbolInParts], setup: Setup, engine: CompiledRules) -> None:
        self._sides, self._setup, self._engine = sides, setup, engine
        instants = merged(_times(sides))
        self._grids = [each.instrument for each in sides]
        empty = [no_tape(each.symbol) for each in self._grids]
        self.head = Recording.of(empty, self._grids, engine, instants)
        self._cycles = [np.searchsorted(instants, each.votes.at_ms) for each in sides]
        self.ints, self.floats = opened(self.head, setup, [len(each.votes.event) for each in sides])
        self.equity = np.zeros_like(instants)
        self.divided = (0, 0)
        voices = (voice for each in self._grids for voice in setup.voices_of(each.symbol))
        self._leaving = any(voice.strategy.exits_for(voice.packed) for voice in voices)

    def days(self) -> IntArray:
        """Return each UTC day's first cycle, and the end."""
        day = self.head.instants // DAY_MS
        return np.concatenate(([0], np.flatnonzero(day[1:] != day[:-1]) + 1, [len(day)]))

    def live(self, first: int, until: int) -> None:
        """Live through the cycles from `first` on and before `until`, which are whole days."""
        instants = self.head.instants[first:until]
        parts = [self._part(side, instants) for side in self._sides]
        prepared = Recording.of([each.tape for each in parts], self._grids, self._engine, instants)
        if self._leaving:
            prepared.series = [
                side.series(part, self._engine) for side, part in zip(self._sides, parts, strict=True)
            ]
        spans = [slice(*np.searchsorted(cycles, (first, until))) for cycles in self._cycles]
        trades, vetoes = int(self.ints[TRADES]), int(self.ints[VETOES])
        self._begin(parts, [each.stop - each.start for each in spans], first)
        event, confidence, opinions = self._votes(parts, spans, first)
        give = prepared.give
        books = give(self.ints), give(self.floats), give(np.zeros(until - first, dtype=np.int64))
        count, line = divided(live(prepared, self._setup, books, (event, confidence), opinions))
        self.divided = (self.divided[0] + count, line if count else self.divided[1])
        self.ints, self.floats, self.equity[first:until] = (np.asarray(each) for each in books)
        self._end(parts, first)
        for counter, at, width, column, before in (
            (TRADES, TRADES_AT, TRADE_ROW, TRADE_CYCLE, trades),
            (VETOES, VETOES_AT, VETO_ROW, VETO_CYCLE, vetoes),
        ):
            begin, end = (int(self.ints[at]) + width * each for each in (before, int(self.ints[counter])))
            self.ints[begin:end].reshape(-1, width)[:, column] += first
        for side in self._sides:
            side.source.drop()

    def _part(self, side: SymbolInParts, instants: IntArray) -> TapePart:
        ms = side.source.turn_ms
        begin, end = np.searchsorted(ms, instants[0]), np.searchsorted(ms, instants[-1], side="right")
        return side.source.part(int(begin), int(end))

    def _records(self) -> IntArray:
        return self.ints[ACCT : ACCT + len(self._sides) * SYMBOL].reshape(-1, SYMBOL)

    def _begin(self, parts: Sequence[TapePart], counts: Sequence[int], first: int) -> None:
        """Tell the books where a part's rows lie, and count from its beginning."""
        candle = turn = event = doubt = 0
        for record, side, part, count in zip(self._records(), self._sides, parts, counts, strict=True):
            tape = part.tape
            record[[CANDLE_AT, TURN_AT, EVENT_AT, DOUBT_AT]] = candle, turn, event, doubt
            record[[TURN_COUNT, EVENT_COUNT, DOUBT_COUNT]] = len(tape.turn_ms), count, len(tape.doubt_ms)
            record[EVENT] = 0
            record[TURN] -= part.turn
            record[[ENTRY_CYCLE, DECIDED]] -= first
            if record[LOTS] > 0:
                row = side.entry - part.candle + part.spare
                if row < part.spare:
                    row, tape.time[0] = 0, side.source.opened(side.entry)
                record[ENTRY_CANDLE] = candle + row
            candle, turn, event = candle + len(tape.time), turn + len(tape.turn_ms), event + count
            doubt += len(tape.doubt_ms)

    def _end(self, parts: Sequence[TapePart], first: int) -> None:
        """Count from the session's beginning again."""
        for record, side, part in zip(self._records(), self._sides, parts, strict=True):
            record[TURN] += part.turn
            record[[ENTRY_CYCLE, DECIDED]] += first
            row = int(record[ENTRY_CANDLE] - record[CANDLE_AT])
            if record[LOTS] > 0 and row >= part.spare:
                side.entry = row - part.spare + part.candle

    def _votes(
        self, parts: Sequence[TapePart], spans: Sequence[slice], first: int
    ) -> tuple[IntArray, FloatArray, Opinions]:
        """Return the votes of a part, symbol by symbol, counted from its beginning."""
        events, confidences, opinions = [], [], []
        for side, part, span, cycles in zip(self._sides, parts, spans, self._cycles, strict=True):
            rows = side.votes.event[span].copy()
            rows[:, EVENT_CYCLE] = cycles[span] - first
            rows[:, EVENT_TURN] -= part.turn
            events.append(rows.reshape(-1))
            confidences.append(side.votes.confidence[span].reshape(-1))
            opinions.append((side.votes.opinions, span))
        give = self.head.give
        return np.concatenate(events), np.concatenate(confidences), _heard(opinions, give)


def _heard(parts: Sequence[tuple[Opinions, slice]], give: Any) -> Opinions:
    """Join models' opinions of runs of votes; what is said of a model itself is the same in all."""
    models = len(parts[0][0].weight)
    if not models:
        return parts[0][0]
    columns: list[Any] = []
    for column, kind in enumerate((np.int64, np.float64, np.float64)):
        runs = [np.asarray(each[column], dtype=kind).reshape(-1, models)[span] for each, span in parts]
        columns.append(np.concatenate(runs).reshape(-1))
    payoff = np.zeros(models)
    for each, _ in parts:
        payoff = np.where(np.asarray(each.payoff) != 0.0, each.payoff, payoff)  # of votes that were there
    vote, confidence, chance = map(give, columns)
    return Opinions(vote, confidence, chance, parts[0][0].weight, parts[0][0].cap, give(payoff))

"""A backtest of several symbols in bounded memory: votes symbol by symbol, then the account days at a time.

1. Votes depend on one symbol's candles alone: its tape is made, asked and dropped, the votes are kept
   (`vote_rows`).
2. The account lives through as many whole days at a time as find room. Its books go from one part to the
   next as they are, but for numbers that count from a part's beginning (`COUNTED` and `PLACED` of `layout`):
   those are told anew. A part begins with a UTC day because a day's limit is worked out there.

What comes out is what all at once comes to, to the bit.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from domain.errors import BadInput
from domain.times import DAY_MS
from reasoning.kernels.strategy import Strategy
from research.data.candles import Candles, FloatArray, IntArray, merged
from research.engine.backtest import Setup, check_cash, live, opened, result_of
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
    LOTS,
    SYMBOL,
    TRADE_CYCLE,
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
from research.engine.pairs_in_parts import PairListsInParts
from research.engine.recording import Numbers, Recording
from research.engine.result import Result
from research.engine.symbol_in_parts import SymbolInParts
from research.engine.tape import no_tape
from research.engine.tape_parts import TapePart
from research.engine.vote_rows import MEGABYTE, vote_rows

CANDLE_BYTES = 176
"""Bytes of a candle while its symbol is asked for votes, or while the account lives through it."""
VOTE_BYTES, VOICE_BYTES, OPINION_BYTES = 24, 40, 24
"""Bytes of a vote that is kept, more for each voice and each model; twice that while it is lived through."""
EXIT_BYTES, NUMBER_BYTES = 40, 24
"""Bytes of a candle more where exits are declared, and for each number that a custom one reads."""
PLAIN_TIMES = 5
"""How many times that plain Python takes, which reads lists."""
VETO_CYCLE = 0
"""Where rows of vetoes have their cycle."""


def bytes_of(candles: Sequence[Candles], engine: CompiledRules) -> int:
    """Return the bytes that a backtest of all these candles at once takes beside them."""
    return sum(map(len, candles)) * _each(engine)


def _each(engine: CompiledRules) -> int:
    return CANDLE_BYTES * (1 if engine.compiled else PLAIN_TIMES)


def backtest_in_parts(candles: Sequence[Candles], setup: Setup, engine: CompiledRules, memory: int) -> Result:
    """Run a backtest with at most `memory` bytes of tapes and votes at a time, beside candles and the result.

    Raises BadInput when a series is too short, the account too large, or `memory` too little for one symbol
    or for one day of all of them.
    """
    check_cash(setup)
    longest, each = max(candles, key=len), _each(engine)
    _room_for(len(longest) * each, memory, f"{len(longest):,} candles of {longest.symbol}")
    day = len(candles) * min(len(longest), DAY_MS // longest.timeframe_ms) * each
    beside = (*setup.beside, *_looked_at(candles, setup))
    with vote_rows(max(0, min(memory // 2, memory - max(len(longest) * each, day)))) as kept:
        sides = [SymbolInParts(one, setup, engine, beside, kept) for one in candles]
        session = SessionInParts(sides, setup, engine)
        days, costs = session.days(each)
        _room_for(int(costs.max()) + kept.held, memory, f"a day of {len(candles)} symbols")
        for first, until in _parts(days, costs, memory - kept.held):
            session.live(first, until)
    books = session.ints, session.floats, session.equity
    return result_of(session.head, candles, setup, *books, session.divided)


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


def _parts(days: IntArray, costs: IntArray, room: int) -> Iterator[tuple[int, int]]:
    """Yield runs of whole days that find room, one day at least, as their first cycle and that behind them.

    `days` are each day's first cycle, and the end, `costs` the bytes of each.
    """
    begun, first = np.append(0, np.cumsum(costs)), 0
    while first < len(costs):
        until = max(int(np.searchsorted(begun, begun[first] + room, side="right")) - 1, first + 1)
        yield int(days[first]), int(days[until])
        first = until


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
        self.ints, self.floats = opened(self.head, setup, [each.votes.count for each in sides])
        self.equity = np.zeros_like(instants)
        self.divided = (0, 0)
        voices = (voice for each in self._grids for voice in setup.voices_of(each.symbol))
        plans = {(v.strategy.name, v.packed): v.strategy.exits_for(v.packed) for v in voices}
        self._read = sum(len(plan.leave.numbers) for plan in plans.values() if plan and plan.leave)
        self._leaving = any(plans.values())
        rule = setup.pair_list
        self._lists = None if rule is None else PairListsInParts(sides, self._grids, rule)

    def days(self, each: int) -> tuple[IntArray, IntArray]:
        """Return each UTC day's first cycle, and the end, and the bytes each takes; `each` are a candle's."""
        day = self.head.instants // DAY_MS
        first = np.concatenate(([0], np.flatnonzero(day[1:] != day[:-1]) + 1, [len(day)]))
        begun = np.append(day[first[:-1]], day[-1] + 1)
        votes = sum(side.votes.before(begun) for side in self._sides)
        a_vote = VOTE_BYTES + VOICE_BYTES * len(self._setup.voices) + OPINION_BYTES * len(self._setup.models)
        plain = 1 if self._engine.compiled else PLAIN_TIMES
        each += (EXIT_BYTES + NUMBER_BYTES * self._read if self._leaving else 0) * plain
        return first, np.diff(first) * len(self._sides) * each + np.diff(votes) * a_vote * 2 * plain

    def live(self, first: int, until: int) -> None:
        """Live through the cycles from `first` on and before `until`, which are whole days."""
        instants = self.head.instants[first:until]
        parts = [self._part(side, instants) for side in self._sides]
        prepared = Recording.of([each.tape for each in parts], self._grids, self._engine, instants)
        if self._leaving:
            prepared.series = [side.series(part) for side, part in zip(self._sides, parts, strict=True)]
            prepared.numbers, prepared.partial = self._numbers_of(parts), True
        if self._lists is not None:
            prepared.lists = self._lists.of(instants, prepared.give)
        spans = [side.votes.between(int(instants[0]), int(instants[-1])) for side in self._sides]
        trades, vetoes = int(self.ints[TRADES]), int(self.ints[VETOES])
        self._begin(parts, [each.stop - each.start for each in spans], first)
        event, confidence, opinions = self._votes(parts, spans, instants)
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

    def _numbers_of(self, parts: Sequence[TapePart]) -> Numbers:
        """Return what says the numbers that custom exits read, symbol by symbol; where none does, zeros."""

        def numbers(
            strategy: Strategy[Any], packed: tuple[Any, ...], places: Sequence[int]
        ) -> list[FloatArray]:
            results = []
            for side, part in zip(self._sides, parts, strict=True):
                voices = self._setup.voices_of(side.instrument.symbol)
                spoken = any(each.strategy is strategy and each.packed == packed for each in voices)
                blank = np.zeros((len(places), len(part.tape.close)))
                results.append(side.numbers(part, strategy, packed, places) if spoken else blank)
            return results

        return numbers

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
        self, parts: Sequence[TapePart], spans: Sequence[slice], instants: IntArray
    ) -> tuple[IntArray, FloatArray, Opinions]:
        """Return the votes of a part, symbol by symbol, counted from its beginning."""
        events, confidences, opinions = [], [], []
        for side, part, span in zip(self._sides, parts, spans, strict=True):
            event, confidence, spoken = side.votes.read(span)
            rows = event.copy()
            rows[:, EVENT_CYCLE] = np.searchsorted(instants, event[:, EVENT_CYCLE])
            rows[:, EVENT_TURN] -= part.turn
            events.append(rows.reshape(-1))
            confidences.append(confidence.reshape(-1))
            opinions.append(spoken)
        heard = _heard([side.votes.models for side in self._sides], opinions, self.head.give)
        return np.concatenate(events), np.concatenate(confidences), heard


def _heard(models: Sequence[Opinions], spoken: Sequence[Sequence[Any]], give: Any) -> Opinions:
    """Join models' opinions of runs of votes; what is said of a model itself is the same in all."""
    if not len(models[0].weight):
        return models[0]
    vote, confidence, chance = (give(np.concatenate(runs).reshape(-1)) for runs in zip(*spoken, strict=True))
    payoff = np.zeros(len(models[0].weight))
    for each in models:
        payoff = np.where(np.asarray(each.payoff) != 0.0, each.payoff, payoff)  # of votes that were there
    return Opinions(vote, confidence, chance, models[0].weight, models[0].cap, give(payoff))

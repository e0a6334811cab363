"""One symbol of a session that is lived through in parts: its votes, and its tape part by part."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from domain.times import DAY_MS
from reasoning.kernels.features import PLAN
from reasoning.kernels.indicators import ATR_SIZE
from reasoning.kernels.strategy import Strategy
from research.data.candles import Candles, FloatArray, IntArray
from research.engine.backtest import Setup, events_of
from research.engine.compiler import CompiledRules
from research.engine.informed import BesideCandles
from research.engine.layout import EVENT_CYCLE, EVENT_TURN, EVENT_VOICES, PER_VOICE, Opinions
from research.engine.opinions import opinions_at
from research.engine.recording import Recording
from research.engine.tape import Tape
from research.engine.tape_parts import BACK, TapePart, TapeSource
from research.engine.vote_rows import Read, VoteRows

SPOKEN = 3
"""How many of the opinions have a row for each vote."""


class Votes:
    """One symbol's votes: rows as `layout` has them, but an event's cycle is its instant, in ms (UTC)."""

    def __init__(self, event: IntArray, confidence: FloatArray, opinions: Opinions, kept: VoteRows) -> None:
        self.count = len(event)
        self._begins = int(event[0, EVENT_CYCLE]) // DAY_MS if len(event) else 0
        ends = int(event[-1, EVENT_CYCLE]) // DAY_MS + 2 if len(event) else 1
        self._rows = np.searchsorted(event[:, EVENT_CYCLE], np.arange(self._begins, ends) * DAY_MS)
        self._event: Read = kept.keep(event)
        self._confidence: Read = kept.keep(confidence)
        models = len(opinions.weight)
        kinds = zip(opinions[:SPOKEN] if models else (), (np.int64, np.float64, np.float64), strict=False)
        self._spoken: list[Read] = [
            kept.keep(np.asarray(each, dtype=kind).reshape(-1, models)) for each, kind in kinds
        ]
        none: Any = np.zeros(0)
        self.models = opinions._replace(vote=none, confidence=none, chance=none) if models else opinions

    def before(self, days: IntArray) -> IntArray:
        """Return how many votes there are before each of some days, counted from 1970."""
        return self._rows[np.clip(days - self._begins, 0, len(self._rows) - 1)]

    def between(self, first_ms: int, last_ms: int) -> slice:
        """Return which votes are of the days from that of one instant to that of another."""
        days = np.array([first_ms // DAY_MS, last_ms // DAY_MS + 1])
        return slice(*self.before(days).tolist())

    def read(self, run: slice) -> tuple[IntArray, FloatArray, list[Any]]:
        """Return rows of votes, and what models say of them."""
        return self._event(run), self._confidence(run), [each(run) for each in self._spoken]


class GoneOn:
    """Numbers of a symbol's candles, from part to part: whoever fills them goes on with the memory he had."""

    def __init__(self, width: int) -> None:
        self._known: FloatArray = np.zeros((width, 0))
        self._filled = 0

    def of(self, part: TapePart, fill: Callable[[Tape, slice], FloatArray]) -> FloatArray:
        """Return the numbers of a part's rows, float64[width, rows]; parts come in order.

        `fill` returns those of some rows of a tape: the candles that no part before had.
        """
        rows = len(part.tape.close)
        fresh = rows - max(part.candle - part.spare + rows - self._filled, 0)
        self._known = np.append(self._known, fill(part.tape, slice(fresh, rows)), axis=1)
        result = self._known[:, self._known.shape[1] - rows :]
        self._known, self._filled = self._known[:, -BACK - 2 :], self._filled + rows - fresh
        return result


class SymbolInParts:
    """One symbol of a session: its votes, and its tape part by part. Raises BadInput as `TapeSource`."""

    def __init__(
        self,
        candles: Candles,
        setup: Setup,
        engine: CompiledRules,
        beside: Sequence[BesideCandles],
        kept: VoteRows,
    ) -> None:
        self.instrument = setup.instruments[candles.symbol]
        self.source = TapeSource(candles, self.instrument, setup.warmup)
        alone = Recording.of([self.source.whole], [self.instrument], engine, beside=beside)
        event, confidence, counts = events_of(alone, setup)
        names = [voice.strategy.name for voice in setup.voices]
        opinions = opinions_at(alone, names, setup.models, event, confidence, counts)
        voices = len(setup.voices)
        rows = event.reshape(-1, EVENT_VOICES + PER_VOICE * voices)
        rows[:, EVENT_CYCLE] = self.source.turn_ms[rows[:, EVENT_TURN]]
        self.votes = Votes(rows, confidence.reshape(-1, 1 + voices), opinions, kept)
        self.source.drop()
        self._engine, self._give = engine, Recording.of((), (), engine).give  # not of the one with candles
        self._ranges = GoneOn(1)
        self._range_memory: Any = self._give(np.zeros(ATR_SIZE))
        self._numbers: dict[Any, tuple[GoneOn, Any]] = {}
        self.entry = 0

    def series(self, part: TapePart) -> Any:
        """Return closes, volumes and ATRs of a part, as `Recording.series` has them; parts come in order."""

        def fill(tape: Tape, fresh: slice) -> FloatArray:
            taken = (each[fresh] for each in (tape.high, tape.low, tape.close, tape.volume))
            count = fresh.stop - fresh.start
            filled: Any = self._give(np.zeros(3 * count))
            self._engine.fill_series(filled, self._range_memory, PLAN, *map(self._give, taken))
            return np.asarray(filled, dtype=np.float64)[np.newaxis, 2 * count :]

        atr = self._ranges.of(part, fill)[0]
        return self._give(np.concatenate((part.tape.close.astype(np.float64), part.tape.volume, atr)))

    def numbers(
        self, part: TapePart, strategy: Strategy[Any], packed: tuple[Any, ...], places: Sequence[int]
    ) -> FloatArray:
        """Return what a strategy keeps at places of its memory after each candle of a part; in order."""
        key = strategy.name, packed, tuple(places)
        if key not in self._numbers:
            memory: Any = self._give(np.zeros(strategy.size_for(packed)))
            self._numbers[key] = GoneOn(len(places)), memory
        gone_on, memory = self._numbers[key]
        gather, at = self._engine.kept(strategy), self._give(np.array(places, dtype=np.int64))

        def fill(tape: Tape, fresh: slice) -> FloatArray:
            columns = (tape.open, tape.high, tape.low, tape.close, tape.volume, tape.time)
            out = self._give(np.zeros(len(places) * (fresh.stop - fresh.start)))
            gather(memory, packed, *(self._give(each[fresh]) for each in columns), at, out)
            return np.asarray(out, dtype=np.float64).reshape(len(places), -1)

        return gone_on.of(part, fill)

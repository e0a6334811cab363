"""Candles made ready for many backtests: tapes, and what does not depend on any strategy."""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.impact import NO_IMPACT, Impacts
from domain.instrument import Instrument
from platforms.impact import Slips
from reasoning.kernels.features import PLAN
from reasoning.kernels.indicators import ATR_SIZE
from reasoning.kernels.strategy import Informative, Strategy
from research.data.candles import Candles, FloatArray, IntArray, merged
from research.engine.compiler import CompiledRules
from research.engine.informed import Behind, BesideCandles, behind, enough
from research.engine.layout import Doubts, MarketLayout, Opinions, PairFlags
from research.engine.meanwhile import meanwhile
from research.engine.pair_flags import PairRule, flags_of
from research.engine.stretches import blocks_of, same
from research.engine.tape import Tape, tape_of

LONG = 200_000
"""Turns from which on another thread is worth its start."""
Places = NDArray[np.int32]
Numbers = Callable[[Strategy[Any], tuple[Any, ...], Sequence[int]], list[FloatArray]]
"""Returns what a strategy keeps at places of its memory after each candle: float64[places, n], by tape."""


def cycles_of(instants: IntArray, times: IntArray) -> IntArray:
    """Return the cycle of each of some instants."""
    if np.array_equal(instants, times):
        return np.arange(len(instants), dtype=np.int64)
    return np.searchsorted(instants, times)


class Recording:
    """The tapes of one session, joined to the arrays that the replay reads; used by many runs.

    `instruments` holds every candle series' instrument; `beside` are candles that are only looked at. Raises
    BadInput when a series is too short.
    """

    def __init__(
        self,
        candles: Sequence[Candles],
        instruments: Mapping[str, Instrument],
        warmup: int,
        engine: CompiledRules,
        beside: Sequence[BesideCandles] = (),
    ) -> None:
        self.engine = engine
        self.instruments = [instruments[each.symbol] for each in candles]
        self.tapes: list[Tape] = [
            tape_of(each, grid, warmup) for each, grid in zip(candles, self.instruments, strict=True)
        ]
        self.beside = beside
        self.lists: PairFlags | None = None
        self.partial = False
        self._behind: dict[tuple[Any, ...], tuple[int, Behind]] = {}
        self._enough: dict[tuple[Any, ...], int] = {}
        self._making = threading.Lock()
        self.classes = sorted({each.asset_class for each in self.instruments})
        long = engine.compiled and sum(len(each.turn_ms) for each in self.tapes) >= LONG
        # Nobody asks for them before the votes are found.
        self._blocks = meanwhile(partial(blocks_of, self.tapes, self.instants)) if long else None

    @classmethod
    def of(
        cls,
        tapes: Sequence[Tape],
        instruments: Sequence[Instrument],
        engine: CompiledRules,
        instants: IntArray | None = None,
        beside: Sequence[BesideCandles] = (),
    ) -> "Recording":
        """Return a recording of tapes; `instants` are its cycles where not those of the tapes."""
        result = cls((), {}, 0, engine, beside)
        result.tapes, result.instruments = list(tapes), list(instruments)
        result.classes = sorted({each.asset_class for each in instruments})
        if instants is not None:
            result.instants = instants
        return result

    @cached_property
    def _looked_at(self) -> dict[str, Tape]:
        """The tapes by symbol of what strategies may look at."""
        others = {each.candles.symbol: tape_of(*each) for each in self.beside}
        return others | {tape.symbol: tape for tape in self.tapes}

    def memory(self, index: int, strategy: Strategy[Any], packed: Any, kept: int) -> Any:
        """Return the blank memory of a strategy for one tape, behind it the candles of others it looks at.

        Raises BadInput where there are none of a symbol.
        """
        size = strategy.size_for(packed)
        if not strategy.informative:
            return self.give(np.zeros(size))
        return self.give(self._beside(index, strategy.informative, kept).memory(size))

    def _beside(self, index: int, symbols: Sequence[Informative], kept: int) -> Behind:
        """Return the candles of others as a tape meets them: one copy, anew where another number is kept."""
        key, given = (index, *symbols), (self.tapes[index], self._looked_at, symbols)
        with self._making:
            if key not in self._enough:
                self._enough[key] = enough(*given)
            kept = min(kept, self._enough[key])
            if key not in self._behind or self._behind[key][0] != kept:
                self._behind[key] = kept, Behind(behind(*given, kept))
            return self._behind[key][1]

    @cached_property
    def instants(self) -> IntArray:
        """Open times at which any symbol turns, one per cycle."""
        return merged([tape.turn_ms for tape in self.tapes])

    @cached_property
    def turns(self) -> list[tuple[Any, ...]]:
        """For each symbol's candles the turn and the cycle in which each is the newest; -1 for none."""
        return [tuple(map(self.give, self._turns(tape))) for tape in self.tapes]

    def _turns(self, tape: Tape) -> tuple[Places, Places]:
        ends, count = tape.turn_end, len(tape.close)
        if tape.even and ends[0] > 0 and same(self.instants, tape.turn_ms):
            first = int(ends[0]) - 1
            turn = np.arange(-first, count - first, dtype=np.int32)
            turn[:first] = turn[int(ends[-1]) :] = -1
            return turn, turn
        turn = np.full(count, -1, dtype=np.int32)
        news = np.flatnonzero(np.diff(ends, prepend=0) > 0)
        newest = ends[news] - 1  # never falling: a candle is news at the first turn that counts it
        turn[newest] = news
        cycle = np.full(len(tape.close), -1, dtype=np.int32)
        cycle[newest] = cycles_of(self.instants, tape.turn_ms)[news]
        return turn, cycle

    @cached_property
    def series(self) -> list[FloatArray]:
        """Closes, volumes and ATRs of each symbol, behind one another."""
        return [self._series(tape) for tape in self.tapes]

    def _series(self, tape: Tape) -> Any:
        columns = (tape.high, tape.low, tape.close, tape.volume)
        built = self.give(np.empty(3 * len(tape.close)))  # every place is written
        self.engine.fill_series(
            built, self.give(np.zeros(ATR_SIZE)), PLAN, *(self.give(each) for each in columns)
        )
        return built

    @cached_property
    def numbers(self) -> Numbers:
        """What says the numbers that a strategy keeps, stepped over every tape."""

        def numbers(
            strategy: Strategy[Any], packed: tuple[Any, ...], places: Sequence[int]
        ) -> list[FloatArray]:
            gather, at = self.engine.kept(strategy), self.give(np.array(places, dtype=np.int64))
            results = []
            for tape, columns in zip(self.tapes, self.columns, strict=True):
                out = self.give(np.zeros(len(places) * len(tape.close)))
                gather(self.give(np.zeros(strategy.size_for(packed))), packed, *columns, at, out)
                results.append(np.asarray(out, dtype=np.float64).reshape(len(places), -1))
            return results

        return numbers

    @cached_property
    def columns(self) -> list[tuple[Any, ...]]:
        """Open, high, low, close, volume and open time of each symbol, as the engine takes them."""
        return [
            tuple(
                self.give(each)
                for each in (tape.open, tape.high, tape.low, tape.close, tape.volume, tape.time)
            )
            for tape in self.tapes
        ]

    @cached_property
    def market(self) -> MarketLayout:
        """The tapes behind one another."""
        tapes = self.tapes
        blocks = blocks_of(tapes, self.instants) if self._blocks is None else self._blocks()
        return MarketLayout(
            candle_ms=self._joined([tape.time for tape in tapes]),
            open=self._joined([tape.open for tape in tapes]),
            high=self._joined([tape.high for tape in tapes]),
            low=self._joined([tape.low for tape in tapes]),
            close=self._joined([tape.close for tape in tapes]),
            turn_ms=self._joined([tape.turn_ms for tape in tapes]),
            turn_end=self._joined([tape.turn_end for tape in tapes]),
            turn_quote=self._joined([tape.turn_quote for tape in tapes]),
            turn_mark=self._joined([tape.turn_mark for tape in tapes]),
            instants=self.give(self.instants),
            doubts=Doubts(
                self._joined([tape.doubt_ms for tape in tapes]),
                self._joined([tape.doubt_low for tape in tapes]),
                self._joined([tape.doubt_turn for tape in tapes]),
            ),
            blocks=blocks._replace(
                day=self.give(blocks.day),
                after=self.give(blocks.after),
                rows=self.give(blocks.rows),
                few=self.give(blocks.few),
                many=self.give(blocks.many),
                spans=self.give(blocks.spans),
            ),
        )

    def slips(self, impacts: Impacts) -> Slips:
        """Return models of past fills as the replay reads them; empty where there are none."""
        none: Any = self.give(np.zeros(0, dtype=np.int64)), self.give(np.zeros(0))
        if not impacts:
            return Slips(none[1], none[1], none[1], none[0], none[0], none[0], none[1])
        known = [impacts.get(grid.symbol, NO_IMPACT) for grid in self.instruments]
        volume = np.concatenate([tape.volume for tape in self.tapes])
        return Slips(
            self.give(np.array([each.base for each in known])),
            self.give(np.array([each.growth for each in known])),
            self.give(np.array([float(grid.step_size) for grid in self.instruments])),
            self.market.high,
            self.market.low,
            self.market.close,
            self.give(volume),
        )

    def pair_flags(self, rule: PairRule | None) -> PairFlags:
        """Return who is off the pair lists of a session, as the replay reads it."""
        if self.lists is not None:
            return self.lists
        if rule is None:
            return PairFlags(1, 0, 0, self.give(np.zeros(0, dtype=np.int64)))
        first, count, off = flags_of(self.tapes, self.instruments, self.instants, rule)
        return PairFlags(rule.settings.refresh_ms, first, count, self.give(off))

    @cached_property
    def unheard(self) -> Opinions:
        """The opinions of no model."""
        ints, floats = self.give(np.zeros(0, dtype=np.int64)), self.give(np.zeros(0))
        return Opinions(ints, floats, floats, floats, floats, floats)

    @cached_property
    def atr(self) -> Any:
        """The ATR of every candle, as the tapes lie behind one another."""
        parts = (np.asarray(each)[2 * len(each) // 3 :] for each in self.series)
        return self.give(np.concatenate(list(parts)))

    def _joined(self, arrays: Sequence[IntArray]) -> Any:
        return self.give(arrays[0] if len(arrays) == 1 else np.concatenate(arrays))

    def give(self, array: Any) -> Any:
        """Return an array as the engine takes it: itself, or a list for plain Python."""
        return np.ascontiguousarray(array) if self.engine.compiled else array.tolist()

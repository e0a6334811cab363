"""Pair lists of a session that is lived through in parts, of the candles that their windows reach."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from domain.instrument import Instrument
from perception.pairs.filters import PairMeasures, listed
from perception.pairs.tape import begin_of
from research.data.candles import IntArray
from research.engine.layout import PairFlags
from research.engine.pair_flags import MeasuredTape, PairRule
from research.engine.symbol_in_parts import SymbolInParts

AT_ONCE = 20_000
"""Measurements that are held at a time."""


class PairListsInParts:
    """Makes the lists of one part after the other; what they say is what all at once comes to."""

    def __init__(self, sides: Sequence[SymbolInParts], grids: Sequence[Instrument], rule: PairRule) -> None:
        self._sides, self._grids, self._rule = sides, grids, rule
        self._last = -1
        self._off: IntArray = np.zeros(len(sides), dtype=np.int64)

    def of(self, instants: IntArray, give: Any) -> PairFlags:
        """Return the lists of a part's instants. A list that the part before began goes on."""
        refresh_ms = self._rule.settings.refresh_ms
        numbers, first = np.unique(instants // refresh_ms, return_index=True)
        off = np.zeros((len(self._sides), int(numbers[-1] - numbers[0]) + 1), dtype=np.int64)
        begun = int(numbers[0] == self._last)
        if begun:
            off[:, 0] = self._off
        due = zip((numbers - numbers[0])[begun:].tolist(), self._made(instants[first[begun:]]), strict=True)
        for number, column in due:
            off[:, number] = column
        self._last, self._off = int(numbers[-1]), off[:, -1].copy()
        return PairFlags(refresh_ms, int(numbers[0]), off.shape[1], give(off.reshape(-1)))

    def _made(self, instants: IntArray) -> Iterator[list[bool]]:
        """Yield of each list who is off it, symbol by symbol."""
        step = max(1, AT_ONCE // len(self._sides))
        for begin in range(0, len(instants), step):
            some = instants[begin : begin + step]
            measured = [self._measured(*each, some) for each in zip(self._sides, self._grids, strict=True)]
            for pairs in zip(*measured, strict=True):
                yield [each.off is not None for each in listed(pairs, self._rule.settings)]

    def _measured(self, side: SymbolInParts, grid: Instrument, instants: IntArray) -> list[PairMeasures]:
        """Return a symbol's measurements at some instants, of no more candles than their windows reach."""
        ms, window_ms = side.source.turn_ms, self._rule.settings.window_ms
        begin = int(np.searchsorted(ms, begin_of(int(instants[0]), window_ms)))
        end = int(np.searchsorted(ms, instants[-1], side="right"))
        part = side.source.part(begin, end).tape
        tape = MeasuredTape(part, grid, self._rule, side.source.opened(0))
        return [tape.at(at_ms) for at_ms in instants.tolist()]

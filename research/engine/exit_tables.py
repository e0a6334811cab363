"""The declared exits of a session's voices as the replay reads them, with the numbers custom exits look at.

Those are what a strategy keeps of each candle, the same to the bit: columns that trials share where it
decides over columns, else what its own step writes into its memory.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from domain.custom_exit import FAULT_LINE, FAULTS, ROOM, fault_of
from domain.errors import BadInput
from domain.exits import ExitPlan
from reasoning.kernels.strategy import ColumnKey, Strategy
from research.engine.columns import ColumnCache
from research.engine.layout import NO_PLAN, ExitTables
from research.engine.recording import Recording

Voice = tuple[Strategy[Any], tuple[Any, ...]]
"""A strategy and its packed parameters."""
MOST_BYTES = 64 * 2**20
"""Bytes of the columns that custom exits of one call read, beyond those of one trial."""


def exit_tables(
    prepared: Recording, voices: Sequence[Voice], caches: Sequence[ColumnCache] | None = None
) -> ExitTables:
    """Return the plans of voices and what they read; empty where there are none. Raises BadInput.

    `caches` are the columns of each tape that trials share.
    """
    plans = [strategy.exits_for(packed) for strategy, packed in voices]
    if not any(plan is not None for plan in plans):
        return no_exits(prepared)
    columns = _Columns(prepared, caches)
    numbers: list[int] = []
    code: list[float] = []
    first = []
    for plan, (strategy, packed) in zip(plans, voices, strict=True):
        first.append(NO_PLAN if plan is None else len(numbers))
        if plan is None:
            continue
        if plan.leave is None:
            numbers += plan.numbers()
            continue
        numbers += plan.numbers(len(code), columns.places(strategy, packed, plan))
        code += plan.leave.code
    give = prepared.give
    flat, at = (give(np.array(each, dtype=np.int64)) for each in (numbers, first))
    program = give(np.array(code, dtype=np.float64))
    return ExitTables(flat, at, prepared.atr, program, columns.joined(), give(np.zeros(ROOM)))


def no_exits(prepared: Recording) -> ExitTables:
    """Return the declared exits of voices that declare none."""
    ints, floats = prepared.give(np.zeros(0, dtype=np.int64)), prepared.give(np.zeros(0))
    return ExitTables(ints, ints, floats, floats, floats, floats)


def divided(exits: ExitTables) -> tuple[int, int]:
    """Return how often custom exits divided by zero in a replay, and the last line that did; 0 for never."""
    return (int(exits.stack[FAULTS]), int(exits.stack[FAULT_LINE])) if len(exits.stack) else (0, 0)


def readable(prepared: Recording, strategy: Strategy[Any], packs: Sequence[tuple[Any, ...]]) -> int:
    """Return how many trials, one at least, read no more columns than `MOST_BYTES` allows."""
    held: set[Any] = set()
    size = 8 * sum(len(tape.close) for tape in prepared.tapes)
    for count, packed in enumerate(packs):
        plan = strategy.exits_for(packed)
        names = plan.leave.numbers if plan is not None and plan.leave is not None else ()
        if not names:
            return len(packs)
        keys = _keys(strategy, packed, names)
        held |= {(packed, name) for name in names} if keys is None else set(keys)
        if count and size * len(held) > MOST_BYTES:
            return count
    return len(packs)


class _Wanted(NamedTuple):
    """A number that is no column: the strategy with its parameters, and the place in its memory."""

    strategy: int
    packed: tuple[Any, ...]
    place: int


class _Columns:
    """The columns of one call, each once, as the tapes lie behind one another."""

    def __init__(self, prepared: Recording, caches: Sequence[ColumnCache] | None) -> None:
        self.prepared = prepared
        self.caches = caches
        self.size = sum(len(tape.close) for tape in prepared.tapes)
        self.at: dict[Any, int] = {}
        self.parts: list[Any] = []

    def places(self, strategy: Strategy[Any], packed: tuple[Any, ...], plan: ExitPlan) -> list[int]:
        """Return where each number lies that the custom exit of a plan reads. Raises BadInput."""
        leave: Any = plan.leave
        known = {each.name: each.now for each in strategy.places}
        missing = [name for name in leave.numbers if name not in known]
        fault = fault_of(leave) or (missing and f"it reads {', '.join(missing)}, which is no number of it")
        if fault:
            raise BadInput(f"strategy {strategy.name}: its custom exit cannot be run: {fault}")
        keys = self._shared(strategy, packed, leave.numbers)
        if keys is not None:
            return [self._place(key, self._joined(key)) for key in keys]
        wanted = [_Wanted(id(strategy), packed, known[name]) for name in leave.numbers]
        if not all(each in self.at for each in wanted):
            stepped = self.prepared.numbers(strategy, packed, [each.place for each in wanted])
            for each, column in zip(wanted, np.concatenate(stepped, axis=1), strict=True):
                self._place(each, column)
        return [self.at[each] for each in wanted]

    def joined(self) -> Any:
        """Return the columns behind one another."""
        give = self.prepared.give
        return give(np.concatenate(self.parts)) if self.parts else give(np.zeros(0))

    def _shared(
        self, strategy: Strategy[Any], packed: tuple[Any, ...], names: Sequence[str]
    ) -> list[ColumnKey] | None:
        prepared = self.prepared
        return _keys(strategy, packed, names) if prepared.engine.compiled and not prepared.partial else None

    def _place(self, key: Any, column: Any) -> int:
        if key not in self.at:
            self.at[key] = len(self.parts) * self.size
            self.parts.append(column)
        return self.at[key]

    def _joined(self, key: ColumnKey) -> Any:
        if key in self.at:
            return None
        if self.caches is None:
            tapes = zip(self.prepared.tapes, self.prepared.series, strict=True)
            self.caches = [ColumnCache(tape, series) for tape, series in tapes]
        return np.concatenate([cache.get(key) for cache in self.caches])


def _keys(strategy: Strategy[Any], packed: tuple[Any, ...], names: Sequence[str]) -> list[ColumnKey] | None:
    """Return the columns that are named, None for a strategy that decides over none."""
    keys = () if strategy.columns is None else strategy.columns(packed)
    if not keys:
        return None
    at = {each.name: each.column for each in strategy.places}
    return [keys[at[name]] for name in names]

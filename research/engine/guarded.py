"""The user's own kernels as machine code that stays inside its memory and says what is wrong.

The memory they are given is not a bare array but one whose every access is looked at: an index below 0 or
beyond the end raises. Division by zero raises as it does in Python, and so does a vote, a confidence or a
level that is none. Machine code cannot say where: the candles are stepped once more in plain Python, which
finds the line. What machine code does not find at all is found by a look at the same candles in Python,
once for each strategy, parameters and series (research.engine.beside).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from domain.decision import Signal
from reasoning.own import OwnStrategy, StrategyFault
from research.engine.beside import Misstep, Pass, compare
from research.engine.informed import begun
from research.engine.looked import Looked
from research.engine.machine_code import jitable
from research.engine.signals import EVENT, find_events, with_time

Find = Callable[..., int]


def guarded_kernels(strategy: OwnStrategy[Any]) -> tuple[Callable[..., int], Callable[..., Signal]]:
    """Return a strategy's two kernels for the compiler, their memory guarded and their answers checked."""
    from research.engine.guarded_memory import guard, sound, sound_vote  # noqa: PLC0415  # imports numba

    own_step: Callable[..., int] = strategy.step if strategy.timed else jitable(with_time(strategy))
    own_signal = strategy.signal

    def step(  # type: ignore[no-untyped-def]  # the compiler finds the types
        memory, packed, opened, high, low, close, volume, time
    ):
        return sound_vote(own_step(guard(memory), packed, opened, high, low, close, volume, time))

    def signal(memory, packed, vote, close, features):  # type: ignore[no-untyped-def]  # as above
        return sound(own_signal(guard(memory), packed, vote, close, features))

    return jitable(step), jitable(signal)


def checked_kernels(
    own_decide: Callable[..., int], own_signal: Callable[..., Signal]
) -> tuple[Callable[..., int], Callable[..., Signal]]:
    """Return the kernels of a strategy that decides over columns, their answers checked.

    None of the two indexes anything of the user's: the house wrote what reads the columns.
    """
    from research.engine.guarded_memory import sound, sound_vote  # noqa: PLC0415  # imports numba

    def decide_at(columns, index, packed):  # type: ignore[no-untyped-def]  # the compiler finds the types
        return sound_vote(own_decide(columns, index, packed))

    def signal_at(columns, index, packed, vote, features):  # type: ignore[no-untyped-def]  # as above
        return sound(own_signal(columns, index, packed, vote, features))

    return jitable(decide_at), jitable(signal_at)


def guarded_find(strategy: OwnStrategy[Any], machine: Find | None, looked: Looked | None = None) -> Find:
    """Return `find_events` for a strategy, as machine code or, without it, in plain Python.

    `looked` remembers what machine code was compared with Python on; without it nothing is. Raises Misstep.
    """
    if machine is None:
        return lambda *arguments: _plainly(strategy, arguments)

    def find(*arguments: Any) -> int:
        try:
            rows = machine(*arguments)
        except Exception as error:  # noqa: BLE001  # what it raises, and what the compiler does not take
            _step_through(strategy, arguments)
            words = next(iter(str(error).splitlines()), "")
            what = f"{type(error).__name__} as machine code, and not in Python: {words}; try --uncompiled"
            raise Misstep(strategy.fault(what, None), 0) from None
        if looked is not None:
            _look(strategy, machine, looked, arguments, rows)
        return rows

    return find


def _look(
    strategy: OwnStrategy[Any], machine: Find, looked: Looked, arguments: Sequence[Any], rows: int
) -> None:
    """Compare what machine code wrote with Python, where that was not done before. Raises Misstep."""
    size, built = len(arguments[0]), Pass(*arguments[1:])
    if not looked.wanted(size, built.columns):
        return
    blank = np.asarray(begun(arguments[0], strategy.size_for(built.packed)))
    series = size, built.packed, (*built.columns, blank) if strategy.informative else built.columns
    if rows * EVENT <= len(built.event) and looked.due(*series):
        compare(strategy, machine, blank, built, rows)
        looked.done(*series)


def _plainly(strategy: OwnStrategy[Any], arguments: Sequence[Any]) -> int:
    """Run `find_events` in plain Python. Raises Misstep."""
    index = -1

    def step(*given: Any) -> int:
        nonlocal index
        index += 1
        return strategy.take(*given)

    memory = strategy.restored(begun(arguments[0], strategy.size_for(arguments[1])))
    try:
        return find_events(step, strategy.say, memory, *arguments[1:])
    except StrategyFault as fault:
        raise Misstep(fault, index) from None


def _step_through(strategy: OwnStrategy[Any], arguments: Sequence[Any]) -> None:
    """Run once more what failed as machine code, in plain Python, to find the line. Raises Misstep."""
    _plainly(strategy, [each.tolist() if hasattr(each, "tolist") else each for each in arguments])

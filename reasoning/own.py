"""A strategy of the user's own, held to what it promises: its code may be wrong, and must harm nothing.

1. Its memory has the size it asked for; an index below 0 or beyond it is an error, never another place.
2. Whatever its code raises, and a vote, confidence or level that is none, becomes one `StrategyFault` that
   names strategy, file and line. Who steps it adds symbol and candle, and steps it no further.
3. Machine code of it does the same (research.engine.guarded).

A step that never ends cannot be told from a slow one and is not interrupted.
"""

import operator
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from math import isfinite
from pathlib import Path
from typing import Any, Self, SupportsIndex

from pydantic import ConfigDict

from domain import custom_exit, foreign_words
from domain.decision import Signal
from domain.errors import BadInput
from domain.exits import ExitPlan
from domain.times import utc
from reasoning.kernels.features import Features
from reasoning.kernels.indicators import Memory
from reasoning.kernels.strategy import (
    MOST_WARMUP,
    QUIET,
    Indicator,
    PackedT,
    Strategy,
    StrategyParams,
)

MOST_FLOATS = 10_000_000
MOST_LEVEL = 2**53
MOST_INDICATORS = 8
RAISES = (Exception, SystemExit)
"""What a user's code can raise that is not meant for us."""


class StrategyFault(BadInput):
    """A fault of a user's strategy: "strategy NAME, FILE:LINE: what, at the candle of ...".

    The file is named without its folder: the text is journaled, and a replay elsewhere says the same.
    """

    def at(self, symbol: str, time: int) -> Self:
        """Return it with the candle, by its open time in ms, at which it happened."""
        where = f" of {symbol}" if symbol else ""
        return type(self)(f"{self}, at the candle of {utc(time):%Y-%m-%d %H:%M:%S}{where}")


class OwnMemory(list[float]):
    """A flat memory of floats that is as long as it was made, with places from 0 on only."""

    def __getitem__(self, index: Any) -> Any:
        """Return a float. Raises IndexError outside the memory."""
        if isinstance(index, slice):
            return list.__getitem__(self, index)
        return list.__getitem__(self, self._place(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        """Keep a float. Raises IndexError outside the memory."""
        list.__setitem__(self, self._place(index), float(value))

    def _place(self, index: SupportsIndex) -> int:
        at_index = operator.index(index)
        if not 0 <= at_index < len(self):
            raise IndexError(f"memory index {at_index}, size {len(self)}")
        return at_index


@dataclass(frozen=True)
class OwnStrategy(Strategy[PackedT]):
    """A strategy of a file of the user's; every call of its code goes through `guarded`."""

    file: Path = field(default_factory=Path)

    @classmethod
    def of(cls, strategy: Strategy[PackedT], file: Path) -> Self:
        """Return a strategy as it was defined in a file, held to its promises."""
        given = {each.name: getattr(strategy, each.name) for each in fields(Strategy)}
        return cls(**given, file=file)

    def guarded(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call code of the user's. Raises StrategyFault."""
        try:
            return function(*arguments)
        except RAISES as error:
            raise self.fault(_said(error), _line(error, self.file)) from None

    def fault(self, what: str, line: int | None) -> StrategyFault:
        """Return a fault, with the line of the file where it is known."""
        where = f"{self.file.name}:{line}" if line else self.file.name
        return StrategyFault(f"strategy {self.name}, {where}: {what}")

    def pack(self, params: StrategyParams) -> tuple[Any, ...]:
        """Return parameters as the numbers the kernels take. Raises StrategyFault."""
        packed = self.guarded(params.packed)
        if not isinstance(packed, tuple) or not all(isinstance(each, int | float) for each in packed):
            raise self.fault("packed parameters are no tuple of numbers", None)
        return self.timed_for(packed)

    def warmup_for(self, packed: PackedT) -> int:
        """Return the candles before the first vote. Raises StrategyFault."""
        return self._number(self.warmup, packed, MOST_WARMUP)

    def exits_for(self, packed: PackedT) -> ExitPlan | None:
        """Return the exits it declares, None for none. Raises StrategyFault."""
        plan = None if self.exits is None else self.guarded(self.exits, packed)
        if plan is not None and not isinstance(plan, ExitPlan):
            raise self.fault(f"exits {_shown(plan)} are no ExitPlan", first_line(self.exits))
        fault = custom_exit.fault_of(plan.leave) if plan is not None and plan.leave is not None else ""
        if fault:
            raise self.fault(f"the program of its custom exit cannot be run: {fault}", first_line(self.exits))
        return plan

    def size_for(self, packed: PackedT) -> int:
        """Return the floats of its memory. Raises StrategyFault."""
        return self._number(self.size, packed, MOST_FLOATS)

    def _number(self, function: Callable[[PackedT], int], packed: PackedT, most: int) -> int:
        number = self.guarded(function, packed)
        if not isinstance(number, int) or not 0 <= number <= most:
            what = f"{_name(function)} {_shown(number)} is no whole number from 0 to {most}"
            raise self.fault(what, first_line(function))
        return number

    def blank(self, packed: PackedT) -> Memory:
        """Return the memory before the first candle."""
        return self.restored([0.0] * self.size_for(packed))

    def restored(self, values: list[float]) -> Memory:
        """Return the memory with the values it had; what the house laid out needs no guard."""
        return values if self.declared else OwnMemory(values)

    def take(self, memory: Memory, packed: PackedT, *candle: float) -> int:
        """Take in one closed candle, its open time last, and return the vote. Raises StrategyFault."""
        vote = self.guarded(self.step, memory, packed, *(candle if self.timed else candle[:-1]))
        if vote not in (-1, 0, 1):
            raise self.fault(f"vote {_shown(vote)} is none of -1, 0, 1", first_line(self.step))
        return int(vote)

    def take_informative(self, memory: Memory, packed: PackedT, which: int, *candle: float) -> None:
        """Take in a closed candle of another symbol. Raises StrategyFault."""
        if self.inform is not None:
            self.guarded(self.inform, memory, packed, which, *candle)

    def say(self, memory: Memory, packed: PackedT, vote: int, close: float, features: Features) -> Signal:
        """Return what is said with a vote. Raises StrategyFault."""
        text = self.guarded(self.signal, memory, packed, vote, close, features)
        what = objection(text)
        if what is not None:
            raise self.fault(what, first_line(self.signal))
        confidence, base, trend, volume, volatility = (float(each) for each in text[1:6])
        stop_ppm, stop, target = (int(each) for each in text[6:])
        return Signal(int(text.vote), confidence, base, trend, volume, volatility, stop_ppm, stop, target)

    def on_candle(self, memory: Memory, packed: PackedT, features: Features, *candle: float) -> Signal:
        """Take in one closed candle with its features and return what is said. Raises StrategyFault."""
        vote = self.take(memory, packed, *candle)
        return self.say(memory, packed, vote, candle[3], features) if vote else QUIET

    def words(self, memory: Memory, packed: PackedT, signal: Signal) -> str:
        """Return the reason in words; where that fails the vote stands, and the words say so."""
        try:
            text = self.guarded(self.explain, memory, packed, signal)
        except StrategyFault as fault:
            return f"no explanation: {fault}"
        # Half a character, or as much as a file holds, would end the session where it is journaled.
        return foreign_words.told(text if isinstance(text, str) else _shown(text))

    def drawn(self, memory: Memory, packed: PackedT) -> tuple[Indicator, ...]:
        """Return the numbers that are drawn, those that are numbers; none where its code fails."""
        try:
            given = self.guarded(lambda: tuple(self.indicators(memory, packed))[:MOST_INDICATORS])
        except StrategyFault:
            return ()
        return tuple(
            Indicator(foreign_words.told(each.name[:40]), float(each.value), bool(each.on_price))
            for each in given
            if _is_indicator(each)
        )


class AnyParams(StrategyParams):
    """Parameters nobody can check, kept as they are."""

    model_config = ConfigDict(frozen=True, extra="allow")

    def packed(self) -> tuple[Any, ...]:
        """Return no number: nobody asks for one."""
        return ()


@dataclass(frozen=True)
class StandIn(Strategy[Any]):
    """A voice that abstains, in the place of one whose code is not to be run or cannot be loaded."""

    @classmethod
    def of(cls, name: str) -> Self:
        """Return a stand-in of this name."""
        return cls(
            name=name,
            params=AnyParams,
            size=lambda _packed: 0,
            warmup=lambda _packed: 0,
            step=lambda *_candle: 0,
            signal=lambda *_vote: QUIET,
            explain=lambda *_vote: "its code was not run",
        )


def _is_indicator(given: Any) -> bool:
    value: Any = getattr(given, "value", None)
    named = isinstance(given, Indicator) and isinstance(given.name, str)
    return named and isinstance(value, int | float) and isfinite(value)


def objection(text: Any) -> str | None:
    """Say what of a signal is none, or None."""
    if not isinstance(text, Signal):
        return f"signal {_shown(text)} is no Signal"
    given: tuple[Any, ...] = text
    named = zip(text._fields, given, strict=True)
    wrong = [one for one in named if not isinstance(one[1], int | float) or not isfinite(one[1])]
    if wrong:
        return f"{wrong[0][0]} {_shown(wrong[0][1])} is no finite number"
    if text.vote not in (-1, 0, 1):
        return f"vote {text.vote!r} is none of -1, 0, 1"
    if not 0 <= text.confidence <= 100:
        return f"confidence {text.confidence!r} is not from 0 to 100"
    if not 0 <= text.stop_ppm < 1_000_000 or text.stop_ppm != int(text.stop_ppm):
        return f"stop_ppm {text.stop_ppm!r} is no whole number from 0 to 999999"
    return _no_level(text)


def _no_level(text: Signal) -> str | None:
    for name in ("stop", "target"):
        level = getattr(text, name)
        if abs(level) > MOST_LEVEL or level != int(level):
            # What the house's kernels make of a level beyond is no number that anybody wrote.
            shown = f"above {MOST_LEVEL}" if level == -MOST_LEVEL - 1 else repr(level)
            return f"{name} {shown} is no whole number of ticks"
    return None


def _said(error: BaseException) -> str:
    """Return an error's own words; an index outside the memory needs no name."""
    text = foreign_words.fault_words(error)
    return text.removeprefix("IndexError: ") if text.startswith("IndexError: memory index ") else text


def _line(error: BaseException, file: Path) -> int | None:
    lines = [each.lineno for each in traceback.extract_tb(error.__traceback__) if each.filename == str(file)]
    return lines[-1] if lines else None


def first_line(function: Any) -> int | None:
    """Return the line a function begins at, where it is known."""
    code = getattr(function, "__code__", None)
    return None if code is None else code.co_firstlineno


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", "it"))


def _shown(value: Any) -> str:
    """Return a value in words that are the same whenever it is shown: an object's address is not."""
    simple = value is None or isinstance(value, int | float | str)
    return repr(value)[:80] if simple else f"of type {type(value).__name__}"

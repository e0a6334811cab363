"""The places of a declared strategy's numbers in one flat memory, laid out from what it declares and uses.

Memory: 0 candles seen, 1 candles before the first vote, then the numbers of the candle before that are looked
at, then those of this candle, then the candles of each longer timeframe and of other symbols, with two
numbers for these (the open time of this candle, and whether its vote is held back), then each indicator's
block, in the order they are worked out. Only the last vary in size with parameters: the places before them
are constants.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from reasoning.declare.nodes import variable
from reasoning.declare.parameters import TIMEFRAME, DeclaredParameter
from reasoning.declare.series import CandleSeries
from reasoning.declare.uses import CANDLE, Output, Use
from reasoning.kernels.higher import CLOSED, HIGHER_SIZE, LAST, TIME
from reasoning.kernels.informative import COUNT, KNOWN, NUMBERS

FIRST = 2
"""Where the kept numbers begin."""
ARGUMENTS = {
    "time": "_time", "open": "_opened", "high": "_high", "low": "_low", "close": "_close",
    "volume": "_volume",
}  # fmt: skip


class MemoryLayout(NamedTuple):
    """The numbers that are kept, of the candle before and of this one, and the indicators in order."""

    last: tuple[str, ...]
    now: tuple[str, ...]
    uses: tuple[Use, ...]
    series: tuple[CandleSeries, ...] = ()

    @property
    def blocks(self) -> int:
        """Return where the first block of an indicator begins."""
        return self.own_time + 2 * bool(self.informative)

    @property
    def own_time(self) -> int:
        """Return where the open time of this candle lies, and behind it whether its vote is held back."""
        return FIRST + len(self.last) + len(self.now) + sum(map(self.size_of, self.series))

    @property
    def informative(self) -> tuple[CandleSeries, ...]:
        """Return the candles of other symbols, which come last."""
        return tuple(each for each in self.series if each.symbol)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the other symbols."""
        return tuple(dict.fromkeys(each.symbol for each in self.informative))

    @property
    def timed(self) -> bool:
        """True when a candle's open time is looked at."""
        return bool(self.series) or any("time" in use.inputs for use in self.uses)

    def area(self, series: CandleSeries) -> int:
        """Return where the candles of a longer timeframe or another symbol lie."""
        before = self.series[: self.series.index(series)]
        return FIRST + len(self.last) + len(self.now) + sum(map(self.size_of, before))

    def size_of(self, series: CandleSeries) -> int:
        """Return the floats of such candles, without their indicators' blocks."""
        longer = HIGHER_SIZE * bool(series.length)
        return longer + (NUMBERS + len(self.looked_at(series)) if series.symbol else 0)

    def higher(self, series: CandleSeries) -> int:
        """Return where what builds a longer candle lies."""
        return self.area(series) + self.size_of(series) - HIGHER_SIZE

    def looked_at(self, series: CandleSeries) -> tuple[str, ...]:
        """Return the numbers of such candles, and of indicators on them, that are looked at."""
        names = (*series.numbers, *(name for use in self.on(series) for name in use.numbers))
        return tuple(name for name in names if name in self.now)

    def begin(self, series: CandleSeries) -> str:
        """Return where the first block of an indicator on such candles begins, as source."""
        before = (None, *self.series[: self.series.index(series)])
        sizes = [called("size", use) for each in before for use in self.on(each)]
        return " + ".join([str(self.blocks), *sizes])

    def place(self, name: str, *, last: bool = False) -> int:
        """Return where a number lies."""
        return FIRST + (self.last.index(name) if last else len(self.last) + self.now.index(name))

    def step(self) -> Iterator[str]:
        """Yield the lines that take in one candle: indicators worked out, numbers moved on and written."""
        yield "_seen = _memory[0] + 1.0"
        yield "_memory[0] = _seen"
        yield "if _seen == 1.0:"
        yield "    _memory[1] = float(warmup(_packed))"
        for name in self.last:
            yield f"{variable(name, last=True)} = _memory[{self.place(name)}]"
        for name in self.now:
            if name in CANDLE:
                yield f"{variable(name)} = {ARGUMENTS[name]}"
        yield from self._moved()
        for name in self.last:
            yield f"_memory[{self.place(name, last=True)}] = {variable(name, last=True)}"
        for name in self.now:
            yield f"_memory[{self.place(name)}] = {variable(name)}"
        if self.informative:
            yield f"_memory[{self.own_time}] = _time"

    def _moved(self) -> Iterator[str]:
        """Yield the lines that work out the indicators on the own candles, then on longer and others'."""
        at = str(self.blocks)
        for index, use in enumerate(self.on(None)):
            yield from self.worked_out(use, at, "_seen")
            if index + 1 < len(self.uses):
                yield f"_at = {at} + {called('size', use)}"
                at = "_at"
        for series in self.series:
            if series.symbol:
                yield from self._informed(series)
                continue
            yield f"_begin = {at}"
            yield from self._higher(series)
            at = " + ".join(["_begin", *(called("size", use) for use in self.on(series))])

    def on(self, series: CandleSeries | None) -> tuple[Use, ...]:
        """Return the indicators that are made of these candles, None for the strategy's own."""
        return tuple(use for use in self.uses if (use.on and use.on.key) == (series and series.key))

    def _informed(self, series: CandleSeries) -> Iterator[str]:
        """Yield the lines that read another symbol's numbers, and count for how long all are known."""
        at = self.area(series)
        for offset, name in enumerate(self.looked_at(series), at + NUMBERS):
            yield f"{variable(name)} = _memory[{offset}]"
        counted = self.higher(series) + CLOSED if series.length else at + COUNT
        yield f"if _memory[{counted}] >= {candles_known(self.on(series))}:"
        yield f"    _memory[{at + KNOWN}] = min(_memory[{at + KNOWN}] + 1.0, 2.0)"
        yield "else:"
        yield f"    _memory[{at + KNOWN}] = 0.0"

    def _higher(self, series: CandleSeries) -> Iterator[str]:
        """Yield the lines that build longer candles, and work out their indicators where one has closed."""
        uses, at = self.on(series), self.area(series)
        for name in self.looked_at(series):
            yield f"{variable(name)} = _memory[{self.place(name)}]"
        candle = ", ".join(ARGUMENTS.values())
        yield "for _part in range(2):"
        yield f"    if _higher_step(_memory, {at}, {series.length}, _raw_{TIMEFRAME}, _part, {candle}) == 1:"
        yield f"        {variable(f'{series.name}.time')} = _memory[{at + TIME}]"
        for offset, name in enumerate(series.numbers, at + LAST):
            yield f"        {variable(name)} = _memory[{offset}]"
        yield "        _at = _begin"
        for use in uses:
            for line in self.worked_out(use, "_at", f"_memory[{at + CLOSED}]"):
                yield f"        {line}"
            yield f"        _at = _at + {called('size', use)}"

    def worked_out(self, use: Use, at: str, counted: str) -> Iterator[str]:
        """Yield the lines that move an indicator on by a candle."""
        fed = ", ".join(_fed(each, use.on) for each in use.inputs)
        arguments = ", ".join([at, *map(argument, use.arguments), fed])
        result = variable(use.name)
        lines = [f"{result} = _step_{use.name}(_memory, {arguments})"]
        if not use.single:
            lines += [
                f"{variable(name)} = {result}.{output}"
                for name, output in zip(use.numbers, use.kind.outputs, strict=True)
            ]
        late = list(use.feeding())
        if not late:
            yield from lines
            return
        # What it is fed with is not known at first, and 0.0 is no value of it.
        yield f"if {counted} > {later(late)}:"
        yield from (f"    {line}" for line in lines)
        yield "else:"
        yield from (f"    {variable(name)} = 0.0" for name in use.numbers)

    def recall(self) -> Iterator[str]:
        """Yield the lines that read the kept numbers of the candle last taken in."""
        for last, names in ((True, self.last), (False, self.now)):
            for name in names:
                yield f"{variable(name, last=last)} = _memory[{self.place(name, last=last)}]"


def ordered(uses: Mapping[str, Use]) -> tuple[Use, ...]:
    """Return the indicators so that each comes after those it is fed with."""
    result: list[Use] = []

    def add(use: Use) -> None:
        for each in use.feeding():
            add(each)
        if use not in result:
            result.append(use)

    for use in uses.values():
        add(use)
    return (*(use for use in result if use.on is None), *(use for use in result if use.on is not None))


def argument(given: DeclaredParameter | float) -> str:
    """Return an argument of an indicator as source."""
    return f"_raw_{given.name}" if isinstance(given, DeclaredParameter) else repr(given)


def called(what: str, use: Use) -> str:
    """Return the call of an indicator's size or warm-up as source."""
    return f"_{what}_{use.name}({', '.join(map(argument, use.arguments))})"


def candles_until(uses: Iterable[Use], series: CandleSeries | None) -> str:
    """Return the strategy's own candles after which indicators on some candles are known, as source."""
    known = candles_known(tuple(uses))
    longer = series is not None and series.length
    return f"_candles_for({longer}, _raw_{TIMEFRAME}, {known})" if longer else known


def candles_known(uses: Sequence[Use]) -> str:
    """Return the candles, of those they are made of, after which indicators are known, as source."""
    return f"{later(uses)} + 1" if uses else "1"


def unknown_for(use: Use) -> str:
    """Return the candles, of those it is made of, before an indicator is known, as source."""
    own, late = called("warmup", use), list(use.feeding())
    return f"{later(late)} + {own}" if late else own


def later(uses: Iterable[Use]) -> str:
    """Return the candles before all of these are known, as source."""
    each = list(dict.fromkeys(map(unknown_for, uses)))
    return each[0] if len(each) == 1 else f"max({', '.join(each)})"


def _fed(given: str | Use | Output, on: CandleSeries | None) -> str:
    if isinstance(given, str):
        return ARGUMENTS[given] if on is None else variable(f"{on.name}.{given}")
    return variable(given.name if isinstance(given, Use) else f"{given.use.name}.{given.output}")


def lines(texts: Iterable[str], at: int) -> list[ast.stmt]:
    """Return lines of source as statements that stand at a line of the user's file."""
    body = ast.parse("\n".join(texts)).body
    for node in body:
        for each in ast.walk(node):
            if hasattr(each, "lineno"):
                each.lineno = each.end_lineno = at  # type: ignore[attr-defined]  # it has them, as asked
                each.col_offset = each.end_col_offset = 0  # type: ignore[attr-defined]  # as above
    return body

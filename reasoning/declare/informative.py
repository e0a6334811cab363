"""The part of a declared strategy's memory that other symbols have, and the kernels' lines about it.

A candle of another symbol is taken in by `inform`, once it has closed and before the strategy's own candle of
that time; the step reads what was made of it. Its place in memory: candles taken in, open time of the last,
own candles since all is known (two at most), the numbers that are looked at, and what builds a longer candle.
"""

from collections.abc import Callable, Iterator
from typing import Any

from domain.decision import Signal
from domain.times import utc
from reasoning.declare.layout import ARGUMENTS, MemoryLayout, called
from reasoning.declare.nodes import variable
from reasoning.declare.parameters import TIMEFRAME
from reasoning.declare.series import CandleSeries
from reasoning.kernels.higher import CLOSED, LAST, TIME
from reasoning.kernels.indicators import Memory
from reasoning.kernels.informative import COUNT, KNOWN, NUMBERS, ROW, SEEN_AT


def inform(layout: MemoryLayout) -> Iterator[str]:
    """Yield the lines that take in a candle of the symbol of a number, or begin it anew for -1 - number."""
    for number, symbol in enumerate(layout.symbols):
        series = [each for each in layout.series if each.symbol == symbol]
        yield f"if _which == {number}:"
        for each in series:
            yield from (f"    {line}" for line in _taken(layout, each))
        yield f"if _which == {-1 - number}:"
        for each in series:
            at, begin = layout.area(each), layout.begin(each)
            blocks = " + ".join([begin, *(called("size", use) for use in layout.on(each))])
            yield f"    for _index in range({at}, {at + layout.size_of(each)}):"
            yield "        _memory[_index] = 0.0"
            yield f"    for _index in range({begin}, {blocks}):"
            yield "        _memory[_index] = 0.0"
    yield "return 0"


def _taken(layout: MemoryLayout, series: CandleSeries) -> Iterator[str]:
    at = layout.area(series)
    yield f"_memory[{at + COUNT}] += 1.0"
    yield f"_memory[{at + SEEN_AT}] = _time"
    if not series.length:
        yield from (f"{variable(f'{series.name}.{name}')} = {each}" for name, each in ARGUMENTS.items())
        yield from _moved(layout, series, f"_memory[{at + COUNT}]")
        return
    higher = layout.higher(series)
    candle = ", ".join(ARGUMENTS.values())
    yield "for _part in range(2):"
    yield (
        f"    if _higher_step(_memory, {higher}, {series.length}, _raw_{TIMEFRAME}, _part, {candle}) == 1:"
    )
    yield f"        {variable(f'{series.name}.time')} = _memory[{higher + TIME}]"
    for offset, name in enumerate(series.numbers, higher + LAST):
        yield f"        {variable(name)} = _memory[{offset}]"
    yield from (f"        {line}" for line in _moved(layout, series, f"_memory[{higher + CLOSED}]"))


def _moved(layout: MemoryLayout, series: CandleSeries, counted: str) -> Iterator[str]:
    """Yield the lines that work out the indicators of a candle and keep the numbers that are looked at."""
    yield f"_at = {layout.begin(series)}"
    for use in layout.on(series):
        yield from layout.worked_out(use, "_at", counted)
        yield f"_at = _at + {called('size', use)}"
    for offset, name in enumerate(layout.looked_at(series), layout.area(series) + NUMBERS):
        yield f"_memory[{offset}] = {variable(name)}"


def unknown(layout: MemoryLayout, *, looks_back: bool) -> str:
    """Return the test that a number of another symbol is not known yet, now or on the candle before."""
    least = 2.0 if looks_back else 1.0
    return " or ".join(f"_memory[{layout.area(each) + KNOWN}] < {least}" for each in layout.informative)


def silent(layout: MemoryLayout) -> str:
    """Return the test that another symbol's candle of the strategy's own is not there."""
    return " or ".join(f"_memory[{layout.area(each) + SEEN_AT}] != _time" for each in layout.informative)


def paired() -> Iterator[str]:
    """Yield the lines of the step that finds the candles of other symbols behind the memory."""
    yield "_at = size(_packed)"
    yield "_end = int(_memory[_at + 3 + int(_memory[_at])])"
    yield "for _each in range(int(_memory[_at + 1]), _end):"
    yield f"    _row = _at + int(_memory[_at + 2]) + {ROW} * _each"
    row = ", ".join(f"_memory[_row + {index}]" for index in range(1, ROW))
    yield f"    inform(_memory, _packed, int(_memory[_row]), {row})"
    yield "_memory[_at] += 1.0"
    yield "_memory[_at + 1] = float(_end)"
    yield "return step(_memory, _packed, _opened, _high, _low, _close, _volume, _time)"


def in_words(
    layout: MemoryLayout, explain: Callable[..., str], *, looks_back: bool
) -> Callable[[Memory, Any, Signal], str]:
    """Return what tells the reason of a candle and of other symbols what is not known or not there."""
    if not layout.informative:
        return explain
    own, least = layout.own_time, 2.0 if looks_back else 1.0
    places = [(each, layout.area(each)) for each in layout.informative]

    def words(memory: Memory, packed: Any, signal: Signal) -> str:
        if memory[0] < memory[1]:
            return explain(memory, packed, signal)
        waiting = {each.symbol: memory[at + COUNT] for each, at in places if memory[at + KNOWN] < least}
        if waiting and not signal.vote:
            counts = ", ".join(f"{symbol} ({count:.0f} candles so far)" for symbol, count in waiting.items())
            return f"waits until the numbers of {counts} are known"
        text = explain(memory, packed, signal)
        late = {
            each.symbol: memory[at + SEEN_AT] for each, at in places if memory[at + SEEN_AT] != memory[own]
        }
        if not late:
            return text
        since = ", ".join(f"{symbol} since {str(utc(int(time)))[:16]}" for symbol, time in late.items())
        if memory[own + 1]:
            return f"entry held back, no candle of {since}: {text}"
        return f"{text} (no candle of {since})"

    return words

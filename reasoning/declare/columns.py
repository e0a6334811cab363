"""The columns a declared strategy decides over: what of it trials with other parameters may share."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from reasoning.declare.layout import MemoryLayout
from reasoning.declare.parameters import DeclaredParameter
from reasoning.declare.uses import CANDLE, Output, Use
from reasoning.kernels.strategy import ColumnKey

REMEMBERED = 4096
"""Keys of one number that are kept: a search asks for them by the thousand, and few are different."""


class DeclaredColumns(NamedTuple):
    """The numbers that are decided over, what gives their columns for parameters, and `Strategy.needs`."""

    numbers: tuple[str, ...]
    columns: Callable[[Any], tuple[ColumnKey, ...]]
    needs: tuple[tuple[int, ...], ...]


def keys_of(layout: MemoryLayout, fields: Sequence[str]) -> DeclaredColumns:
    """Return the numbers that are decided over; a strategy of several timeframes has none and is stepped."""
    if layout.series:
        return DeclaredColumns((), lambda _packed: (), ())
    outputs = {
        name: (use, output)
        for use in layout.uses
        for name, output in zip(use.numbers, use.kind.outputs, strict=True)
    }
    numbers = layout.now
    needs = tuple(() if name in CANDLE else _needed(outputs[name][0], fields) for name in numbers)
    makers = tuple(
        _always(candle(name)) if name in CANDLE else _maker(*outputs[name], fields, needed)
        for name, needed in zip(numbers, needs, strict=True)
    )

    def columns(packed: Any) -> tuple[ColumnKey, ...]:
        return tuple([make(packed) for make in makers])

    return DeclaredColumns(numbers, columns, needs)


def candle(name: str) -> ColumnKey:
    """Return the column of a candle's own number."""
    return ColumnKey(name, (), (), "value")


def _always(key: ColumnKey) -> Callable[[Any], ColumnKey]:
    return lambda _packed: key


def _needed(use: Use, fields: Sequence[str]) -> tuple[int, ...]:
    """Return the places of the parameters an indicator depends on."""
    return tuple(sorted({fields.index(each.name) for each in _parameters(use)}))


def _maker(
    use: Use, output: str, fields: Sequence[str], needed: tuple[int, ...]
) -> Callable[[Any], ColumnKey]:
    """Return what gives an indicator's column, by the parameters it depends on."""
    if not needed:
        return _always(_key(use, output, {}))

    @lru_cache(REMEMBERED, typed=True)
    def make(values: Any) -> ColumnKey:
        given = (values,) if len(needed) == 1 else values
        return _key(use, output, {fields[at]: each for at, each in zip(needed, given, strict=True)})

    pick = itemgetter(*needed)
    return lambda packed: make(pick(packed))


def _parameters(use: Use) -> Iterator[DeclaredParameter]:
    """Yield the parameters that an indicator and what it is fed with are made with."""
    yield from (each for each in use.arguments if isinstance(each, DeclaredParameter))
    for each in use.feeding():
        yield from _parameters(each)


def _key(use: Use, output: str, given: dict[str, Any]) -> ColumnKey:
    arguments = tuple(
        given[each.name] if isinstance(each, DeclaredParameter) else each for each in use.arguments
    )
    return ColumnKey(use.kind.name, arguments, tuple(_fed(each, given) for each in use.inputs), output)


def _fed(each: str | Use | Output, given: dict[str, Any]) -> ColumnKey:
    if isinstance(each, str):
        return candle(each)
    use, output = (each, "value") if isinstance(each, Use) else each
    return _key(use, output, given)

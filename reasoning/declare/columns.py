"""The columns a declared strategy decides over: what of it trials with other parameters may share."""

from collections.abc import Callable, Sequence
from typing import Any

from reasoning.declare.layout import MemoryLayout
from reasoning.declare.parameters import DeclaredParameter
from reasoning.declare.uses import CANDLE, Output, Use
from reasoning.kernels.strategy import ColumnKey


def keys_of(
    layout: MemoryLayout, fields: Sequence[str]
) -> tuple[tuple[str, ...], Callable[[Any], tuple[ColumnKey, ...]]]:
    """Return the numbers that are decided over, and what gives their columns for packed parameters.

    A strategy of several timeframes has none and is stepped.
    """
    if layout.series:
        return (), lambda _packed: ()
    outputs = {
        name: (use, output)
        for use in layout.uses
        for name, output in zip(use.numbers, use.kind.outputs, strict=True)
    }
    numbers = layout.now

    def columns(packed: Any) -> tuple[ColumnKey, ...]:
        return tuple(
            candle(name) if name in CANDLE else _key(*outputs[name], packed, fields) for name in numbers
        )

    return numbers, columns


def candle(name: str) -> ColumnKey:
    """Return the column of a candle's own number."""
    return ColumnKey(name, (), (), "value")


def _key(use: Use, output: str, packed: Any, fields: Sequence[str]) -> ColumnKey:
    arguments = tuple(
        packed[fields.index(each.name)] if isinstance(each, DeclaredParameter) else each
        for each in use.arguments
    )
    return ColumnKey(
        use.kind.name, arguments, tuple(_fed(each, packed, fields) for each in use.inputs), output
    )


def _fed(given: str | Use | Output, packed: Any, fields: Sequence[str]) -> ColumnKey:
    if isinstance(given, str):
        return candle(given)
    use, output = (given, "value") if isinstance(given, Use) else given
    return _key(use, output, packed, fields)

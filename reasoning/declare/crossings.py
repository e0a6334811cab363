"""The crossings a declared strategy needs for a vote, read off its `decide`.

Where every vote stands behind a test of `crossed_above` or `crossed_below`, it votes on no other candle than
those of these crossings, and whoever looks for votes over years of candles looks there alone.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from reasoning.declare import words
from reasoning.declare.source import DecideSource
from reasoning.kernels.strategy import CrossedSide

CROSSED = (words.crossed_above, words.crossed_below)
Operand = str | float
"""A number of `now` by its name, `self.NAME` with its prefix, or a plain number."""
Pair = tuple[Operand, Operand]
SELF = "self."
Sides = tuple[tuple[CrossedSide, CrossedSide], ...]


class _Open(Exception):
    """A vote that no crossing stands before."""


def crossings_of(
    source: DecideSource,
    numbers: tuple[str, ...],
    fields: tuple[str, ...],
    constants: Mapping[str, float],
) -> Sides:
    """Return the crossings that votes stand behind, as `Strategy.sides`; none where a vote needs none."""
    try:
        pairs = list(dict.fromkeys(_Reader(source).pairs(source.tree.body, ())))
    except _Open:
        return ()

    def side(operand: Operand) -> CrossedSide:
        if not isinstance(operand, str):
            return CrossedSide(level=float(operand))
        name = operand.removeprefix(SELF)
        if name == operand:
            return CrossedSide(column=numbers.index(name))
        return (
            CrossedSide(field=fields.index(name))
            if name in fields
            else CrossedSide(level=float(constants[name]))
        )

    return tuple((side(one), side(other)) for one, other in pairs)


class _Reader:
    """Goes the ways of a decide, each with the crossings it has passed."""

    def __init__(self, source: DecideSource) -> None:
        self.source = source

    def pairs(self, statements: list[ast.stmt], passed: tuple[Pair, ...]) -> Iterator[Pair]:
        """Yield the pair that stands before each vote. Raises _Open where none does."""
        for each in statements:
            if isinstance(each, ast.If):
                yield from self.pairs(each.body, passed + tuple(self._crossed(each.test)))
                yield from self.pairs(each.orelse, passed)
            elif isinstance(each, ast.Return):
                yield from self._returned(each.value, passed)

    def _returned(self, value: ast.expr | None, passed: tuple[Pair, ...]) -> Iterator[Pair]:
        if isinstance(value, ast.IfExp):
            yield from self._returned(value.body, passed + tuple(self._crossed(value.test)))
            yield from self._returned(value.orelse, passed)
        elif isinstance(value, ast.Call) and self._meant(value) in words.VOTES:
            if not passed:
                raise _Open
            yield passed[-1]

    def _crossed(self, test: ast.expr) -> Iterator[Pair]:
        """Yield the pairs that have crossed wherever a test is true."""
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            for each in test.values:
                yield from self._crossed(each)
        elif isinstance(test, ast.Call) and self._meant(test) in CROSSED:
            pair = tuple(map(self._operand, test.args))
            if len(pair) == len(CROSSED) and None not in pair:
                yield pair  # type: ignore[misc]  # two operands, as looked at

    def _meant(self, call: ast.Call) -> Any:
        return self.source.meanings.get(call.func.id) if isinstance(call.func, ast.Name) else None

    def _operand(self, node: ast.expr) -> Operand | None:
        text = ast.unparse(node)
        if text.startswith(f"{self.source.now}.") and isinstance(node, ast.Attribute):
            return text.removeprefix(f"{self.source.now}.")
        if text.startswith(f"{self.source.itself}.") and isinstance(node, ast.Attribute):
            return SELF + text.removeprefix(f"{self.source.itself}.")
        try:
            value = ast.literal_eval(node)
        except ValueError:
            return None
        return float(value) if isinstance(value, int | float) else None

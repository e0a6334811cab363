"""Places in a kernel's memory as sums of its arguments: `at + 2 * n + 5`, told from its source."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any, NamedTuple


class Linear(NamedTuple):
    """Whole multiples of arguments by their names, in order of these, and a constant."""

    terms: tuple[tuple[str, int], ...]
    constant: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The arguments it depends on."""
        return tuple(name for name, _ in self.terms)

    def plus(self, other: "Linear", times: int = 1) -> "Linear":
        """Return the sum with a multiple of another."""
        terms = dict(self.terms)
        for name, count in other.terms:
            terms[name] = terms.get(name, 0) + times * count
        left = sorted((name, count) for name, count in terms.items() if count)
        return Linear(tuple(left), self.constant + times * other.constant)

    def within(self, given: Mapping[str, "Linear | None"]) -> "Linear | None":
        """Return the same told by a caller's arguments, None where it gives one that is no such sum."""
        result = Linear((), self.constant)
        for name, count in self.terms:
            argument = given[name]
            if argument is None:
                return None
            result = result.plus(argument, count)
        return result

    def value(self, given: Mapping[str, float]) -> int:
        """Return the place, for a block that begins at 0."""
        return self.constant + sum(count * int(given[name]) for name, count in self.terms if name != "at")


class KernelScope:
    """The names a kernel's source uses: those of its module, and its own that are such sums."""

    def __init__(
        self, node: ast.FunctionDef, kernel: Callable[..., Any], varying: Collection[str] = ()
    ) -> None:
        self.names: Mapping[str, Any] = kernel.__globals__
        arguments = [each.arg for each in node.args.args]
        stored = [
            each.id
            for each in ast.walk(node)
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        ]
        self.local = {*arguments, *stored}
        self._sums = {name: Linear(((name, 1),)) for name in arguments if name not in {*stored, *varying}}
        for each in node.body:
            if isinstance(each, ast.Assign):
                for name, value in _assigned(each):
                    if stored.count(name) == 1 and name not in arguments and (known := self.linear(value)):
                        self._sums[name] = known

    def linear(self, node: ast.expr) -> Linear | None:
        """Return an expression as a sum of arguments, None where it is another."""
        match node:
            case ast.Constant(int(value)):
                return Linear((), value)
            case ast.Name(name):
                return self._sums.get(name) if name in self.local else _constant(self.names.get(name))
            case ast.BinOp(left, op, right):
                return _joined(self.linear(left), op, self.linear(right))
            case ast.Call(ast.Name(name), arguments, []):
                size = _sum_of(self.names[name]) if callable(self.names.get(name)) else None
                return size and size[1].within(dict(zip(size[0], map(self.linear, arguments), strict=True)))
        return None


def _constant(value: object) -> Linear | None:
    return Linear((), value) if isinstance(value, int) else None


def _joined(one: Linear | None, op: ast.operator, other: Linear | None) -> Linear | None:
    if one is None or other is None:
        return None
    match op:
        case ast.Add():
            return one.plus(other)
        case ast.Sub():
            return one.plus(other, -1)
        case ast.Mult() if not (one.terms and other.terms):
            return (
                Linear(()).plus(other, one.constant) if other.terms else Linear(()).plus(one, other.constant)
            )
    return None


def _assigned(node: ast.Assign) -> list[tuple[str, ast.expr]]:
    match node:
        case ast.Assign([ast.Name(name)], value):
            return [(name, value)]
        case ast.Assign([ast.Tuple(targets)], ast.Tuple(values)):
            pairs = zip(targets, values, strict=True)
            return [(each.id, value) for each, value in pairs if isinstance(each, ast.Name)]
    return []


@cache
def _sum_of(kernel: Callable[..., Any]) -> tuple[tuple[str, ...], Linear] | None:
    """Return the arguments of a kernel and the sum of them that it returns, None for another."""
    try:
        node: Any = ast.parse(textwrap.dedent(inspect.getsource(kernel))).body[0]
    except (OSError, TypeError):
        return None
    match node:
        case ast.FunctionDef(body=[ast.Expr(ast.Constant()), ast.Return(ast.expr() as value)]):
            total = KernelScope(node, kernel).linear(value)
            return total and (tuple(each.arg for each in node.args.args), total)
    return None

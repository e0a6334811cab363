"""Expressions of a `decide`, read into the same over plain numbers; what is outside is refused.

An expression is a number (always a float) or a truth. So nothing a compiler would take otherwise than
Python is left: no whole number can run over, no value is of two types, and every name has a value where it
is read. Named numbers become variables: `now.band.lower` is `_now_band__lower`.
"""

import ast
from collections.abc import Mapping
from typing import Any

from reasoning.declare.calls import Calls
from reasoning.declare.nodes import placed
from reasoning.declare.reading import NUMBER, TRUTH, Known, Read

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)

COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


class Expressions(Calls):
    """Reads expressions, and notes which numbers, parameters and kernels they use."""

    def _constant(self, node: Any, _known: Known) -> Read:
        value = node.value
        if isinstance(value, bool):
            return node, TRUTH
        if isinstance(value, int | float):
            return self._plain("a number", value, node), NUMBER
        if value is None:
            raise self.refused("nothing is None: until every number is known decide is not asked", node)
        if isinstance(value, str):
            raise self.refused(f"text {value!r} {self._place_of_text()}", node)
        raise self.refused(f"{value!r} is no number", node)

    def _place_of_text(self) -> str:
        if self.source.held:
            return 'is no number: a reason is returned alone or behind a share: return 0.5, "the first half"'
        return "belongs into reason="

    def _arithmetic(self, node: Any, known: Known) -> Read:
        if isinstance(node.op, ast.Pow):
            raise self.refused("a power is not the same in machine code; write x * x", node)
        if not isinstance(node.op, OPERATORS):
            raise self.refused(
                f"{type(node.op).__name__} is not taken; {self.source.word} adds, subtracts, multiplies and "
                "divides",
                node,
            )
        left, right = self.number(node.left, known), self.number(node.right, known)
        if isinstance(node.op, ast.Div) and isinstance(right, ast.Constant) and right.value == 0:
            raise self.refused(f"{ast.unparse(node)} divides by zero", node)
        return placed(ast.BinOp(left, node.op, right), node), NUMBER

    def _unary(self, node: Any, known: Known) -> Read:
        if isinstance(node.op, ast.Not):
            return placed(ast.UnaryOp(node.op, self.truth(node.operand, known)), node), TRUTH
        if isinstance(node.op, ast.Invert):
            raise self.refused("~ is not taken; write not", node)
        return placed(ast.UnaryOp(node.op, self.number(node.operand, known)), node), NUMBER

    def _comparison(self, node: Any, known: Known) -> Read:
        for each in node.ops:
            if not isinstance(each, COMPARISONS):
                raise self.refused("numbers are compared with <, <=, >, >=, == and != only", node)
        sides = [self.number(each, known) for each in (node.left, *node.comparators)]
        return placed(ast.Compare(sides[0], node.ops, sides[1:]), node), TRUTH

    def _joined(self, node: Any, known: Known) -> Read:
        return placed(ast.BoolOp(node.op, [self.truth(each, known) for each in node.values]), node), TRUTH

    def _either(self, node: Any, known: Known) -> Read:
        test = self.truth(node.test, known)
        (one, kind), (other, other_kind) = self.read(node.body, known), self.read(node.orelse, known)
        if kind != other_kind:
            one, other, kind = self.number(node.body, known), self.number(node.orelse, known), NUMBER
        return placed(ast.IfExp(test, one, other), node), kind

    READERS: Mapping[type[ast.AST], Any] = {
        **Calls.READERS,
        ast.Constant: _constant,
        ast.BinOp: _arithmetic,
        ast.UnaryOp: _unary,
        ast.Compare: _comparison,
        ast.BoolOp: _joined,
        ast.IfExp: _either,
    }

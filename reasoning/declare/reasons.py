"""The reason of a vote: a text for people, put together from texts and, in f-strings, numbers."""

import ast
from typing import Any

from reasoning.declare.nodes import path_of
from reasoning.declare.parameters import DeclaredParameter
from reasoning.declare.reading import Known
from reasoning.declare.refusal import Undeclarable

HOME = (
    'is no text: write "above the band", f"above the band at {now.close:.2f}", one of two by if and else, '
    "or several joined with +"
)
SHOWING = ("str", "repr", "format", "round", "int", "float")
"""Functions of Python that make a number fit for reading, as an f-string does."""
WHOLE = ("stop_ppm", "stop", "target")
"""The parts of a signal that are whole numbers."""


class ReasonReader:
    """Reads a reason into the expression that tells it."""

    def __init__(self, expressions: Any) -> None:
        self.expressions = expressions

    def read(self, node: ast.expr, known: Known) -> ast.expr:
        """Return a reason as it is told. Raises Undeclarable."""
        self.expressions.telling = True
        result = self._text(node, known)
        self.expressions.telling = False
        return result

    def _text(self, node: ast.expr, known: Known) -> ast.expr:
        """Return words: texts, f-strings, one of two by a test, and joined with +."""
        plain = text_of(node, self.expressions.source.meanings)
        if plain is not None:
            return ast.copy_location(ast.Constant(plain), node)
        if isinstance(node, ast.JoinedStr):
            return ast.copy_location(ast.JoinedStr([self._part(each, known) for each in node.values]), node)
        if isinstance(node, ast.IfExp):
            test = self.expressions.truth(node.test, known)
            return ast.copy_location(
                ast.IfExp(test, self._text(node.body, known), self._text(node.orelse, known)), node
            )
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return ast.copy_location(
                ast.BinOp(self._text(node.left, known), node.op, self._text(node.right, known)), node
            )
        raise self._refused(node)

    def _part(self, node: ast.expr, known: Known) -> ast.expr:
        """Return a part of an f-string: a text, or what stands in its brackets."""
        if not isinstance(node, ast.FormattedValue):
            return self._text(node, known)
        if _is_text(node.value, self.expressions.source.meanings):
            value = self._text(node.value, known)
        elif _shows(node.value):
            raise self._refused(node.value)
        else:
            value = self.expressions.read(node.value, known)[0]
            self._check_form(node, value)
        form = node.format_spec and self._text(node.format_spec, known)
        return ast.copy_location(ast.FormattedValue(value, node.conversion, form), node)

    def _check_form(self, node: ast.FormattedValue, value: ast.expr) -> None:
        """Raise Undeclarable for a written form that no number of this kind can have."""
        parts = node.format_spec.values if isinstance(node.format_spec, ast.JoinedStr) else []
        if node.conversion != -1 or not all(isinstance(each, ast.Constant) for each in parts):
            return
        form = "".join(str(each.value) for each in parts if isinstance(each, ast.Constant))
        try:
            format(self._example(value), form)
        except ValueError:
            what = (
                f"{form!r} is no form of {ast.unparse(node.value)}; write two decimals as :.2f, none as :.0f"
            )
            raise self.expressions.refused(what, node) from None

    def _example(self, value: ast.expr) -> float:
        """Return a number of the kind that is shown: whole where that is known beforehand."""
        if isinstance(value, ast.Constant):
            return value.value  # type: ignore[return-value]  # a number or a truth, as it was read
        if isinstance(value, ast.Attribute) and value.attr in WHOLE:
            return 1
        name = value.id.removeprefix("_raw_") if isinstance(value, ast.Name) else ""
        parameter = self.expressions.parameters.get(name)
        return 1 if isinstance(parameter, DeclaredParameter) and parameter.kind is not float else 1.5

    def _refused(self, node: ast.expr) -> Undeclarable:
        written = ast.unparse(node)
        shown = written if len(written) <= 40 else f"{written[:37]}..."
        refused: Undeclarable = self.expressions.refused(f"reason={shown} {HOME}", node)
        return refused


def text_of(node: ast.AST, meanings: Any) -> str | None:
    """Return a text that is written, or that NAME or MODULE.NAME of the file stands for; None for none."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    meaning = meanings.get(node.id) if isinstance(node, ast.Name) else named_in_module(node, meanings)
    return meaning if isinstance(meaning, str) else None


def named_in_module(node: ast.AST, meanings: Any) -> Any:
    """Return what `module.NAME` stands for, None where the file imported no such module."""
    from types import ModuleType  # noqa: PLC0415 -- of few strategies alone

    path = path_of(node)
    if path is None or len(path) != 2 or not isinstance(meanings.get(path[0]), ModuleType):
        return None
    return getattr(meanings[path[0]], path[1], None)


def _is_text(node: ast.expr, meanings: Any) -> bool:
    return isinstance(node, ast.JoinedStr) or any(
        text_of(each, meanings) is not None for each in ast.walk(node)
    )


def _shows(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SHOWING

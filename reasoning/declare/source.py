"""The source of a `decide` or a `leave`, with the file's own line numbers."""

import ast
import inspect
import linecache
import textwrap
from collections.abc import Callable
from typing import Any

from reasoning.declare.refusal import Undeclarable

ARGUMENTS = 3


class DecideSource:
    """A `decide` as it was written: its file, its tree, the names of its arguments, what its names mean."""

    word = "decide"
    form = "def decide(self, now, last):"
    takes = "self, now and last"
    held = ""
    """The name of the position's numbers, in a `leave` only."""

    def __init__(self, decide: Callable[..., Any]) -> None:
        code: Any = getattr(decide, "__code__", None)
        if code is None:
            raise Undeclarable(f"{self.word} is no function; write {self.form}")
        self.file: str = code.co_filename
        self.line: int = code.co_firstlineno
        self.meanings: dict[str, Any] = decide.__globals__
        self.tree = self._read(decide)
        self.itself, self.now, self.last = self._named()
        if code.co_freevars:
            raise self.refused(
                f"{self.word} uses {code.co_freevars[0]} of a function around it; declare it in the class"
            )

    def refused(self, what: str, node: ast.AST | None = None) -> Undeclarable:
        """Return a refusal with file and line."""
        return Undeclarable(what, self.file, getattr(node, "lineno", self.line))

    def classes(self) -> list[ast.ClassDef]:
        """Return the classes of its file, none where the file cannot be read."""
        try:
            tree = ast.parse("".join(linecache.getlines(self.file)))
        except (SyntaxError, ValueError):
            return []
        return [each for each in ast.walk(tree) if isinstance(each, ast.ClassDef)]

    def _read(self, decide: Callable[..., Any]) -> ast.FunctionDef:
        linecache.checkcache(self.file)
        try:
            lines, first = inspect.getsourcelines(decide)
            (node,) = ast.parse(textwrap.dedent("".join(lines))).body
        except (OSError, SyntaxError, ValueError) as error:
            raise self.refused(f"the source of {self.word} cannot be read: {error}") from None
        if not isinstance(node, ast.FunctionDef) or node.decorator_list:
            raise self.refused(f"{self.word} is a plain function without decorators: {self.form}")
        ast.increment_lineno(node, first - 1)
        return node

    def _named(self) -> tuple[str, str, str]:
        """Return the names of its arguments; a decide that never looks back has no `last`."""
        names = self._arguments(ARGUMENTS - 1, ARGUMENTS)
        return names[0], names[1], names[2] if len(names) == ARGUMENTS else ""

    def _arguments(self, *counts: int) -> list[str]:
        given = self.tree.args
        names = [each.arg for each in given.args]
        plain = not (given.posonlyargs or given.kwonlyargs or given.vararg or given.kwarg or given.defaults)
        if not plain or len(names) not in counts:
            raise self.refused(f"{self.word} takes {self.takes}: {self.form}", self.tree)
        return names


class LeaveSource(DecideSource):
    """A `leave` as it was written: a custom exit, which sees the numbers of the position as well."""

    word = "leave"
    form = "def leave(self, now, last, held):"
    takes = "self, now, last and held"

    def _named(self) -> tuple[str, str, str]:
        """Return the names of its arguments but for `held`, which comes last."""
        names = self._arguments(ARGUMENTS, ARGUMENTS + 1)
        self.held = names[-1]
        return names[0], names[1], names[2] if len(names) > ARGUMENTS else ""

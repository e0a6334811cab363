"""The source of a `decide` or a `leave`, with the file's own line numbers."""

import ast
import inspect
import linecache
import textwrap
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from reasoning.declare.refusal import Undeclarable

ARGUMENTS = 3


class ArgumentNames(NamedTuple):
    """The names of a function's arguments: its strategy, this candle, the one before, the position; or ""."""

    itself: str
    now: str
    last: str = ""
    held: str = ""


class DecideSource:
    """A `decide` as it was written: its file, its tree, the names of its arguments, what its names mean.

    Its file is read when the tree or a name is asked for, so that whoever runs no strategy of the house reads
    none of theirs.
    """

    word = "decide"
    form = "def decide(self, now, last):"
    takes = "self, now and last"

    def __init__(self, decide: Callable[..., Any]) -> None:
        code: Any = getattr(decide, "__code__", None)
        if code is None:
            raise Undeclarable(f"{self.word} is no function; write {self.form}")
        self.file: str = code.co_filename
        self.line: int = code.co_firstlineno
        self.meanings: dict[str, Any] = decide.__globals__
        self._decide = decide

    @cached_property
    def tree(self) -> ast.FunctionDef:
        """The function with the file's line numbers. Raises Undeclarable."""
        return self._read(self._decide)

    @cached_property
    def names(self) -> ArgumentNames:
        """The names of its arguments. Raises Undeclarable."""
        result = self._named()
        outer = self._decide.__code__.co_freevars
        if outer:
            raise self.refused(
                f"{self.word} uses {outer[0]} of a function around it; declare it in the class"
            )
        return result

    @property
    def itself(self) -> str:
        """The name of the strategy."""
        return self.names.itself

    @property
    def now(self) -> str:
        """The name of this candle's numbers."""
        return self.names.now

    @property
    def last(self) -> str:
        """The name of the numbers of the candle before; "" where it never looks back."""
        return self.names.last

    @property
    def held(self) -> str:
        """The name of the position's numbers, in a `leave` only."""
        return self.names.held

    def read(self) -> None:
        """Read it, whatever of it is asked for. Raises Undeclarable."""
        self.tree, self.names  # noqa: B018 -- both are found when they are looked at

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

    def _named(self) -> ArgumentNames:
        return ArgumentNames(*self._arguments(ARGUMENTS - 1, ARGUMENTS))

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

    def _named(self) -> ArgumentNames:
        """Return the names of its arguments; `held` comes last."""
        *names, held = self._arguments(ARGUMENTS, ARGUMENTS + 1)
        return ArgumentNames(*names)._replace(held=held)

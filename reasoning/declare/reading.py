"""Reading of expressions: the state that all kinds of them share, and what is refused whole."""

import ast
from collections.abc import Callable, Mapping
from typing import Any

from reasoning.declare.nodes import placed
from reasoning.declare.parameters import DeclaredParameter
from reasoning.declare.refusal import Undeclarable
from reasoning.declare.series import CandleSeries
from reasoning.declare.source import DecideSource
from reasoning.declare.uses import Use

NUMBER, TRUTH = "a number", "a truth"

Read = tuple[ast.expr, str]

Known = Mapping[str, str]
"""Local names that have a value here, and of which type."""


INSTEAD: dict[type[ast.AST], str] = {
    ast.Subscript: "nothing is indexed: the candle before is `last`; for older ones declare an indicator",
    ast.List: "no lists: give each number a name",
    ast.Tuple: "no tuples: give each number a name",
    ast.Set: "no sets: compare with each number",
    ast.Dict: "no dicts: give each number a name",
    ast.ListComp: "no comprehensions: declare an indicator for what goes over candles",
    ast.GeneratorExp: "no comprehensions: declare an indicator for what goes over candles",
    ast.SetComp: "no comprehensions: declare an indicator for what goes over candles",
    ast.DictComp: "no comprehensions: declare an indicator for what goes over candles",
    ast.Lambda: "no lambda: write the expression where it is used",
    ast.JoinedStr: "text belongs into reason=",
    ast.NamedExpr: "no := here: set the name on a line of its own",
    ast.Starred: "no *: name each number",
    ast.Await: "nothing is waited for: a decision sees numbers only",
    ast.Yield: "nothing is yielded: return buy(...), sell(...) or nothing()",
}


class ExpressionReader:
    """Reads expressions of the kinds it has readers for, and notes what they use."""

    READERS: Mapping[type[ast.AST], Any] = {}
    """The reader of each kind of node, in the classes that read them."""

    def __init__(
        self,
        source: DecideSource,
        parameters: Mapping[str, DeclaredParameter],
        uses: Mapping[str, Use],
        constants: Mapping[str, float],
        series: tuple[CandleSeries, ...] = (),
    ) -> None:
        self.source = source
        self.parameters = parameters
        self.uses = uses
        self.constants = constants
        self.series = {each.name: each for each in series}
        self.now: set[str] = set()
        self.last: set[str] = set()
        self.used: set[str] = set()
        self.kernels: dict[str, Callable[..., Any]] = {}
        self.unsure: set[str] = set()
        """Names of numbers just read that are 0.0 while there is none yet."""
        self.before = False
        """True while what is read is meant of the candle before."""
        self.voting = False
        """True inside the arguments of a vote, where the market is known."""
        self.telling = False
        """True inside a reason, which no kernel works out."""

    def number(self, node: ast.expr, known: Known) -> ast.expr:
        """Return an expression as a number; a truth counts 1 or 0."""
        result, kind = self.read(node, known)
        if kind == NUMBER:
            return result
        return placed(ast.IfExp(result, ast.Constant(1.0), ast.Constant(0.0)), node)

    def truth(self, node: ast.expr, known: Known) -> ast.expr:
        """Return an expression as a truth; a number is true where it is not 0, as in Python."""
        result, kind = self.read(node, known)
        if kind == TRUTH:
            return result
        return placed(ast.Compare(result, [ast.NotEq()], [ast.Constant(0.0)]), node)

    def read(self, node: ast.expr, known: Known) -> Read:
        """Return an expression over plain numbers and its type. Raises Undeclarable."""
        reader = self.READERS.get(type(node))
        if reader is None:
            raise self.refused(
                INSTEAD.get(type(node), f"{type(node).__name__} is not taken in {self.source.word}"), node
            )
        result: Read = reader(self, node, known)
        return result

    def refused(self, what: str, node: ast.AST) -> Undeclarable:
        """Return a refusal of a piece of source."""
        return self.source.refused(what, node)

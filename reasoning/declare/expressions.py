"""Expressions of a `decide`, read into the same over plain numbers; what is outside is refused.

An expression is a number (always a float) or a truth. So nothing a compiler would take otherwise than
Python is left: no whole number can run over, no value is of two types, and every name has a value where it
is read. Named numbers become variables: `now.band.lower` is `_now_band__lower`.
"""

import ast
import builtins
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from domain.custom_exit import HELD
from domain.kernel import KERNELS
from reasoning.declare import words
from reasoning.declare.parameters import DeclaredParameter
from reasoning.declare.refusal import Undeclarable, near
from reasoning.declare.series import CandleSeries
from reasoning.declare.source import DecideSource
from reasoning.declare.uses import CANDLE, Use
from reasoning.kernels.subset import fault_of

NUMBER, TRUTH = "a number", "a truth"
POSITION = "_held_"
"""How the variables of a position's numbers begin."""
Node = TypeVar("Node", bound=ast.AST)
Read = tuple[ast.expr, str]
Known = Mapping[str, str]
"""Local names that have a value here, and of which type."""

BUILTINS = {"abs": 1, "min": 2, "max": 2}
"""Functions of Python that are taken, and how many numbers they take at least."""
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)

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


class Expressions:
    """Reads expressions, and notes which numbers, parameters and kernels they use."""

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
        reader = self._READERS.get(type(node))
        if reader is None:
            raise self.refused(
                INSTEAD.get(type(node), f"{type(node).__name__} is not taken in {self.source.word}"), node
            )
        result: Read = reader(self, node, known)
        return result

    def refused(self, what: str, node: ast.AST) -> Undeclarable:
        """Return a refusal of a piece of source."""
        return self.source.refused(what, node)

    def _constant(self, node: Any, _known: Known) -> Read:
        value = node.value
        if isinstance(value, bool):
            return node, TRUTH
        if isinstance(value, int | float) and abs(value) < float("inf"):
            return placed(ast.Constant(value if self.telling else float(value)), node), NUMBER
        if value is None:
            raise self.refused("nothing is None: until every number is known decide is not asked", node)
        if isinstance(value, str):
            raise self.refused(f"text {value!r} {self._place_of_text()}", node)
        raise self.refused(f"{value!r} is no number", node)

    def _place_of_text(self) -> str:
        if self.source.held:
            return 'is no number: a reason is returned alone or behind a share: return 0.5, "the first half"'
        return "belongs into reason="

    def _name(self, node: Any, known: Known) -> Read:
        name = node.id
        if name in known and self.before:
            raise self.refused(
                f"{name} is not known of the candle before: write its expression inside the brackets", node
            )
        if name in known:
            return placed(ast.Name(f"_own_{name}", ast.Load()), node), known[name]
        meaning = self.source.meanings.get(name)
        if isinstance(meaning, int | float) and not isinstance(meaning, bool):
            return placed(ast.Constant(meaning if self.telling else float(meaning)), node), NUMBER
        raise self.refused(self._unknown(name, known), node)

    def _unknown(self, name: str, known: Known) -> str:  # noqa: PLR0911  # one for each thing it is
        if name in (self.source.now, self.source.last):
            return f"{name} is a candle; write one of its numbers, such as {name}.close"
        if name == self.source.held:
            return f"{name} is the position; write one of its numbers, such as {name}.gain"
        if name in self.uses:
            return (
                f"{name} is an indicator of the class; write {self.source.now}.{self.uses[name].numbers[0]}"
            )
        if name in self.parameters:
            return f"{name} is a parameter of the class; write {self.source.itself}.{name}"
        if name in CANDLE or name in self.series:
            shown = name if name in CANDLE else f"{name}.close"
            return f"{name} is a number of a candle; write {self.source.now}.{shown}"
        if hasattr(builtins, name) or name in self.source.meanings:
            takes = f"{self.source.word} takes {', '.join(BUILTINS)}"
            return f"{name} is neither a number nor a word of a strategy; {takes}"
        return f"{name} has no value on every way to here; set it before the if ({near(name, known)})"

    def _attribute(self, node: Any, _known: Known) -> Read:
        path = _path(node)
        if path is None:
            raise self.refused(
                f"{ast.unparse(node)} is no named number; write now.NAME, last.NAME or self.NAME", node
            )
        first, rest = path[0], path[1:]
        if first == self.source.itself:
            return self._own(rest, node)
        if first in (self.source.now, self.source.last):
            return self._of_candle(first, rest, node)
        if first == self.source.held:
            return self._of_position(rest, node)
        meaning = self.source.meanings.get(first)
        if meaning is words.market:
            return self._of_market(rest, node)
        if meaning is words.said:
            return self._of_said(rest, node)
        raise self.refused(
            f"{ast.unparse(node)} is no named number; write now.NAME, last.NAME or self.NAME", node
        )

    def _own(self, rest: list[str], node: ast.expr) -> Read:
        name = ".".join(rest)
        if name in self.constants:
            return placed(
                ast.Constant(self.constants[name] if self.telling else float(self.constants[name])), node
            ), NUMBER
        if name in self.parameters:
            self.used.add(name)
            prefix = "_raw" if self.telling else "_set"
            return placed(ast.Name(f"{prefix}_{name}", ast.Load()), node), NUMBER
        if rest[0] in self.uses:
            raise self.refused(f"self.{name} is an indicator; write {self.source.now}.{name}", node)
        raise self.refused(
            f"self.{name} is no parameter; {near(name, [*self.parameters, *self.constants])}", node
        )

    def _of_candle(self, candle: str, rest: list[str], node: ast.expr) -> Read:
        name = ".".join(rest)
        if name not in self.numbers:
            raise self.refused(self._no_number(candle, name, rest), node)
        last = candle == self.source.last or self.before
        if candle == self.source.last and self.before:
            raise self.refused(
                f"write {self.source.now}.{name} here: the candle before is looked at as well", node
            )
        self.now.add(name)
        use = self.uses.get(rest[0])
        if use is not None and use.waits_for(rest[-1]):
            self.unsure.add(name)
        if last:
            self.last.add(name)
        return placed(ast.Name(variable(name, last=last), ast.Load()), node), NUMBER

    @property
    def numbers(self) -> list[str]:
        """Names of the numbers of a candle and of the indicators."""
        longer = [name for each in self.series.values() for name in each.numbers]
        return [*CANDLE, *longer, *(name for use in self.uses.values() for name in use.numbers)]

    def _no_number(self, candle: str, name: str, rest: list[str]) -> str:
        use = self.uses.get(rest[0])
        if use is not None and use.single:
            return f"{rest[0]} is one number; write {candle}.{rest[0]}"
        if use is not None:
            names = ", ".join(f"{candle}.{each}" for each in use.numbers)
            return f"{rest[0]} is several numbers; write one of {names}"
        if name in self.series:
            names = ", ".join(f"{candle}.{each}" for each in self.series[name].numbers)
            return f"{name} is several numbers; write one of {names}"
        if name in self.parameters:
            return f"{name} is a parameter; write {self.source.itself}.{name}"
        return f"{candle}.{name} is no number of this strategy; {near(name, self.numbers)}"

    def _of_position(self, rest: list[str], node: ast.expr) -> Read:
        name = ".".join(rest)
        if name not in HELD:
            what = f"{self.source.held}.{name}"
            raise self.refused(f"{what} is no number of a position; {near(name, HELD)}", node)
        if self.before:
            what = f"{self.source.held}.{name} is not known of the candle before"
            raise self.refused(f"{what}: compare it with <, <=, > or >=", node)
        return placed(ast.Name(f"{POSITION}{name}", ast.Load()), node), NUMBER

    def _of_market(self, rest: list[str], node: ast.expr) -> Read:
        name = ".".join(rest)
        if name not in words.SHARED:
            raise self.refused(f"market.{name} is none; {near(name, words.SHARED)}", node)
        if not self.voting:
            raise self.refused(
                f"market.{name} is known where a vote is given: use it inside buy(...) or sell(...), or "
                "declare an indicator",
                node,
            )
        value: ast.expr = ast.Attribute(ast.Name("_features", ast.Load()), name, ast.Load())
        return placed(_call("float", value), node), NUMBER

    def _of_said(self, rest: list[str], node: ast.expr) -> Read:
        name = ".".join(rest)
        if name not in words.TOLD or not self.telling:
            raise self.refused(
                f"said.{name} is none; a reason has {', '.join(f'said.{each}' for each in words.TOLD)}", node
            )
        return placed(ast.Attribute(ast.Name("_said", ast.Load()), name, ast.Load()), node), NUMBER

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

    def _called(self, node: Any, known: Known) -> Read:
        if not isinstance(node.func, ast.Name):
            raise self.refused(f"{ast.unparse(node.func)}(...) cannot be called in {self.source.word}", node)
        name = node.func.id
        meaning = self.source.meanings.get(name, getattr(builtins, name, None))
        if meaning in words.COMPARING:
            return self._compared(meaning, node, known)
        if self.source.held and any(meaning is each for each in (*words.VOTES, words.nothing)):
            raise self.refused(
                f"{name}(...) is a vote, and {self.source.word} gives none: return True, a share such as "
                '0.5, or a text such as "the mean was lost"',
                node,
            )
        if any(meaning is each for each in words.VOTES):
            raise self.refused(f"{name}(...) is returned: return {name}(...)", node)
        if node.keywords or any(isinstance(each, ast.Starred) for each in node.args):
            raise self.refused(f"{name}(...) takes plain numbers in their order", node)
        if meaning is getattr(builtins, name, None) and name in BUILTINS:
            return self._of_builtin(name, node, known)
        if meaning is not None and any(meaning is each for each in KERNELS):
            if self.source.held:
                raise self.refused(
                    f"{name}(...) is a kernel, and {self.source.word} travels with a position as numbers: "
                    "write its expression out, or declare an indicator",
                    node,
                )
            return self._of_kernel(name, meaning, node, known)
        raise self.refused(self._uncallable(name, meaning), node)

    def _uncallable(self, name: str, meaning: Any) -> str:
        if meaning is None:
            return f"{name}(...) is unknown; import it, or define it above the class"
        if meaning in (int, float, round):
            return (
                f"{name}(...) is not needed: every number is a float, and stop and target become whole ticks"
            )
        if callable(meaning) and getattr(meaning, "__code__", None) is not None:
            return f"{name}(...) is no kernel; mark it @kernel (domain.kernel), a function of numbers alone"
        takes = f"it takes {', '.join(BUILTINS)}, the words and kernels"
        return f"{name}(...) is not taken in {self.source.word}; {takes}"

    def _of_builtin(self, name: str, node: Any, known: Known) -> Read:
        least = BUILTINS[name]
        if len(node.args) < least or (least == 1 and len(node.args) > 1):
            raise self.refused(f"{name}(...) takes {least} number{'s or more' if least > 1 else ''}", node)
        values: list[ast.expr] = [self.number(each, known) for each in node.args]
        return placed(ast.Call(ast.Name(name, ast.Load()), values, []), node), NUMBER

    def _of_kernel(self, name: str, meaning: Callable[..., Any], node: Any, known: Known) -> Read:
        fault = fault_of(meaning)
        if fault is not None:
            raise self.refused(f"{name}(...) cannot be compiled: {fault}", node)
        count = meaning.__code__.co_argcount
        if len(node.args) != count:
            raise self.refused(f"{name}(...) takes {count} numbers, not {len(node.args)}", node)
        self.kernels[name] = meaning
        values = [self._exact(each, known) for each in node.args]
        return placed(
            _call("float", placed(ast.Call(ast.Name(f"_call_{name}", ast.Load()), values, []), node)), node
        ), NUMBER

    def _exact(self, node: ast.expr, known: Known) -> ast.expr:
        """Return a kernel's argument; a whole number that is written or set stays one."""
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return node
        path = _path(node)
        if path is not None and path[0] == self.source.itself and ".".join(path[1:]) in self.parameters:
            name = ".".join(path[1:])
            self.used.add(name)
            return placed(ast.Name(f"_raw_{name}", ast.Load()), node)
        return self.number(node, known)

    def _compared(self, meaning: Callable[..., Any], node: Any, known: Known) -> Read:
        """Write a word that looks at two candles out as what it means."""
        count = 2 if meaning in (words.crossed_above, words.crossed_below) else 1
        if len(node.args) != count or node.keywords:
            raise self.refused(
                f"{meaning.__name__}(...) takes {count} number{'s' if count > 1 else ''}", node
            )
        if self.before:
            raise self.refused(f"{meaning.__name__}(...) cannot stand inside another such word", node)
        read, self.unsure = self.unsure, set()
        now = [self.number(each, known) for each in node.args]
        self.before = True
        last = [self.number(each, known) for each in node.args]
        self.before = False
        there = [_there(name, last=last_) for name in sorted(self.unsure) for last_ in (True, False)]
        self.unsure |= read
        if count == 1:
            above = ast.Gt() if meaning is words.rising else ast.Lt()
            result: ast.expr = ast.Compare(now[0], [above], [last[0]])
            return placed(ast.BoolOp(ast.And(), [*there, result]) if there else result, node), TRUTH
        then, here = (ast.LtE(), ast.Gt()) if meaning is words.crossed_above else (ast.GtE(), ast.Lt())
        before = placed(ast.Compare(last[0], [then], [last[1]]), node)
        return placed(
            ast.BoolOp(ast.And(), [*there, before, placed(ast.Compare(now[0], [here], [now[1]]), node)]), node
        ), TRUTH

    _READERS: Mapping[type[ast.AST], Any] = {
        ast.Constant: _constant,
        ast.Name: _name,
        ast.Attribute: _attribute,
        ast.BinOp: _arithmetic,
        ast.UnaryOp: _unary,
        ast.Compare: _comparison,
        ast.BoolOp: _joined,
        ast.IfExp: _either,
        ast.Call: _called,
    }


def _there(name: str, *, last: bool) -> ast.expr:
    """Return the test that a number that is waited for is there."""
    return ast.Compare(ast.Name(variable(name, last=last), ast.Load()), [ast.NotEq()], [ast.Constant(0.0)])


def variable(name: str, *, last: bool = False) -> str:
    """Return the variable that holds a named number."""
    return f"_{'last' if last else 'now'}_{name.replace('.', '__')}"


def _path(node: ast.AST) -> list[str] | None:
    """Return the names of an attribute such as now.band.lower, None for what is none."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) and names else None


def _call(name: str, value: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), [value], [])


def placed(node: Node, where: Any) -> Node:
    """Give a node, and what is new below it, the place of another; what has a place of its own keeps it."""
    new: Any = node
    new.lineno, new.end_lineno = where.lineno, where.end_lineno
    new.col_offset, new.end_col_offset = where.col_offset, where.end_col_offset
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.expr) and not hasattr(each, "lineno"):
            placed(each, where)
    return node

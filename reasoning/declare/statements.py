"""Statements of a `decide`, read into the body of one of the functions made of it.

The same source becomes three bodies: that of the step returns the vote, that of the signal what is said with
it, that of the explanation the reason. All three take the same way, for they see the same numbers.
"""

import ast
from collections.abc import Mapping
from typing import Any

from reasoning.declare import words
from reasoning.declare.expressions import Expressions
from reasoning.declare.limits import fault_of
from reasoning.declare.nodes import placed
from reasoning.declare.reading import Known
from reasoning.declare.reasons import ReasonReader

STEP, SIGNAL, EXPLAIN = "step", "signal", "explain"

INSTEAD: dict[type[ast.AST], str] = {
    ast.For: "no loops: a decision is about named numbers; declare an indicator for what goes over candles",
    ast.While: "no loops: a decision is about named numbers; declare an indicator for what goes over candles",
    ast.Import: "import at the top of the file",
    ast.ImportFrom: "import at the top of the file",
    ast.Try: "nothing is caught: a division by zero mutes the strategy and says where; test before it",
    ast.With: "nothing is opened: a decision sees numbers only",
    ast.Raise: "nothing is raised: return nothing() where there is nothing to say",
    ast.Assert: "nothing is asserted: use if and return",
    ast.FunctionDef: "no functions inside: define a @kernel above the class",
    ast.ClassDef: "no classes inside decide",
    ast.Global: "nothing is kept between candles: declare an indicator for what must be remembered",
    ast.Nonlocal: "nothing is kept between candles: declare an indicator for what must be remembered",
    ast.Delete: "nothing is deleted",
    ast.Match: "no match: write if and elif",
}

Written = tuple[list[ast.stmt], dict[str, str] | None]
"""Statements, and the local names known behind them; None where no way leads there."""


class Statements:
    """Reads the statements of a `decide` for one of its three bodies."""

    def __init__(self, expressions: Expressions, mode: str) -> None:
        self.expressions = expressions
        self.mode = mode

    def body(self) -> list[ast.stmt]:
        """Return the body: what decide says at its end, unsaid, is nothing. Raises Undeclarable."""
        tree = self.expressions.source.tree
        written, known = self._block(tree.body, {})
        if known is not None:
            written += self._nothing(tree.body[-1])
        return written

    def _block(self, statements: list[ast.stmt], known: Known) -> Written:
        names: dict[str, str] | None = dict(known)
        written: list[ast.stmt] = []
        for each in statements:
            if names is None:
                raise self.expressions.refused("no way leads to this line", each)
            more, names = self._statement(each, names)
            written += more
        return written or [ast.Pass()], names

    def _statement(self, node: ast.stmt, known: dict[str, str]) -> Written:
        if isinstance(node, ast.If):
            return self._if(node, known)
        if isinstance(node, ast.Return):
            return self._return(node.value, node, known), None
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            return self._assign(node, known)
        if isinstance(node, ast.Pass) or _is_docstring(node):
            return [], known
        if isinstance(node, ast.Expr) and self._word(node.value) is not None:
            name = ast.unparse(node.value).partition("(")[0]
            raise self.expressions.refused(f"{name}(...) alone does nothing: return {name}(...)", node)
        what = INSTEAD.get(type(node), "this line does nothing: set a name, test with if, or return a vote")
        raise self.expressions.refused(what, node)

    def _if(self, node: ast.If, known: dict[str, str]) -> Written:
        test = self.expressions.truth(node.test, known)
        one, after = self._block(node.body, known)
        other, otherwise = self._block(node.orelse, known) if node.orelse else ([], dict(known))
        written = [ast.copy_location(ast.If(test, one, other), node)]
        if after is None or otherwise is None:
            return [*written], otherwise if after is None else after
        return [*written], {name: after[name] for name in after if name in otherwise}

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, known: dict[str, str]) -> Written:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if len(targets) != 1 or not isinstance(targets[0], ast.Name):
            raise self.expressions.refused(
                "set one plain name at a time; nothing is kept between candles: declare an indicator of "
                "what is to be remembered",
                node,
            )
        name = targets[0].id
        self._check(name, node)
        if node.value is None:
            raise self.expressions.refused(f"{name} gets no value", node)
        if isinstance(node, ast.AugAssign):
            sum_of: ast.expr = ast.BinOp(ast.Name(name, ast.Load()), node.op, node.value)
            value, kind = self.expressions.read(placed(sum_of, node), known)
        else:
            value, kind = self.expressions.read(node.value, known)
        if known.get(name, kind) != kind:
            raise self.expressions.refused(
                f"{name} is {known[name]} before and {kind} here; use another name", node
            )
        target = ast.Name(f"_own_{name}", ast.Store())
        return [placed(ast.Assign([target], value), node)], {
            **known,
            name: kind,
        }

    def _check(self, name: str, node: ast.stmt) -> None:
        source = self.expressions.source
        if name in (source.itself, source.now, source.last, source.held) or name.startswith("_"):
            raise self.expressions.refused(f"{name} cannot be set; choose another name", node)

    def _word(self, node: ast.expr | None) -> Any:
        """Return the word that is called, None for anything else."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            return None
        meaning = self.expressions.source.meanings.get(node.func.id)
        return meaning if any(meaning is each for each in (*words.VOTES, words.nothing)) else None

    def _return(self, value: ast.expr | None, node: ast.stmt, known: Known) -> list[ast.stmt]:
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            return self._nothing(node)
        if isinstance(value, ast.IfExp):
            test = self.expressions.truth(value.test, known)
            one, other = (self._return(each, node, known) for each in (value.body, value.orelse))
            return [ast.copy_location(ast.If(test, one, other), node)]
        word = self._word(value)
        if word is None or not isinstance(value, ast.Call):
            raise self.expressions.refused(
                "return buy(...), sell(...), vote(side, ...), nothing(...) or nothing at all", node
            )
        if word is words.nothing:
            return self._quiet(value, node, known)
        return self._vote(words.VOTES[word], value, node, known)

    def _nothing(self, node: ast.stmt, reason: ast.expr | None = None) -> list[ast.stmt]:
        if self.mode == EXPLAIN:
            return _returned(reason or _named("_plain_words", "_memory"), node)
        return _returned(ast.Constant(0) if self.mode == STEP else ast.Name("_QUIET", ast.Load()), node)

    def _quiet(self, call: ast.Call, node: ast.stmt, known: Known) -> list[ast.stmt]:
        given = self._given(call, ("reason",), call.args)
        return self._nothing(node, self._reason(given.get("reason"), known))

    def _vote(self, side: int, call: ast.Call, node: ast.stmt, known: Known) -> list[ast.stmt]:
        sided = side == 0
        if len(call.args) != int(sided):
            what = (
                "takes the side first: vote(side, ...)"
                if sided
                else "takes its arguments by name, such as stop="
            )
            raise self.expressions.refused(f"{ast.unparse(call.func)}(...) {what}", node)
        way = self.expressions.number(call.args[0], known) if sided else None
        given = self._given(call, words.PARTS, ())
        answer = self._told(given, known)
        reason = self._reason(given.get("reason"), known)
        if self.mode == EXPLAIN:
            return _returned(reason or _named("_plain_words", "_memory"), node)
        if self.mode == SIGNAL:
            return _returned(answer, node)
        return _returned(ast.Constant(side) if way is None else _called("_side_of", way), node)

    def _given(self, call: ast.Call, names: tuple[str, ...], first: Any) -> dict[str, ast.expr]:
        given = dict(zip(names, first, strict=False))
        for each in call.keywords:
            if each.arg is None:
                raise self.expressions.refused(
                    f"{ast.unparse(call.func)}(...) takes its arguments by name, such as stop=; not **", call
                )
            if each.arg not in names or each.arg in given:
                takes = ", ".join(f"{name}=" for name in names)
                raise self.expressions.refused(
                    f"{ast.unparse(call.func)}(...) has no {each.arg}=; it takes {takes}", call
                )
            given[each.arg] = each.value
        if len(first) > len(names):
            raise self.expressions.refused(f"{ast.unparse(call.func)}(...) takes a reason and no more", call)
        return {
            name: value
            for name, value in given.items()
            if not (isinstance(value, ast.Constant) and value.value is None)
        }

    def _told(self, given: Mapping[str, ast.expr], known: Known) -> ast.expr:
        """Return the call that makes the signal of what was given with a vote."""
        self.expressions.voting = True
        parts = {
            name: self.expressions.number(value, known) for name, value in given.items() if name != "reason"
        }
        self.expressions.voting = False
        for name, value in parts.items():
            fault = fault_of(name, value, self.expressions.parameters)
            if fault:
                raise self.expressions.refused(fault, given[name])
        if "confidence" in parts and {"base", "trend"} & parts.keys():
            raise self.expressions.refused(
                "confidence= is the whole of it, base= and trend= are parts of it: give one or the other",
                given["confidence"],
            )
        bare = not {"stop", "stop_ppm"} & parts.keys()
        ppm = parts.get("stop_ppm", ast.Constant(30_000.0 if bare else 0.0))
        levels = [ppm, *(parts.get(name, ast.Constant(0.0)) for name in ("stop", "target"))]
        way, features = ast.Name("_vote", ast.Load()), ast.Name("_features", ast.Load())
        if "confidence" in parts:
            return _called("_sure", way, parts["confidence"], *levels)
        base, trend = parts.get("base", ast.Constant(50.0)), parts.get("trend")
        if trend is None:
            trend = _called("_with_market", way, features)
        return _called("_summed", way, base, trend, features, *levels)

    def _reason(self, node: ast.expr | None, known: Known) -> ast.expr | None:
        return None if node is None else ReasonReader(self.expressions).read(node, known)


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _named(name: str, *arguments: str) -> ast.Call:
    return _called(name, *(ast.Name(each, ast.Load()) for each in arguments))


def _called(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _returned(value: ast.expr, node: ast.stmt) -> list[ast.stmt]:
    return [placed(ast.Return(value), node)]

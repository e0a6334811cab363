"""Calls in expressions: functions of Python, kernels, and words that look at two candles."""

import ast
import builtins
from collections.abc import Callable, Mapping
from typing import Any

from domain.kernel import KERNELS
from reasoning.declare import words
from reasoning.declare.named import BUILTINS, NamedNumbers
from reasoning.declare.nodes import call, path_of, placed, there
from reasoning.declare.reading import NUMBER, TRUTH, Known, Read
from reasoning.kernels.subset import fault_of

OF_KERNEL = "write a @kernel (domain.kernel) above the class, a function of numbers, which may use math"


class Calls(NamedNumbers):
    """Reads calls."""

    def _called(self, node: Any, known: Known) -> Read:
        if not isinstance(node.func, ast.Name):
            raise self.refused(self._unnamed(node.func), node)
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

    def _unnamed(self, function: ast.expr) -> str:
        what = f"{ast.unparse(function)}(...) cannot be called in {self.source.word}"
        path = path_of(function)
        if self.source.held or path is None or path[0] in (self.source.now, self.source.last):
            return what
        return f"{what}; {OF_KERNEL}"

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
        of_python = getattr(builtins, name, None) is meaning or self.source.held
        more = "" if of_python else f": {OF_KERNEL}"
        return f"{name}(...) is not taken in {self.source.word}; {takes}{more}"

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
            call("float", placed(ast.Call(ast.Name(f"_call_{name}", ast.Load()), values, []), node)), node
        ), NUMBER

    def _exact(self, node: ast.expr, known: Known) -> ast.expr:
        """Return a kernel's argument; a whole number that is written or set stays one."""
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return node
        path = path_of(node)
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
        known_there = [there(name, last=last_) for name in sorted(self.unsure) for last_ in (True, False)]
        self.unsure |= read
        if count == 1:
            above = ast.Gt() if meaning is words.rising else ast.Lt()
            result: ast.expr = ast.Compare(now[0], [above], [last[0]])
            return placed(
                ast.BoolOp(ast.And(), [*known_there, result]) if known_there else result, node
            ), TRUTH
        then, here = (ast.LtE(), ast.Gt()) if meaning is words.crossed_above else (ast.GtE(), ast.Lt())
        before = placed(ast.Compare(last[0], [then], [last[1]]), node)
        return placed(
            ast.BoolOp(
                ast.And(), [*known_there, before, placed(ast.Compare(now[0], [here], [now[1]]), node)]
            ),
            node,
        ), TRUTH

    READERS: Mapping[type[ast.AST], Any] = {**NamedNumbers.READERS, ast.Call: _called}

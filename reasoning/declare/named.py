"""Named numbers in expressions: of candles, indicators, a position, the market, of the class."""

import ast
import builtins
from collections.abc import Mapping
from typing import Any

from domain.custom_exit import HELD
from reasoning.declare import words
from reasoning.declare.nodes import POSITION, call, path_of, placed, variable
from reasoning.declare.parameters import finite, is_plain
from reasoning.declare.reading import NUMBER, ExpressionReader, Known, Read
from reasoning.declare.reasons import named_in_module
from reasoning.declare.refusal import near
from reasoning.declare.uses import CANDLE

BUILTINS = {"abs": 1, "min": 2, "max": 2}
"""Functions of Python that are taken, and how many numbers they take at least."""


class NamedNumbers(ExpressionReader):
    """Reads names and attributes such as `now.band.lower`."""

    def _name(self, node: Any, known: Known) -> Read:
        name = node.id
        if name in known and self.before:
            raise self.refused(
                f"{name} is not known of the candle before: write its expression inside the brackets", node
            )
        if name in known:
            return placed(ast.Name(f"_own_{name}", ast.Load()), node), known[name]
        meaning: Any = self.source.meanings.get(name)
        if is_plain(meaning):
            return self._plain(name, meaning, node), NUMBER
        raise self.refused(self._unknown(name, known), node)

    def _plain(self, name: str, value: float, node: ast.expr) -> ast.expr:
        """Return a plain number that is written or that a name stands for. Raises Undeclarable."""
        if not finite(value):
            raise self.refused(f"{name} is {str(value)[:40]}; write a finite number", node)
        whole = self.telling and isinstance(value, int)
        return placed(ast.Constant(int(value) if whole else float(value)), node)

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
        if isinstance(self.source.meanings.get(name), str):
            return f"{name} is a text, which belongs into reason="
        if hasattr(builtins, name) or name in self.source.meanings:
            takes = f"{self.source.word} takes {', '.join(BUILTINS)}"
            return f"{name} is neither a number nor a word of a strategy; {takes}"
        return f"{name} has no value on every way to here; set it before the if ({near(name, known)})"

    def _attribute(self, node: Any, _known: Known) -> Read:
        path = path_of(node)
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
        meaning = named_in_module(node, self.source.meanings)
        if is_plain(meaning):
            return self._plain(ast.unparse(node), meaning, node), NUMBER
        raise self.refused(
            f"{ast.unparse(node)} is no named number; write now.NAME, last.NAME or self.NAME", node
        )

    def _own(self, rest: list[str], node: ast.expr) -> Read:
        name = ".".join(rest)
        if name in self.constants:
            return self._plain(ast.unparse(node), self.constants[name], node), NUMBER
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
        if name.startswith("_") and not name.startswith("__"):
            return f"{candle}.{name}: what begins with _ is not declared; name it without"
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
        if self.telling:
            raise self.refused(
                f"a reason does not know market.{name}: it tells now., last., self. and said. numbers", node
            )
        if not self.voting:
            raise self.refused(
                f"market.{name} is known where a vote is given: use it inside buy(...) or sell(...), or "
                "declare an indicator",
                node,
            )
        value: ast.expr = ast.Attribute(ast.Name("_features", ast.Load()), name, ast.Load())
        return placed(call("float", value), node), NUMBER

    def _of_said(self, rest: list[str], node: ast.expr) -> Read:
        name = ".".join(rest)
        if name not in words.TOLD or not self.telling:
            raise self.refused(
                f"said.{name} is none; a reason has {', '.join(f'said.{each}' for each in words.TOLD)}", node
            )
        return placed(ast.Attribute(ast.Name("_said", ast.Load()), name, ast.Load()), node), NUMBER

    READERS: Mapping[type[ast.AST], Any] = {ast.Name: _name, ast.Attribute: _attribute}

"""A `leave` read into a program of plain numbers (`domain.custom_exit`), which travels with a position.

Its expressions are those of a `decide` and `held.NAME` beside them. What it returns is the share of all that
was bought to be sold by now: False or nothing for none, True for all, 0.5 for half; a text is all with that
reason, and `0.5, "the first half"` a share with one. Parameters are filled in when a plan is made.
"""

import ast
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from domain import custom_exit as to
from domain.custom_exit import CustomExit
from reasoning.declare.expressions import Expressions
from reasoning.declare.nodes import POSITION, placed
from reasoning.declare.reading import Known
from reasoning.declare.refusal import Undeclarable
from reasoning.declare.statements import Statements

OPERATORS: dict[type[ast.AST], int] = {
    ast.Add: to.ADD, ast.Sub: to.SUBTRACT, ast.Mult: to.MULTIPLY, ast.Div: to.DIVIDE, ast.Lt: to.BELOW,
    ast.LtE: to.AT_MOST, ast.Gt: to.ABOVE, ast.GtE: to.AT_LEAST, ast.Eq: to.SAME, ast.NotEq: to.OTHER,
}  # fmt: skip
BUILTINS = {"abs": to.ABSOLUTE, "min": to.LESSER, "max": to.LARGER}
MOST_REASONS = 32
LONGEST_REASON = 120
HOME = 'return True, a share such as 0.5, a text such as "the mean was lost", or a share with a text'


class LeaveProgram(NamedTuple):
    """A program whose parameters are names still; `reads` are the variables of the numbers it reads."""

    steps: tuple[tuple[int, float | str], ...]
    reads: tuple[str, ...]
    reasons: tuple[str, ...]

    def filled(self, names: Sequence[str], value: Callable[[str], float]) -> CustomExit:
        """Return it with the parameters as `value` gives them; `names` are what it reads, in their order."""
        code: list[float] = []
        for what, argument in self.steps:
            code += float(what), float(value(argument)) if isinstance(argument, str) else float(argument)
        return CustomExit(tuple(code), tuple(names), self.reasons)


class LeaveStatements(Statements):
    """Reads the statements of a `leave`: each way ends with a share and the place of its reason."""

    def __init__(self, expressions: Expressions) -> None:
        super().__init__(expressions, "leave")
        self.reasons: list[str] = []

    def _return(self, value: ast.expr | None, node: ast.stmt, known: Known) -> list[ast.stmt]:
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            return self._nothing(node)
        if isinstance(value, ast.IfExp):
            test = self.expressions.truth(value.test, known)
            one, other = (self._return(each, node, known) for each in (value.body, value.orelse))
            return [ast.copy_location(ast.If(test, one, other), node)]
        if isinstance(value, ast.Tuple):
            if len(value.elts) != len(("share", "reason")):
                raise self.expressions.refused(HOME, node)
            share, reason = value.elts
            return self._ended(self._share(share, node, known), self._reasoned(reason), node)
        if isinstance(value, ast.JoinedStr) or (
            isinstance(value, ast.Constant) and isinstance(value.value, str)
        ):
            return self._ended(ast.Constant(1.0), self._reasoned(value), node)
        return self._ended(self._share(value, node, known), to.NO_REASON, node)

    def _share(self, value: ast.expr, node: ast.stmt, known: Known) -> ast.expr:
        """Return a share as a number. Raises Undeclarable for one that is written and outside 0 to 1."""
        share = self.expressions.number(value, known)
        written = _written(share)
        if written is not None and not 0.0 < written <= 1.0:
            why = f"{ast.unparse(value)} is no share, which is above 0 and at most 1: {HOME}; None keeps all"
            raise self.expressions.refused(why, node)
        return share

    def _nothing(self, node: ast.stmt, reason: ast.expr | None = None) -> list[ast.stmt]:
        del reason
        return self._ended(ast.Constant(0.0), to.NO_REASON, node)

    def _reasoned(self, node: ast.expr) -> int:
        """Return the place of a reason. Raises Undeclarable for what is no plain text."""
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or not node.value.strip():
            raise self.expressions.refused(
                "the reason of a custom exit is a plain text, for it travels with the position", node
            )
        text = node.value.strip()
        if len(text) > LONGEST_REASON or not text.isprintable():
            raise self.expressions.refused(f"a reason is one line of {LONGEST_REASON} characters", node)
        if text not in self.reasons:
            self.reasons.append(text)
        if len(self.reasons) > MOST_REASONS:
            raise self.expressions.refused(f"a custom exit gives {MOST_REASONS} reasons at most", node)
        return self.reasons.index(text)

    def _ended(self, share: ast.expr, reason: int, node: ast.stmt) -> list[ast.stmt]:
        answer = ast.Tuple([share, ast.Constant(reason)], ast.Load())
        return [placed(ast.Return(answer), node)]


def program_of(expressions: Expressions) -> LeaveProgram:
    """Read a leave. Raises Undeclarable with file and line."""
    statements = LeaveStatements(expressions)
    body = statements.body()
    writer = _Writer(expressions)
    writer.block(body)
    if len(writer.steps) > to.MOST_CODE:
        raise expressions.refused(
            "leave is too long: declare an indicator for what candles alone say", body[0]
        )
    program = LeaveProgram(tuple(writer.steps), tuple(writer.reads), tuple(statements.reasons))
    fault = to.fault_of(program.filled(program.reads, lambda _name: 0.0))
    if fault:
        raise Undeclarable(
            f"leave cannot be made into a program ({fault}): set parts of it as names of their own",
            expressions.source.file,
            expressions.source.line,
        )
    return program


class _Writer:
    """Writes instructions for statements that were read."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self.steps: list[tuple[int, float | str]] = []
        self.names: dict[str, int] = {}
        self.reads: list[str] = []

    def block(self, statements: list[ast.stmt]) -> bool:
        """Write statements; return whether a way leads behind them."""
        for each in statements:
            if isinstance(each, ast.Return):
                answer: Any = each.value
                self._value(answer.elts[0])
                self._step(to.END, answer.elts[1].value)
                return False
            if isinstance(each, ast.If):
                if not self._if(each):
                    return False
            elif isinstance(each, ast.Assign):
                target: Any = each.targets[0]
                self._value(each.value)
                self._step(to.SET, self._slot(target.id, each))
        return True

    def _if(self, node: ast.If) -> bool:
        self._value(node.test)
        unless = self._jump(to.UNLESS)
        goes_on = self.block(node.body)
        if not node.orelse:
            self._here(unless)
            return True
        behind = self._jump(to.JUMP) if goes_on else None
        self._here(unless)
        other = self.block(node.orelse)
        if behind is not None:
            self._here(behind)
        return goes_on or other

    def _value(self, node: ast.expr) -> None:
        """Write what pushes a number, or a truth as 1.0 or 0.0."""
        match node:
            case ast.Constant(value=value):
                self._step(to.CONSTANT, float(value))  # type: ignore[arg-type]  # a number or a truth, as read
            case ast.Name(id=name):
                self._named(name, node)
            case ast.BinOp(left=left, op=op, right=right):
                self._value(left)
                self._value(right)
                self._step(OPERATORS[type(op)], node.lineno if isinstance(op, ast.Div) else 0)
            case ast.UnaryOp(op=op, operand=operand):
                self._value(operand)
                if not isinstance(op, ast.UAdd):
                    self._step(to.NOT if isinstance(op, ast.Not) else to.NEGATE)
            case ast.Compare():
                self._compared(node)
            case ast.BoolOp(op=op, values=values):
                self._joined(values, every=isinstance(op, ast.And))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._either(test, body, orelse)
            case ast.Call():
                self._called(node)
            case _:
                raise self.expressions.refused(f"{type(node).__name__} is not taken in leave", node)

    def _named(self, name: str, node: ast.expr) -> None:
        if name.startswith(POSITION):
            self._step(to.POSITION, to.HELD.index(name.removeprefix(POSITION)))
        elif name.startswith("_own_"):
            self._step(to.OWN, self._slot(name, node))
        elif name.startswith("_set_"):
            self._step(to.CONSTANT, name.removeprefix("_set_"))
        else:
            last = name.startswith("_last_")
            number = name.removeprefix("_last_" if last else "_now_")
            if number not in self.reads:
                self.reads.append(number)
            self._step(to.LAST if last else to.NOW, self.reads.index(number))

    def _compared(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        pairs = [
            placed(ast.Compare(sides[index], [op], [sides[index + 1]]), node)
            for index, op in enumerate(node.ops)
        ]
        if len(pairs) > 1:
            self._joined(list(pairs), every=True)
            return
        self._value(sides[0])
        self._value(sides[1])
        self._step(OPERATORS[type(node.ops[0])])

    def _joined(self, values: list[ast.expr], *, every: bool) -> None:
        """Write `and` or `or` of truths: what does not matter any more is not worked out, as in Python."""
        behind = []
        for each in values[:-1]:
            self._value(each)
            if every:
                unless = self._jump(to.UNLESS)
                behind.append(unless)
                continue
            unless = self._jump(to.UNLESS)
            self._step(to.CONSTANT, 1.0)
            behind.append(self._jump(to.JUMP))
            self._here(unless)
        self._value(values[-1])
        if every:
            end = self._jump(to.JUMP)
            for each_unless in behind:
                self._here(each_unless)
            self._step(to.CONSTANT, 0.0)
            behind = [end]
        for each_jump in behind:
            self._here(each_jump)

    def _either(self, test: ast.expr, body: ast.expr, orelse: ast.expr) -> None:
        self._value(test)
        if _is(body, 1.0) and _is(orelse, 0.0):
            return  # a truth counted as a number, which it is here already
        unless = self._jump(to.UNLESS)
        self._value(body)
        behind = self._jump(to.JUMP)
        self._here(unless)
        self._value(orelse)
        self._here(behind)

    def _called(self, node: ast.Call) -> None:
        name: Any = node.func
        if not isinstance(name, ast.Name) or name.id not in BUILTINS:
            raise self.expressions.refused(f"{ast.unparse(node.func)}(...) is not taken in leave", node)
        what = BUILTINS[name.id]
        self._value(node.args[0])
        if what == to.ABSOLUTE:
            self._step(what)
        for each in node.args[1:]:
            self._value(each)
            self._step(what)

    def _slot(self, name: str, node: ast.AST) -> int:
        slot = self.names.setdefault(name, len(self.names))
        if slot >= to.MOST_NAMES:
            raise self.expressions.refused(f"leave sets more than {to.MOST_NAMES} names", node)
        return slot

    def _step(self, what: int, argument: float | str = 0.0) -> None:
        self.steps.append((what, argument))

    def _jump(self, what: int) -> int:
        """Write a jump whose target is not known yet; return its place."""
        self.steps.append((what, -1))
        return len(self.steps) - 1

    def _here(self, index: int) -> None:
        """Have a jump lead to what is written next."""
        self.steps[index] = self.steps[index][0], len(self.steps)


def _written(node: ast.expr) -> float | None:
    """Return the number that is written here, None for one that is worked out."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _written(node.operand)
        return None if inner is None else -inner
    return node.value if isinstance(node, ast.Constant) and type(node.value) is float else None


def _is(node: ast.expr, value: float) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is float and node.value == value

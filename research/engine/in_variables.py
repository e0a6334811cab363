"""An indicator's kernel with its state in variables, written out of the kernel's own source.

A kernel keeps its state in cells of a flat memory, and a compiler that cannot tell a cell from a slot of the
ring beside it writes and reads every one of them at each candle. Here the cells whose places do not depend on
values, `memory[at + SEEN]`, become variables that a function takes and returns, in the kernel and in all
kernels it calls; rings and pools, whose slots are worked out, stay where they are. The order of every
operation is the kernel's, so the bits are.
"""

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from research.engine.linear import KernelScope, Linear

MEMORY = "memory"


class Unsupported(Exception):
    """A kernel that is not written in a way this module understands; its state stays in the memory."""


@dataclass
class KernelForm:
    """A kernel as a function of its cells: `cells` it takes behind its arguments, `written` it returns.

    Both name places by their distance from the kernel's own arguments. `tells` is false where it returns
    nothing else; `rings` are where slots that are worked out are counted from.
    """

    name: str
    arguments: tuple[str, ...]
    tells: bool
    cells: dict[Linear, str] = field(default_factory=dict)
    written: dict[Linear, None] = field(default_factory=dict)
    rings: set[Linear] = field(default_factory=set)

    def cell(self, offset: Linear) -> str:
        """Return the variable of a offset."""
        return self.cells.setdefault(offset, f"_c{len(self.cells)}")

    def put(self, offset: Linear) -> str:
        """Return the variable of a offset that is written."""
        self.written.setdefault(offset)
        return self.cell(offset)


class Written:
    """Kernels as functions of their cells, with the names their sources use."""

    def __init__(self) -> None:
        self.sources: list[str] = []
        self.names: dict[str, Any] = {}
        self.forms: dict[tuple[Callable[..., Any], frozenset[str]], KernelForm] = {}

    def form(self, kernel: Callable[..., Any], varying: frozenset[str]) -> KernelForm:
        """Return a kernel's form where some arguments vary; it comes behind those of the kernels it calls."""
        key = kernel, varying
        if key not in self.forms:
            node: Any = ast.parse(textwrap.dedent(inspect.getsource(kernel))).body[0]
            arguments = tuple(each.arg for each in node.args.args)
            tells = any(isinstance(each, ast.Return) and each.value for each in ast.walk(node))
            form = KernelForm(f"{kernel.__name__}_{len(self.forms)}", arguments, tells)
            body: list[ast.stmt] = []
            for _ in range(2):  # the first pass finds the cells, the second returns them
                body = _Body(self, form, KernelScope(node, kernel, varying)).statements(
                    copy.deepcopy(node.body)
                )
            if not tells and form.written:
                body.append(ast.Return(_tuple(form.written.keys(), form)))
            given = ", ".join([*arguments, *form.cells.values()])
            text = ast.unparse(ast.fix_missing_locations(ast.Module(body, [])))
            self.sources.append(f"def {form.name}({given}):\n{textwrap.indent(text, '    ')}\n")
            self.forms[key] = form
        return self.forms[key]

    def known(self, name: str, value: Any) -> None:
        """Take in a name that a source uses. Raises Unsupported where another source means another thing."""
        if self.names.setdefault(name, value) is not value:
            raise Unsupported(f"{name} is two things")


class _Body:
    """The statements of one kernel, rewritten."""

    def __init__(self, written: Written, form: KernelForm, scope: KernelScope) -> None:
        self.written = written
        self.form = form
        self.scope = scope
        self.spilled = 0

    def statements(self, body: Iterable[ast.stmt]) -> list[ast.stmt]:
        """Return statements rewritten. Raises Unsupported."""
        result: list[ast.stmt] = []
        for each in body:
            self._statement(each, result)
        return result or [ast.Pass()]

    def _statement(self, node: ast.stmt, out: list[ast.stmt]) -> None:
        match node:
            case ast.Expr(ast.Constant()):
                pass
            case ast.Expr(value):
                called = self._value(value, out)
                out.extend([ast.Expr(called)] if isinstance(called, ast.Call) else [])
            case ast.Assign(targets=[target], value=ast.IfExp(test, body, orelse)) if self._moves(node.value):
                given = [ast.Assign([target], each, lineno=0) for each in (body, orelse)]
                self._statement(ast.If(test, [given[0]], [given[1]]), out)
            case ast.Assign(targets=[target], value=value):
                self._assign(target, self._value(value, out), out)
            case ast.AugAssign(target=target, op=op, value=value):
                now = ast.BinOp(_loaded(target), op, value)
                self._assign(target, self._value(now, out), out)
            case ast.If(test, body, orelse):
                asked = self._value(test, out)
                out.append(ast.If(asked, self.statements(body), self.statements(orelse) if orelse else []))
            case ast.For(target=target, iter=over, body=body, orelse=[]):
                looped = self._value(over, out)
                out.append(ast.For(target, looped, self.statements(body), [], lineno=0))
            case ast.Return(value):
                answer = None if value is None else self._value(value, out)
                out.append(ast.Return(_tuple(self.form.written, self.form, answer)))
            case ast.Continue() | ast.Break() | ast.Pass():
                out.append(node)
            case _:
                raise Unsupported(ast.unparse(node))

    def _assign(self, target: ast.expr, value: ast.expr, out: list[ast.stmt]) -> None:
        if isinstance(target, ast.Subscript):
            offset = self.place(target)
            if offset is not None:
                target = ast.Name(self.form.put(offset))
                value = ast.Call(ast.Name("float"), [value], [])  # as an array keeps it
            else:
                target = ast.Subscript(target.value, self._value(target.slice, out))
        out.append(ast.Assign([target], value, lineno=0))

    def _value(self, node: ast.expr, out: list[ast.stmt]) -> ast.expr:
        """Return an expression whose kernels that move cells are called before it, in `out`.

        Raises Unsupported where what is left reads a cell, for it might have been read before the call.
        """
        before = len(out)
        result = _Expression(self, out).visit(node)
        moved = {name for put in out[before:] for name in map(_cell, ast.walk(put)) if name}
        if moved and any(_reads(each, moved) for each in ast.walk(result)):
            raise Unsupported(ast.unparse(node))
        return result  # type: ignore[no-any-return]  # what a visitor of expressions returns

    def place(self, node: ast.Subscript) -> Linear | None:
        """Return where a cell lies, None for a slot of the memory. Raises Unsupported for another array."""
        if not (isinstance(node.value, ast.Name) and node.value.id == MEMORY):
            raise Unsupported(ast.unparse(node))
        offset = self.scope.linear(node.slice)
        if offset is None:
            sums = (each for each in map(self.scope.linear, _parts(node.slice)) if each)
            self.form.rings |= set(islice(sums, 1))
        return offset

    def _moves(self, node: ast.AST) -> bool:
        """Tell whether a kernel is called that moves cells."""
        calls = (each for each in ast.walk(node) if isinstance(each, ast.Call))
        return any(answer[0].written for each in calls if (answer := self.called(each)))

    def called(self, node: ast.Call) -> tuple[KernelForm, dict[str, Linear | None]] | None:
        """Return the form of a kernel that is called, and its arguments as sums of this one's."""
        if not (node.args and isinstance(node.args[0], ast.Name) and node.args[0].id == MEMORY):
            return None
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise Unsupported(ast.unparse(node))
        kernel = self.scope.names[node.func.id]
        given = dict(
            zip(inspect.signature(kernel).parameters, map(self.scope.linear, node.args), strict=True)
        )
        varying = frozenset(name for name, answer in given.items() if answer is None)
        return self.written.form(kernel, varying), given


class _Expression(ast.NodeTransformer):
    """An expression, rewritten; calls that move cells go into `out`, which some of its parts have none of."""

    def __init__(self, body: _Body, out: list[ast.stmt] | None) -> None:
        self.body = body
        self._out = out

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Put in a constant's value, and take note of every other name of the module."""
        scope, names = self.body.scope, self.body.scope.names
        if node.id in scope.local or node.id not in names:
            return node
        value = names[node.id]
        if isinstance(value, int | float):
            return ast.Constant(value)
        self.body.written.known(node.id, value)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """Read a variable where a cell is read."""
        offset = self.body.place(node)
        if offset is not None:
            return ast.Name(self.body.form.cell(offset))
        return ast.Subscript(node.value, self.visit(node.slice))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Call a kernel with its cells."""
        body = self.body
        answer = body.called(node)
        if answer is None:
            return ast.Call(self.visit(node.func), [self.visit(each) for each in node.args], [])
        called, given = answer
        places = [offset for each in called.cells if (offset := each.within(given))]
        form = body.form
        form.rings |= {offset for each in called.rings if (offset := each.within(given))}
        arguments = [*map(self.visit, node.args), *(ast.Name(form.cell(each)) for each in places)]
        call = ast.Call(ast.Name(called.name), arguments, [])
        if not called.written:
            return call
        if self._out is None:
            raise Unsupported(ast.unparse(node))
        cells = [form.put(offset) for each in called.written if (offset := each.within(given))]
        body.spilled += 1
        value = [f"_t{body.spilled}"] if called.tells else []
        target = ast.Tuple([ast.Name(each) for each in (*value, *cells)])
        self._out.append(ast.Assign([target], call, lineno=0))
        return ast.Name(value[0]) if value else ast.Constant(None)

    def _sometimes(self, node: ast.expr) -> Any:
        return _Expression(self.body, None).visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """Allow what is always evaluated to move cells, and nothing else."""
        return ast.IfExp(self.visit(node.test), self._sometimes(node.body), self._sometimes(node.orelse))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """Allow the first to move cells."""
        return ast.BoolOp(node.op, [self.visit(node.values[0]), *map(self._sometimes, node.values[1:])])


def _tuple(places: Iterable[Linear], form: KernelForm, answer: ast.expr | None = None) -> ast.expr | None:
    cells: list[ast.expr] = [ast.Name(form.cells[each]) for each in places]
    return answer if not cells else ast.Tuple([*([] if answer is None else [answer]), *cells])


def _parts(node: ast.expr) -> list[ast.expr]:
    """Return the sums that stand on the left of a place's source: of `ring + slot + 1` the first two."""
    result = [node]
    while isinstance(result[-1], ast.BinOp):
        result.append(result[-1].left)
    return result


def _loaded(target: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(target), mode="eval").body


def _cell(node: ast.AST) -> str | None:
    return node.id if isinstance(node, ast.Name) and node.id.startswith("_c") else None


def _reads(node: ast.AST, moved: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in {MEMORY, *moved}

"""The subset of Python a kernel may use, so that the compiler takes it; checked without a compiler."""

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable
from types import ModuleType
from typing import Any
from weakref import WeakSet

from domain.kernel import KERNELS, PRIMITIVES
from reasoning.kernels.strategy import Strategy

BUILTINS = frozenset({int, float, abs, min, max, range, len})
NODES = (
    ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.If, ast.IfExp, ast.Assign, ast.AugAssign,
    ast.Expr, ast.For, ast.While, ast.Break, ast.Continue, ast.Pass, ast.BinOp, ast.UnaryOp, ast.BoolOp,
    ast.Compare, ast.Call, ast.Name, ast.Constant, ast.Tuple, ast.Subscript, ast.Attribute, ast.operator,
    ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context,
)  # fmt: skip  # a table of node types

Function = Callable[..., Any]

_SOUND: WeakSet[Function] = WeakSet()
"""Functions that were looked at, with all they call, and have no fault: each is read once."""


def compilable(strategy: Strategy[Any]) -> str | None:
    """Say why a strategy cannot be compiled, None when it can."""
    for function in (strategy.step, strategy.signal):
        if function not in KERNELS:
            return f"{_name(function)} is not marked @kernel"
        fault = fault_of(function)
        if fault is not None:
            return f"{_name(function)}: {fault}"
    return None


def fault_of(function: Function) -> str | None:
    """Say what in a function, or in a kernel it calls, is outside the subset; None when nothing is."""
    known = set(_SOUND)
    fault = _fault(function, known)
    if fault is None:
        _SOUND.update(known)
    return fault


def _fault(function: Function, known: set[Function]) -> str | None:
    if function in known or getattr(function, "__written__", False):  # by the house, of what it had checked
        return None
    known.add(function)
    try:
        tree = _tree(function)
    except (OSError, TypeError, SyntaxError) as error:
        return f"its source cannot be read: {error}"
    if getattr(function, "__closure__", None) is not None:
        return "it is a closure"
    if tree.args.kwonlyargs or tree.args.vararg or tree.args.kwarg or tree.args.defaults:
        return "only plain positional parameters without defaults are taken"
    local = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    local |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in ast.walk(tree):
        fault = _of_node(node) or _of_name(node, local, function, known)
        if fault is not None:
            return f"line {getattr(node, 'lineno', 1)}: {fault}"
    return None


def _of_node(node: ast.AST) -> str | None:
    if not isinstance(node, NODES):
        return f"{type(node).__name__} is outside the subset"
    if isinstance(node, ast.Constant) and type(node.value) not in (int, float, bool):
        return f"constant {node.value!r} is no number"
    if isinstance(node, ast.Call) and node.keywords:
        return "keyword arguments are not taken"
    return None


def _of_name(node: ast.AST, local: set[str], function: Function, visited: set[Function]) -> str | None:
    if not isinstance(node, ast.Name) or node.id in local:
        return None
    meaning = function.__globals__.get(node.id, getattr(builtins, node.id, None))
    if meaning in PRIMITIVES:
        return None
    if meaning in KERNELS:
        fault = _fault(meaning, visited)
        return None if fault is None else f"{node.id}: {fault}"
    known = isinstance(meaning, ModuleType) or meaning.__class__.__name__ == "builtin_function_or_method"
    if known and getattr(meaning, "__module__", getattr(meaning, "__name__", "")) == "math":
        return None
    numbers = isinstance(meaning, type) and issubclass(meaning, tuple)
    if _builtin(meaning) or type(meaning) in (int, float, bool) or numbers:
        return None
    return f"{node.id} is neither a kernel, a tuple nor a number"


def _builtin(meaning: object) -> bool:
    return any(meaning is known for known in BUILTINS)


def _tree(function: Function) -> ast.FunctionDef:
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    if not isinstance(node, ast.FunctionDef):
        raise TypeError("it is no function")
    node.decorator_list = []
    node.body = node.body[1:] if ast.get_docstring(node) else node.body
    for argument in ast.walk(node.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    node.returns = None
    return node


def _name(function: object) -> str:
    return str(getattr(function, "__name__", function))

"""Every kernel of the room keeps to what the compiler takes: numbers in, numbers out."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from domain.kernel import KERNELS
from risk import rules, sizing, stake

OURS = [function for function in KERNELS if function.__module__.startswith("risk.")]
FACTS = {"Facts", "AccountFacts", "Entry", "EntryOrders", "Feed", "Limits", "Sizing"}
NUMBERS = {"int", "float", "bool", "Measure", "Size", "StopLevel", "Sequence[int]"} | FACTS
NUMBERS |= {"None", "LeaveDue", "Sequence[float]", "MutableSequence[float]"}
FORBIDDEN = (
    ast.JoinedStr,
    ast.Dict,
    ast.Set,
    ast.List,
    ast.ListComp,
    ast.GeneratorExp,
    ast.Lambda,
    ast.Raise,
    ast.Try,
    ast.With,
    ast.Starred,
    ast.Global,
    ast.Nonlocal,
    ast.Await,
    ast.Yield,
)


def test_every_kernel_of_the_room_is_on_the_list() -> None:
    listed = {function.__name__ for function in OURS}
    assert {"first_denial", "size_entry", "loss_at_stop", "lots_within", "stop_level"} <= listed
    plain = {
        name
        for module in (rules, stake)
        for name, found in inspect.getmembers(module, inspect.isfunction)
        if found.__module__ == module.__name__ and name not in listed
    }
    assert plain == set(), "every function of rules and stake is a kernel"
    assert "explain" not in listed, "text is for people"
    assert inspect.getmodule(sizing.size_entry) is sizing


@pytest.mark.parametrize("function", OURS, ids=lambda function: function.__name__)
def test_a_kernel_takes_and_returns_numbers_and_builds_nothing_else(function: Callable[..., Any]) -> None:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(tree, ast.FunctionDef)
    assert not tree.args.kwonlyargs
    assert tree.args.vararg is None
    assert tree.args.kwarg is None
    assert not tree.args.defaults
    for argument in tree.args.args:
        assert argument.annotation is not None
        assert ast.unparse(argument.annotation) in NUMBERS
    assert tree.returns is not None
    assert ast.unparse(tree.returns) in NUMBERS
    for node in (inner for statement in tree.body[1:] for inner in ast.walk(statement)):
        assert not isinstance(node, FORBIDDEN)
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, str))
        assert not (isinstance(node, ast.Call) and node.keywords)

"""Kernels stay inside what a compiler of numeric Python takes, and do the same on a NumPy array."""

import ast
import builtins
import inspect
import math
import textwrap
from collections.abc import Callable
from typing import Any, get_type_hints

import numpy as np
import pytest

from domain.kernel import KERNELS
from reasoning.features import PLAN, features_now, features_size, features_step
from reasoning.indicators import Memory
from reasoning.settings import ReasoningSettings
from reasoning.strategies import STRATEGIES
from tests.reasoning.samples import walk

OURS = [kernel for kernel in KERNELS if kernel.__module__.startswith("reasoning.")]
ALLOWED_BUILTINS = {int, float, abs, min, max, range}
ALLOWED_NODES = (
    ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.If, ast.IfExp, ast.Assign, ast.AugAssign,
    ast.Expr, ast.For, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.Name, ast.Constant,
    ast.Tuple, ast.Subscript, ast.Attribute, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
    ast.expr_context,
)  # fmt: skip  # a table of node types


def _tree(kernel: Callable[..., Any]) -> ast.FunctionDef:
    node = ast.parse(textwrap.dedent(inspect.getsource(kernel))).body[0]
    assert isinstance(node, ast.FunctionDef)
    node.decorator_list = []
    node.body = node.body[1:] if ast.get_docstring(node) else node.body
    for argument in ast.walk(node.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    node.returns = None
    return node


def _meaning(kernel: Callable[..., Any], name: str) -> object:
    return kernel.__globals__.get(name, getattr(builtins, name, None))


def test_every_step_and_size_of_a_strategy_is_a_listed_kernel() -> None:
    for strategy in STRATEGIES.values():
        assert {strategy.step, strategy.signal, strategy.size, strategy.warmup} <= set(OURS)
    assert features_step in OURS
    assert len(OURS) >= 15


@pytest.mark.parametrize("kernel", OURS, ids=lambda kernel: kernel.__name__)
def test_a_kernel_uses_only_numbers_tuples_and_flat_arrays(kernel: Callable[..., Any]) -> None:
    tree = _tree(kernel)
    assert kernel.__closure__ is None
    assert not tree.args.kwonlyargs
    assert not tree.args.vararg
    assert not tree.args.kwarg
    assert not tree.args.defaults
    local = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    local |= {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(tree):
        assert isinstance(node, ALLOWED_NODES), f"{kernel.__name__}: {ast.dump(node)}"
        if isinstance(node, ast.Constant):
            assert type(node.value) in (int, float), f"{kernel.__name__}: constant {node.value!r}"
        if isinstance(node, ast.Call):
            assert not node.keywords, f"{kernel.__name__}: keyword argument"
        if isinstance(node, ast.Name) and node.id not in local:
            meaning = _meaning(kernel, node.id)
            known = meaning in KERNELS or meaning in ALLOWED_BUILTINS or type(meaning) in (int, float)
            numbers = isinstance(meaning, type) and issubclass(meaning, tuple)
            assert known or numbers, f"{kernel.__name__}: {node.id} is neither kernel, tuple nor number"


@pytest.mark.parametrize("kernel", OURS, ids=lambda kernel: kernel.__name__)
def test_a_kernel_takes_and_gives_numbers_only(kernel: Callable[..., Any]) -> None:
    def numeric(kind: object) -> bool:
        if isinstance(kind, type) and issubclass(kind, tuple):
            return all(hint in (int, float) for hint in get_type_hints(kind).values())
        return kind in (int, float, type(None)) or kind == Memory

    for name, hint in get_type_hints(kernel).items():
        assert numeric(hint), f"{kernel.__name__}: {name} is {hint}"


def test_an_array_of_float64_and_a_list_give_the_same_bits() -> None:
    settings = ReasoningSettings()
    candles = [tuple(float(part) for part in candle[1:]) for candle in walk(300, seed=11)]
    for name, strategy in STRATEGIES.items():
        packed = settings.packed(name)
        as_list: tuple[Memory, Memory] = ([0.0] * features_size(PLAN), [0.0] * strategy.size(packed))
        as_array: Any = (np.zeros(features_size(PLAN)), np.zeros(strategy.size(packed)))
        for candle in candles:
            told = []
            for shared, memory in (as_list, as_array):
                features_step(shared, PLAN, *candle[1:])
                told.append(strategy.hear(memory, packed, features_now(shared, PLAN), *candle))
            assert told[0] == told[1]
        assert as_list[1] == as_array[1].tolist()
        assert as_list[0] == as_array[0].tolist()
        assert all(type(number) is float and math.isfinite(number) for number in as_list[1])

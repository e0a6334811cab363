"""Kernels stay inside what a compiler of numeric Python takes, and do the same on a NumPy array."""

import ast
import dataclasses
import math
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any, get_type_hints

import numpy as np
import pytest

from domain.kernel import KERNELS, write_all
from reasoning.kernels.features import PLAN, features_now, features_size, features_step
from reasoning.kernels.indicators import Memory
from reasoning.kernels.subset import compilable, fault_of
from reasoning.settings import ReasoningSettings
from reasoning.strategies.registry import STRATEGIES
from tests.reasoning.samples import walk

SHIPPED = dict(STRATEGIES)
"""What there is before another test loads a user's."""

write_all()
OURS = [kernel for kernel in KERNELS if kernel.__module__.startswith("reasoning.")]


def test_every_step_and_size_of_a_strategy_is_a_listed_kernel() -> None:
    for strategy in SHIPPED.values():
        assert {strategy.step, strategy.signal, strategy.size, strategy.warmup} <= set(OURS)
    assert features_step in OURS
    assert len(OURS) >= 15


def test_a_built_in_strategy_is_written_once_and_only_when_it_is_needed() -> None:
    look = (
        "from domain.kernel import KERNELS, LATER, write_all\n"
        "from reasoning.strategies.registry import STRATEGIES\n"
        "before = len(KERNELS)\n"
        "assert len(LATER) == len(STRATEGIES)\n"
        "assert all(issubclass(each.params, object) and each.name for each in STRATEGIES.values())\n"
        "assert len(KERNELS) == before\n"
        "assert STRATEGIES['sma'].columns is not None and STRATEGIES['sma'].step.__module__.endswith('sma')\n"
        "written = len(KERNELS) - before\n"
        "write_all()\n"
        "assert len(KERNELS) - before == written * len(STRATEGIES)\n"
    )
    subprocess.run([sys.executable, "-c", look], check=True)


@pytest.mark.parametrize("kernel", OURS, ids=lambda kernel: kernel.__name__)
def test_a_kernel_uses_only_numbers_tuples_and_flat_arrays(kernel: Callable[..., Any]) -> None:
    assert fault_of(kernel) is None


def loops_over_letters() -> int:
    total = 0
    for letter in "abc":
        total += len(letter)
    return total


def asks_a_stranger(value: float) -> float:
    return math.exp(value) + float(len(ast.dump(ast.Name(id="x"))))


def has_a_default(value: float = 1.0) -> float:
    return value


@pytest.mark.parametrize(
    ("function", "word"),
    [
        (loops_over_letters, "line 3: constant 'abc' is no number"),
        (asks_a_stranger, "keyword arguments are not taken"),
        (has_a_default, "without defaults"),
        (lambda value: [value], "cannot be read|no function"),
    ],
)
def test_what_is_outside_the_subset_is_named(function: Callable[..., Any], word: str) -> None:
    assert re.search(word, fault_of(function) or "")


def test_a_strategy_that_is_not_marked_says_so() -> None:
    def step(*_: Any) -> int:
        return 0

    unmarked = dataclasses.replace(STRATEGIES["rsi"], step=step)
    assert compilable(unmarked) == "step is not marked @kernel"
    assert {compilable(strategy) for strategy in SHIPPED.values()} == {None}


@pytest.mark.parametrize("kernel", OURS, ids=lambda kernel: kernel.__name__)
def test_a_kernel_takes_and_gives_numbers_only(kernel: Callable[..., Any]) -> None:
    def numeric(kind: object) -> bool:
        if isinstance(kind, type) and issubclass(kind, tuple):
            return all(hint in (int, float) for hint in get_type_hints(kind).values())
        return kind in (int, float, type(None), Memory, Sequence[float], Sequence[int])

    for name, hint in get_type_hints(kernel).items():
        assert numeric(hint), f"{kernel.__name__}: {name} is {hint}"


def test_an_array_of_float64_and_a_list_give_the_same_bits() -> None:
    settings = ReasoningSettings()
    candles = [tuple(float(part) for part in candle[1:]) for candle in walk(300, seed=11)]
    for name, strategy in SHIPPED.items():
        packed = settings.packed(name)
        as_list: tuple[Memory, Memory] = ([0.0] * features_size(PLAN), [0.0] * strategy.size(packed))
        as_array: Any = (np.zeros(features_size(PLAN)), np.zeros(strategy.size(packed)))
        for candle in candles:
            told = []
            for shared, memory in (as_list, as_array):
                features_step(shared, PLAN, *candle[1:])
                now = (*candle, 0.0)
                told.append(strategy.on_candle(memory, packed, features_now(shared, PLAN), *now))
            assert told[0] == told[1]
        assert as_list[1] == as_array[1].tolist()
        assert as_list[0] == as_array[0].tolist()
        assert all(type(number) is float and math.isfinite(number) for number in as_list[1])

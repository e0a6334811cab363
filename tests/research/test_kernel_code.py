"""A kernel is code of what calls it and of nothing else; what it computes no caller's steps change."""

import gc
import math
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from llvmlite.binding import ffi

from domain.money import MAX_CASH, quotient, share_down, share_up
from research.engine import code_cache, kernel_code, machine_code
from research.engine.machine_code import MachineCode


def outside(one: float, other: float) -> float:
    return both(one, other) + 1.0


def ratio(one: float, other: float) -> float:
    return one / other


def both(one: float, other: float) -> float:
    return ratio(one, other) + ratio(other, one)


def walk(values: Any) -> float:
    total = 0.0
    for index in range(1, len(values)):
        total += both(values[index], values[index - 1])
    return total


def strict_walk(values: Any) -> float:
    return both(values[0], values[1])


def extremes(floats: Any, longs: Any, shorts: Any, results: Any) -> None:
    for index in range(len(floats)):
        one, other = floats[index], floats[index - 1]
        long, short = longs[index], shorts[index]
        results[index, 0], results[index, 1] = min(one, other), max(one, other)
        results[index, 2], results[index, 3] = min(long, short), max(short, long)
        results[index, 4], results[index, 5] = min(one, long, short), max(other, short, long)
        results[index, 6], results[index, 7] = min(long, 3, short, 0), max(one, other, 1.5, long)
        results[index, 8], results[index, 9] = int(2.5 * long), int(short)
        # numba's own: more than four, of other kinds, of a tuple.
        results[index, 10] = max(one, other, one, other, 0.5)
        results[index, 11] = min((long, long + 1)) + int(short > long)


def shares(amounts: Any, ppm: int) -> int:
    total = 0
    for amount in amounts:
        total ^= share_up(amount, ppm) ^ (share_down(amount, ppm) << 1) ^ quotient(amount, ppm)
    return total


VALUES, WITH_NOUGHT = np.array([1.0, 3.0, 7.0, 4.5]), np.array([1.0, 0.0])


@pytest.fixture(scope="module", autouse=True)
def _kernels() -> None:
    for each in (ratio, both):
        machine_code.jitable(each)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(code_cache.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))


def defined() -> set[str]:
    """Return the symbols that machine code was made of in this process."""
    from numba.core.registry import cpu_target  # noqa: PLC0415  # what numba keeps to itself

    symbols = cpu_target.target_context.codegen()._engine._defined_symbols
    return {each for each in symbols if "NumbaEnv" not in each}


@pytest.mark.parametrize("large", [True, False])
def test_no_kernel_is_made_machine_code_of_by_itself(*, large: bool) -> None:
    before = defined()
    code = MachineCode(walk, large=large)
    assert code(VALUES) == walk(VALUES)
    new = defined() - before
    assert any("walk" in each for each in new)
    assert not any("4both" in each or "5ratio" in each for each in new)


@pytest.mark.parametrize("large", [True, False])
def test_the_same_kernel_raises_for_who_wants_it_and_for_nobody_else(*, large: bool) -> None:
    for _ in range(2):
        assert math.isinf(MachineCode(walk, large=large)(WITH_NOUGHT))
        with pytest.raises(ZeroDivisionError):
            MachineCode(strict_walk, raising=True, large=large)(WITH_NOUGHT)


def test_any_function_numba_compiles_may_call_a_kernel_that_calls_others() -> None:
    njit: Any = numba.njit
    MachineCode(walk, large=True)(VALUES)
    assert njit(error_model="numpy")(outside)(3.0, 4.0) == outside(3.0, 4.0)


@pytest.mark.parametrize("large", [True, False])
def test_smallest_and_largest_in_a_kernel_are_python_s_to_the_bit_and_no_code_of_their_own(
    *, large: bool
) -> None:
    before = defined()
    floats = np.array([0.0, -0.0, 1.5, math.nan, -2.0, math.inf, math.nan, -0.0, 0.0, 7.0])
    longs, shorts = np.arange(10) * 3 - 14, (np.arange(10, dtype=np.int32) * 5 - 20).astype(np.int32)
    expected, found = np.zeros((10, 12)), np.zeros((10, 12))
    extremes(floats, longs, shorts, expected)
    MachineCode(extremes, large=large)(floats, longs, shorts, found)
    assert found.tobytes() == expected.tobytes()
    new = [each for each in defined() - before if each.startswith("_Z")]
    assert sum("builtins6ol_" in each for each in new) == 3, "numba's: five numbers, a tuple, a truth"
    assert not any("5least" in each or "7largest" in each for each in new)


def test_what_does_not_compile_leaves_nothing_remembered() -> None:
    heard, collected = len(ffi.lib._lock._cblist), gc.get_threshold()
    with pytest.raises(numba.TypingError):
        MachineCode(strict_walk)(1.0)
    assert not kernel_code._remembering
    assert len(ffi.lib._lock._cblist) == heard > 0
    assert gc.get_threshold() == collected
    assert kernel_code.compiler_of_kernels() is kernel_code.KernelCompiler


def test_the_numba_of_the_lock_file_is_the_one_whose_inner_parts_are_known() -> None:
    assert numba.__version__.startswith(machine_code.KNOWN_NUMBA)
    assert machine_code._own_steps(large=True) == {"pipeline_class": kernel_code.OutermostCompiler}


def test_with_another_numba_kernels_compile_the_usual_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_code, "KNOWN_NUMBA", "none")

    def third(one: float) -> float:
        return one / 3.0

    def thirds(values: Any) -> float:
        total = 0.0
        for each in values:
            total += third(each)
        return total

    machine_code.jitable(third)
    assert MachineCode(thirds, large=True)(VALUES) == thirds(VALUES)


def test_money_is_divided_by_machine_code_as_by_python() -> None:
    machine_code.register()
    code, few = MachineCode(shares), [0, 1, 999_999, 1_000_000, 10**12 + 7, MAX_CASH - 1, MAX_CASH]
    drawn = np.random.default_rng(1).integers(0, MAX_CASH, 100).tolist()
    for amount in [*few, *drawn]:
        for ppm in (1, 999_999, 1_000_000):
            assert code(np.array([amount]), ppm) == shares([amount], ppm)

"""The promise: Wilder's smoothing in machine code comes to the bits of the division that stands in Python."""

from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from reasoning.kernels.wilder import smoothed
from research.engine import dividing
from research.engine.machine_code import register

COUNT = 300_000
SMALL = [0.0, 5e-324, 1e-310, 2.3e-308, 1e-281, 9.9e-281]
EDGES = [*SMALL, 1.0, 3.0, 1e16, 1e280, 1.1e280, 1.7e308, np.inf, np.nan]
Numbers = NDArray[np.float64]


def all_of(averages: Any, by: Any, values: Any, out: Any) -> None:
    for index in range(len(out)):
        out[index] = smoothed(averages[index], by[index], values[index])


def machine() -> Any:
    """Return the kernel over arrays, made as the house makes its own."""
    register()
    njit: Any = numba.njit
    return njit(nogil=True, error_model="numpy")(all_of)


@pytest.fixture(scope="module")
def code() -> Any:
    return machine()


def held(code: Any, averages: Numbers, by: Any, values: Numbers) -> None:
    out = np.empty(len(averages))
    code(averages, by, values, out)
    with np.errstate(all="ignore"):
        wanted = (averages * (by - 1) + values) / by
    nothing = np.isnan(wanted)
    assert np.array_equal(np.isnan(out), nothing)
    wrong = np.flatnonzero((out.view(np.int64) != wanted.view(np.int64)) & ~nothing)
    assert not len(wrong), [(averages[each], by[each], values[each]) for each in wrong[:3]]


def periods(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    return np.where(rng.random(count) < 0.7, rng.integers(1, 500, count), rng.integers(1, 2**21, count))


def test_numbers_of_every_size_come_to_the_same_bits(code: Any) -> None:
    rng = np.random.default_rng(5)
    by = periods(rng, COUNT)
    near = rng.random(COUNT) * 10.0 ** rng.integers(-3, 6, COUNT)
    far = rng.random(COUNT) * 10.0 ** rng.integers(-300, 300, COUNT)
    held(code, near, by, near[::-1].copy())
    held(code, far, by, near)
    held(code, near, by, far)
    held(code, rng.permutation(far), by, far * rng.choice([-1.0, 1.0], COUNT))
    held(code, np.rint(near), by, np.rint(near[::-1]))


def test_quotients_beside_the_middle_of_two_floats_come_to_the_same_bits(code: Any) -> None:
    rng = np.random.default_rng(6)
    by = periods(rng, COUNT)
    wanted = rng.random(COUNT) + rng.choice([0.5, 1.0], COUNT)
    # n times a middle is no float: the nearest on both sides are divided, with and without an average.
    middle = wanted.astype(np.longdouble) + np.spacing(wanted).astype(np.longdouble) / 2
    total = (middle * by).astype(np.float64)
    for shift in (-np.inf, None, np.inf):
        whole = total if shift is None else np.nextafter(total, shift)
        held(code, np.zeros(COUNT), by, whole)
        average = wanted * rng.random(COUNT)
        held(code, average, by, np.maximum(whole - average * (by - 1), 0.0))


def test_what_cancels_is_divided(code: Any) -> None:
    rng = np.random.default_rng(9)
    by = periods(rng, COUNT)
    average = rng.random(COUNT) + 0.5
    other = -average * (by - 1) * (1.0 + rng.integers(-8, 9, COUNT) * 2.0**-50)
    held(code, average, by, other)
    held(code, -average, by, -other)


def test_what_no_estimate_is_made_of_is_divided(code: Any) -> None:
    signed = [sign * each for each in EDGES for sign in (1.0, -1.0)]
    by = np.array([-3, 0, 1, 2, 3, 14, 500, 2**20, 2**20 + 1, 2**40, 2**53 + 1])
    rows = np.array(np.meshgrid(signed, by.astype(float), signed)).reshape(3, -1)
    held(code, rows[0].copy(), rows[1].astype(np.int64), rows[2].copy())


def test_a_processor_without_fma_divides(code: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dividing, "FUSED", False)
    plain = machine()
    rng = np.random.default_rng(7)
    held(plain, rng.random(1_000), periods(rng, 1_000), rng.random(1_000))
    estimates = [next(iter(each.inspect_asm().values())).count("fmadd") for each in (code, plain)]
    assert estimates[1] == 0
    if dividing.has_fma():
        assert estimates[0] > 0


def test_by_no_whole_number_is_divided_as_it_stands(code: Any) -> None:
    rng = np.random.default_rng(8)
    held(code, rng.random(1_000), rng.random(1_000) * 50.0, rng.random(1_000))


def test_by_zero_raises_where_the_caller_s_division_does() -> None:
    register()
    njit: Any = numba.njit
    with pytest.raises(ZeroDivisionError):
        njit(error_model="python")(all_of)(np.ones(1), np.zeros(1, dtype=np.int64), np.ones(1), np.ones(1))

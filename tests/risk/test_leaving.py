"""A custom exit's program does what its instructions say, asks for a share, and never fails."""

import operator
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import custom_exit as to
from domain.exits import ExitPlan
from risk.exits import PROGRAM, part_due, places_at
from risk.leaving import DIVIDED, MILLION, LeaveDue, combined, leave_due, share_ppm, show_held

TWO: dict[int, Any] = {
    to.ADD: operator.add, to.SUBTRACT: operator.sub, to.MULTIPLY: operator.mul, to.LESSER: min,
    to.LARGER: max, to.BELOW: operator.lt, to.AT_MOST: operator.le, to.ABOVE: operator.gt,
    to.AT_LEAST: operator.ge, to.SAME: operator.eq, to.OTHER: operator.ne,
}  # fmt: skip  # a table
floats = st.floats(allow_nan=True, allow_infinity=True)


def run(*code: float, columns: tuple[float, ...] = (), stack: list[float] | None = None) -> LeaveDue:
    """Run a program that lies behind three other numbers, over columns of two candles each."""
    given_ = [9.0, 9.0, 9.0, *map(float, code)]
    places = [7, *range(0, len(columns), 2)]
    return leave_due(given_, 3, columns, places, 1, 1, [0.0] * to.ROOM if stack is None else stack)


@given(st.sampled_from(sorted(TWO)), floats, floats)
def test_two_numbers_come_to_what_python_makes_of_them(what: int, one: float, other: float) -> None:
    assert repr(combined(what, one, other)) == repr(float(TWO[what](one, other)))


@given(floats)
def test_a_share_is_between_none_and_all(share: float) -> None:
    ppm = share_ppm(share)
    assert 0 <= ppm <= MILLION
    assert ppm == (0 if not share > 0 else MILLION if share >= 1 else int(share * 1e6 + 0.5))


def test_each_instruction_does_what_it_says() -> None:
    assert run(to.CONSTANT, 0.25, to.END, 3) == (250_000, 3)
    columns = 0.1, 0.2, 0.3, 0.4
    assert run(to.NOW, 1, to.END, 0, columns=columns).share == 400_000
    assert run(to.LAST, 1, to.END, 0, columns=columns).share == 300_000
    assert run(to.NOW, 0, to.LAST, 0, to.ADD, 0, to.END, 0, columns=columns).share == 300_000
    assert run(to.CONSTANT, -0.5, to.NEGATE, 0, to.END, 0).share == 500_000
    assert run(to.CONSTANT, -0.5, to.ABSOLUTE, 0, to.END, 0).share == 500_000
    assert run(to.CONSTANT, 0, to.NOT, 0, to.END, 0).share == MILLION
    assert run(to.CONSTANT, nan, to.NOT, 0, to.END, 0).share == 0
    assert run(to.CONSTANT, 1, to.CONSTANT, 4, to.DIVIDE, 12, to.END, 0).share == 250_000
    assert run(to.CONSTANT, 0.7, to.SET, 2, to.CONSTANT, 1, to.OWN, 2, to.END, 0).share == 700_000
    assert run(to.JUMP, 2, to.END, 0, to.CONSTANT, 1, to.END, 5) == (MILLION, 5)


@pytest.mark.parametrize(("test", "share"), [(0.0, 300_000), (1.0, 600_000), (nan, 600_000)])
def test_a_jump_is_taken_where_the_test_is_false(test: float, share: int) -> None:
    code = to.CONSTANT, test, to.UNLESS, 4, to.CONSTANT, 0.6, to.END, 0, to.CONSTANT, 0.3, to.END, 0
    assert run(*code).share == share


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_a_division_by_zero_asks_for_nothing_and_is_counted_with_its_line(zero: float) -> None:
    stack = [0.0] * to.ROOM
    code = to.CONSTANT, 1, to.CONSTANT, zero, to.DIVIDE, 31, to.END, 0
    assert run(*code, stack=stack) == run(*code, stack=stack) == (0, DIVIDED)
    assert stack[to.FAULTS] == 2
    assert stack[to.FAULT_LINE] == 31


@given(
    st.integers(1, 10**9), st.integers(1, 10**12), st.integers(1, 10**9), st.integers(0, 10**11),
    st.integers(0, 10**9), st.integers(1, 10**9), st.integers(0, 10**9),
)  # fmt: skip  # as they are named below
def test_a_program_reads_the_numbers_of_the_position(
    price: int, bought: int, units: int, held_ms: int, stop: int, lots: int, sold: int
) -> None:
    stack = [0.0] * to.ROOM
    show_held(stack, price, bought, units, held_ms, stop, lots, lots + sold)
    held = dict(zip(to.HELD, stack, strict=False))
    assert held["entry"] == bought / units
    assert held["gain"] == price / held["entry"] - 1
    assert held["minutes"] == held_ms / 60_000
    assert held["stop"] == stop
    assert held["left"] == lots / (lots + sold)
    assert not any(stack[len(to.HELD) :])
    place = to.HELD.index("gain")
    assert run(to.POSITION, place, to.END, 0, stack=stack).share == share_ppm(held["gain"])


def test_a_plan_says_where_its_program_and_what_that_reads_lie() -> None:
    plan = ExitPlan(roi=((0, 5),), parts=((1, 2), (3, 4))).numbers(40, (70, 90))
    numbers = [8, 8, *plan]
    assert numbers[2 + PROGRAM] == 40
    first = places_at(numbers, 2)
    assert numbers[first:] == [70, 90]


def test_a_share_that_is_asked_for_counts_beside_the_declared_ones() -> None:
    plan = ExitPlan(parts=((10_000, 300_000),)).numbers()
    at = 100, 1, 1_000, 0  # bought for 100 a unit, nothing sold
    assert part_due(plan, 0, 100, *at, 400_000) == 400
    assert part_due(plan, 0, 102, *at, 400_000) == 400
    assert part_due(plan, 0, 102, *at, 200_000) == 300
    assert part_due(plan, 0, 102, 100, 1, 1_000, 350, 200_000) == 0


def test_what_is_no_number_is_no_share() -> None:
    assert run(to.CONSTANT, inf, to.CONSTANT, inf, to.SUBTRACT, 0, to.END, 0).share == 0

"""The program of a custom exit is run only where all it reads is there and it comes to an end."""

import pytest

from domain.custom_exit import (
    ADD,
    CONSTANT,
    DIVIDE,
    END,
    HELD,
    JUMP,
    MOST_CODE,
    MOST_DEPTH,
    NOW,
    OWN,
    POSITION,
    SET,
    UNLESS,
    CustomExit,
    fault_of,
)
from domain.exits import BY_CUSTOM, ENDINGS, STOPS, ExitPlan

HALF = (CONSTANT, 0.5, END, 0)


def program(
    *code: float, numbers: tuple[str, ...] = ("close",), reasons: tuple[str, ...] = ("x",)
) -> CustomExit:
    return CustomExit(tuple(map(float, code)), numbers, reasons)


def test_what_reads_what_is_there_and_ends_can_be_run() -> None:
    assert fault_of(program(*HALF)) == ""
    whole = program(
        POSITION, 0, UNLESS, 5, NOW, 0, SET, 0, JUMP, 7, CONSTANT, 1, SET, 0, OWN, 0, CONSTANT, 2, DIVIDE, 9,
        END, -1,
    )  # fmt: skip  # an instruction is a pair
    assert fault_of(whole) == ""
    behind = program(*HALF, ADD, 0)  # no way leads there
    assert fault_of(behind) == ""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ((), "no list of 1 to"),
        ((CONSTANT,), "no list of 1 to"),
        ((CONSTANT, float("nan"), END, 0), "no list of 1 to"),
        (HALF * MOST_CODE, "no list of 1 to"),
        ((99, 0, END, 0), "instruction 0 is none"),
        ((0.5, 0, END, 0), "instruction 0 is none"),
        ((-1, 0, END, 0), "instruction 0 is none"),
        ((NOW, 1, END, 0), "reads number 1 of 1"),
        ((NOW, 0.5, END, 0), "reads number 0.5 of 1"),
        ((POSITION, len(HELD), END, 0), "reads number 5 of 5"),
        ((POSITION, -1, END, 0), "reads number -1 of 5"),
        ((OWN, 0, END, 0), "reads a name that has no value there"),
        ((CONSTANT, 1, UNLESS, 4, CONSTANT, 1, SET, 3, OWN, 3, END, 0), "a name that has no value there"),
        ((CONSTANT, 1, END, 1), "gives reason 1 of 1"),
        ((CONSTANT, 1, END, -2), "gives reason -2 of 1"),
        ((END, 0), "has 0 numbers at hand"),
        ((CONSTANT, 1, ADD, 0, END, 0), "has 1 numbers at hand"),
        ((CONSTANT, 1) * (MOST_DEPTH + 1), "has 64 numbers at hand"),
        ((CONSTANT, 1), "instruction 0 leads to 1 of 1"),
        ((JUMP, 0), "instruction 0 leads to 0 of 1"),
        ((JUMP, 7, *HALF), "instruction 0 leads to 7 of 3"),
        ((CONSTANT, 1, UNLESS, 3, CONSTANT, 1, *HALF), "two ways lead to instruction 3"),
    ],
)
def test_what_cannot_be_run_says_why(code: tuple[float, ...], words: str) -> None:
    assert words in fault_of(program(*code))


def test_a_plan_tells_its_reasons_and_where_its_program_lies() -> None:
    leave = program(*HALF, reasons=("the mean was lost", "half of it"))
    plan = ExitPlan(parts=((1, 2),), leave=leave)
    assert plan.words()[-1] == "custom: the mean was lost; half of it"
    assert ExitPlan(leave=program(*HALF, reasons=())).words() == ("custom: leave of its strategy",)
    assert plan.numbers(40, (7, 9)) == [0, 0, 0, 0, 1, 40, 0, 1, 2, 7, 9]
    added = ExitPlan(adds=((-3, 4),), leave=leave).numbers(40, (7, 9))
    assert added == [0, 0, 0, 0, 0, 40, 1, -3, 4, 7, 9]
    assert plan.numbers()[5] == -1
    assert leave.reason(1) == "half of it"
    assert leave.reason(-1) == leave.reason(2) == ""
    assert ENDINGS[BY_CUSTOM] == "custom"
    assert ENDINGS[BY_CUSTOM] not in STOPS

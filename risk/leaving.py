"""A custom exit's program, run on a closed candle: how much of a position is to be sold by now.

The same kernel runs it in the loop and in a replay, over the same numbers. A division by zero ends it: on
such a candle the exit asks for nothing, and it is counted.
"""

from collections.abc import MutableSequence, Sequence
from typing import NamedTuple

from domain.custom_exit import (
    ABOVE,
    ABSOLUTE,
    ADD,
    AT_LEAST,
    AT_MOST,
    BELOW,
    CONSTANT,
    DIVIDE,
    END,
    FAULT_LINE,
    FAULTS,
    HELD,
    JUMP,
    LARGER,
    LAST,
    LESSER,
    MULTIPLY,
    NEGATE,
    NOT,
    NOW,
    OWN,
    POSITION,
    SAME,
    SET,
    STACK,
    SUBTRACT,
    UNLESS,
)
from domain.kernel import kernel
from domain.times import MINUTE_MS

MILLION = 1_000_000
SLOTS = len(HELD)
"""Where the local names begin."""
DIVIDED = -2
"""In the place of a reason: it divided by zero, and the stack says at which line."""


class LeaveDue(NamedTuple):
    """The share of all that was bought to be sold by now, in ppm, and the place of the reason."""

    share: int
    reason: int


@kernel
def show_held(
    stack: MutableSequence[float],
    price: int,
    bought: int,
    units: int,
    held_ms: int,
    stop: int,
    lots: int,
    bought_lots: int,
) -> None:
    """Write the numbers of a position where its program reads them, in the order of HELD.

    `bought / units` is its average entry, `price` the quote, or the close where there is none.
    """
    entry = float(bought) / float(units)
    stack[0] = float(price) / entry - 1.0
    stack[1] = float(held_ms) / float(MINUTE_MS)
    stack[2] = entry
    stack[3] = float(stop)
    stack[4] = float(lots) / float(bought_lots)


@kernel
def share_ppm(share: float) -> int:
    """Return a share in ppm: 0 for none and for no number, a million for all and more."""
    if share >= 1.0:
        return MILLION
    return int(share * 1_000_000.0 + 0.5) if share > 0.0 else 0


@kernel
def combined(what: int, one: float, other: float) -> float:
    """Return what an instruction of two numbers comes to, but for a division."""
    if what <= MULTIPLY:
        if what == ADD:
            return one + other
        return one - other if what == SUBTRACT else one * other
    if what == LESSER:
        return other if other < one else one  # noqa: FURB136  # as Python's, of what is no number too
    if what == LARGER:
        return other if other > one else one  # noqa: FURB136  # as above
    if what == BELOW:
        true = one < other
    elif what == AT_MOST:
        true = one <= other
    elif what == ABOVE:
        true = one > other
    elif what == AT_LEAST:
        true = one >= other
    elif what == SAME:
        true = one == other
    else:
        true = one != other
    return 1.0 if true else 0.0


@kernel
def leave_due(  # noqa: C901, PLR0912  # one case an instruction
    code: Sequence[float],
    at: int,
    columns: Sequence[float],
    places: Sequence[int],
    first: int,
    index: int,
    stack: MutableSequence[float],
) -> LeaveDue:
    """Run the program that begins at `code[at]` after `show_held`.

    Number k of this candle is `columns[places[first + k] + index]`, of the one before it lies one below.
    """
    top, step = STACK, 0
    while True:
        what = int(code[at + 2 * step])
        argument = code[at + 2 * step + 1]
        step += 1
        if what == CONSTANT:
            stack[top] = argument
            top += 1
        elif what == NOW:
            stack[top] = columns[places[first + int(argument)] + index]
            top += 1
        elif what == LAST:
            stack[top] = columns[places[first + int(argument)] + index - 1]
            top += 1
        elif what == POSITION:
            stack[top] = stack[int(argument)]
            top += 1
        elif what == OWN:
            stack[top] = stack[SLOTS + int(argument)]
            top += 1
        elif what == SET:
            top -= 1
            stack[SLOTS + int(argument)] = stack[top]
        elif what == JUMP:
            step = int(argument)
        elif what == UNLESS:
            top -= 1
            if stack[top] == 0.0:
                step = int(argument)
        elif what == NEGATE:
            stack[top - 1] = -stack[top - 1]
        elif what == ABSOLUTE:
            stack[top - 1] = abs(stack[top - 1])
        elif what == NOT:
            stack[top - 1] = 1.0 if stack[top - 1] == 0.0 else 0.0
        elif what == END:
            return LeaveDue(share_ppm(stack[top - 1]), int(argument))
        elif what == DIVIDE:
            top -= 1
            if stack[top] == 0.0:
                stack[FAULTS] += 1.0
                stack[FAULT_LINE] = argument
                return LeaveDue(0, DIVIDED)
            stack[top - 1] = stack[top - 1] / stack[top]
        else:
            top -= 1
            stack[top - 1] = combined(what, stack[top - 1], stack[top])

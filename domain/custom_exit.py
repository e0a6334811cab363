"""The program of a custom exit: flat numbers made of a strategy's `leave`, which travel with a position.

An instruction is a pair of floats, what it does and its argument, for a stack of floats. Jumps lead forward
only, so every program ends; a truth is 1.0 or 0.0. `risk.leaving` runs it.
"""

from collections.abc import Iterator
from functools import lru_cache
from math import isfinite

import msgspec

HELD = ("gain", "minutes", "entry", "stop", "left")
"""The numbers of a position that a program reads: gain over the average entry as a share of it, minutes held,
average entry and resting stop (0.0: none) in ticks, and the share left of all that was bought."""

CONSTANT, NOW, LAST, POSITION, OWN, SET = 0, 1, 2, 3, 4, 5
ADD, SUBTRACT, MULTIPLY, DIVIDE, NEGATE, ABSOLUTE, LESSER, LARGER = 6, 7, 8, 9, 10, 11, 12, 13
BELOW, AT_MOST, ABOVE, AT_LEAST, SAME, OTHER, NOT = 14, 15, 16, 17, 18, 19, 20
JUMP, UNLESS, END = 21, 22, 23
"""NOW and LAST push a number of this candle or the one before, POSITION one of HELD; OWN and SET a local
name. The argument of DIVIDE is its line in the file. UNLESS jumps where what it takes is 0.0. END takes the
share to be sold by now; its argument is the index of the reason, NO_REASON for none."""

NO_REASON = -1
MOST_NAMES = 32
MOST_DEPTH = 64
STACK = len(HELD) + MOST_NAMES
"""Where the stack begins; before it lie the numbers of the position and the local names."""
FAULTS, FAULT_LINE = STACK + MOST_DEPTH, STACK + MOST_DEPTH + 1
"""Where it is counted how often a program divided by zero, and the last such line."""
ROOM = FAULT_LINE + 1
"""Floats that a program runs in."""
MOST_CODE = 4_096
"""Instructions of a program at most."""

TAKEN = {SET: 1, NEGATE: 1, ABSOLUTE: 1, NOT: 1, UNLESS: 1, END: 1} | dict.fromkeys(
    (ADD, SUBTRACT, MULTIPLY, DIVIDE, LESSER, LARGER, BELOW, AT_MOST, ABOVE, AT_LEAST, SAME, OTHER), 2
)
"""Floats an instruction takes off the stack; none where it is not named."""
PUSHING = frozenset(range(END + 1)) - {SET, JUMP, UNLESS, END}
"""Instructions that put one onto it."""


class CustomExit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A custom exit, its parameters filled in: its program, the numbers that reads by name, its reasons."""

    code: tuple[float, ...]
    numbers: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    def reason(self, index: int) -> str:
        """Return the reason at an index, "" for none."""
        return self.reasons[index] if 0 <= index < len(self.reasons) else ""


@lru_cache(64)
def fault_of(leave: CustomExit) -> str:
    """Say why a program cannot be run, "" where it can: it reads what is there, and ends.

    Machine code looks at none of this, so whoever runs a program somebody may have written asks here first.
    """
    return next(_faults(leave), "")


def _faults(leave: CustomExit) -> Iterator[str]:  # noqa: C901  # one test a kind of fault
    code = leave.code
    steps = list(zip(code[::2], code[1::2], strict=False))
    if len(code) % 2 or not 0 < len(steps) <= MOST_CODE or not all(map(isfinite, code)):
        yield f"it is no list of 1 to {MOST_CODE} pairs of finite numbers"
        return
    limits = {
        NOW: len(leave.numbers), LAST: len(leave.numbers), POSITION: len(HELD), OWN: MOST_NAMES,
        SET: MOST_NAMES,
    }  # fmt: skip
    known: dict[int, tuple[int, frozenset[float]]] = {0: (0, frozenset())}
    for index, (what, argument) in enumerate(steps):
        if index not in known:
            continue  # no way leads there
        depth, names = known[index]
        after = depth - TAKEN.get(int(what), 0) + (what in PUSHING)
        whole = argument == int(argument)
        if what != int(what) or not 0 <= what <= END:
            yield f"instruction {index} is none"
        elif what in limits and not (whole and 0 <= argument < limits[int(what)]):
            yield f"instruction {index} reads number {argument:g} of {limits[int(what)]}"
        elif what == OWN and argument not in names:
            yield f"instruction {index} reads a name that has no value there"
        elif what == END and not (whole and NO_REASON <= argument < len(leave.reasons)):
            yield f"instruction {index} gives reason {argument:g} of {len(leave.reasons)}"
        elif depth < TAKEN.get(int(what), 0) or after > MOST_DEPTH:
            yield f"instruction {index} has {depth} numbers at hand"
        names |= {argument} if what == SET else frozenset()
        for target in _next(index, int(what), argument):
            if target != int(target) or not index < target < len(steps):
                yield f"instruction {index} leads to {target:g} of {len(steps)}"
                return
            before = known.get(int(target), (after, names))
            if before[0] != after:
                yield f"two ways lead to instruction {target:g} with other numbers at hand"
            known[int(target)] = after, names & before[1]


def _next(index: int, what: int, argument: float) -> tuple[float, ...]:
    """Return where an instruction leads."""
    if what == END:
        return ()
    return {JUMP: (argument,), UNLESS: (argument, index + 1)}.get(what, (index + 1,))

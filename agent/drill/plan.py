"""Which cases a drill runs: every failpoint, fault and wait for an answer, and recoveries killed too."""

import random
from collections.abc import Iterator

from agent.drill.scenario import AFTER, BEFORE, FAULTS, Case

MESSAGES = 14
"""New orders and cancels of an undisturbed run of the scenario, about."""

RECOVERY_POINTS = (1, 2, 3, 5, 8, 12)


def every_case(points: int) -> Iterator[Case]:
    """Yield the whole matrix for a scenario that passes `points` failpoints."""
    for fault in FAULTS:
        step = 1 if fault == "none" else 2
        for point in range(1, points + 1, step):
            yield Case(fault, point=point)
    for fault in FAULTS:
        for waits in (BEFORE, AFTER):
            for message in range(1, MESSAGES + 1):
                yield Case(fault, waits=waits, message=message)
    for fault in FAULTS:
        for number, again in enumerate(RECOVERY_POINTS):
            yield Case(fault, point=points // 2 + 7 * number, again=again)


def cases(points: int, most: int | None, seed: int) -> list[Case]:
    """Return the matrix in an order of the seed's, at most `most` cases of it."""
    found = list(every_case(points))
    random.Random(seed).shuffle(found)  # noqa: S311 -- which cases come first, no secret
    return found if most is None else found[:most]

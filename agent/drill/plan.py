"""The matrix of drill cases: every failpoint, fault, wait and fact, and recoveries killed too."""

import random
from collections.abc import Iterator, Sequence

from agent.drill.facts import FACTS
from agent.drill.scenario import AFTER, BEFORE, FAULTS, DrillCase

MESSAGES = 14
"""New orders and cancels of an undisturbed run of the scenario, about."""

RECOVERY_POINTS = (1, 2, 3, 5, 8, 12)


POINT_STEP = 4
"""Every so many failpoints are crossed with a fact, each fact's own; all of them with a thorough one."""

TIMES, FACTS_AXIS = "times", "facts"
AXES = (TIMES, FACTS_AXIS)


def every_case(points: int, axes: Sequence[str] = AXES) -> Iterator[DrillCase]:
    """Yield the matrix of some axes for a scenario that passes `points` failpoints."""
    if TIMES in axes:
        yield from _times(points)
    if FACTS_AXIS in axes:
        yield from _facts(points)


def _facts(points: int) -> Iterator[DrillCase]:
    """Yield every fact crossed with failpoints, with waits for an answer, and with recoveries killed too."""
    for number, (fact, known) in enumerate(FACTS.items()):
        step = 1 if known.thorough else POINT_STEP
        for point in range(1 + number % step, points + 1, step):
            yield DrillCase(point=point, fact=fact)
        for message in range(1, MESSAGES // 2 + 1):
            yield DrillCase(waits=(BEFORE, AFTER)[(message + number) % 2], message=message, fact=fact)
        for step, again in enumerate(RECOVERY_POINTS):
            yield DrillCase(point=points // 2 + 7 * step, again=again, fact=fact)


def _times(points: int) -> Iterator[DrillCase]:
    """Yield every fault crossed with failpoints, with waits for an answer, and with recoveries killed too."""
    for fault in FAULTS:
        step = 1 if fault == "none" else 2
        for point in range(1, points + 1, step):
            yield DrillCase(fault, point=point)
    for fault in FAULTS:
        for waits in (BEFORE, AFTER):
            for message in range(1, MESSAGES + 1):
                yield DrillCase(fault, waits=waits, message=message)
    for fault in FAULTS:
        for number, again in enumerate(RECOVERY_POINTS):
            yield DrillCase(fault, point=points // 2 + 7 * number, again=again)


def cases(points: int, most: int | None, seed: int, axes: Sequence[str] = AXES) -> list[DrillCase]:
    """Return the matrix of some axes in an order of the seed's, at most `most` cases of it."""
    result = list(every_case(points, axes))
    random.Random(seed).shuffle(result)  # noqa: S311 -- which cases come first, no secret
    return result if most is None else result[:most]

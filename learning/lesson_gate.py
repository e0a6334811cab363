"""The gate before lessons that were held back count again: whether they would have helped. Pure.

Two agents are followed over the trades learned since the set in force: one keeps its weights, the other
learns, and each says of a trade, by the lessons before it alone, how likely it is to earn something: p =
1/2 + score / 200, the score being that of the vote. Learning passes where its squared error is the smaller
one and where it leaned towards what earned, both with the lower end of a 95 % interval above 0, on enough
trades.
"""

from collections.abc import Iterable, Sequence
from math import sqrt
from typing import NamedTuple

import msgspec

from domain.advice import VOICE
from domain.decision import Voice
from domain.lesson import Beliefs, Lesson
from learning.hedge import fold
from learning.memory import LessonMemory, weights_of
from learning.settings import LearningSettings

LEAST_TRADES = 30
"""Trades below which there is no promotion."""

WIDE = 1.959963984540054
"""Normal deviate of a 95 % interval."""


class LessonProof(msgspec.Struct, frozen=True, kw_only=True):
    """The measures over the `trades` learned since set `since`, up to set `until`.

    `gain` is by how much learning lowers the squared error of a trade, `lean` by how much it shifts its
    probability times what the trade returned; each a mean with its lower end. None stands for no basis.
    """

    since: int
    until: int
    trades: int
    gain: float | None
    gain_low: float | None
    lean: float | None
    lean_low: float | None


class LessonCondition(NamedTuple):
    """One condition: its name, what was measured, the limit, and that it held."""

    name: str
    value: float | None
    limit: str
    passed: bool


def lesson_proof(memory: LessonMemory, settings: LearningSettings) -> LessonProof:
    """Return the proof of what was learned since the set in force, as far as it is still kept."""
    since = max(memory.in_force.number, memory.first)
    still = weights_of(memory, memory.in_force.number, settings) if since else Beliefs()
    fixed = memory.beliefs if memory.held is not None else still
    learning = weights_of(memory, since, settings) if since > memory.first else memory.base
    gains, leans = [], []
    for each in memory.kept[since - memory.first :]:
        lesson = each.lesson
        if lesson.kind == "trade" and _votes(lesson):
            was, now = _chance(lesson, fixed), _chance(lesson, learning)
            won = float(lesson.result > 0)
            gains.append((was - won) ** 2 - (now - won) ** 2)
            leans.append((now - was) * lesson.result)
        learning = fold(learning, lesson, settings)
    gain, lean = _mean_and_low(gains), _mean_and_low(leans)
    return LessonProof(
        since=since,
        until=memory.learned.number,
        trades=len(gains),
        gain=gain[0],
        gain_low=gain[1],
        lean=lean[0],
        lean_low=lean[1],
    )


def conditions(proof: LessonProof) -> list[LessonCondition]:
    """Return every condition with its value and limit."""
    enough = proof.trades >= LEAST_TRADES
    figures = (
        ("gain in squared error", proof.gain),
        ("gain in squared error, lower end", proof.gain_low),
        ("lean towards what earned", proof.lean),
        ("lean towards what earned, lower end", proof.lean_low),
    )
    return [
        LessonCondition("trades", proof.trades, f"at least {LEAST_TRADES}", enough),
        *(
            LessonCondition(name, value, "above 0", value is not None and value > 0)
            for name, value in figures
        ),
    ]


def _votes(lesson: Lesson) -> list[Voice]:
    return [each for each in lesson.context.voices if each.vote and not each.name.startswith(VOICE)]


def _chance(lesson: Lesson, beliefs: Beliefs) -> float:
    """Return the chance the vote would have stated with these weights."""
    pull = total = 0.0
    for each in _votes(lesson):
        weight = beliefs.weight(each.name)
        pull += weight * each.vote * each.confidence
        total += weight
    return min(1.0, max(0.0, 0.5 + (pull / total if total else 0.0) / 200.0))


def _mean_and_low(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Return mean and lower end of its 95 % interval, by the standard error; None below two values."""
    if len(values) < 2:
        return None, None
    mean = sum(values) / len(values)
    return mean, mean - WIDE * sqrt(_variance(values, mean) / len(values))


def _variance(values: Iterable[float], mean: float) -> float:
    squares = [(each - mean) ** 2 for each in values]
    return sum(squares) / (len(squares) - 1)

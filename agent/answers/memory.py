"""Answers on the memory of an account: which lessons are in force."""

from datetime import datetime

from msgspec import Struct

from learning.lesson_gate import LessonProof


class LessonSetRow(Struct, frozen=True, kw_only=True):
    """A set of lessons that was put in force: the first `lessons` of the journal, and their chained digest.

    With `follows` every later lesson joined it.
    """

    version: int
    lessons: int
    sha256: str
    follows: bool
    at: datetime
    by: str
    reason: str


class MemoryRule(Struct, frozen=True, kw_only=True):
    """One condition of a promotion: what was measured and what it must be."""

    name: str
    value: float | None
    limit: str
    passed: bool


class MemoryAnswer(Struct, frozen=True, kw_only=True):
    """`agent memory list`: the lessons learned so far, the set in force, the weights it comes to.

    Sets are numbered by their last lesson; `earliest` is the one a rollback reaches. `proof` and `rules` say
    what a promotion would be judged by, where an earlier set is in force.
    """

    journal: str
    learned: int
    learned_sha256: str
    in_force: int
    in_force_sha256: str
    follows: bool
    earliest: int
    weights: dict[str, float]
    sets: list[LessonSetRow]
    proof: LessonProof | None
    rules: list[MemoryRule]

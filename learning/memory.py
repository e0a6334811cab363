"""The memory of an account: its lessons by number, and the set of them that is in force. Pure, folded.

Lessons are counted from 1 as the journal has them. Set N is the first N of them; its digest chains theirs, so
that one name stands for one content. While nothing else is set each lesson joins the set in force as it is
learned. A rollback puts an earlier set in force: later lessons are counted and kept, and nothing rests on
them.

A weight is that of an instant: of a candle's decision no lesson is part that was learned when the candle
closed or after, wherever a late candle or a slow venue would let it. Of everything only so much is kept as
may still be asked for.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from domain.lesson import Beliefs, Lesson
from domain.times import millis
from learning.hedge import fold
from learning.settings import LearningSettings

KEPT = 256
"""Lessons kept with the sets they end, the latest ones: how far a rollback reaches."""

WEIGHED = 32
"""Changes of weights kept, the latest ones; before them nothing is known."""

_encode = msgspec.json.Encoder().encode


class KeptLesson(msgspec.Struct, frozen=True):
    """A lesson, without the words of its voices, and the digest of the set that it ends."""

    sha256: str
    lesson: Lesson


class Weighed(msgspec.Struct, frozen=True):
    """Weights, and when the newest lesson behind them was learned, in ms."""

    known_at: int
    beliefs: Beliefs


class LessonSet(msgspec.Struct, frozen=True):
    """A set of lessons by its number and digest."""

    number: int = 0
    sha256: str = ""


class LessonMemory(msgspec.Struct, frozen=True):
    """The lessons of a journal.

    `learned` is the set of all; `held` the one in force where later ones do not join, None where all do, and
    `told` its latest lessons then. `kept` are the latest lessons of all, `base` the weights before them.
    `weighed` are the weights in force, each change of them, oldest first.
    """

    learned: LessonSet = LessonSet()
    held: LessonSet | None = None
    kept: tuple[KeptLesson, ...] = ()
    base: Beliefs = Beliefs()
    told: tuple[Lesson, ...] = ()
    weighed: tuple[Weighed, ...] = ()

    @property
    def in_force(self) -> LessonSet:
        """The set that weights and questions rest on."""
        return self.learned if self.held is None else self.held

    @property
    def first(self) -> int:
        """Number of the earliest set that can still be gone back to."""
        return self.learned.number - len(self.kept)

    @property
    def beliefs(self) -> Beliefs:
        """The weights in force, of every lesson in the set."""
        return self.weighed[-1].beliefs if self.weighed else Beliefs()

    def beliefs_before(self, closed_ms: int) -> Beliefs:
        """Return the weights in force by lessons learned before an instant alone."""
        for each in reversed(self.weighed):
            if each.known_at < closed_ms:
                return each.beliefs
        return Beliefs()

    def recent(self) -> Sequence[Lesson]:
        """Return the latest lessons of the set in force, oldest first."""
        return self.told if self.held is not None else tuple(each.lesson for each in self.kept)


def after_lesson(memory: LessonMemory, lesson: Lesson, settings: LearningSettings) -> LessonMemory:
    """Return a memory with one more lesson."""
    learned = LessonSet(memory.learned.number + 1, chained(memory.learned.sha256, lesson))
    kept, base = (*memory.kept, KeptLesson(learned.sha256, _bare(lesson))), memory.base
    if len(kept) > KEPT:
        base = fold(base, kept[0].lesson, settings)
        kept = kept[1:]
    weighed = memory.weighed if memory.held is not None else _weighed(memory.weighed, lesson, settings)
    return msgspec.structs.replace(memory, learned=learned, kept=kept, base=base, weighed=weighed)


def _weighed(weighed: tuple[Weighed, ...], lesson: Lesson, settings: LearningSettings) -> tuple[Weighed, ...]:
    before = weighed[-1] if weighed else Weighed(0, Beliefs())
    beliefs = fold(before.beliefs, lesson, settings)
    if beliefs is before.beliefs:
        return weighed
    known_at = max(before.known_at, millis(lesson.learned_at))
    return (*weighed, Weighed(known_at, beliefs))[-WEIGHED:]


def chained(sha256: str, lesson: Lesson) -> str:
    """Return the digest of a set with one more lesson."""
    return hashlib.sha256(sha256.encode() + _encode(lesson)).hexdigest()


def _bare(lesson: Lesson) -> Lesson:
    """Return a lesson with votes and confidences of its voices, but not their words."""
    voices = tuple(msgspec.structs.replace(each, reason="", parts={}) for each in lesson.context.voices)
    return msgspec.structs.replace(lesson, context=msgspec.structs.replace(lesson.context, voices=voices))


def set_of(memory: LessonMemory, number: int) -> LessonSet | None:
    """Return a set by its number, None where it is not among those kept; set 0 holds no lesson."""
    if number == 0:
        return LessonSet()
    index = number - memory.first - 1
    return LessonSet(number, memory.kept[index].sha256) if 0 <= index < len(memory.kept) else None


def weights_of(memory: LessonMemory, number: int, settings: LearningSettings) -> Beliefs:
    """Return the weights that a set comes to; it is one that is kept, or 0."""
    beliefs = memory.base if number else Beliefs()
    for each in memory.kept[: max(0, number - memory.first)]:
        beliefs = fold(beliefs, each.lesson, settings)
    return beliefs


def put_in_force(
    memory: LessonMemory, number: int, settings: LearningSettings, *, follows: bool
) -> LessonMemory:
    """Return a memory with another set in force; unchanged where that set is not among those kept.

    With `follows` it is the set of all lessons, whatever the number.
    """
    lesson_set = memory.learned if follows else set_of(memory, number)
    if lesson_set is None:
        return memory
    lessons = tuple(each.lesson for each in memory.kept[: max(0, lesson_set.number - memory.first)])
    known_at = max((millis(each.learned_at) for each in lessons), default=0)
    return msgspec.structs.replace(
        memory,
        held=None if follows else lesson_set,
        told=() if follows else lessons,
        weighed=(Weighed(known_at, weights_of(memory, lesson_set.number, settings)),),
    )

"""The lessons in force: by number and digest, of an instant, gone back to and gone on from by evidence."""

from datetime import timedelta
from functools import reduce

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lesson import Beliefs, Lesson
from domain.times import millis
from learning.hedge import fold
from learning.lesson_gate import LEAST_TRADES, conditions, lesson_proof
from learning.memory import (
    KEPT,
    LessonMemory,
    LessonSet,
    after_lesson,
    chained,
    put_in_force,
    set_of,
    weights_of,
)
from learning.settings import LearningSettings
from tests.learning.outcomes import START, lesson, patient

SETTINGS = LearningSettings(min_evidence=1)


def at(minutes: float, result: float = 0.01, **more: object) -> Lesson:
    plain = lesson(result, {"rsi": 1, "sma": -1 if result > 0 else 1}, **more)  # type: ignore[arg-type]
    return msgspec.structs.replace(plain, learned_at=START + timedelta(minutes=minutes))


def taught(lessons: list[Lesson], memory: LessonMemory | None = None) -> LessonMemory:
    return reduce(lambda known, each: after_lesson(known, each, SETTINGS), lessons, memory or LessonMemory())


def folded(lessons: list[Lesson]) -> Beliefs:
    return reduce(lambda known, each: fold(known, each, SETTINGS), lessons, Beliefs())


LESSONS = st.lists(
    st.builds(
        at, st.integers(0, 500), st.sampled_from((-0.02, 0.01)), kind=st.sampled_from(("trade", "veto"))
    ),
    max_size=25,
)


@patient
@given(LESSONS, st.integers(0, 600))
def test_no_weight_rests_on_what_was_learned_when_the_candle_had_closed(
    lessons: list[Lesson], minutes: int
) -> None:
    lessons.sort(key=lambda each: each.learned_at)
    closed = millis(START + timedelta(minutes=minutes))
    known = [each for each in lessons if millis(each.learned_at) < closed]
    assert taught(lessons).beliefs_before(closed) == folded(known) == taught(known).beliefs


@patient
@given(LESSONS, st.data())
def test_a_rollback_is_the_memory_as_it_was_then_whatever_is_learned_later(
    lessons: list[Lesson], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(lessons)))
    then, all_of = taught(lessons[:number]), taught(lessons)
    back = put_in_force(all_of, number, SETTINGS, follows=False)
    later = taught([at(900), at(901, -0.02)], back)
    assert later.beliefs == back.beliefs == then.beliefs
    assert later.in_force == then.learned == set_of(all_of, number)
    assert list(later.recent()) == list(then.recent())
    again = put_in_force(later, later.learned.number, SETTINGS, follows=True)
    assert again.beliefs == folded([*lessons, at(900), at(901, -0.02)])
    assert again.learned == taught([*lessons, at(900), at(901, -0.02)]).learned


def test_a_digest_names_the_lessons_and_their_order() -> None:
    one, two = at(1), at(2, -0.02)
    assert chained(chained("", one), two) != chained(chained("", two), one)
    reworded = msgspec.structs.replace(one, result=0.0100001)
    assert taught([reworded]).learned.sha256 != taught([one]).learned.sha256
    assert set_of(LessonMemory(), 0) == LessonSet()


def test_only_so_many_are_kept_and_their_weights_are_those_of_all() -> None:
    lessons = [at(minute, (-0.02, 0.01)[minute % 3 == 0]) for minute in range(KEPT + 40)]
    memory = taught(lessons)
    assert (len(memory.kept), memory.first) == (KEPT, 40)
    assert set_of(memory, 40) is None
    for number in (41, 100, KEPT + 40):
        assert weights_of(memory, number, SETTINGS) == folded(lessons[:number])
    assert put_in_force(memory, 7, SETTINGS, follows=False) == memory, (
        "a set that is not kept changes nothing"
    )
    held = put_in_force(memory, 41, SETTINGS, follows=False)
    assert taught(lessons, held).beliefs == folded(lessons[:41]), "it stays though its lessons are forgotten"


@pytest.mark.parametrize("helps", [True, False])
def test_learning_counts_again_where_it_would_have_helped_and_nowhere_else(*, helps: bool) -> None:
    early = [at(0)]
    later = [
        lesson(0.02 if helps or number % 2 else -0.02, {"rsi": 1, "sma": -1})
        for number in range(LEAST_TRADES + 10)
    ]
    memory = taught(later, put_in_force(taught(early), 0, SETTINGS, follows=False))
    proof = lesson_proof(memory, SETTINGS)
    assert (proof.since, proof.until, proof.trades) == (0, len(later) + 1, len(later) + 1)
    assert all(each.passed for each in conditions(proof)) is helps
    few = lesson_proof(put_in_force(taught(later[:10]), 0, SETTINGS, follows=False), SETTINGS)
    assert next(each.name for each in conditions(few) if not each.passed) == "trades"
    assert lesson_proof(LessonMemory(held=LessonSet()), SETTINGS).gain is None

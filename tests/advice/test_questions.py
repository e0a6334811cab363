"""Questions made again from the journal: the same to the byte, and the first byte where they are not."""

from typing import Any

import msgspec
import pytest

from advice import question as questions
from agent.cli.handlers.replay import lines
from agent.host.clock import StoppedClock
from agent.verify.questions import first_difference
from agent.verify.replay import Replayed, replay
from domain.events import AdviceAsked, CycleDecided
from domain.observation import Headline
from journal.memory import MemoryJournal
from tests.advice.fakes import Model, chat, settings, written
from tests.advice.test_session import CutJournal, Killed, _pacer, of, ran, world_with
from tests.agent.test_replay import rewritten
from tests.agent.world import World, wave

SEATED = {
    "macro": {"model": "m", "samples": 2},
    "doubt": {"model": "m", "role": "critic", "samples": 1, "masked": False},
}
FOR = chat(written(1, 0.9))


@pytest.fixture(scope="module")
def advised() -> World:
    """A session that trades, learns, and tells its advisers of it; and one more on the same journal."""
    world = ran(world_with(Model(FOR), settings(advisers=SEATED), steps=wave(400)))
    assert world.state.memory.learned.number
    return world


def compared(world: World, journal: Any = None) -> Replayed:
    return replay(journal or world.journal, None, StoppedClock(world.clock), questions=True)


def test_every_question_is_rebuilt_to_the_byte(advised: World) -> None:
    found = compared(advised)
    asked = of(advised, AdviceAsked)
    assert found.difference is None
    assert found.questions is not None
    assert (found.questions.asked, found.questions.same) == (len(asked), len(asked))
    assert any(r"\"lessons\"" in each.question.body for each in asked)
    assert {each.question.lesson_set for each in asked} > {0}
    assert lines(found)[-1] == f"questions: {len(asked)} of {len(asked)} the same to the byte, 0 differ"


def test_a_restart_goes_on_with_the_lessons_it_had(advised: World) -> None:
    later = world_with(Model(FOR), settings(advisers=SEATED), journal=copied(advised), steps=wave(460)[400:])
    later.market.start += 400 * 60_000
    later.market.previous = wave(400)[-1]
    ran(later)
    asked = of(later, AdviceAsked)
    assert asked
    assert asked[0].question.lesson_set == advised.state.memory.learned.number > 0
    assert r"\"lessons\"" in asked[0].question.body
    found = compared(later).questions
    assert found is not None
    assert (found.asked, found.same) == (len(asked), len(asked))


def copied(world: World) -> MemoryJournal:
    return rewritten(world.journal, {})


def test_another_question_is_shown_with_its_first_difference(advised: World) -> None:
    row = next(each for each in advised.journal.rows() if isinstance(each.event, AdviceAsked))
    asked = row.event.question
    body = asked.body.replace("calm_against_usual", "calm_against_u5ual")
    forged = msgspec.structs.replace(row.event, question=msgspec.structs.replace(asked, body=body))
    found = compared(advised, rewritten(advised.journal, {row.seq: forged})).questions
    assert found is not None
    assert [(each.number, each.adviser, each.why) for each in found.differing] == [
        (row.event.number, "macro", "its digest is not that of its body")
    ]


def test_another_template_shows_in_every_question_and_in_no_decision(
    advised: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "_TASK", questions._TASK.replace("one asset now", "one asset"))
    found = compared(advised)
    assert found.difference is None
    assert found.questions is not None
    assert found.questions.same == 0
    first = found.questions.differing[0]
    assert "sent " in first.why
    assert "asset now" in first.why
    assert any("question 1 in cycle" in each for each in lines(found))


def test_a_question_of_a_cycle_that_was_never_decided_is_counted() -> None:
    journal = CutJournal(AdviceAsked, before=False, fault=Killed())
    world = world_with(Model(FOR), settings(advisers=SEATED), journal=journal)
    world.session.begin()
    with pytest.raises(Killed):
        world.session._loop(_pacer(world))
    journal.kind = Headline  # type: ignore[assignment]  # no event: it dies no more
    found = compared(world).questions
    assert found is not None
    assert (found.asked, found.same, found.undecided) == (3, 0, 3)
    assert not any(isinstance(each, CycleDecided) and each.observations[0].advice for each in world.events)


def test_where_two_texts_part() -> None:
    assert first_difference("abc", "abd") == "byte 2: sent 'abc', now 'abd'"
    assert first_difference("é", "éb") == "byte 2: sent 'é', now 'éb'"

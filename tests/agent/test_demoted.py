"""A promotion ends by itself in a session, by its own outcomes: journaled, folded and replayed alike."""

from pathlib import Path

import msgspec
import pytest

from agent.host.clock import StoppedClock
from agent.verify.replay import replay
from domain.commands import PromoteModel
from domain.events import AdviserSet, CycleDecided, CycleEnded, ModelSet
from domain.times import utc
from learning.promotion import LEAST, SkillProof
from tests.advice.fakes import Model, chat, council, settings, written
from tests.advice.test_session import _pacer, world_with
from tests.agent.test_models import VOICE, at_cycle, world_in
from tests.agent.trained import GOOD, model
from tests.agent.world import START, World, facts, folded, wave

STEPS = wave(2_400, period=18, depth=8.0)
"""Swings on which an entry loses on average."""

ADVISER = "adviser:macro"
EVIDENCE = SkillProof(
    voice=ADVISER, identity="", forecasts=1_000, won=400, months=12, since=0, until=1, skill=0.1,
    skill_low=0.05, skill_high=0.2, taken=500, taken_mean=0.01, taken_low=0.005, taken_high=0.02,
    plain_mean=0.0, trials=1, deflated_sharpe=0.99, retrospective=0,
)  # fmt: skip


@pytest.fixture(scope="module")
def fallen(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a session whose promoted model is sure of entries that lose."""
    world = world_in(tmp_path_factory.mktemp("home"), model(bias=2.0, figures=GOOD), steps=STEPS)
    at_cycle(world, 100, PromoteModel(model="meta"))
    world.run()
    return world


def learned(world: World, voice: str) -> list[int]:
    """Return the cycles in which outcomes of entries a voice spoke on were learned."""
    return [
        event.cycle_id
        for event in world.events
        if isinstance(event, CycleEnded)
        for lesson in event.lessons
        if any(each.name == voice and each.vote for each in lesson.context.voices)
    ]


def raised(world: World) -> list[int]:
    """Return the cycles whose entry advice raised."""
    decided = [event for event in world.events if isinstance(event, CycleDecided)]
    return [each.cycle_id for each in decided for d in each.decisions if "advice raises it" in d.reason]


def cycle_of(world: World, event: object) -> int:
    """Return the last cycle that had ended when an event was written."""
    before = world.events[: world.events.index(event)]  # type: ignore[arg-type]  # any event
    return max(each.cycle_id for each in before if isinstance(each, CycleEnded))


def test_a_model_falls_as_soon_as_its_outcomes_speak_against_it(fallen: World) -> None:
    up, down = (event for event in fallen.events if isinstance(event, ModelSet))
    assert (up.promoted, up.version) == (True, 1)
    assert (down.promoted, down.version, down.by, down.raise_cap) == (False, 2, "agent", 0.0)
    assert (down.identity, down.body) == (up.identity, up.body), "it listens on"
    assert down.evidence == {"outcomes": LEAST}
    assert "what it voted for earns -" in down.reason
    at = cycle_of(fallen, down)
    assert at == learned(fallen, VOICE)[LEAST - 1], "not before, and not a cycle later"
    assert raised(fallen)
    assert max(raised(fallen)) <= at
    assert learned(fallen, VOICE)[-1] > at, "its forecasts are watched on"
    assert fallen.state.promoted() == {}


def test_its_fall_is_folded_and_replayed_as_it_was(fallen: World) -> None:
    (fallen.options.home / "models" / "meta" / "1.json").unlink()
    state, mind = folded(fallen.options, fallen.journal)
    assert facts(state) == facts(fallen.state)
    assert mind == fallen.parts.mind
    replayed = replay(fallen.journal, None, StoppedClock(fallen.clock))
    assert replayed.difference is None
    assert replayed.cycles == len(STEPS)


def test_a_session_that_is_told_not_to_demotes_nobody(tmp_path: Path) -> None:
    world = world_in(tmp_path, model(bias=2.0, figures=GOOD), steps=STEPS)
    world.session.demoting = False
    at_cycle(world, 100, PromoteModel(model="meta"))
    world.run()
    assert [event.promoted for event in world.events if isinstance(event, ModelSet)] == [True]


def test_an_adviser_falls_by_itself_too_and_the_replay_is_identical() -> None:
    sure = Model(chat(written(1, 0.9)))
    chosen = settings(day_usd=1000, session_usd=1000)
    world = world_with(sure, chosen, steps=STEPS)
    seat = council(sure, world.clock, chosen).seats["macro"]
    world.session.begin()
    evidence = msgspec.to_builtins(EVIDENCE)
    world.session.record.write(
        AdviserSet(
            utc(START), 1, "macro", seat.identity, promoted=True, reason="r", by="t", raise_cap=5.0,
            evidence=evidence,
        )
    )  # fmt: skip
    world.session._loop(_pacer(world))
    world.session._finish("data exhausted")
    _, down = (event for event in world.events if isinstance(event, AdviserSet))
    assert (down.promoted, down.version, down.by) == (False, 2, "agent")
    assert cycle_of(world, down) == learned(world, ADVISER)[LEAST - 1]
    assert max(raised(world)) <= cycle_of(world, down) < learned(world, ADVISER)[-1]
    assert replay(world.journal, None, StoppedClock(world.clock)).difference is None

"""Which lessons are in force: an event, the same live, restarted and replayed; never one of the future."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.cli.app import app
from agent.settings.home import Home
from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from domain.commands import PromoteLessons, RollBackLessons
from domain.errors import BadInput, Unproven
from domain.events import CycleDecided, CycleEnded, LessonsSet
from domain.lesson import Beliefs
from learning.settings import LearningSettings
from tests.agent.world import World, ask, facts, folded, lively, wave

STEPS = wave(500)
CHOSEN: dict[str, Any] = {"learning": LearningSettings(min_evidence=1)}


class Interrupted(World):
    """A session that is told something once so many lessons were learned."""

    def __init__(self, steps: Any, when: int, command: Any) -> None:
        super().__init__(steps, options=lively(**CHOSEN))
        self.when, self.command, self.asked = when, command, False
        self.session.cycle.advise = self.look

    def look(self, _turn: Any) -> None:
        if not self.asked and self.state.memory.learned.number >= self.when:
            self.asked = True
            ask(self, self.command)


@pytest.fixture(scope="module")
def plain() -> World:
    world = World(STEPS, options=lively(**CHOSEN))
    world.run()
    assert world.state.memory.learned.number > 6
    assert world.state.beliefs.weights
    return world


@pytest.fixture(scope="module")
def back() -> World:
    world = Interrupted(STEPS, 3, RollBackLessons(lessons=1, reason="wrong prices"))
    world.run()
    return world


def test_a_rollback_holds_from_its_event_on_live_folded_checkpointed_and_replayed(
    back: World, plain: World
) -> None:
    event = next(each for each in back.events if isinstance(each, LessonsSet))
    assert (event.version, event.lessons, event.follows, event.by) == (1, 1, False, "operator")
    memory = back.state.memory
    assert (memory.in_force.number, memory.in_force.sha256) == (1, event.sha256)
    assert memory.learned.number > 3, "what comes later is counted, and rests beside"
    assert back.state.beliefs == memory.beliefs != plain.state.beliefs
    state, mind = folded(back.options, back.journal)
    assert facts(state) == facts(back.state)
    assert mind == back.parts.mind
    assert replay(back.journal, None, FrozenClock()).difference is None


def test_a_restart_keeps_the_set(back: World) -> None:
    again = World([], options=back.options, journal=back.journal)
    assert again.state.memory == back.state.memory


@pytest.mark.parametrize("share", [0.35, 0.6, 0.85])
def test_what_is_decided_rests_on_nothing_that_came_later(plain: World, share: float) -> None:
    short = World(STEPS[: int(len(STEPS) * share)], options=lively(**CHOSEN))
    short.run()
    whole = [each for each in plain.events if isinstance(each, CycleDecided)]
    part = [each for each in short.events if isinstance(each, CycleDecided)]
    assert part == whole[: len(part)]
    number = short.state.memory.learned.number
    lessons = [one for each in plain.events if isinstance(each, CycleEnded) for one in each.lessons]
    assert number
    assert all(each.learned_at <= part[-1].at for each in lessons[:number])


def test_a_session_of_older_books_weighs_as_it_did(plain: World) -> None:
    state = plain.state
    seen = next(each for each in reversed(plain.events) if isinstance(each, CycleDecided)).observations[0]
    old = msgspec.structs.replace(seen, candles=(seen.candles[-1]._replace(time=0),))
    assert state.beliefs_for(seen) == state.beliefs
    assert state.beliefs_for(old) == Beliefs(), "before all lessons nothing is known"
    before, state.ledger.books = state.ledger.books, 2
    assert state.beliefs_for(old) == state.beliefs
    state.ledger.books = before


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (RollBackLessons(lessons=1), "needs a reason"),
        (RollBackLessons(lessons=900, reason="r"), r"must be from 0 to \d+, the set in force"),
        (RollBackLessons(lessons=-1, reason="r"), "must be from 0"),
        (PromoteLessons(), "every lesson counts already"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_leaves_no_trace(plain: World, command: Any, says: str) -> None:
    world = World(STEPS[:1], options=plain.options)
    world.session.begin()
    before = plain.state.memory
    world.state.memory = before
    with pytest.raises(BadInput, match=says):
        ask(world, command)
    assert world.state.memory == before


def test_going_on_asks_for_evidence_and_going_back_only_goes_down(back: World) -> None:
    world = World(STEPS[:1], options=back.options)
    world.session.begin()
    world.state.memory = back.state.memory
    with pytest.raises(Unproven, match=r"lessons 2 to \d+: what was learned since is not proven:\ntrades"):
        ask(world, PromoteLessons())
    with pytest.raises(BadInput, match="counts again by `agent memory promote`"):
        ask(world, RollBackLessons(lessons=2, reason="up"))
    with pytest.raises(BadInput, match="in force already"):
        ask(world, RollBackLessons(lessons=1, reason="same"))
    assert ask(world, RollBackLessons(lessons=0, reason="anew")).lessons == 0
    assert world.state.beliefs == Beliefs()


def test_people_see_it_and_set_it_where_no_agent_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AGENT_HOME", str(tmp_path))
    words = "run --mode paper --provider simulated --cycles 160 --speed max --plain"
    more = "--strategy rsi --set reasoning.rsi.period=3 --set reasoning.rsi.lower=49 "
    more += "--set reasoning.rsi.upper=51 "
    more += "--set risk.min_confidence=0 --set risk.cool_down_minutes=0 --set risk.loss_streak_paper=500"
    app([*words.split(), *more.split()], standalone_mode=False)
    capfd.readouterr()
    client = AccountClient(Home(tmp_path), None)
    learned = client.memory().learned
    assert learned == len(client.lessons().lessons) > 1
    app(["lessons"], standalone_mode=False)
    assert f"lesson {learned:<4}" in capfd.readouterr().out
    app(["memory", "rollback", "1", "--reason", "wrong prices"], standalone_mode=False)
    assert "in force  lessons 1 to 1 (" in capfd.readouterr().out
    app(["memory", "list"], standalone_mode=False)
    out = capfd.readouterr().out
    assert "no later one joins" in out
    assert "FAIL    trades" in out
    with pytest.raises(SystemExit):
        app(["memory", "promote", "--dry-run"], standalone_mode=False)
    home = Home(tmp_path)
    with pytest.raises(Unproven):
        dispatch(home, home.latest(None), PromoteLessons())
    assert client.memory().in_force == 1

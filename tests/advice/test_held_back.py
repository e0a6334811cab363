"""Entries that voices held back are watched: what an adviser saved or cost is counted, nothing ahead."""

import sqlite3
from typing import Any

import msgspec
import pytest

from agent.host.clock import StoppedClock
from agent.serve.mirror import foreseen
from agent.verify.replay import replay
from agent.views import forecasts as told
from domain.decision import HELD, Decision, HeldBack
from domain.events import CycleDecided, CycleEnded
from domain.lesson import Lesson
from domain.observation import Source
from tests.advice.fakes import Model, chat, settings, written
from tests.advice.test_session import STEPS, decisions, of, ran, world_with
from tests.agent.world import World, facts, folded

SURE_AGAINST = chat(written(-1, 0.02, ["no volume"]))


@pytest.fixture(scope="module")
def held() -> World:
    """A session whose adviser outweighs the strategies: every entry is held back."""
    chosen = settings(
        advisers={"macro": {"model": "m", "samples": 1, "weight": 1}, "calm": {"model": "m", "samples": 1}}
    )
    world = world_with(Model(says), chosen)
    world.market.source = Source.SIMULATED  # its time is the market's, so that advice is clean
    return ran(world)


def says(question: bytes) -> Any:
    del question
    return SURE_AGAINST


def lessons(world: World) -> list[Lesson]:
    return [one for each in of(world, CycleEnded) for one in each.lessons]


def backs(world: World) -> list[tuple[Decision, HeldBack]]:
    return [(each, one) for each in decisions(world) for one in each.held_back]


def test_what_was_held_back_has_the_entry_that_it_would_have_been(held: World) -> None:
    assert backs(held)
    for decision, entry in backs(held):
        assert decision.action == "HOLD"
        assert entry.score >= held.options.reasoning.vote_threshold > decision.score
        assert entry.by == ("adviser:macro",), "the other one alone would not have been enough"
        assert entry.stop_ppm or entry.stop


def test_it_is_watched_from_the_next_candle_on_and_its_forecasts_resolve(held: World) -> None:
    known = lessons(held)
    assert known
    assert {each.rule for each in known} == {f"{HELD}adviser:macro"}
    decided = {each.cycle_id: each for each in of(held, CycleDecided)}
    for each in known:
        assert each.kind == "veto"
        assert each.learned_at > decided[each.context.cycle_id].at, "its own candle tells nothing"
        assert each.context.confidence >= held.options.reasoning.vote_threshold
    rows = {each.voice: each for each in told.of_journal("paper", held.journal).voices}
    macro = rows["adviser:macro"]
    assert macro.count == macro.held_back == len(known)
    assert macro.saved == pytest.approx(-sum(each.result for each in known))
    assert (rows["adviser:calm"].count, rows["adviser:calm"].held_back) == (len(known), 0)
    assert 0 < rows["rsi"].count <= len(known)


def test_the_page_counts_them_as_the_command_does(held: World) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE TABLE forecasts (number INTEGER PRIMARY KEY, cycle, symbol, voice, body, result, learned_at, "
        "kind); CREATE TABLE tallies (voice TEXT PRIMARY KEY, count, won)"
    )
    for event in held.events:
        if isinstance(event, CycleDecided):
            foreseen.foretell(connection.execute, event)
        elif isinstance(event, CycleEnded):
            for each in event.lessons:
                foreseen.resolve(connection.execute, each)
    done, still = foreseen.foretold(connection)
    connection.close()
    head = held.journal.head()[0]
    assert told.answer("paper", head, done, still) == told.of_journal("paper", held.journal)


def test_the_fold_and_the_replay_watch_them_too(held: World) -> None:
    state, _ = folded(held.options, held.journal)
    assert facts(state) == facts(held.state)
    assert replay(held.journal, None, StoppedClock(held.clock)).difference is None


def test_a_session_of_older_books_watches_none_and_replays_as_it_was() -> None:
    world = world_with(
        Model(SURE_AGAINST), settings(advisers={"macro": {"model": "m", "weight": 1}}), steps=STEPS[:120]
    )
    world.session.started = msgspec.structs.replace(world.session.started, books=2)
    ran(world)
    assert any("held back by advice" in each.reason for each in decisions(world))
    assert backs(world) == []
    assert lessons(world) == []
    assert replay(world.journal, None, StoppedClock(world.clock)).difference is None

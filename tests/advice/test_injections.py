"""What strangers write, and what models taken over answer, changes no exit and raises no entry."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from agent.host.clock import StoppedClock
from agent.verify.replay import replay
from agent.wiring.advisers import convene
from domain.advice import AdviserAnswer
from domain.candle import Candle
from domain.decision import Action, Decision
from domain.events import AdviceAnswered, AdviceAsked, CycleDecided, CycleEnded
from domain.observation import Headline, Observation
from reasoning.settings import ReasoningSettings
from tests.advice.fakes import Model, chat, council, settings
from tests.advice.injections import HEADLINES, OBEYED
from tests.agent.world import START, Script, World, lively, wave

STEPS = wave(260, period=14)
ENCODABLE = [each for each in HEADLINES if each.isascii() or "\ud800" not in each]


class Newsy(Script):
    """The same market, with a stranger's headlines in every cycle."""

    def __init__(self, titles: list[str]) -> None:
        super().__init__(STEPS, start=START)
        self.titles = titles

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        seen = super().observe(symbol, after, now)
        place = self.index % len(self.titles)
        told = [*self.titles[place:], *self.titles[:place]]
        news = tuple(Headline(each, now - timedelta(seconds=n), "wild") for n, each in enumerate(told))
        return replace(seen, headlines=news)


def world(says: Callable[[bytes], AdviserAnswer] | None, *advisers: str) -> World:
    """Return a session that ran over the strangers' headlines, with a model's advice unless it has none."""
    chosen = settings(*advisers)
    reasoning = ReasoningSettings.model_validate({"sentiment": {"enabled": False}})
    options = lively(reasoning=reasoning, **({"advice": chosen} if says else {}))
    made = World(STEPS, options=options, observer=Newsy(ENCODABLE))
    if says:
        convene(made.session, made.parts, council(Model(says), made.clock, chosen))
    made.run()
    return made


def decided(made: World) -> list[Decision]:
    return [each for event in made.events if isinstance(event, CycleDecided) for each in event.decisions]


@pytest.fixture(scope="module")
def plain() -> World:
    return world(None)


@pytest.fixture(scope="module")
def taken_over() -> World:
    """A session whose advisers answer with each of the answers of models that obeyed, one after the other."""
    count = iter(range(10**6))
    return world(lambda _: chat(OBEYED[next(count) % len(OBEYED)]), "macro", "doubt=critic", "pro=bull")


def test_no_exit_is_changed_and_no_confidence_raised(plain: World, taken_over: World) -> None:
    lowered = 0
    for alone, advised in zip(decided(plain), decided(taken_over), strict=True):
        if alone.action is Action.BUY:
            assert advised.confidence <= alone.confidence
            assert advised.action is not Action.SELL
            lowered += advised.confidence < alone.confidence
        else:
            assert (advised.action, advised.score, advised.confidence, advised.stop_ppm) == (
                alone.action, alone.score, alone.confidence, alone.stop_ppm,
            )  # fmt: skip
    assert lowered, "nothing of it was even heard"


def test_what_is_bought_is_protected_and_sized_as_without_advice(plain: World, taken_over: World) -> None:
    alone = {each.cycle_id: each for each in decided(plain)}
    for advised in decided(taken_over):
        if advised.action is Action.BUY:
            mine = alone[advised.cycle_id]
            assert (advised.stop_ppm, advised.stop, advised.target) == (mine.stop_ppm, mine.stop, mine.target)


def test_no_cycle_fails_and_each_question_is_settled(taken_over: World) -> None:
    ends = [event for event in taken_over.events if isinstance(event, CycleEnded)]
    assert [event for event in ends if event.error] == []
    asked = [event.number for event in taken_over.events if isinstance(event, AdviceAsked)]
    assert asked == [event.number for event in taken_over.events if isinstance(event, AdviceAnswered)]
    assert len(asked) >= len(OBEYED)


def test_it_replays_to_the_same_decisions(taken_over: World) -> None:
    assert replay(taken_over.journal, None, StoppedClock(taken_over.clock)).difference is None


def test_in_a_question_a_headline_is_one_string_and_opens_nothing(taken_over: World) -> None:
    for event in taken_over.events:
        if isinstance(event, AdviceAsked):
            asked = json.loads(event.question.body)
            assert [each["role"] for each in asked["messages"]] == ["system", "user"]
            told = json.loads(asked["messages"][1]["content"])
            assert all(isinstance(each, str) and each.isprintable() for each in told["headlines"])
            assert len(told["headlines"]) <= 10
            assert all(len(each) <= 300 for each in told["headlines"])

"""Forecasts: each voice's probability of an entry, its outcome, and the base rate known when it was given."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from domain.advice import Advice, Role
from domain.decision import Action, Decision, Voice
from domain.events import CycleDecided, CycleEnded
from domain.lesson import Lesson
from domain.observation import Observation, Source
from domain.times import millis
from domain.verdict import Denied
from learning.forecasts import ForecastFold, stated
from tests.learning.outcomes import START, SYMBOL, lesson


def voice(name: str, vote: int, confidence: float = 60.0) -> Voice:
    return Voice(name, vote, confidence, 1.0, "why")


def decided(cycle: int, *voices: Voice, advice: tuple[Advice, ...] = (), judged: bool = True) -> CycleDecided:
    at = START + timedelta(hours=cycle)
    return CycleDecided(
        cycle,
        at,
        observations=(Observation(SYMBOL, Source.LIVE, "binance", "b", at, advice=advice),),
        decisions=(Decision(cycle, SYMBOL, at, Action.BUY, 60.0, 60.0, "why", voices),),
        verdicts=(Denied(cycle, SYMBOL, "cool_down_active", (), "a minute"),) if judged else (),
    )


def learned(cycle: int, result: float, kind: str = "veto", ending: str = "stop") -> CycleEnded:
    one = lesson(result, kind=kind)
    one = replace(one, context=replace(one.context, cycle_id=cycle), exit=ending)
    return CycleEnded(cycle + 1, one.learned_at, (), "held", lessons=(one,))


def folded(*events: CycleDecided | CycleEnded) -> ForecastFold:
    fold = ForecastFold()
    for event in events:
        fold.apply(event)
    return fold


def adviser(vote: int, probability: float, **more: object) -> Advice:
    return Advice("sage", Role.ANALYST, SYMBOL, 0, vote, probability, identity="ab", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("vote", "confidence", "chance"), [(1, 0, 0.5), (1, 60, 0.8), (-1, 60, 0.2), (1, 100, 1), (-1, 120, 0)]
)
def test_a_confidence_is_read_as_a_probability_with_its_vote(
    vote: int, confidence: float, chance: float
) -> None:
    assert stated(vote, confidence) == pytest.approx(chance)


def test_every_voice_that_spoke_of_a_judged_entry_forecasts_it_and_a_lesson_is_its_outcome() -> None:
    fold = folded(decided(1, voice("rsi", 1), voice("sma", -1), voice("own", 0)), learned(1, 0.02, "trade"))
    told = {each.forecast.voice: each for each in fold.resolved}
    assert {name: each.forecast.probability for name, each in told.items()} == {"rsi": 0.8, "sma": 0.2}
    assert {each.won for each in told.values()} == {True}
    assert {each.forecast.at for each in told.values()} == {millis(START + timedelta(hours=1))}
    assert not fold.open


def test_what_no_rule_judged_and_what_was_somebody_elses_deed_says_nothing() -> None:
    assert not folded(decided(1, voice("rsi", 1), judged=False), learned(1, 0.02)).resolved
    for ending in ("adopted", "written off"):
        fold = folded(decided(1, voice("rsi", 1)), learned(1, -1.0, "trade", ending))
        assert not fold.resolved
        assert not fold.open
    assert not folded(decided(1, voice("rsi", 1)), learned(2, 0.02)).resolved


def test_the_base_rate_is_the_one_known_when_the_forecast_was_given() -> None:
    first, second, third = (decided(cycle, voice("rsi", 1)) for cycle in (1, 2, 3))
    fold = folded(first, second, learned(1, 0.02), learned(2, 0.02), third, learned(3, -0.02))
    assert [each.forecast.base for each in fold.resolved] == [0.5, 0.5, 0.75]
    # What comes later changes no base rate of before.
    longer = folded(first, second, learned(1, 0.02), learned(2, 0.02), third, learned(3, 0.02))
    assert [each.forecast.base for each in longer.resolved] == [0.5, 0.5, 0.75]


def test_an_adviser_states_its_probability_even_where_it_abstains_and_not_where_nothing_came() -> None:
    fold = folded(
        decided(1, voice("adviser:sage", -1, 70), advice=(adviser(-1, 0.3),)),
        decided(2, advice=(adviser(0, 0.55, retrospective=True),)),
        decided(3, advice=(adviser(0, 0.5, samples=0),)),
        *(learned(cycle, 0.01) for cycle in (1, 2, 3)),
    )
    told = [each.forecast for each in fold.resolved]
    assert [(each.voice, each.probability, each.identity) for each in told] == [
        ("adviser:sage", 0.3, "ab"),
        ("adviser:sage", 0.55, "ab"),
    ]
    assert [each.retrospective for each in told] == [False, True]


def test_a_lesson_resolves_its_entry_once() -> None:
    one: Lesson = learned(1, 0.02).lessons[0]
    twice = CycleEnded(2, one.learned_at, (), "held", lessons=(one, one))
    assert len(folded(decided(1, voice("rsi", 1)), twice).resolved) == 1

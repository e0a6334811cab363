"""The law of advice: exits stand, entries only sink, and who was promoted raises by its points at most."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.advice import Advice, Role
from domain.calibrator import Calibrator
from domain.decision import Action, Decision, Edge, Signal
from domain.lesson import Beliefs, Context, Lesson
from learning.hedge import fold
from learning.settings import LearningSettings
from reasoning.advised import Promoted
from reasoning.edges import edge_of
from reasoning.orientation import ModelOpinion
from reasoning.settings import ReasoningSettings
from reasoning.vote import decide
from tests.reasoning.samples import START, observation
from tests.reasoning.test_vote import AT, CANDLE, orientation, signal, signals


def advice(vote: int, probability: float, name: str = "macro", **more: Any) -> Advice:
    told: dict[str, Any] = {"role": Role.ANALYST, "weight": 1.0, "identity": name, "reason": "so"}
    return Advice(
        adviser=name, symbol="BTC-USDT", candle_ms=START, vote=vote, probability=probability, **(told | more)
    )


def vote(
    said: list[Signal],
    advised: list[Advice],
    promoted: dict[str, float] | None = None,
    news: float | None = None,
    weights: dict[str, float] | None = None,
    threshold: float = 30.0,
) -> Decision:
    seen = msgspec.structs.replace(observation([CANDLE]), advice=tuple(advised))
    settings_ = ReasoningSettings(vote_threshold=threshold)
    oriented = orientation(*said, news=news)
    known = {name: Promoted(cap) for name, cap in (promoted or {}).items()}
    return decide(7, seen, oriented, Beliefs(weights or {}), settings_, AT, known)


def test_an_adviser_against_an_entry_lowers_it_or_holds_it_back() -> None:
    lowered = vote([signal(1, 80.0)], [advice(-1, 0.4, weight=0.5)])
    assert (lowered.action, round(lowered.score, 6)) == (Action.BUY, round((80 - 0.5 * 60) / 1.5, 6))
    assert "(advice lowers it from 80)" in lowered.reason
    held = vote([signal(1, 40.0)], [advice(-1, 0.1)])
    assert (held.action, held.score) == (Action.HOLD, 0.0)
    assert held.reason.startswith("held back by advice: score 40 without it, 0 with it: ")


def test_one_that_agrees_raises_nothing_until_it_is_promoted() -> None:
    sure = advice(1, 1.0)
    assert vote([signal(1, 60.0)], [sure]).score == 60.0
    raised = vote([signal(1, 60.0)], [sure], {"macro": 8.0})
    assert raised.score == 68.0
    assert "(advice raises it from 60)" in raised.reason
    assert vote([signal(1, 60.0)], [sure], {"another": 8.0}).score == 60.0, "it is not the one promoted"
    assert vote([signal(1, 25.0)], [sure], {"macro": 80.0}).score == 25.0, "no entry is made by an adviser"


def test_an_exit_is_decided_and_told_as_without_advisers() -> None:
    alone = vote([signal(-1, 40.0)], [])
    advised = vote([signal(-1, 40.0)], [advice(1, 1.0, weight=99.0)], {"macro": 100.0})
    assert msgspec.structs.replace(advised, voices=advised.voices[:1]) == alone
    assert alone.action is Action.SELL


def test_who_said_nothing_is_listed_and_counts_for_nothing() -> None:
    silent = advice(0, 0.5, samples=0, reason="no answer within 5 s")
    decision = vote([signal(1, 80.0)], [silent])
    assert decision.score == 80.0
    assert decision.voices[-1].reason == "analyst macro said nothing: no answer within 5 s"


def test_advisers_have_no_weight_of_hedge() -> None:
    decision = vote([signal(1, 80.0)], [advice(1, 0.9)])
    context = Context(7, "BTC-USDT", AT, 80.0, "up", decision.voices)
    lesson = Lesson("trade", context, AT, 0.05, "target", 1, 1.0, 2.0)
    beliefs = fold(Beliefs(), lesson, LearningSettings())
    assert beliefs.evidence == {"rsi": 1}


voters = st.lists(
    st.builds(
        advice,
        st.sampled_from([-1, 0, 1]),
        st.floats(0, 1),
        st.sampled_from(["a", "b", "c"]),
        weight=st.floats(-1, 1e6),
        role=st.sampled_from(list(Role)),
    ),
    max_size=4,
)


@given(
    st.lists(signals, min_size=1, max_size=2),
    voters,
    st.dictionaries(st.sampled_from(["a", "b"]), st.floats(-5, 100)),
    st.none() | st.floats(-1, 1),
    st.dictionaries(st.sampled_from(["rsi", "sma", "sentiment"]), st.floats(-1, 1e6)),
    st.floats(1, 100),
)
@settings(max_examples=400, deadline=None)
def test_for_every_vector_of_votes(
    said: list[Signal],
    advised: list[Advice],
    promoted: dict[str, float],
    news: float | None,
    weights: dict[str, float],
    threshold: float,
) -> None:
    alone = vote(said, [], None, news, weights, threshold)
    unproven = vote(said, advised, None, news, weights, threshold)
    proven = vote(said, advised, promoted, news, weights, threshold)
    for told in (unproven, proven):
        if alone.action is Action.SELL:
            assert msgspec.structs.replace(told, voices=told.voices[: len(alone.voices)]) == alone
        if alone.score <= 0.0:
            assert (told.action, told.score) == (alone.action, alone.score)
        assert told.score >= min(0.0, alone.score), "no entry becomes an exit"
        if told.action is Action.BUY:
            assert (told.stop_ppm, told.stop, told.target) == (alone.stop_ppm, alone.stop, alone.target)
    assert unproven.score <= max(alone.score, 0.0) or unproven == alone
    strategies = vote(said, [], None, None, weights, threshold).score
    if strategies < threshold or alone.action is not Action.BUY:
        assert proven.action is not Action.BUY, "what nobody else would enter is not entered"
    assert proven.score <= max(strategies, 0.0) + max([0.0, *promoted.values()])
    assert proven.score <= max(alone.score, 0.0) + max([0.0, *promoted.values()])
    for index in range(len(advised)):
        fewer = advised[:index] + advised[index + 1 :]
        without = vote(said, fewer, None, news, weights, threshold)
        assert unproven.score <= without.score, "one more that is not promoted raises nothing"


TABLE = Calibrator("Venn-Abers", 400, (0.2, 0.8), (0.3, 0.6), (0.4, 0.7), stepped=True)


def test_an_edge_is_the_least_of_those_that_promoted_voices_see() -> None:
    proven = {"macro": Promoted(5.0, TABLE, 1.5), "quiet": Promoted(5.0), "m1": Promoted(5.0)}
    said = advice(1, 0.9)
    assert edge_of([said], [], {}) is None
    assert edge_of([advice(1, 0.9, "quiet")], [], proven) is None, "its proof says nothing of what it meant"
    assert edge_of([said], [], proven) == Edge("adviser:macro", 0.6, 1.5)
    assert edge_of([advice(0, 0.9)], [], proven) == Edge("adviser:macro", 0.6, 1.5), (
        "it abstains and states p"
    )
    assert edge_of([advice(0, 0.9, samples=0)], [], proven) is None, "it said nothing"
    seen = Edge("adviser:model.meta", 0.5, 1.5)
    opinion = ModelOpinion(advice(1, 0.9, "m1"), {}, seen)
    assert edge_of([said], [opinion], proven) == seen, "the least counts"
    assert edge_of([said], [opinion], {"macro": proven["macro"]}) == Edge("adviser:macro", 0.6, 1.5)


def test_a_decision_has_an_edge_where_it_enters_alone() -> None:
    seen = msgspec.structs.replace(observation([CANDLE]), advice=(advice(1, 0.9),))
    proven = {"macro": Promoted(5.0, TABLE, 1.5)}
    settings_ = ReasoningSettings(vote_threshold=30.0)
    for side, edge in ((1, Edge("adviser:macro", 0.6, 1.5)), (-1, None), (0, None)):
        told = orientation(signal(side, 80.0 if side else 0.0))
        assert decide(7, seen, told, Beliefs({}), settings_, AT, proven).edge == edge


def test_one_that_is_promoted_does_not_drown_the_news() -> None:
    said, bad = [Signal(1, 1.0, 1.0, 0.0, 0.0, 0.0, 30_000, 0, 0)], -1.0
    assert vote(said, [], None, bad, {}, 1.0).action is Action.HOLD
    heard = vote(said, [advice(1, 0.99, "a")], {"a": 50.0}, bad, {}, 1.0)
    assert (heard.action, heard.score) == (Action.HOLD, 0.0)

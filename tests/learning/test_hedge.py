"""Weights follow the evidence: bounded, gated, fair, and the same for the same lessons."""

import math
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lesson import Beliefs, Lesson
from learning.hedge import fold, loss
from learning.settings import LearningSettings
from tests.learning.outcomes import lesson, patient

DEFAULTS = LearningSettings()
EAGER = LearningSettings(min_evidence=1)

_results = st.floats(-0.2, 0.2)
_votes = st.dictionaries(st.sampled_from(["rsi", "sma", "sentiment"]), st.sampled_from([-1, 0, 1]))
_lessons = st.builds(lesson, _results, _votes, st.sampled_from(["trade", "trade", "veto"]))
_settings = st.builds(
    LearningSettings,
    rate=st.floats(0.01, 2),
    full_result=st.floats(0.001, 1),
    floor=st.floats(0.05, 1),
    ceiling=st.floats(1, 20),
    min_evidence=st.integers(1, 6),
)


def folded(lessons: Iterable[Lesson], settings: LearningSettings = DEFAULTS) -> Beliefs:
    beliefs = Beliefs()
    for one in lessons:
        beliefs = fold(beliefs, one, settings)
    return beliefs


@given(st.lists(_lessons, max_size=40), _settings)
@patient
def test_weights_are_bounded_and_1_until_the_evidence_is_there(
    lessons: Sequence[Lesson], settings: LearningSettings
) -> None:
    beliefs = Beliefs()
    for one in lessons:
        beliefs = fold(beliefs, one, settings)
        for name in ("rsi", "sma", "sentiment"):
            weight = beliefs.weight(name)
            assert settings.floor <= weight <= settings.ceiling
            if beliefs.evidence.get(name, 0) < settings.min_evidence:
                assert weight == 1.0


@given(st.lists(_lessons, max_size=40), _settings)
@patient
def test_evidence_counts_the_trades_a_voice_spoke_in(
    lessons: Sequence[Lesson], settings: LearningSettings
) -> None:
    counted: dict[str, int] = {}
    for one in lessons:
        for voice in one.context.voices:
            if one.kind == "trade" and voice.vote:
                counted[voice.name] = counted.get(voice.name, 0) + 1
    assert folded(lessons, settings).evidence == counted


@given(st.lists(_lessons, max_size=20), st.integers(0, 20), _settings)
@patient
def test_stopping_and_going_on_anywhere_changes_nothing(
    lessons: Sequence[Lesson], cut: int, settings: LearningSettings
) -> None:
    rest = folded(lessons[:cut], settings)
    for one in lessons[cut:]:
        rest = fold(rest, one, settings)
    assert rest == folded(lessons, settings)


@given(st.lists(st.tuples(_results, st.booleans()), min_size=1, max_size=30), _settings)
@patient
def test_a_voice_right_more_often_ends_with_the_higher_weight(
    outcomes: Sequence[tuple[float, bool]], settings: LearningSettings
) -> None:
    """`good` is right in every trade, `poor` is right only where it agrees."""
    lessons = []
    for result, agree in outcomes:
        right = 1 if result > 0 else -1
        lessons.append(lesson(result, {"good": right, "poor": right if agree else -right}))
    beliefs = folded(lessons, settings)
    assert beliefs.weight("good") >= beliefs.weight("poor")
    clearly = any(abs(result) > 1e-6 and not agree for result, agree in outcomes)
    unclipped = math.exp(settings.rate * len(outcomes) / 2)
    inside = settings.floor < 1 / unclipped and unclipped < settings.ceiling
    if clearly and inside and len(outcomes) >= settings.min_evidence:
        assert beliefs.weight("good") > beliefs.weight("poor")


def test_the_rule_is_hedge_s_up_to_a_common_factor() -> None:
    """Ratios of weights are those of Freund & Schapire's rule, w * exp(-rate * loss), written out here."""
    outcomes = [(0.02, 1, -1), (-0.01, 1, 1), (0.005, -1, 1), (0.03, -1, 1)]
    theirs = {"a": 1.0, "b": 1.0}
    for result, one, other in outcomes:
        for name, vote in (("a", one), ("b", other)):
            theirs[name] *= math.exp(-0.3 * (1 - vote * result / 0.03) / 2)
    ours = folded([lesson(result, {"a": one, "b": other}) for result, one, other in outcomes], EAGER)
    assert ours.weight("a") / ours.weight("b") == pytest.approx(theirs["a"] / theirs["b"], rel=1e-12)


def test_nothing_learned_before_the_gate_is_lost_at_it() -> None:
    results = [0.01, -0.02, 0.03, 0.03, 0.02]
    gated, eager = folded(map(lesson, results)), folded(map(lesson, results), EAGER)
    assert folded(map(lesson, results[:4])).weight("rsi") == 1.0
    assert gated.weight("rsi") == eager.weight("rsi") != 1.0


def test_a_full_result_moves_a_weight_by_half_the_rate() -> None:
    assert folded([lesson(0.03)], EAGER).weight("rsi") == pytest.approx(math.exp(0.15))
    assert folded([lesson(0.90)], EAGER).weight("rsi") == pytest.approx(math.exp(0.15))
    assert folded([lesson(-0.03)], EAGER).weight("rsi") == pytest.approx(math.exp(-0.15))
    assert folded([lesson(-0.03, {"rsi": -1})], EAGER).weight("rsi") == pytest.approx(math.exp(0.15))
    assert folded([lesson(0.0)], EAGER).weight("rsi") == 1.0


@given(_results, st.sampled_from([-1, 1]), _settings)
@patient
def test_a_loss_lies_between_0_and_1_and_mirrors(
    result: float, vote: int, settings: LearningSettings
) -> None:
    full = settings.full_result
    assert 0.0 <= loss(vote, result, full) <= 1.0
    assert loss(vote, result, full) + loss(-vote, result, full) == pytest.approx(1.0)


def test_an_abstainer_and_a_stranger_stay_as_they_are() -> None:
    beliefs = folded([lesson(0.03, {"rsi": 1, "sma": 0})] * 6)
    assert beliefs.weight("rsi") > 1.0
    assert beliefs.weight("sma") == beliefs.weight("stranger") == 1.0
    assert "sma" not in beliefs.evidence


def test_vetoes_and_learning_switched_off_move_nothing() -> None:
    beliefs = folded([lesson(0.03)] * 6)
    assert fold(beliefs, lesson(-0.03, kind="veto"), DEFAULTS) is beliefs
    assert fold(beliefs, lesson(-0.03), LearningSettings(enabled=False)) is beliefs


def test_a_voice_wrong_for_ever_is_heard_again_after_a_few_good_trades() -> None:
    wrong = folded([lesson(-0.03)] * 1000)
    assert wrong.weight("rsi") == DEFAULTS.floor
    back = wrong
    for _ in range(10):
        back = fold(back, lesson(0.03), DEFAULTS)
    assert back.weight("rsi") > 1.0


def test_beliefs_given_are_not_changed() -> None:
    before = folded([lesson(0.03)] * 6)
    copy = Beliefs(dict(before.weights), dict(before.evidence))
    fold(before, lesson(-0.03), DEFAULTS)
    assert before == copy

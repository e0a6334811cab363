"""The gate of advisers: each condition refuses by itself, nothing goes round it, demotion only goes down."""

import random
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from agent.gate.proof import proof
from agent.parameters.advisers import event_of
from agent.state import proving
from domain.commands import DemoteAdviser, PromoteAdviser, RollBackAdviser
from domain.decision import Voice
from domain.errors import BadInput, Unproven
from domain.events import AdviserSet
from domain.times import DAY_MS, utc
from learning.forecasts import Forecast, Resolved
from learning.promotion import LEAST, ProvingOutcome, SkillProof, lapsed, proof_of, shortfalls, warnings
from research.statistics.months import interval, quotient
from tests.learning.outcomes import lesson

AT = utc(0)
NAME, IDENTITY = "sage", "ab12"


def known(count: int, *, sharp: float, seed: int = 3, retrospective: bool = False) -> list[Resolved]:
    """Return forecasts over months; what they say holds by `sharp` of its way from even odds."""
    chance = random.Random(seed)
    done = []
    for number in range(count):
        said = chance.choice((0.2, 0.35, 0.65, 0.8))
        won = chance.random() < 0.5 + (said - 0.5) * sharp
        at = number * DAY_MS // 3
        told = Forecast(
            f"adviser:{NAME}", number, "BTC/USDT", at, 1 if said > 0.5 else -1, said, 0.5, IDENTITY,
            retrospective,
        )  # fmt: skip
        done.append(Resolved(told, (0.02 if won else -0.02) - 0.001, at + DAY_MS, "veto"))
    return done


@pytest.fixture(scope="module")
def good() -> SkillProof:
    return proof(f"adviser:{NAME}", IDENTITY, known(1_100, sharp=1.0), trials=4)


def test_real_skill_that_earns_passes_and_its_intervals_hold_its_figures(good: SkillProof) -> None:
    assert shortfalls(good) == []
    assert good.skill is not None
    assert good.taken_mean is not None
    assert good.skill_low is not None
    assert good.taken_low is not None
    assert 0 < good.skill_low < good.skill
    assert 0 < good.taken_low < good.taken_mean
    assert good.calibrator is not None
    assert good.calibrator.kind == "Venn-Abers"


def test_no_skill_is_refused_and_so_is_what_was_known_beforehand() -> None:
    noise = proof(f"adviser:{NAME}", IDENTITY, known(1_100, sharp=0.0), trials=1)
    assert any("skill" in each for each in shortfalls(noise))
    late = proof(f"adviser:{NAME}", IDENTITY, known(50, sharp=1.0, retrospective=True), trials=1)
    assert (late.forecasts, late.retrospective) == (0, 50)
    assert shortfalls(late)[0].startswith("forecasts 0")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"forecasts": 399}, "forecasts"),
        ({"months": 5}, "months"),
        ({"skill": 0.0}, "skill"),
        ({"skill_low": -0.01}, "skill, lower end"),
        ({"skill_low": None}, "skill, lower end"),
        ({"taken_low": 0.0}, "result of taken, lower end"),
        ({"plain_mean": 1.0}, "result against all entries"),
        ({"plain_mean": None}, "result against all entries"),
        ({"deflated_sharpe": 0.94}, "deflated"),
        ({"deflated_sharpe": None}, "deflated"),
    ],
)
def test_every_condition_refuses_by_itself(good: SkillProof, given: dict[str, Any], named: str) -> None:
    (lacking,) = shortfalls(replace(good, **given))
    assert lacking.startswith(named)
    assert "must be" in lacking
    with pytest.raises(Unproven):
        event_of(wanted(replace(good, **given)), [], AT)


def test_few_forecasts_are_said_to_be_few(good: SkillProof) -> None:
    assert warnings(good) == []
    assert warnings(replace(good, forecasts=400)) == ["400 forecasts are few: 1000 are wanted"]


def test_trials_take_the_luck_out(good: SkillProof) -> None:
    weak = known(1_100, sharp=0.25)
    ratios = [proof("v", "", weak, trials).deflated_sharpe or 0.0 for trials in (1, 10, 1_000)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > ratios[-1]


def wanted(found: SkillProof, **more: Any) -> PromoteAdviser:
    given = {"adviser": NAME, "identity": IDENTITY, "evidence": msgspec.to_builtins(found), "by": "ann"}
    return PromoteAdviser(**given | more)


def test_a_promotion_is_an_event_with_its_evidence_for_one_identity(good: SkillProof) -> None:
    event = event_of(wanted(good, raise_cap=5.0), [], AT)
    assert (event.version, event.promoted, event.raise_cap, event.by) == (1, True, 5.0, "ann")
    decoded = msgspec.json.decode(msgspec.json.encode(event), type=AdviserSet)
    assert proof_of(decoded.evidence) == good
    odd: list[dict[str, Any]] = [
        {"identity": "other"},
        {"identity": ""},
        {"raise_cap": 101.0},
        {"evidence": {}},
    ]
    for given in odd:
        with pytest.raises(BadInput):
            event_of(wanted(good, **given), [], AT)


def test_going_back_raises_nobody_who_fell(good: SkillProof) -> None:
    first = event_of(wanted(good), [], AT)
    other = replace(good, identity="cd34")
    second = event_of(wanted(other, identity="cd34"), [first], AT)
    back = event_of(RollBackAdviser(version=1, reason="better"), [first, second], AT)
    assert (back.version, back.identity, back.promoted, back.rolled_back_to) == (3, IDENTITY, True, 1)
    fallen = event_of(DemoteAdviser(adviser=NAME, reason="worse"), [first], AT)
    assert not fallen.promoted
    with pytest.raises(Unproven, match="demoted in version 2"):
        event_of(RollBackAdviser(version=1, reason="again"), [first, fallen], AT)
    with pytest.raises(BadInput, match="nothing to roll back"):
        event_of(RollBackAdviser(version=1, reason="x"), [], AT)
    for command in (RollBackAdviser(version=9, reason="x"), DemoteAdviser(adviser="nobody", reason="x")):
        with pytest.raises(BadInput):
            event_of(command, [first, fallen], AT)


@pytest.mark.parametrize(("result", "falls"), [(0.01, False), (-0.01, True)])
def test_a_promotion_ends_by_itself_where_its_advice_is_no_longer_worth_it(
    good: SkillProof, result: float, *, falls: bool
) -> None:
    event = event_of(wanted(good), [], AT)
    watched = proving.begun({}, event)
    one = lesson(result, kind="veto")
    spoke = Voice(f"adviser:{NAME}", 1, 80.0, 1.0, "why")
    one = replace(one, context=replace(one.context, voices=(spoke,)))
    for number in range(LEAST):
        assert proving.demotions(watched, [event], [], AT) == [], number
        watched = proving.after(watched, [event], [], one)
    due = proving.demotions(watched, [event], [], AT + timedelta(days=1))
    assert [(each.promoted, each.by, each.version) for each in due] == (
        [(False, "agent", 2)] if falls else []
    )
    assert not any(each.promoted for each in due)
    assert proving.begun(watched, due[0] if due else replace(event, promoted=False)) == {}


def test_too_few_outcomes_say_nothing() -> None:
    bad = ProvingOutcome(0.9, 0.5, -0.1, 1)
    assert lapsed([bad] * (LEAST - 1)) == []
    assert len(lapsed([bad] * LEAST)) == 2


def test_months_are_drawn_whole() -> None:
    months = np.repeat(np.arange(12), 50)
    same = np.repeat(np.tile([1.0, -1.0], 6), 50)
    rows = np.column_stack([same, np.ones(600)])
    ends = interval(months, rows, quotient)
    assert ends is not None
    # Twelve months of +1 and -1: one draw has deviation 1/sqrt(12); single outcomes would have 1/sqrt(600).
    assert ends[0] == pytest.approx(-1.96 / 12**0.5, abs=0.1)
    assert ends[1] == pytest.approx(1.96 / 12**0.5, abs=0.1)
    assert interval(months[:50], rows[:50], quotient) is None
    assert ends == interval(months, rows, quotient)

"""The conditions of the gate on a proof alone, and the outcomes that end a promotion."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from domain.errors import BadInput
from learning.promotion import (
    FEW,
    LEAST,
    MONTHS,
    SURE,
    WANTED,
    ProvingOutcome,
    SkillProof,
    checked,
    lapsed,
    measured,
    proof_of,
    shortfalls,
    warnings,
)

GOOD = SkillProof(
    voice="adviser:sage", identity="ab12", forecasts=WANTED, won=599, months=MONTHS, since=0, until=1,
    skill=0.02, skill_low=0.01, skill_high=0.03, taken=300, taken_mean=0.002, taken_low=0.001,
    taken_high=0.003, plain_mean=-0.001, trials=4, deflated_sharpe=SURE, retrospective=0,
)  # fmt: skip
SPOILT: tuple[tuple[str, Any, str], ...] = (
    ("forecasts", FEW - 1, "forecasts 399: must be at least 400"),
    ("months", MONTHS - 1, "months 5: must be at least 6"),
    ("skill", 0.0, "skill 0: must be above 0"),
    ("skill_low", None, "skill, lower end unknown: must be above 0"),
    ("taken_low", -0.001, "result of taken, lower end -0.001: must be above 0"),
    ("plain_mean", 0.01, "result against all entries 0.002: must be above +1.000%"),
    ("plain_mean", None, "result against all entries 0.002: must be above none"),
    ("deflated_sharpe", 0.94, "deflated Sharpe ratio, 4 tried 0.94: must be at least 0.95"),
)


def test_a_proof_at_every_limit_is_enough() -> None:
    assert shortfalls(GOOD) == []
    assert all(each.passed for each in measured(GOOD))
    assert GOOD.base == pytest.approx(600 / 1002)


@pytest.mark.parametrize(("field", "value", "said"), SPOILT)
def test_each_condition_refuses_alone_with_its_value_and_limit(field: str, value: Any, said: str) -> None:
    assert shortfalls(replace(GOOD, **{field: value})) == [said]


def test_nothing_earned_fails_both_its_conditions() -> None:
    lacking = shortfalls(replace(GOOD, taken_mean=None))
    assert [each.partition(" unknown")[0] for each in lacking] == [
        "result of taken",
        "result against all entries",
    ]


@pytest.mark.parametrize(("forecasts", "count"), [(FEW - 1, 0), (FEW, 1), (WANTED - 1, 1), (WANTED, 0)])
def test_few_forecasts_are_said_to_be_few(forecasts: int, count: int) -> None:
    assert len(warnings(replace(GOOD, forecasts=forecasts))) == count


def outcomes(chance: float, result: float, vote: int, count: int = LEAST) -> list[ProvingOutcome]:
    return [ProvingOutcome(chance, 0.5, result, vote)] * count


def test_a_promotion_ends_where_skill_or_profit_is_gone_and_never_too_early() -> None:
    assert lapsed(outcomes(0.9, 0.01, 1)) == []
    (blind,) = lapsed(outcomes(0.2, 0.01, 1))
    assert blind.startswith("no skill left in 100 outcomes: squared error -0.39")
    (poor,) = lapsed(outcomes(0.1, -0.01, 1))
    assert poor == "what it voted for earns -1.000% on average, must be above 0"
    assert lapsed(outcomes(0.1, -0.01, -1)) == [], "it voted against what lost"
    assert lapsed(outcomes(0.9, -0.01, 1, LEAST - 1)) == []


def test_a_proof_goes_through_the_journal_and_what_is_none_is_named() -> None:
    kept = msgspec.to_builtins(GOOD)
    assert proof_of(kept) == checked(kept) == GOOD
    assert proof_of({"voice": 7}) is None
    with pytest.raises(BadInput, match=r"evidence: Expected `str`, got `int`.*voice"):
        checked({"voice": 7})

"""The gate: each rule by its limit, one verdict by the matrix, and what it can and cannot show."""

import random
from typing import Any

import pytest

from agent.answers.gate import Area, GateAnswer, RuleStanding, Verdict
from agent.answers.report import FaultRow
from agent.gate.facts import days_needed, likelihood
from agent.gate.matrix import BLOCKS_LIVE, DECISIONS, decision, judged
from agent.gate.performance import wilson
from agent.gate.rules import RULES
from agent.settings.upkeep.gate import GateSettings
from domain.evidence import Evidence
from tests.gate.made import UNTIL, facts, figures, sound

NAMES = [rule.name for rule in RULES]


def standing(answer: GateAnswer, rule: str) -> RuleStanding:
    return next(row.standing for row in answer.rows if row.rule == rule)


def test_where_every_rule_holds_it_is_go_and_each_row_has_value_limit_and_standing() -> None:
    answer = judged(facts())
    assert (answer.verdict, answer.allows_live, answer.reasons) == (Verdict.GO, True, ["every rule holds"])
    assert [row.rule for row in answer.rows] == NAMES
    assert all(row.measured and row.limit and row.standing is RuleStanding.PASS for row in answer.rows)
    assert judged(facts()) == answer


FAULT = FaultRow(kind="KeyError", stage="RISK_CHECK", ours=True, count=1, last=UNTIL, message="x")

SPOILT: list[tuple[str, dict[str, Any]]] = [
    ("uptime", {"health__hours_up": 167.9, "health__share_up": 0.5}),
    ("availability", {"health__share_up": 0.98}),
    ("cycles", {"health__outcomes": {"held": 1, "failed": 5_000}}),
    ("halts", {"health__halts": ["KeyError in RISK_CHECK"]}),
    ("halts", {"health__crashes": 1}),
    ("halts", {"health__faults": [FAULT]}),
    ("reconnects", {"health__reconnects": 7_000}),
    ("memory", {"health__memory__slope": 6_000_000.0}),
    ("limits", {"risk__breaks": ["2026-11-02: the day lost 400.00, limit 300.00"]}),
    ("kill_switches", {"health__kill_switches": 3}),
    ("audit", {"health__unresolved": ["order x of BTC-USDT is UNKNOWN"]}),
    ("audit", {"health__bare": ["BTC-USDT"]}),
    ("audit", {"health__contradictions": ["x: is used twice"]}),
    ("profit", {"profit": "-0.01"}),
    ("profit", {"profit": "0"}),
    ("sharpe", {"figures": figures(sharpe=0.49)}),
    ("drawdown", {"risk__drawdown": 0.30}),
    ("win_rate", {"totals__wins": 39, "totals__win_rate": 0.39}),
    ("twin", {"twin__unexplained": 100}),
    ("out_of_sample", {"twin__backtest_pnl": "-1"}),
]


@pytest.mark.parametrize(("rule", "changes"), SPOILT)
def test_each_rule_fails_at_its_limit_and_makes_it_no_go(rule: str, changes: dict[str, Any]) -> None:
    answer = judged(facts(**changes))
    assert standing(answer, rule) is RuleStanding.FAIL
    assert answer.verdict is Verdict.NO_GO
    assert not answer.allows_live
    remedy = next(each.remedy for each in RULES if each.name == rule)
    assert answer.next_step.endswith(remedy)
    assert answer.reasons[0].startswith(f"{rule}: ")


def test_the_twin_says_what_tells_the_trades_apart() -> None:
    answer = judged(facts(twin__identical=0, twin__reasons={"another quantity": 7, "other fees": 1}))
    why = next(each.why for each in answer.rows if each.rule == "twin")
    assert why.endswith(" in both, 0 identical; another quantity (7); other fees (1)")


UNKNOWN: list[tuple[str, dict[str, Any]]] = [
    ("uptime", {"health__hours_up": 100.0, "health__share_up": 1.0}),
    ("data", {"health__sources": {"live": 1, "simulated": 1}}),
    ("reconnects", {"health__reconnects": None}),
    ("memory", {"health__memory": None}),
    ("memory", {"health__memory__notes": 23}),
    ("trades", {"totals__trades": 29}),
    ("sharpe", {"figures": figures(days=29, sharpe=None)}),
    ("sharpe", {"figures": None}),
    ("twin", {"twin__why_not": "strategy x cannot be loaded here"}),
    ("out_of_sample", {"twin__backtest_trades": 29}),
]


@pytest.mark.parametrize(("rule", "changes"), UNKNOWN)
def test_what_is_not_known_is_no_pass_and_no_fail(rule: str, changes: dict[str, Any]) -> None:
    answer = judged(facts(**changes))
    assert standing(answer, rule) is RuleStanding.UNKNOWN
    assert answer.verdict is Verdict.NOT_ENOUGH
    assert answer.allows_live
    assert any(each.startswith(f"{rule}: ") for each in answer.reasons)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("sharpe", {"figures": figures(sharpe=1.0, sharpe_low=-1.5, sharpe_high=3.5)}),
        ("win_rate", {"totals__wins": 41, "totals__win_rate": 0.41}),
    ],
)
def test_what_holds_and_may_be_luck_is_watched(rule: str, changes: dict[str, Any]) -> None:
    answer = judged(facts(**changes))
    assert standing(answer, rule) is RuleStanding.WEAK
    assert answer.verdict is Verdict.WATCH
    assert answer.allows_live
    sure = judged(facts(GateSettings(confidence=0.5), **changes))
    assert standing(sure, rule) is RuleStanding.PASS, "how sure one wants to be is a setting"


def test_what_a_fail_is_beside_the_unknown_is_still_a_no_go() -> None:
    answer = judged(facts(health__halts=["x"], totals__trades=3))
    assert answer.verdict is Verdict.NO_GO
    assert all(each.startswith("halts") for each in answer.reasons)


@pytest.mark.parametrize("seed", range(40))
def test_the_matrix_decides_whatever_the_standings_and_no_better_standing_makes_it_worse(seed: int) -> None:
    chance, answer = random.Random(seed), judged(facts())
    order = [Verdict.GO, Verdict.WATCH, Verdict.NOT_ENOUGH, Verdict.NO_GO]
    grades = [RuleStanding.PASS, RuleStanding.WEAK, RuleStanding.UNKNOWN, RuleStanding.FAIL]
    rows = list(answer.rows)
    worst = 0
    for at in chance.sample(range(len(rows)), 6):
        grade = chance.choice(grades)
        rows[at] = type(rows[at])(**{**_fields(rows[at]), "standing": grade})
        worst = max(worst, grades.index(grade))
        assert order.index(decision(rows).verdict) == worst
    assert decision([]).verdict is Verdict.GO
    assert {each.verdict for each in DECISIONS} == set(Verdict)
    assert {Verdict.NO_GO} == BLOCKS_LIVE


def _fields(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def searched(**more: Any) -> Evidence:
    known: dict[str, Any] = {"trials": 200, "deflated_sharpe": 0.95, "pbo": 0.2, **more}
    return Evidence("f" * 12, 1.0, 1.0, {}, 0.5, 0.5, **known)


def test_the_search_behind_the_parameters_counts() -> None:
    base = facts()
    held = judged(base._replace(evidence={"rsi": searched()}))
    assert held.verdict is Verdict.GO
    lucky = judged(base._replace(evidence={"rsi": searched(deflated_sharpe=0.4)}))
    assert (standing(lucky, "deflated_sharpe"), lucky.verdict) == (RuleStanding.WEAK, Verdict.WATCH)
    overfit = judged(base._replace(evidence={"rsi": searched(pbo=0.7), "sma": searched()}))
    assert (standing(overfit, "overfitting"), overfit.verdict) == (RuleStanding.FAIL, Verdict.NO_GO)
    forced = judged(base._replace(evidence={"rsi": None}))
    assert standing(forced, "overfitting") is RuleStanding.UNKNOWN
    untold = judged(base._replace(evidence={"rsi": searched(pbo=None)}))
    assert standing(untold, "overfitting") is RuleStanding.UNKNOWN


def test_a_broken_or_unverified_chain_is_no_whole_audit() -> None:
    broken = judged(facts()._replace(broken="row 7: its hash does not fit"))
    assert (broken.verdict, standing(broken, "audit")) == (Verdict.NO_GO, RuleStanding.FAIL)
    assert standing(judged(facts()._replace(broken=None)), "audit") is RuleStanding.UNKNOWN


def test_costs_beyond_the_backtests_fail() -> None:
    row = sound().costs[-1]
    dear = type(row)(**{**_fields(row), "slippage": str(float(row.slippage_assumed) * 3)})
    answer = judged(facts(costs=[dear]))
    assert standing(answer, "costs") is RuleStanding.FAIL


def test_the_power_is_what_the_facts_say_it_is() -> None:
    month = facts(figures=figures(days=30, sharpe=2.0, sharpe_low=-4.8, sharpe_high=8.8))
    row = next(each for each in judged(month).rows if each.rule == "sharpe")
    assert row.standing is RuleStanding.WEAK
    assert "t = 0.57 after 30 days; 95 % takes 247" in row.power
    assert [days_needed(ratio, 365) for ratio in (1, 2, 3, 0)] == [988, 247, 110, None]
    assert likelihood(1.644854) == pytest.approx(0.95, abs=1e-4)
    assert wilson(50, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)


def test_every_rule_has_a_failure_and_a_remedy_and_every_area_its_rules() -> None:
    assert len(set(NAMES)) == len(NAMES) == 20
    assert all(rule.failure and rule.remedy and rule.meaning for rule in RULES)
    assert {rule.area for rule in RULES} == set(Area)

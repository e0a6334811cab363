"""The rules as they stand: the gate's own measurements, told of an account before anybody wants more."""

import math
import re
from datetime import timedelta
from decimal import Decimal

from hypothesis import given

from agent.answers.agents import Headroom
from agent.views.headroom import MOST, UNJUDGED, UNSEEN, Judged, headroom, judged_entry
from domain.decision import Action
from domain.money import to_cash
from domain.verdict import Approved, Verdict
from risk.case import Case
from risk.judge import judge
from risk.table import RULES
from tests.risk.anomalies import odd_cases
from tests.risk.cases import INSTRUMENTS, NOW, account, case, deciding, held, holding, limiting, owning

OF_LOTS = {"portfolio_exposure", "concentration", "stale_data"}
"""Rules whose measure depends on the entry's size or price, which nobody has named yet."""


def rows_of(base: Case, verdict: Verdict | None = None) -> list[Headroom]:
    judged = {base.symbol: Judged(7, verdict)} if verdict is not None else {}
    seen = {base.symbol: base.observation}
    return headroom(base.account, base.instruments, base.policy, seen, judged, base.at)


def row(rows: list[Headroom], rule: str) -> Headroom:
    (found,) = [each for each in rows if each.rule == rule]
    return found


@given(odd_cases())
def test_what_is_told_of_a_rule_is_what_the_gate_says_of_the_same_account(base: Case) -> None:
    checks = {each.rule: each for each in judge(base).checks}
    about = {rule.reason: rule.about for rule in RULES}
    for each in rows_of(base):
        if about[each.rule] == "order":
            assert each.note == UNJUDGED
            continue
        check = checks.get(each.rule)
        passed = check is None or check.passed  # blocked entries are recorded only where they are
        if each.rule in OF_LOTS:
            assert each.passed or not passed, each
        elif each.rule != "max_position_limit_reached" or checks["duplicate_position"].passed:
            assert each.passed == passed, each  # one that is held takes no further slot; another would


@given(odd_cases())
def test_every_rule_has_a_row_with_plain_numbers_and_a_share_that_can_be_drawn(base: Case) -> None:
    rows = rows_of(base, judge(base))
    assert [each.rule for each in rows] == [each.reason for each in RULES if each.applies(base.policy.limits)]
    for each in rows:
        assert each.used is None or (math.isfinite(each.used) and 0 <= each.used <= MOST), each
        for text in (each.measured, each.limit):
            assert text is None or not re.search(r"nan|inf|\de[+-]?\d", text), each


def test_a_maximum_is_used_by_what_is_measured_and_a_minimum_by_what_it_asks_for() -> None:
    loss = owning(case(), equity=to_cash(9_985))
    assert row(rows_of(loss), "daily_loss_limit_exceeded").used == 0.75
    assert row(rows_of(loss), "daily_loss_limit_exceeded").measured == "15"
    rested = owning(case(), last_loss_at=NOW - timedelta(minutes=120), loss_streak=1)
    assert row(rows_of(rested), "cool_down_active").used == 0.5
    tired = owning(case(), last_loss_at=NOW - timedelta(minutes=40), loss_streak=1)
    assert row(rows_of(tired), "cool_down_active").used == 1.5
    assert row(rows_of(case()), "cool_down_active").used == 0.0
    just_now = owning(case(), last_loss_at=NOW, loss_streak=1)
    assert row(rows_of(just_now), "cool_down_active").used == MOST
    assert row(rows_of(owning(case(), kill_switch="enough")), "kill_switch_active").used == 1.0
    assert row(rows_of(case()), "kill_switch_active").used == 0.0


def test_counts_are_told_without_the_entry_that_nobody_wants_yet() -> None:
    full = case()
    three = holding(account(), *(held(symbol) for symbol in ("ETHUSDT", "SOLUSDT", "GOLDUSDT")))
    slots = row(
        rows_of(owning(full, positions=three.positions, marks=three.marks)), "max_position_limit_reached"
    )
    assert (slots.measured, slots.limit, slots.used, slots.passed) == ("3", "3", 1.0, False)
    assert slots.unit == "positions"
    entries = row(rows_of(owning(full, entries_today=4)), "max_trades_per_day")
    assert (entries.measured, entries.limit, entries.passed) == ("4", "5", True)


def test_what_only_an_order_can_tell_is_that_of_the_last_entry_judged() -> None:
    small = deciding(case(), confidence=35.0)
    verdict = judge(small)
    confidence = row(rows_of(small, verdict), "min_confidence")
    assert (confidence.measured, confidence.limit, confidence.used) == ("35", "70", 2.0)
    assert confidence.note == "of the entry judged in cycle 7"
    assert confidence.passed is False
    before = row(rows_of(small), "min_confidence")
    assert (before.measured, before.limit, before.used, before.passed) == (None, "70", None, None)


def test_only_verdicts_on_entries_are_remembered_for_it() -> None:
    assert judged_entry(judge(case()))
    assert judged_entry(judge(deciding(case(), confidence=1.0)))
    sale = holding(account(), held())
    sold = judge(owning(deciding(case(), action=Action.SELL), positions=sale.positions, marks=sale.marks))
    assert isinstance(sold, Approved)
    assert not judged_entry(sold)
    assert not judged_entry(judge(deciding(case(), action=Action.SELL)))


def test_rules_of_the_account_are_told_once_and_those_of_a_symbol_for_each() -> None:
    base = case()
    seen = {"BTCUSDT": base.observation, "ETHUSDT": None, "NOSUCH": None}
    base = limiting(base, symbol_cool_down_ms=1, stop_guard_ms=1, low_profit_ms=1, pair_list=1)
    rows = headroom(base.account, INSTRUMENTS, base.policy, seen, {}, NOW)
    for rule in RULES:
        symbols = [each.symbol for each in rows if each.rule == rule.reason]
        assert symbols == ([None] if rule.about == "account" else ["BTCUSDT", "ETHUSDT"]), rule.reason
    assert {each.rule for each in rows if each.note == UNSEEN} == {
        "simulated_data", "stale_data", "circuit_breaker_open",
    }  # fmt: skip
    assert headroom(base.account, {}, base.policy, seen, {}, NOW) == []


def test_amounts_are_exact_to_the_last_unit_of_cash() -> None:
    exposed = owning(case(), entries={"ETHUSDT": 123_456_789_012_345_677})
    told = row(rows_of(exposed), "portfolio_exposure")
    assert told.measured is not None
    assert Decimal(told.measured) == Decimal("1234567890.12345677")

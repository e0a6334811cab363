"""Additions to a position: when one is due, and what the gate counts of what is held."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.exits import ExitPlan
from domain.order import OrderType, Purpose
from domain.verdict import Approved
from risk.additions import add_due
from risk.case import Addition, Case
from risk.judge import judge_addition, reserve
from risk.stake import level_at, loss_at_stop
from tests.risk.cases import (
    COST_PPM,
    INSTRUMENTS,
    PRICE,
    account,
    approved,
    case,
    denied,
    held,
    holding,
    owning,
    policy,
)
from tests.risk.test_choice import ordering

FALLS = ExitPlan(
    roi=((0, 50_000),), parts=((20_000, 500_000),), adds=((-10_000, 500_000), (-20_000, 1_000_000))
).numbers()
FIRST = "b-0-1-BTCUSDT"
LOWER = PRICE - PRICE // 100


def due(done: int, quote: int, plan: list[int] = FALLS) -> int:
    return add_due(plan, 0, done, quote, 100_000 * 7, 7, 80)


def test_the_next_is_due_at_its_own_fall_from_the_average_entry() -> None:
    assert [due(0, quote) for quote in (99_001, 99_000, 90_000, 0)] == [0, 40, 40, 0]
    assert [due(1, quote) for quote in (98_001, 98_000)] == [0, 80]
    assert due(2, 1) == 0, "as many as were declared"
    rises = ExitPlan(adds=((5_000, 250_000),)).numbers()
    assert [due(0, quote, rises) for quote in (100_499, 100_500)] == [0, 20]
    assert due(0, 1, ExitPlan(after_ms=9).numbers()) == 0


@given(st.integers(1, 10**6), st.integers(1, 10**4), st.integers(-500_000, 10**6).filter(bool))
def test_one_is_due_from_the_very_tick_of_its_level_on(bought: int, units: int, gain: int) -> None:
    plan = ExitPlan(adds=((gain, 1_000_000),)).numbers()
    level = level_at(bought * units, units, 1_000_000 + gain)
    there, short = (level, level + 1) if gain < 0 else (level, level - 1)
    if there > 0:
        assert add_due(plan, 0, 0, there, bought * units, units, 5) == 5
    if short > 0:
        assert add_due(plan, 0, 0, short, bought * units, units, 5) == 0


def adding(paid: int = PRICE, lots: int = 60, **changes: Any) -> Case:
    """A case to add 40 lots to those held, whose stop rests 2 % below the usual price."""
    base = case(price=LOWER)
    decision = replace(base.decision, stop_ppm=0, stop=PRICE - PRICE // 50, price=None)
    own = holding(account(), held(lots=lots, price=paid))
    more = {"decision": decision, "account": own, "policy": policy(concentration="0.5", **changes)}
    return replace(base, addition=Addition(FIRST, 1, 40, lots, paid), client_id="b-0-9-BTCUSDT", **more)


def judged(base: Case) -> Any:
    assert base.addition is not None
    return judge_addition(base, base.addition)


def measured(verdict: Any, rule: str) -> Any:
    return next(each.measured for each in verdict.checks if each.rule == rule)


def test_it_is_an_entry_of_the_day_that_names_the_first() -> None:
    base = adding()
    verdict = approved(judged(base))
    order = verdict.order
    assert (order.slice_of, order.addition, order.lots) == (FIRST, 1, 40)
    assert (order.type, order.purpose) == (OrderType.MARKET, Purpose.ENTRY)
    assert verdict.sizing == f"addition 1 to {FIRST}: 0.0004 BTC"
    assert verdict.stop == base.decision.stop
    assert reserve(base.account, verdict, INSTRUMENTS).entries_today == 1


def test_what_is_held_loses_from_what_was_paid_for_it() -> None:
    base = adding()
    stop, factor = base.decision.stop, base.instrument.cash_factor
    both = loss_at_stop(LOWER, stop, 40, factor, COST_PPM) + loss_at_stop(PRICE, stop, 60, factor, COST_PPM)
    loss = measured(judged(base), "per_trade_loss_limit_exceeded")
    assert loss == pytest.approx(both / 1e8)
    dear = measured(judged(adding(paid=PRICE + PRICE // 20)), "per_trade_loss_limit_exceeded")
    assert dear > loss
    won = measured(judged(adding(paid=PRICE // 2)), "per_trade_loss_limit_exceeded")
    assert won == pytest.approx(loss_at_stop(LOWER, stop, 40, factor, COST_PPM) / 1e8), "no gain is counted"


@pytest.mark.parametrize(
    ("base", "rule"),
    [
        (adding(per_trade_loss="0.90"), "per_trade_loss_limit_exceeded"),
        (adding(total_exposure="0.004"), "portfolio_exposure"),
        (replace(adding(), policy=policy(concentration="0.004")), "concentration"),
        (adding(max_trades_per_day=0), "max_trades_per_day"),
        (adding(min_confidence=99), "min_confidence"),
        (owning(adding(), kill_switch="daily loss"), "kill_switch_active"),
    ],
)
def test_every_rule_is_asked_of_the_sum(base: Case, rule: str) -> None:
    verdict = denied(judged(base))
    assert (verdict.reason, verdict.slice_of) == (rule, FIRST)
    assert "addition 1 to" in verdict.detail


def test_the_position_it_is_added_to_takes_no_place_besides() -> None:
    assert isinstance(judged(adding(max_positions=1)), Approved)


def test_the_position_it_is_added_to_is_told_as_none_besides() -> None:
    verdict = judged(adding())
    assert isinstance(verdict, Approved)
    (check,) = [each for each in verdict.checks if each.rule == "duplicate_position"]
    assert (check.passed, check.measured, check.limit) == (True, "none besides the one it adds to", "none")


def test_it_is_ordered_within_a_price_where_entries_are_and_never_in_slices() -> None:
    laws = {"BTCUSDT": {"base": 0.05, "growth": 1.0}}
    base = ordering(
        adding(), {"concentration": "0.5"}, order="auto", laws=laws, most_of_stop="0.01", slices=8
    )
    verdict = approved(judged(base))
    assert verdict.order.type is OrderType.IOC
    assert verdict.order.lots == 40
    assert verdict.choice
    assert verdict.choice.slices == 1

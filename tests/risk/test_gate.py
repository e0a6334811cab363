"""The compiled gate and the explained gate are one gate, and neither ever enlarges an order."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.money import MAX_CASH
from domain.order import OrderType, Purpose, Side
from domain.verdict import Approved
from risk import rules
from risk.case import Case
from risk.judge import judge
from risk.reading import book_of, entry_of
from risk.sizing import Size, size_entry
from tests.risk.anomalies import odd_cases
from tests.risk.cases import case, deciding, facts_of, kernel_reason, reason


def size_of(base: Case) -> Size:
    return size_entry(entry_of(base), book_of(base), base.policy.limits, base.policy.sizing)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(judged=odd_cases())
def test_the_kernel_names_the_rule_the_verdict_names(judged: Case) -> None:
    assert kernel_reason(judged, size_of(judged).lots) == reason(judged)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(judged=odd_cases())
def test_the_reason_is_the_first_check_that_failed(judged: Case) -> None:
    verdict = judge(judged)
    failed = [check.rule for check in verdict.checks if not check.passed]
    assert reason(judged) == (failed[0] if failed else "")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(judged=odd_cases(most=3), data=st.data())
def test_an_order_is_never_enlarged_and_fewer_lots_still_pass(judged: Case, data: st.DataObject) -> None:
    verdict = judge(judged)
    if not isinstance(verdict, Approved):
        return
    size, order = size_of(judged), verdict.order
    assert 0 < order.lots == size.lots
    fixed = judged.policy.fixed_quantity
    if fixed is not None:
        assert judged.instrument.quantity(order.lots) <= fixed
    fewer = data.draw(st.integers(1, order.lots))
    assert kernel_reason(judged, fewer) in {"", "exchange_filters"}
    assert (order.side, order.type, order.purpose) == (Side.BUY, OrderType.MARKET, Purpose.ENTRY)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(judged=odd_cases())
def test_judging_is_pure(judged: Case) -> None:
    assert repr(judge(judged)) == repr(judge(judged))


def test_a_price_that_is_none_denies_as_stale_before_anything_else() -> None:
    assert kernel_reason(deciding(case(), price=-1), 0) == "stale_data"


def test_the_filter_rule_alone_refuses_what_has_no_price() -> None:
    facts = facts_of(case(), 1)
    unpriced = facts._replace(entry=facts.entry._replace(price=0, min_cash=0, min_lots=0))
    priced = unpriced._replace(entry=unpriced.entry._replace(price=1))
    assert not rules.filters(unpriced).passed
    assert not rules.filters(priced._replace(lots=0)).passed
    assert rules.filters(priced).passed


def test_the_largest_notional_passes_the_filter_and_one_unit_more_does_not() -> None:
    facts = facts_of(case(), MAX_CASH)
    least = facts._replace(entry=facts.entry._replace(price=1, cash_factor=1, min_cash=0, min_lots=0))
    assert rules.filters(least).passed
    assert not rules.filters(least._replace(lots=MAX_CASH + 1)).passed

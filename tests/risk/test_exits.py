"""An exit is never blocked: no rule, switch, breaker or missing input stands before it."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from msgspec.structs import replace

from domain.account import Account
from domain.decision import Action
from domain.observation import Source
from domain.order import OrderType, Purpose, Side
from risk.case import Case
from risk.judge import judge
from tests.risk.anomalies import odd_cases
from tests.risk.cases import (
    BTC,
    PRICE,
    account,
    approved,
    case,
    deciding,
    denied,
    held,
    holding,
    owning,
    seeing,
)

LEAVE = replace(
    case(action=Action.SELL),
    account=replace(holding(account(), held(lots=1_234)), class_drawdown={"crypto": 10**15}),
)


def desperate(base: Case) -> Case:
    """Everything that stops an entry, at once."""
    ruined: Account = replace(
        base.account,
        equity=-1,
        cash=-1,
        marks={},
        entries={"BTCUSDT": 10**15},
        entries_today=99,
        last_loss_at=base.at,
        loss_streak=99,
        kill_switch="manual",
        unknown_orders=("b-0-1-BTCUSDT",),
        blocked={"": "the venue says nothing", "BTCUSDT": "market closed (BREAK)"},
    )
    blind = seeing(base, source=Source.SIMULATED, quote=None, candles=(), breaker="open")
    return replace(deciding(blind, price=None, confidence=0.0, stop_ppm=0), account=ruined)


def test_an_exit_sells_the_whole_position() -> None:
    verdict = approved(judge(LEAVE))
    order = verdict.order
    assert (order.lots, order.reference, order.at) == (1_234, PRICE, LEAVE.at)
    assert (order.side, order.type, order.purpose) == (Side.SELL, OrderType.MARKET, Purpose.EXIT)
    assert (order.client_id, order.cycle_id, order.symbol) == ("b-0-7-BTCUSDT", 7, "BTCUSDT")
    assert [check.rule for check in verdict.checks] == ["exchange_filters"]
    assert verdict.sizing == "the whole position: 0.01234 BTC"
    assert (verdict.stop_ppm, verdict.stop, verdict.target) == (0, 0, 0)


def test_an_exit_passes_when_everything_is_wrong() -> None:
    assert approved(judge(desperate(LEAVE))).order.lots == 1_234


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(odd=odd_cases(action=Action.SELL, most=8))
def test_no_risk_rule_ever_denies_an_exit(odd: Case) -> None:
    position = held(lots=1_234)
    judged = replace(odd, instruments=LEAVE.instruments)
    judged = owning(judged, positions={**odd.account.positions, "BTCUSDT": position})
    assume(judged.price in (0, PRICE))  # another may make dust of the position: the exchange's own filter
    assert approved(judge(judged)).order.lots == 1_234


@pytest.mark.parametrize(
    ("judged", "reference"),
    [
        (deciding(LEAVE, price=PRICE + 5), PRICE + 5),
        (deciding(LEAVE, price=None), PRICE),
        (owning(seeing(deciding(LEAVE, price=None), quote=None), marks={"BTCUSDT": 4_900_000}), 4_900_000),
        (desperate(LEAVE), PRICE),
    ],
)
def test_the_reference_is_the_best_price_known(judged: Case, reference: int) -> None:
    assert approved(judge(judged)).order.reference == reference


def test_dust_is_denied_by_the_exchange_s_filters_with_the_numbers() -> None:
    dust = owning(LEAVE, positions={"BTCUSDT": held(lots=9)})
    verdict = denied(judge(dust))
    assert verdict.reason == "exchange_filters"
    assert verdict.detail == "notional 4.50000000 below minimum 5"
    listed = replace(dust, instruments={"BTCUSDT": replace(BTC, min_quantity=Decimal("0.0001"))})
    assert denied(judge(listed)).detail == "quantity 0.00009 below minimum 0.0001"


def test_without_a_price_only_the_exchange_can_tell_the_notional() -> None:
    dust = desperate(owning(LEAVE, positions={"BTCUSDT": held(lots=9)}))
    assert approved(judge(dust)).order.lots == 9


def test_a_sale_of_nothing_is_refused() -> None:
    verdict = denied(judge(case(action=Action.SELL)))
    assert verdict.reason == "nothing_to_reduce"
    assert verdict.detail == "0 lots held, under the limit 1"
    pending = owning(case(action=Action.SELL), entries={"BTCUSDT": 1})
    assert denied(judge(pending)).reason == "nothing_to_reduce"

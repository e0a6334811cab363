"""The order of an approved entry as the judge writes it: at the market, within a price, or in slices."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace
from pydantic import ValidationError

from domain.impact import Impact, MarketActivity
from domain.order import OrderType, Purpose
from domain.times import MINUTE_MS
from domain.verdict import Approved, EntryChoice
from risk.case import Case, Policy, Slice
from risk.entry_settings import EntrySettings
from risk.judge import judge, judge_slice, reserve
from risk.settings import RiskSettings, SizingSettings
from tests.risk.cases import (
    COST_PPM,
    INSTRUMENTS,
    MISSION,
    PRICE,
    account,
    approved,
    case,
    denied,
    held,
    holding,
    owning,
)

LAWS = {"BTCUSDT": {"base": 0.05, "growth": 1.0}}
"""Of a market that moves 1 % a candle: the entry of these cases, 294 lots of 1,200, pays 5,450 ppm."""
ACTIVITY = MarketActivity(10_000.0, 1_200.0)
WORST = PRICE + PRICE * 2_000 // 1_000_000


def ordering(base: Case, risk: dict[str, Any] | None = None, **entries: Any) -> Case:
    settings = EntrySettings(**entries)
    rules = Policy.pack(
        RiskSettings(**{**MISSION, **(risk or {})}),
        SizingSettings(risk_per_trade=Decimal("0.01")),
        mode="live",
        timeframe_ms=MINUTE_MS,
        cost_ppm=COST_PPM,
        orders=settings.pack(1_250),
        laws=settings.impacts,
    )
    return replace(base, policy=rules, activity=ACTIVITY)


def entry(**entries: Any) -> Approved:
    return approved(judge(ordering(case(), **entries)))


def chosen(verdict: Approved) -> EntryChoice:
    assert isinstance(verdict.choice, EntryChoice)
    return verdict.choice


def test_an_entry_at_the_market_carries_no_choice() -> None:
    verdict = entry()
    assert verdict.choice is UNSET
    assert (verdict.order.type, verdict.order.price) == (OrderType.MARKET, None)


def test_a_limit_entry_is_within_the_worst_price_whatever_is_predicted() -> None:
    verdict = entry(order="limit")
    assert (verdict.order.type, verdict.order.price) == (OrderType.IOC, WORST)
    assert chosen(verdict) == EntryChoice(1_250, None, 1, verdict.order.lots), "no law: the settings' costs"


def test_auto_takes_the_market_where_little_is_predicted() -> None:
    verdict = entry(order="auto", laws=LAWS, most_of_stop="0.5")
    assert (verdict.order.type, verdict.order.price) == (OrderType.MARKET, None)
    assert chosen(verdict) == EntryChoice(5_450, 15_000, 1, verdict.order.lots)


def test_auto_takes_a_price_where_much_is_predicted() -> None:
    verdict = entry(order="auto", laws=LAWS, most_of_stop="0.1")
    assert (verdict.order.type, verdict.order.price) == (OrderType.IOC, WORST)
    assert chosen(verdict) == EntryChoice(5_450, 3_000, 1, 294)


def test_auto_orders_the_first_of_so_few_slices_that_each_pays_what_is_allowed() -> None:
    verdict = entry(order="auto", laws=LAWS, most_of_stop="0.1", slices=8)
    assert chosen(verdict) == EntryChoice(5_450, 3_000, 4, 294)
    assert (verdict.order.type, verdict.order.price, verdict.order.lots) == (OrderType.IOC, WORST, 74)
    assert verdict.order.slice_of is UNSET


def of_first(base: Case, first: Approved, lots: int = 74) -> Case:
    """The next cycle's case: the first slice is held, the second is to be judged."""
    own = reserve(account(), first, INSTRUMENTS)
    own = replace(holding(own, held(lots=lots)), entries={})
    part = Slice("b-0-7-BTCUSDT", 1, lots, lots, chosen(first))
    return replace(base, account=own, client_id="b-0-8-BTCUSDT", slice=part)


def judged_slice(base: Case) -> Approved:
    assert base.slice is not None
    return approved(judge_slice(base, base.slice))


def sliced(risk: dict[str, Any] | None = None) -> Case:
    whole = ordering(case(), risk, order="auto", laws=LAWS, most_of_stop="0.1", slices=8)
    return of_first(whole, approved(judge(whole)))


def test_a_further_slice_is_judged_beside_what_its_own_entry_holds() -> None:
    base = sliced()
    verdict = judged_slice(base)
    order = verdict.order
    assert (order.type, order.price, order.lots) == (OrderType.IOC, WORST, 74)
    assert (order.client_id, order.slice_of, order.purpose) == (
        "b-0-8-BTCUSDT", "b-0-7-BTCUSDT", Purpose.ENTRY,
    )  # fmt: skip
    assert verdict.sizing == "slice 2 of 4 of b-0-7-BTCUSDT: 0.00074 BTC"
    assert "none besides the one it adds to" in [each.measured for each in verdict.checks]
    assert reserve(base.account, verdict, INSTRUMENTS).entries_today == 1, "an entry counts once"


@pytest.mark.parametrize(
    ("risk", "changes", "rule"),
    [
        ({"per_trade_loss": 5}, {"kill_switch": "daily loss"}, "kill_switch_active"),
        ({"per_trade_loss": "2.40"}, {}, "per_trade_loss_limit_exceeded"),
        ({"total_exposure": "0.007"}, {}, "portfolio_exposure"),
    ],
)
def test_a_further_slice_is_denied_by_the_rule_that_denies_an_entry(
    risk: dict[str, Any], changes: dict[str, Any], rule: str
) -> None:
    base = sliced()
    strict = ordering(base, risk, order="auto", laws=LAWS, most_of_stop="0.1", slices=8)
    base = owning(strict, **changes)
    assert base.slice is not None
    verdict = denied(judge_slice(base, base.slice))
    assert (verdict.reason, verdict.slice_of) == (rule, "b-0-7-BTCUSDT")
    assert "slice 2 of 4" in verdict.detail


def test_the_loss_at_the_stop_is_that_of_all_slices_held() -> None:
    base = sliced({"per_trade_loss": "3.00"})
    assert base.slice is not None
    assert judged_slice(base).order.lots == 74
    more = replace(base, slice=replace(base.slice, held=148), account=holding(account(), held(lots=148)))
    assert denied(judge_slice(more, replace(base.slice, held=148))).reason == "per_trade_loss_limit_exceeded"


def test_settings_are_laws_only_where_auto_reads_them() -> None:
    law = {"BTCUSDT": Impact(0.05, 1.0)}
    assert EntrySettings(order="auto", laws=LAWS).impacts == law
    assert EntrySettings(order="limit", laws=LAWS).impacts == {}
    assert [EntrySettings(order=kind).worst_ppm for kind in ("market", "limit")] == [0, 2_000]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"order": "auto"}, "order auto goes by a slippage model: name one"),
        ({"order": "limit", "slices": 2}, "slices 2 is of order auto, order is limit; set slices = 1"),
        ({"order": "auto", "laws": LAWS, "slices": True}, "must be a number, not true or false"),
        ({"order": "iceberg"}, "'market', 'limit' or 'auto'"),
        ({"order": "limit", "worst": "0.2"}, "less than or equal to"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        EntrySettings(**given)

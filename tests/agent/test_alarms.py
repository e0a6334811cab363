"""The alarms of an agent: each state of things that people should know of is one, and nothing else is."""

from typing import Any

import pytest

from agent.answers.account import MarketRow
from agent.answers.agents import AlarmKind, Supervised
from agent.views.alarms import FAULT, Known, alarms, doubts
from agent.views.latest import Latest
from domain.events import CycleDecided, OrderReported, OrdersIntended
from domain.order import Order, OrderStatus, OrderType, Purpose, Receipt, Side
from domain.times import utc
from tests.agent.world import START, SYMBOL, World, wave

WELL = Known(
    running=True, sessions=1, quiet_seconds=1.0, interval_seconds=60.0, breakers=[("binance", "closed")]
)


def market(source: str) -> MarketRow:
    return MarketRow(
        symbol=SYMBOL, price="1", price_at=None, source=source, provider="binance", breaker="closed",
        not_served_by={"alpha_vantage": "Unreachable: no route"},
    )  # fmt: skip


AMISS: list[tuple[AlarmKind, dict[str, Any]]] = [
    (AlarmKind.DEAD, {"running": False}),
    (AlarmKind.DEAD, {"problem": "is stopped and does not answer"}),
    (AlarmKind.DEAD, {"running": False, "ended": "stopped", "supervised": Supervised(wanted=True)}),
    (AlarmKind.HALTED, {"running": False, "ended": f"{FAULT}the account differs"}),
    (AlarmKind.HALTED, {"running": False, "supervised": Supervised(wanted=False, halted="it differs")}),
    (AlarmKind.KILLED, {"kill_switch": "enough"}),
    (AlarmKind.KILLED, {"kill_switch": ""}),
    (AlarmKind.IN_DOUBT, {"doubts": ["order x is UNKNOWN"]}),
    (AlarmKind.STALE, {"quiet_seconds": 181.0}),
    (AlarmKind.STALE, {"market": [market("cached")]}),
    (AlarmKind.UNJUDGED, {"unjudged": [(SYMBOL, "rsi is muted: it failed")]}),
    (AlarmKind.UNJUDGED, {"faults": [(SYMBOL, "KeyError: 'x'")]}),
    (AlarmKind.SIMULATED, {"market": [market("simulated")]}),
    (AlarmKind.BREAKER, {"breakers": [("binance", "open")]}),
    (AlarmKind.BLOCKED, {"blocked": [("", "fees have no price")]}),
    (AlarmKind.PAIR_LIST, {"pair_list": "it does not stand, no entry is made: silent"}),
]


@pytest.mark.parametrize(("kind", "facts"), AMISS)
def test_what_people_should_know_of_is_one_alarm_with_its_reason(
    kind: AlarmKind, facts: dict[str, Any]
) -> None:
    (alarm,) = alarms(WELL._replace(**facts))
    assert alarm.kind is kind
    assert alarm.text


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"quiet_seconds": 180.0},
        {"quiet_seconds": 10.0, "interval_seconds": 0.01},
        {"quiet_seconds": 9999.0, "paused": True},
        {"quiet_seconds": None},
        {"market": [market("live")]},
        {"market": [market("recorded")]},
        {"running": False, "ended": "cycles"},
        {"running": False, "ended": "stopped", "supervised": Supervised(wanted=False)},
        {"running": False, "sessions": 0},
        {"running": False, "ended": None, "ending": True},
        {"running": False, "sessions": 0, "supervised": Supervised(wanted=True, pid=7)},
    ],
)
def test_an_agent_that_is_well_or_was_ended_in_order_raises_none(facts: dict[str, Any]) -> None:
    assert alarms(WELL._replace(**facts)) == []


def test_the_gravest_comes_first_whatever_is_found_first() -> None:
    facts: dict[str, Any] = {}
    for _, each in AMISS[5:]:
        facts |= each
    kinds = [each.kind for each in alarms(WELL._replace(**facts))]
    assert kinds == sorted(kinds, key=list(AlarmKind).index)
    assert set(kinds) >= {AlarmKind.KILLED, AlarmKind.IN_DOUBT, AlarmKind.BREAKER, AlarmKind.BLOCKED}


def test_an_order_on_its_way_is_in_doubt_only_after_a_moment_or_when_nobody_waits_for_it() -> None:
    world = World(wave(2))
    world.run()
    ledger, at = world.state.ledger, utc(START)
    order = Order("a-9-0", 9, at, SYMBOL, Side.BUY, OrderType.MARKET, Purpose.ENTRY, 1_000, 5_000_000)
    world.state.apply(OrdersIntended(9, at, (order,)))
    assert doubts(ledger, at, running=True) == []
    assert len(doubts(ledger, at, running=False)) == 1
    assert len(doubts(ledger, utc(START + 5_000), running=True)) == 1
    world.state.apply(OrderReported(9, Receipt("a-9-0", SYMBOL, OrderStatus.UNKNOWN, at, reason="no answer")))
    assert doubts(ledger, at, running=True) == [f"order a-9-0 of {SYMBOL} is UNKNOWN"]
    ledger.contradict("b", "b was told twice")
    assert doubts(ledger, at, running=True)[1:] == ["b: b was told twice"]


def test_providers_are_told_by_when_they_served_last_and_why_others_did_not() -> None:
    world, latest = World(wave(120)), Latest()
    world.run()
    for event in world.events:
        latest.apply(event)
    last = [each for each in world.events if isinstance(each, CycleDecided)][-1]
    assert latest.decided == last
    rows = {each.provider: each for each in latest.providers(utc(START + 121 * 60_000))}
    assert rows["script"].served_at == last.at
    assert rows["script"].age_seconds == 60.0
    assert rows["other"].last_refusal == "down"
    assert rows["other"].served_at is None
    assert latest.judged[SYMBOL].verdict.symbol == SYMBOL

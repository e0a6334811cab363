"""Why: every cycle can be explained, down to what would have turned it."""

import pytest

from agent.answers.cycle import Explanation, SymbolAnswer
from agent.explain.why import explain
from domain.errors import BadInput, Unreachable
from domain.events import CycleDecided
from domain.verdict import Approved, Denied
from journal.memory import MemoryJournal
from tests.agent.world import ID, World, lively, wave


@pytest.fixture(scope="module")
def journal() -> MemoryJournal:
    steps = wave(400)
    steps[30] = Unreachable("no route")
    journal = MemoryJournal(ID)
    World(steps, journal=journal).run()
    return journal


def cycles_with(journal: MemoryJournal, kind: type) -> list[CycleDecided]:
    events = [row.event for row in journal.rows()]
    return [
        event
        for event in events
        if isinstance(event, CycleDecided) and any(isinstance(verdict, kind) for verdict in event.verdicts)
    ]


def only(told: Explanation) -> SymbolAnswer:
    (symbol,) = told.symbols
    return symbol


def test_the_last_cycle_is_explained_unless_another_is_named(journal: MemoryJournal) -> None:
    assert explain(journal, None).cycle == 400
    assert explain(journal, 7).cycle == 7


def test_sources_ages_and_votes_are_told(journal: MemoryJournal) -> None:
    told = only(explain(journal, 120))
    seen = told.seen
    assert (seen.source, seen.candle_age_seconds, seen.price_age_seconds) == ("recorded", 60.0, 0.0)
    assert seen.not_served_by == {"other": "down"}
    assert told.decision is not None
    assert {voice.name for voice in told.decision.voices} == {"rsi", "sma"}


def test_the_close_that_would_have_turned_a_hold_does_turn_it(journal: MemoryJournal) -> None:
    told = only(explain(journal, 120))
    assert told.decision is not None
    assert told.decision.action == "HOLD"
    turning = told.would_have_turned_it
    assert turning is not None
    assert turning.kind == "close"
    assert turning.close is not None
    held, turned = decision_at(120, float(turning.close), 0), decision_at(120, float(turning.close), 1)
    assert turned == turning.action != "HOLD"
    assert held == "HOLD"


def decision_at(cycle: int, close: float, exactly: int) -> str:
    """Run the same market with another close in one cycle; 0: one tick nearer to what it was."""
    steps = wave(400)[:cycle]
    steps[30] = Unreachable("no route")
    was = float(steps[-1])  # type: ignore[arg-type]  # a close
    nearer = 0.0 if exactly else (0.01 if was > close else -0.01)
    steps[-1] = round(close + nearer, 2)
    world = World(steps)
    world.run()
    event = [each for each in world.events if isinstance(each, CycleDecided)][-1]
    return str(event.decisions[0].action)


def test_an_approved_entry_tells_every_rule_and_the_fate_of_its_orders(journal: MemoryJournal) -> None:
    entry = cycles_with(journal, Approved)[0]
    told = explain(journal, entry.cycle_id)
    verdict = only(told).verdict
    assert verdict is not None
    assert verdict.approved
    assert len(verdict.checks) >= 15
    assert all(check.rule and check.passed for check in verdict.checks)
    kinds = [order.what for order in told.orders]
    assert kinds == ["ENTRY BUY MARKET", "PROTECT SELL STOP"]
    assert told.orders[0].fills
    assert told.orders[1].states[0].status == "NEW"
    assert told.orders[1].states[-1].status in ("CANCELLED", "FILLED")


def test_a_denied_entry_tells_what_each_failed_rule_measured(journal: MemoryJournal) -> None:
    denied = cycles_with(journal, Denied)[0]
    told = only(explain(journal, denied.cycle_id))
    verdict, turning = told.verdict, told.would_have_turned_it
    assert verdict is not None
    assert turning is not None
    assert not verdict.approved
    assert turning.kind == "limits"
    assert (verdict.reason or "?") in turning.text or verdict.detail


def test_a_failed_cycle_tells_its_error(journal: MemoryJournal) -> None:
    told = explain(journal, 31)
    assert told.outcome == "failed"
    assert told.error is not None
    assert told.error.message == "no route"


def test_a_cycle_that_is_not_there_is_refused(journal: MemoryJournal) -> None:
    with pytest.raises(BadInput, match="cycle 401 is not in the journal, it holds 1 to 400"):
        explain(journal, 401)
    with pytest.raises(BadInput, match="it holds none yet"):
        explain(MemoryJournal(ID), None)


def test_explaining_changes_nothing(journal: MemoryJournal) -> None:
    before = journal.head()
    assert explain(journal, 200) == explain(journal, 200)
    assert journal.head() == before


def test_settings_of_the_session_are_used_not_todays() -> None:
    journal = MemoryJournal(ID)
    World(wave(100), journal=journal, options=lively(symbols=("BTC-USDT",))).run()
    assert explain(journal, 50).symbols[0].decision is not None

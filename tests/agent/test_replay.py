"""Replay: identical when nothing changed, the first difference field by field when something did."""

import msgspec
import pytest

from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from domain.commands import Kill
from domain.decision import Action
from domain.errors import BadInput, LocalFault, Unreachable
from domain.events import CycleDecided, CycleEnded, Event
from journal.memory import MemoryJournal
from risk import checks
from risk.rule import Rule
from risk.rules import Measure
from risk.table import RULES
from tests.agent.world import ID, Dying, World, wave


def recorded(count: int = 300) -> MemoryJournal:
    journal = MemoryJournal(ID)
    World(wave(count), journal=journal).run()
    return journal


def rewritten(journal: MemoryJournal, change: dict[int, Event]) -> MemoryJournal:
    """Return a journal of the same events with some replaced (and a chain of its own)."""
    again = MemoryJournal(ID)
    for row in journal.rows():
        again.append(change.get(row.seq, row.event))
    return again


def test_a_session_replays_identically() -> None:
    found = replay(recorded(), None, FrozenClock())
    assert found.difference is None
    assert found.cycles == 300
    assert found.events > 2 * 300


def test_failed_cycles_and_kills_replay_too() -> None:
    steps = wave(200)
    steps[50] = Unreachable("no route")
    journal = MemoryJournal(ID)
    world = World(steps, journal=journal)
    world.session.listeners.append(
        lambda event: (
            world.inbox.at_once(Kill(reason="enough"))
            if isinstance(event, CycleEnded) and event.cycle_id == 120
            else None
        )
    )
    world.run()
    assert world.state.kill_switch == "enough"
    assert replay(journal, None, FrozenClock()).difference is None


def test_a_session_that_halted_replays_up_to_its_end() -> None:
    journal = MemoryJournal(ID)
    with pytest.raises(LocalFault):
        World([*wave(60), Dying("broken")], journal=journal).run()
    found = replay(journal, None, FrozenClock())
    assert found.cycles == 61


def test_a_changed_decision_is_shown_field_by_field() -> None:
    journal = recorded()
    row = next(
        row for row in journal.rows() if isinstance(row.event, CycleDecided) and row.event.cycle_id == 70
    )
    assert isinstance(row.event, CycleDecided)
    decision = msgspec.structs.replace(row.event.decisions[0], action=Action.SELL, score=-99.0)
    changed = msgspec.structs.replace(row.event, decisions=(decision,))
    found = replay(rewritten(journal, {row.seq: changed}), None, FrozenClock())
    assert found.difference is not None
    assert found.difference.cycle_id == 70
    fields = {path: (old, new) for path, old, new in found.difference.fields}
    assert fields["decisions[0].action"] == ("SELL", "HOLD")
    assert fields["decisions[0].score"][0] == -99.0


@pytest.mark.parametrize("passed", [True, False])
def test_a_rule_that_came_later_differs_only_where_it_does_not_pass(
    *, passed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = recorded()
    measure = Measure(1.0, 2.0, passed=passed, known=True)
    later = Rule(23, "later", (), "unit", "A rule of tomorrow.", lambda _facts: measure)
    monkeypatch.setattr(checks, "RULES", (*RULES, later))
    found = replay(journal, None, FrozenClock())
    assert (found.difference is None) is passed


def test_a_changed_input_changes_what_follows() -> None:
    journal = recorded()
    row = next(
        row for row in journal.rows() if isinstance(row.event, CycleDecided) and row.event.cycle_id == 90
    )
    assert isinstance(row.event, CycleDecided)
    seen = row.event.observations[0]
    candle = seen.candles[0]._replace(close=seen.candles[0].close + 50)
    changed = msgspec.structs.replace(
        row.event, observations=(msgspec.structs.replace(seen, candles=(candle,)),)
    )
    assert replay(rewritten(journal, {row.seq: changed}), None, FrozenClock()).difference is not None


def test_any_session_of_a_journal_can_be_replayed_and_an_unknown_one_is_refused() -> None:
    journal = recorded(150)
    journal.reopen()
    second = World(wave(50), journal=journal, start=1_700_100_000_000)
    second.run()
    for session in (1, 2):
        assert replay(journal, session, FrozenClock()).difference is None
    with pytest.raises(BadInput, match="session 3 is not in the journal, it holds 1 to 2"):
        replay(journal, 3, FrozenClock())

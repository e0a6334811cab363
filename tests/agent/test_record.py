"""The record: journal first, then the fold, then the listeners; nothing else changes the state."""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.state.checkpoint import blank
from agent.state.ledger import Ledger
from agent.state.record import Record
from agent.state.seeing import Observed
from agent.state.state import State
from agent.wiring import one_way_cost_ppm
from domain.errors import JournalFault
from domain.events import CycleDecided, CycleEnded, Event, FlattenAsked, KillSwitchSet
from domain.times import utc
from journal.memory import MemoryJournal
from tests.agent.world import ID, START, Dying, World, facts, lively, wave

AGENT = Path(__file__).parents[2] / "agent"
KILL = KillSwitchSet(at=utc(START), active=True, reason="enough", by="operator")


def fresh() -> State:
    options = lively()
    return blank(options, one_way_cost_ppm(options)).state


class Refusing(MemoryJournal):
    def append(self, *events: Event) -> None:
        raise JournalFault(f"the disk is full ({len(events)} events)")


def test_a_listener_hears_what_is_in_the_journal_and_in_the_state() -> None:
    journal, state = MemoryJournal(ID), fresh()
    record = Record(journal, state, lambda _why: None)
    heard: list[Any] = []
    record.listeners.append(lambda event: heard.append((event, journal.head()[0], state.kill_switch)))
    flatten = FlattenAsked(utc(START), "enough", "operator")
    record.write(KILL, flatten)
    assert heard == [(KILL, 2, "enough"), (flatten, 2, "enough")]


@pytest.mark.parametrize("event", [KILL, CycleEnded(1, utc(START), ("IDLE", "IDLE"), "held")])
def test_what_cannot_be_appended_is_neither_folded_nor_told(event: Event) -> None:
    state = fresh()
    record = Record(Refusing(ID), state, lambda _why: None)
    record.listeners.append(lambda told: pytest.fail(f"told of {told}"))
    before = repr(facts(state))
    with pytest.raises(JournalFault):
        record.write(event)
    assert repr(facts(state)) == before
    assert record.last_ended is None


def test_a_cycles_row_that_cannot_be_folded_is_not_appended(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise Dying("the fold cannot take this")

    journal, state = MemoryJournal(ID), fresh()
    monkeypatch.setattr(state, "_decided", broken)
    record = Record(journal, state, lambda _why: None)
    with pytest.raises(Dying):
        record.write(KILL, CycleDecided(1, utc(START)))
    assert journal.head()[0] == 0
    assert state.kill_switch is None
    assert not record.holds(1)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(min_value=50, max_value=200).map(lambda each: round(each, 2)), max_size=60))
def test_a_row_folded_in_two_parts_is_the_row_folded_whole(closes: list[float]) -> None:
    world = World([*wave(120), *closes])
    world.run()
    whole, parts = fresh(), fresh()
    for row in world.journal.rows():
        event = row.event
        whole.apply(event)
        if isinstance(event, CycleDecided):
            parts.apply(Observed(event.cycle_id, event.at, event.observations, event.updates, event.blocked))
        parts.apply(event)
        assert facts(parts) == facts(whole)
        assert parts.orientations == whole.orientations
    assert parts.mind == whole.mind
    assert facts(whole) == facts(world.state)


def test_the_same_cycle_told_twice_is_a_contradiction_read_back_or_live() -> None:
    state = fresh()
    state.apply(Observed(1, utc(START), (), (), {}))
    state.apply(CycleDecided(1, utc(START)))
    assert not state.ledger.contradictions
    state.apply(CycleDecided(1, utc(START)))
    assert state.ledger.contradictions


@cache
def sources() -> list[tuple[str, ast.AST]]:
    """Return what assigns or calls in the agent's modules, each with the module's name."""
    kinds = ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Call
    return [
        (path.relative_to(AGENT).as_posix(), node)
        for path in AGENT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, kinds)
    ]


CHANGES: list[Callable[..., Any]] = [
    Ledger.open, Ledger.count_on, Ledger.intend, Ledger.record_report, Ledger.adopt_account, Ledger.write_off,
    Ledger.contradict, Ledger.sweep, Ledger.roll, Ledger.value, Ledger.take, Ledger.count, Ledger.forgive,
]  # fmt: skip

CHANGING = {each.__name__ for each in CHANGES}


def changed(node: ast.AST) -> Iterator[ast.Attribute]:
    """Yield what a statement assigns to, and what it calls of a ledger that changes it."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    for target in targets:
        inner = target.value if isinstance(target, ast.Subscript) else target
        if isinstance(inner, ast.Attribute):
            yield inner
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
        yield node.func


def last_of(node: ast.expr) -> str:
    """Return the last name of a dotted one."""
    return ast.unparse(node).split(".")[-1]


def test_only_the_fold_changes_the_state() -> None:
    """No other module assigns to what is reached through a state or a ledger, or calls what changes one."""
    found = sorted(
        f"{name}: {ast.unparse(attribute)}"
        for name, node in sources()
        if not name.startswith("state/")
        for attribute in changed(node)
        if last_of(attribute.value) in ("state", "ledger")
    )
    # Readers fold the account alone in a state of their own; not folded is who asked for a sale, and a fold
    # that is made in a thread, or for an explanation, is given its mind afterwards or none.
    assert found == [
        "explain/why.py: before.state.mind",
        "reports/lived.py: self.state.take",
        "reports/period.py: state.asked",
        "reports/period.py: state.take",
        "serve/mirror/folding.py: state.asked",
        "views/history.py: state.take",
        "wiring/folded.py: fold.state.mind",
        "wiring/folded.py: fold.state.mind",
    ]


def test_a_session_appends_to_its_journal_in_one_place() -> None:
    callers = {
        name
        for name, node in sources()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "append"
        and last_of(node.func.value) in ("journal", "inner")
    }
    without_a_session = {
        "account/catch_up.py",
        "account/tuning.py",
        "outage/at_rest.py",
        "verify/asked_past.py",
    }
    others = {"outage/journal.py", "cli/handlers/config.py"}  # the guard itself, and a list of that name
    assert "state/record.py" in callers
    assert callers - {"state/record.py"} <= without_a_session | others

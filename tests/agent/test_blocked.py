"""A venue's reason against entries denies them, never an exit, and is journaled with the cycle."""

import msgspec
import pytest

from agent import wiring
from agent.explain.why import explain
from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from agent.views.session import account
from domain.events import CycleDecided, CycleEnded, Event
from domain.order import Purpose
from domain.verdict import Denied
from journal.memory import MemoryJournal
from tests.agent.test_recovery import CLOSES
from tests.agent.venue import Venue, always, venue_of
from tests.agent.world import ID, SYMBOL, World, facts, folded, lively

CLOSED = "market closed (BREAK)"
REMOTE = lively(mode="testnet")


def traded(at: Venue, journal: MemoryJournal) -> World:
    return World(CLOSES, platform=always(at), journal=journal, options=REMOTE)


def venue() -> Venue:
    return venue_of(wiring.parts(REMOTE, MemoryJournal(ID)))


@pytest.mark.parametrize("symbol", [SYMBOL, ""])
def test_a_blocked_symbol_is_not_entered_and_the_reason_is_in_the_verdict(symbol: str) -> None:
    at, journal = venue(), MemoryJournal(ID)
    at.blocks = {symbol: CLOSED}
    made = traded(at, journal)
    made.run()
    assert at.sent == []
    denied = [v for e in decided(journal) for v in e.verdicts if isinstance(v, Denied)]
    assert {each.reason for each in denied} >= {"entries_blocked"}
    first = next(each for each in denied if each.reason == "entries_blocked")
    assert first.detail.startswith(CLOSED)
    assert account(made.state).blocked == {symbol: CLOSED}
    assert explain(journal, None).blocked == {symbol: CLOSED}


def test_another_symbol_s_reason_blocks_nothing() -> None:
    at, journal = venue(), MemoryJournal(ID)
    at.blocks = {"ETH-USDT": CLOSED}
    traded(at, journal).run()
    assert at.sent


def test_what_is_held_is_still_sold_and_the_session_replays_to_the_byte() -> None:
    at, journal = venue(), MemoryJournal(ID)
    made = traded(at, journal)

    def close_after_the_first_entry(event: Event) -> None:
        if isinstance(event, CycleEnded):
            at.blocks = {SYMBOL: CLOSED} if made.state.ledger.positions or at.blocks else {}

    made.session.listeners.append(close_after_the_first_entry)
    made.run()
    sent = [order.purpose for order in at.sent]
    assert sent.count(Purpose.ENTRY) == 1
    assert made.state.ledger.positions == {}
    assert made.state.ledger.trades == 1
    state, _ = folded(made.options, journal)
    assert facts(state) == facts(made.state)
    found = replay(journal, None, FrozenClock())
    assert found.difference is None
    assert found.cycles == len(CLOSES)


def test_without_the_journaled_reason_the_replay_would_tell() -> None:
    at, journal = venue(), MemoryJournal(ID)
    at.blocks = {SYMBOL: CLOSED}
    traded(at, journal).run()
    forgotten = MemoryJournal(ID)
    for row in journal.rows():
        event = row.event
        if isinstance(event, CycleDecided):
            event = msgspec.structs.replace(event, blocked={})
        forgotten.append(event)
    found = replay(forgotten, None, FrozenClock())
    assert found.difference is not None


def decided(journal: MemoryJournal) -> list[CycleDecided]:
    return [row.event for row in journal.rows() if isinstance(row.event, CycleDecided)]

"""An exit is not blocked by its journal: what is done without it is journaled afterwards, once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent import wiring
from agent.account.catch_up import catch_up
from agent.outage.afterwards import Afterwards, OutageHeader
from agent.outage.journal import GuardedJournal, reduces
from agent.outage.lost import Lost
from agent.state.state import State
from domain.commands import Flatten
from domain.errors import JournalFault
from domain.events import (
    CycleEnded,
    Event,
    JournaledAfterwards,
    KillSwitchSet,
    OrdersIntended,
    PositionWrittenOff,
)
from domain.order import Purpose
from domain.times import utc
from journal.chain import genesis
from journal.memory import MemoryJournal
from tests.agent.test_recovery import nothing_twice
from tests.agent.world import ID, START, World, ask, facts, folded, lively, wave

NOW = utc(START)
CLOSES = wave(120)


class Failing(MemoryJournal):
    """A journal whose disk fills up after `room` transactions; `keeps` commits the one that fails."""

    room = 10**9
    keeps = False
    failure = ""

    def append(self, *events: Event) -> None:
        if self.failure:
            raise JournalFault(self.failure)
        if self.room == 0:
            if self.keeps:
                super().append(*events)
                self._seq, self._hash = self.before
            self.failure = "nothing is appended after a failure: the disk is full"
            raise JournalFault("the disk is full")
        self.room -= 1
        super().append(*events)
        self.before = self._seq, self._hash

    before: tuple[int, bytes] = (0, genesis(ID))

    def healed(self) -> "Failing":
        """Return the journal as the next process finds it."""
        self.room, self.failure = 10**9, ""
        self.reopen()
        if self._rows:
            self._seq, self._hash = self._rows[-1].seq, self._rows[-1].hash
        return self


def guarded(inner: Any, folder: Path, *, emergency: bool = False) -> GuardedJournal:
    return GuardedJournal(
        inner,
        Afterwards(folder / "afterwards"),
        lambda: "f11e",
        emergency=emergency,
        reserve=folder / "reserve",
    )


def caught_up(inner: Any, folder: Path) -> State:
    journal = guarded(inner, folder)
    return catch_up(journal, lambda: wiring.parts(lively(), journal), NOW).state


def failed_at(folder: Path, room: int, *, keeps: bool = False, stop: bool = True) -> tuple[World, Failing]:
    """Run until the journal fails, then have everything stopped by the agent that runs."""
    inner = Failing(ID)
    inner.room, inner.keeps = room, keeps
    world = World(CLOSES, journal=guarded(inner, folder))
    with pytest.raises(JournalFault):
        world.run()
    if stop:
        # The agent that stands still: an operator's stop comes through it all the same.
        world.inbox.closed = False
        ask(world, Flatten(reason="disk full"), NOW)
    return world, inner.healed()


def transactions() -> int:
    counted = Failing(ID)
    World(CLOSES, journal=counted).run()
    return 10**9 - counted.room


def test_whenever_the_journal_fails_a_stop_sells_and_is_journaled_once_afterwards(tmp_path: Path) -> None:
    held = sold = 0
    for room in range(3, transactions(), 8):
        folder = tmp_path / str(room)
        folder.mkdir()
        world, inner = failed_at(folder, room)
        assert not world.state.ledger.positions
        assert not world.state.ledger.open_orders
        assert "nothing of this could be journaled: the disk is full" in world.journal.note()
        after = caught_up(inner, folder)
        assert not after.ledger.positions
        assert not after.ledger.open_orders
        assert after.kill_switch == "disk full"
        assert after.ledger.cash == world.state.ledger.cash
        events = [row.event for row in inner.rows()]
        nothing_twice(events)
        assert sum(isinstance(event, JournaledAfterwards) for event in events) == 1
        assert not (folder / "afterwards").exists()
        exits = [o for e in events if isinstance(e, OrdersIntended) for o in e.orders if "-f" in o.client_id]
        sold += bool(exits)
        held += after.ledger.trades > 0
        assert facts(caught_up(inner, folder)) == facts(folded(lively(), inner)[0])
    assert held > 2
    assert sold > 1


def test_an_entry_filled_before_the_disk_is_full_is_protected(tmp_path: Path) -> None:
    bare = 0
    for room in range(1, transactions(), 3):
        folder = tmp_path / str(room)
        folder.mkdir()
        world, inner = failed_at(folder, room, stop=False)
        for symbol in world.state.ledger.positions:
            assert world.state.ledger.resting(symbol), f"bare after transaction {room}"
        kept = Afterwards(folder / "afterwards").found()
        if kept is not None:
            bare += 1
            after = caught_up(inner, folder)
            assert facts(after)["ledger"]["positions"] == world.state.ledger.positions
            assert facts(after)["ledger"]["open_orders"] == world.state.ledger.open_orders
    assert bare > 1


def test_nothing_is_entered_after_the_journal_failed(tmp_path: Path) -> None:
    world, _ = failed_at(tmp_path, 4, stop=False)
    entries = [
        order for event in world.events if isinstance(event, OrdersIntended) for order in event.orders
        if order.purpose is Purpose.ENTRY
    ]  # fmt: skip
    assert len(entries) == sum(
        order.purpose is Purpose.ENTRY
        for row in world.journal.inner.rows()
        if isinstance(row.event, OrdersIntended)
        for order in row.event.orders
    )


@pytest.mark.parametrize("keeps", [False, True])
def test_a_failed_commit_that_was_one_is_not_written_twice(tmp_path: Path, *, keeps: bool) -> None:
    for room in range(5, transactions(), 15):
        folder = tmp_path / f"{room}"
        folder.mkdir()
        _, inner = failed_at(folder, room, keeps=keeps)
        caught_up(inner, folder)
        nothing_twice([row.event for row in inner.rows()])
        assert not list(folder.glob("*.kept")), "it follows from the journal"


class Died(BaseException):
    """Stands for SIGKILL."""


def die(*_: Any) -> None:
    raise Died


@pytest.mark.parametrize("where", ["append", "remove"])
def test_a_crash_while_taking_it_in_takes_it_in_once(
    tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, inner = failed_at(tmp_path, 20)
    before = inner.head()
    target: Any = inner if where == "append" else Afterwards
    with monkeypatch.context() as patched:
        patched.setattr(target, where, die)
        with pytest.raises(Died):
            caught_up(inner, tmp_path)
    assert (inner.head() == before) == (where == "append")
    state = caught_up(inner, tmp_path)
    events = [row.event for row in inner.rows()]
    assert sum(isinstance(event, JournaledAfterwards) for event in events) == 1
    nothing_twice(events)
    assert not state.ledger.positions


def test_a_line_cut_off_was_never_acted_upon(tmp_path: Path) -> None:
    _, inner = failed_at(tmp_path, 20)
    file = tmp_path / "afterwards"
    whole = file.read_bytes()
    lines = whole.split(b"\n")
    for cut in (1, len(lines[-2]) // 2):
        file.write_bytes(whole[:-cut])
        found = Afterwards(file).found()
        assert found is not None
        assert len(found.events) == len(lines) - 3
    file.write_bytes(lines[0][:10])
    assert Afterwards(file).found() is None
    assert inner.head()[0] > 0


def test_files_that_do_not_fit_are_put_aside_and_never_guessed_at(tmp_path: Path) -> None:
    kill = KillSwitchSet(NOW, active=True, reason="x", by="operator")
    world = World(CLOSES[:20])
    world.run()
    world.journal.reopen()
    seq, head = world.journal.head()
    wrong: list[Callable[[], Any]] = [
        lambda: OutageHeader("b" * 12, seq, head, "f11e", "full"),
        lambda: OutageHeader(ID, seq + 5, head, "f11e", "full"),
        lambda: OutageHeader(ID, seq - 1, head, "f11e", "full"),
    ]
    for number, header in enumerate(wrong, 1):
        file = Afterwards(tmp_path / "afterwards")
        file.begin(header())
        file.add([kill])
        assert caught_up(world.journal, tmp_path).kill_switch is None
        assert len(list(tmp_path.glob("*.kept"))) == number
    (tmp_path / "afterwards").write_bytes(b"no journal\n")
    assert caught_up(world.journal, tmp_path).kill_switch is None
    file.begin(OutageHeader(ID, seq, head, "f11e", "full"))
    file.add([CycleEnded(1, NOW, (), "held"), *unfounded(world)])
    caught_up(world.journal, tmp_path)
    assert world.journal.head() == (seq, head), "what does not fold gets into no journal"
    assert len(list(tmp_path.glob("*.kept"))) == 5


def unfounded(world: World) -> list[Event]:
    """Return an event that cannot follow: a write-off of what was never held nor traded."""
    assert "ETH-USDT" not in world.state.ledger.instruments
    return [PositionWrittenOff(NOW, "ETH-USDT", 5, "x", "operator")]


def test_where_even_the_file_cannot_be_written_the_stop_goes_on_and_says_so(tmp_path: Path) -> None:
    world, _ = failed_at(tmp_path / "missing", 20)
    assert not world.state.ledger.positions
    assert "events could not be kept in" in world.journal.note()


def test_a_reserve_makes_room_for_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reserve").write_bytes(b"room")
    begin = Afterwards.begin

    def full(self: Afterwards, header: OutageHeader) -> None:
        if (tmp_path / "reserve").exists():
            raise OSError(28, "No space left on device")
        begin(self, header)

    monkeypatch.setattr(Afterwards, "begin", full)
    world, inner = failed_at(tmp_path, 20)
    assert "goes into the journal before anything else" in world.journal.note()
    assert caught_up(inner, tmp_path).kill_switch == "disk full"


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    failed_at(tmp_path, 20)
    assert (tmp_path / "afterwards").stat().st_mode & 0o777 == 0o600


def test_a_journal_that_cannot_be_opened_is_done_without_in_an_emergency(tmp_path: Path) -> None:
    journal = guarded(Lost(ID, 3, "aa", "the server is frozen"), tmp_path, emergency=True)
    journal.append(KillSwitchSet(NOW, active=True, reason="x", by="operator"))
    journal.append(CycleEnded(1, NOW, (), "interrupted"))
    found = Afterwards(tmp_path / "afterwards").found()
    assert found is not None
    assert (found.header.journal_id, found.header.seq, found.header.hash) == (ID, 3, "aa")
    assert len(found.events) == 2
    assert journal.note().startswith("nothing of this could be journaled: the server is frozen")


def test_what_adds_risk_never_passes_a_failed_journal() -> None:
    world = World(CLOSES)
    world.run()
    for event in world.events:
        if isinstance(event, OrdersIntended):
            entering = any(order.purpose is Purpose.ENTRY for order in event.orders)
            assert reduces([event]) is not entering
    assert not reduces([KillSwitchSet(NOW, active=False, reason="x", by="operator")])
    assert not reduces([CycleEnded(1, NOW, (), "held")])

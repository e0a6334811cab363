"""A long journal costs what is new in it, is read where it lies, and holds up nobody who stops."""

import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import wiring
from agent.account import ahead, at_hand, explaining, old_rows, opened, recall
from agent.account.ahead import Ahead
from agent.account.at_hand import AtHand
from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.account.explaining import explained
from agent.account.old_rows import OldRows
from agent.account.opened import CHECK, OpenedAccount
from agent.account.remembered import NAME as LEFT
from agent.account.remembered import WHY, remembered, remembered_why
from agent.account.serve import control_server
from agent.explain.why import explain
from agent.outage.journal import GuardedJournal
from agent.settings.home import Home
from agent.settings.recorded import recorded_options
from agent.settings.settings import Options
from agent.state import keeper
from agent.state.checkpoint import taken
from agent.state.checkpoints import MOST, Checkpoints
from agent.state.fold import refold
from agent.state.key import fold_key
from agent.state.state import State
from agent.verify.checkpoints import compare
from agent.verify.quicktest import FrozenClock
from domain.commands import Flatten, Kill, ResetKill
from domain.errors import BadInput, JournalFault
from domain.events import KillSwitchSet
from domain.order import Purpose
from domain.replies import Flattened, KillSwitch
from journal import at_rest, schema
from journal.memory import MemoryJournal
from journal.reader import open_reader
from journal.schema import NewerSchema
from tests.agent.world import ID, World, facts, folded, lively, wave
from tests.journal.tamper import by_hand, flip

NAME = "long"


def options(home: Path, cycles: int = 40) -> Options:
    return lively(home=home, journal=NAME, cycles=cycles)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a journal of one session."""
    with OpenedAccount(options(tmp_path)) as launch:
        launch.run()
    return Home(tmp_path)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a short journal taken for a long one."""
    monkeypatch.setattr(opened, "WHOLE", 0)
    monkeypatch.setattr(ahead, "SHORT_BYTES", 0)
    monkeypatch.setattr(ahead, "LONG", 0)
    monkeypatch.setattr(ahead, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(ahead, "ROWS", 1)
    monkeypatch.setattr(ahead, "GAP_SECONDS", 0.0)
    monkeypatch.setattr(old_rows, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(old_rows, "SHARE", 0)
    monkeypatch.setattr(wiring.folded, "FAR", 0)


def checkpoints(home: Home) -> Checkpoints:
    return Checkpoints(home.checkpoints(NAME))


def test_a_session_begins_at_the_checkpoint_of_the_last_one_and_is_the_fold(home: Home, short: None) -> None:
    with OpenedAccount(options(home.root, cycles=5)) as launch:
        head, _ = launch.journal.head()
        assert launch.parts.since == head, "no row is folded again"
        state, mind = folded(launch.options, launch.journal)
        assert facts(launch.parts.state) == facts(state)
        assert launch.parts.mind == mind
        assert launch.run() == "cycles"
    with AccountClient(home, NAME).resting() as journal:
        state, _ = folded(recorded_options(journal), journal)
    assert state.kill_switch is None
    assert state.cycles == 45


def test_a_short_journal_is_folded_whole_by_who_trades(home: Home) -> None:
    with OpenedAccount(options(home.root)) as launch:
        assert launch.parts.since == 0


def test_a_byte_changed_in_an_old_row_throws_the_kill_switch_while_the_agent_runs(
    home: Home, short: None
) -> None:
    path = home.journal(NAME)
    flip(path, path.read_bytes().index(b'"cycle_id":3,"at":"2') + 20)
    with OpenedAccount(options(home.root, cycles=0)) as launch:

        def until_thrown(event: Any) -> None:
            if isinstance(event, KillSwitchSet):
                launch.inbox.stop("thrown")

        launch.session.listeners.append(until_thrown)
        assert launch.run() == "thrown"
        state = launch.parts.state
    assert re.search(r"breaks at row [678]:.*agent journal verify", state.kill_switch or "")
    last = [row.event for row in _rows(home) if isinstance(row.event, KillSwitchSet)][-1]
    assert last.by == CHECK


def _rows(home: Home) -> Iterator[Any]:
    """Yield the rows behind the second one of the last session: those before are not to be read any more."""
    with open_reader(home.journal(NAME)) as journal:
        yield from journal.rows(journal.session_rows()[-1])


def test_old_rows_are_looked_at_up_to_the_checkpoint_and_no_further() -> None:
    journal = MemoryJournal(ID)
    World(wave(20), journal=journal).run()
    for broken in (None, 1, 7, 30):
        told: list[str] = []
        rows = journal.page(0, 999)

        class Altered(MemoryJournal):
            def page(self, after: int, limit: int, rows: Any = rows, broken: Any = broken) -> Any:
                return [
                    row._replace(payload=row.payload + b" ") if row.seq == broken else row
                    for row in rows[after : after + limit]
                ]

        check = OldRows(Altered(ID), 20, told.append, threading.Event().is_set)
        check.start()
        check.wait(60)
        assert (len(told) == 1) == (broken in (1, 7))
        if told:
            assert f"breaks at row {broken}:" in told[0]


class Between(FrozenClock):
    """Does something whenever somebody sleeps on it."""

    def __init__(self, do: Any) -> None:
        self.do = do
        self.at = 0.0

    def monotonic(self) -> float:
        self.at += 0.001
        return self.at

    def sleep(self, _seconds: float) -> None:
        self.do()


def test_whoever_kills_gets_in_between_two_slices_of_a_long_fold_and_is_folded_too(
    home: Home, short: None
) -> None:
    for place in checkpoints(home).places():
        (checkpoints(home).folder / place.name).unlink()
    killed: list[int] = []

    def kill() -> None:
        if not killed:
            dispatch(home, NAME, Kill(reason="enough"))
            killed.append(1)

    seen: list[tuple[int, int]] = []
    fold = Ahead(home, NAME, options(home.root), Between(kill))
    fold.run(lambda done, total: seen.append((done, total)))
    assert len(seen) > 40
    assert seen[-1][0] == seen[-1][1] > seen[0][1], "what came meanwhile is folded too"
    assert fold.keeper is not None
    assert fold.keeper.fold.state.kill_switch == "enough"
    with AccountClient(home, NAME).resting() as journal:
        found = checkpoints(home).nearest(journal, fold_key(options(home.root)))
        assert found is not None
        assert found.header.seq == journal.head()[0]
    Ahead(home, NAME, options(home.root), Between(pytest.fail)).run()  # has nothing to do


def test_who_stops_after_an_upgrade_takes_the_account_from_the_checkpoint_of_the_old_program(
    home: Home, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with AccountClient(home, NAME).resting() as journal:
        state, _ = folded(options(home.root), journal)
        monkeypatch.setattr(wiring.folded, "fold_key", lambda _: "f" * 28)
        parts = wiring.parts(options(home.root), journal, checkpoints=checkpoints(home), stopping=True)
    assert parts.brief
    assert facts(parts.state) == facts(state)
    before = checkpoints(home).sequences()
    reply = dispatch(home, NAME, Flatten(reason="enough"))
    assert isinstance(reply, Flattened)
    assert reply.flat
    assert checkpoints(home).sequences() == before, "a blank mind is kept for nobody"


def test_a_reset_at_rest_reads_no_row_before_the_nearest_checkpoint(
    home: Home, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    found = GuardedJournal.mentions

    def mentions(journal: GuardedJournal, after: int, *more: Any) -> Iterator[Any]:
        begun.append(after)
        return found(journal, after, *more)

    monkeypatch.setattr(GuardedJournal, "mentions", mentions)
    monkeypatch.setattr(recall, "SHORT", 0)
    last = checkpoints(home).sequences()[-1]
    reset = ResetKill(reason="seen", key="r")
    dispatch(home, NAME, Kill(reason="odd"))
    assert dispatch(home, NAME, reset) == KillSwitch(kill_switch=None)
    dispatch(home, NAME, Kill(reason="again"))
    assert dispatch(home, NAME, reset) == KillSwitch(kill_switch="again"), "by the rows after it"
    assert set(begun) == {last}
    with OpenedAccount(options(home.root, cycles=1)) as launch:
        launch.run()
    assert dispatch(home, NAME, reset) == KillSwitch(kill_switch="again"), "by the checkpoint itself"
    assert begun[-1] > last
    shutil.rmtree(home.checkpoints(NAME))
    assert dispatch(home, NAME, reset) == KillSwitch(kill_switch="again"), "by the rows alone"
    assert begun[-1] == 0


def test_a_checkpoint_that_does_not_go_on_is_not_believed(
    home: Home, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with AccountClient(home, NAME).resting() as journal:
        middle = checkpoints(home).sequences()[0]
        whole, _ = folded(options(home.root), journal)
        real = refold
        tries: list[int] = []

        def stumbling(*given: Any, after: int = 0, **more: Any) -> None:
            tries.append(after)
            if after:
                raise KeyError("of nothing")
            real(*given, after=after, **more)

        monkeypatch.setattr(wiring.folded, "refold", stumbling)
        told = checkpoints(home)
        parts = wiring.folded.folded(options(home.root), journal, checkpoints=told, before=middle + 1)
    assert tries == [middle, 0]
    assert facts(parts.state) == facts(whole)


def test_a_state_that_was_torn_is_no_checkpoint(home: Home, short: None) -> None:
    with OpenedAccount(options(home.root, cycles=1)) as launch:
        launch.session.record.torn = True
        before = checkpoints(home).sequences()
        launch.run()
        assert checkpoints(home).sequences() == before


def test_a_journal_is_read_from_its_agent_and_at_rest_without_a_copy(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copied(*_: Any, **__: Any) -> None:
        pytest.fail("copied")

    with open_reader(home.journal(NAME)) as journal:
        rows, cycles, last = list(journal.rows()), journal.find_cycle(7), journal.last_cycle()
    monkeypatch.setattr(at_hand, "copied", copied)
    monkeypatch.setattr(at_hand, "MOST", 7)
    reading = AtHand(home, NAME)
    assert list(reading.rows()) == rows
    with OpenedAccount(options(home.root, cycles=1)) as launch:
        server = control_server(launch)
        server.start()
        try:
            beside = AtHand(home, NAME)
            assert beside.head() == launch.journal.head()
            assert list(beside.rows()) == rows
            assert list(beside.find_cycle(7)) == list(cycles)
            assert beside.last_cycle() == last
            assert beside.tail(3) == rows[-3:]
            assert [row.event for row in beside.sessions()] == [rows[0].event]
            assert list(reading.rows()) == rows, "an agent has begun meanwhile"
        finally:
            server.close()
    assert list(beside.rows()) == rows, "it has ended"
    home.archive(NAME, "aside")
    with OpenedAccount(options(home.root, cycles=1)) as launch:
        launch.run()
    monkeypatch.undo()
    with pytest.raises(JournalFault, match="put aside meanwhile"):
        list(beside.rows())


def test_checkpoints_are_compared_with_the_fold_and_dropped_where_one_is_another(
    home: Home, short: None
) -> None:
    with OpenedAccount(options(home.root, cycles=5)) as launch:
        launch.run()
    kept = checkpoints(home)
    with AccountClient(home, NAME).journal() as journal:
        settings = recorded_options(journal)
        count = len(kept.places())
        assert compare(journal, kept, settings) == (count, None)
        place = kept.places()[-1]
        found = kept.read(place)
        assert found is not None
        state, mind = folded(settings, journal)
        state.ledger.cash += 1
        kept.save(taken(found.header, state, mind))
        assert compare(journal, kept, settings) == (count, place.seq)
    assert kept.places() == []


def test_the_status_a_session_left_is_told_as_long_as_the_journal_ends_there(home: Home) -> None:
    left = remembered(home, NAME)
    assert left is not None
    assert left == AccountClient(home, NAME).status()
    dispatch(home, NAME, Kill(reason="enough"))
    assert remembered(home, NAME) is None, "it was not thrown then"
    assert AccountClient(home, NAME).status().account.kill_switch == "enough"
    with OpenedAccount(options(home.root, cycles=1)) as launch:
        assert remembered(home, NAME) is None, "an agent has the account"
        launch.run()
    left = remembered(home, NAME)
    assert left is not None
    assert left == AccountClient(home, NAME).status()
    assert (left.session, left.account.kill_switch) == (2, "enough")
    place = home.checkpoints(NAME) / LEFT
    whole = place.read_bytes()
    for number in range(0, len(whole), 97):
        place.write_bytes(whole[:number] + bytes([whole[number] ^ 1]) + whole[number + 1 :])
        assert remembered(home, NAME) is None, "a bit fell over"
    for spoilt in (b"", whole[:-1], whole[32:]):
        place.write_bytes(spoilt)
        assert remembered(home, NAME) is None


def test_the_last_cycle_s_explanation_is_told_as_it_was_left_as_long_as_the_journal_ends_there(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remembered_why(home, NAME, None) is None, "a short journal's is not made ahead"
    with AccountClient(home, NAME).resting() as journal:
        slow = explain(journal, None)
    assert explained(home, NAME, None) == slow
    assert remembered_why(home, NAME, None) == remembered_why(home, NAME, slow.cycle) == slow, (
        "who asked left it"
    )
    assert remembered_why(home, NAME, slow.cycle - 1) is None, "that is another cycle"
    with monkeypatch.context() as patch:
        patch.setattr("agent.settings.version.program_stamp", lambda: "another program")
        assert remembered_why(home, NAME, None) is None
    place = home.checkpoints(NAME) / WHY
    whole = place.read_bytes()
    for number in range(0, len(whole), 97):
        place.write_bytes(whole[:number] + bytes([whole[number] ^ 1]) + whole[number + 1 :])
        assert remembered_why(home, NAME, None) is None, "a bit fell over"
    place.write_bytes(whole)
    dispatch(home, NAME, Kill(reason="enough"))
    assert remembered_why(home, NAME, None) is None, "the journal goes on"
    explained(home, NAME, 7)
    assert remembered_why(home, NAME, None) is None, "of the last cycle alone"


def test_a_session_leaves_the_explanation_of_its_last_cycle_unless_that_takes_long(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "ROWS", 60)
    for near in (True, False):
        with OpenedAccount(options(home.root, cycles=3)) as launch:
            if not near:
                launch.session.keeper = None
                checkpoints(home).drop(checkpoints(home).places())
            assert launch.run() == "cycles"
        left = remembered_why(home, NAME, None)
        if near:
            with AccountClient(home, NAME).resting() as journal:
                assert left == explain(journal, None)
        else:
            assert left is None, "nobody waits for a long fold"


def test_no_session_begins_in_the_place_of_a_journal_whose_restore_was_cut_off(home: Home) -> None:
    kept = home.archive(NAME, "aside")
    draft = home.journals / f"{NAME}.db.restoring"
    draft.write_bytes(b"half")
    with pytest.raises(BadInput, match="a restore of it was cut off"):
        OpenedAccount(options(home.root, cycles=1))
    assert isinstance(kept, Path)
    kept.rename(home.journal(NAME))
    with OpenedAccount(options(home.root, cycles=1)) as launch:  # the draft alone is in nobody's way
        assert launch.run() == "cycles"


def test_tables_of_another_version_are_left_to_who_knows_them(home: Home) -> None:
    assert str(schema.VERSION) == at_rest.SCHEMA
    path = home.journal(NAME)
    with at_rest.RestingFile(path) as opened, open_reader(path) as copied:
        assert list(opened.rows()) == list(copied.rows())
        assert opened.last_cycle() == copied.last_cycle() == 40
        assert list(opened.find_cycle(7)) == list(copied.find_cycle(7))
    by_hand(path, "UPDATE meta SET value = '99' WHERE name = 'schema'")
    with pytest.raises(JournalFault, match="schema version 99"):
        at_rest.RestingFile(path)
    with pytest.raises(NewerSchema, match="use the newer program"):
        AtHand(home, NAME)


def test_status_and_why_after_an_upgrade_leave_the_account_free(home: Home, short: None) -> None:
    for place in checkpoints(home).places():
        (checkpoints(home).folder / place.name).unlink()
    client = AccountClient(home, NAME)
    status = client.status()
    with client.resting() as journal:
        state, _ = folded(recorded_options(journal), journal)
        near = checkpoints(home).nearest(journal, fold_key(options(home.root)))
    assert status.cycle == state.cycle_id == 40
    assert near is not None, "what was folded is kept"
    told = client.explained(17)
    assert told.cycle == 17
    assert msgspec.to_builtins(told) == msgspec.to_builtins(client.why(17))


def test_why_folds_no_more_rows_than_lie_between_two_checkpoints(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "ROWS", 8)
    with AccountClient(home, NAME).resting() as journal:
        for place in checkpoints(home).places():
            (checkpoints(home).folder / place.name).unlink()
        wiring.parts(recorded_options(journal), journal, checkpoints=checkpoints(home))  # leaves them behind
        whole = {number: msgspec.to_builtins(explain(journal, number)) for number in (1, 9, 23, 40)}
        counted: list[Any] = []
        fold = State.apply

        def counting(state: State, event: Any) -> None:
            counted.append(event)
            fold(state, event)

        monkeypatch.setattr(State, "apply", counting)
        for number, told in whole.items():
            counted.clear()
            assert msgspec.to_builtins(explain(journal, number, checkpoints(home))) == told
            assert len(counted) <= 8 + 2, "and what the cycle itself saw"


def test_who_asks_why_after_a_kill_leaves_a_checkpoint_for_whoever_asks_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "FEW", 8)
    files = checkpoints(home)
    files.drop(files.places())  # as if none had been near
    with AccountClient(home, NAME).resting() as journal:
        whole = explain(journal, None)
        first = min(row.seq for row in journal.find_cycle(whole.cycle))
        assert explain(journal, None, files) == whole
        assert files.sequences() == [first - 1]
        assert explain(journal, None, files) == whole
        for number in range(1, 5):
            explain(journal, number, files)
        assert files.sequences() == [first - 1], "so few rows are folded as fast"


def test_a_whole_fold_of_a_year_leaves_checkpoints_two_thousand_rows_apart() -> None:
    year = 525_600 * 2
    assert max(keeper.ROWS, year // keeper.FOLDS) <= 2_000
    assert keeper.FOLDS <= MOST, "none is dropped again"


def test_what_became_of_an_order_is_looked_for_until_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.explain.story.STRETCH", 2)
    journal = MemoryJournal(ID)
    World([*wave(80), *[40.0] * 30], journal=journal).run()  # its stop is reached in another cycle's row
    looked: list[tuple[int, int | None]] = []
    plain = journal.mentions

    def noted(after: int, texts: Any, until: int | None = None) -> Any:
        looked.append((after, until))
        return plain(after, texts, until)

    monkeypatch.setattr(journal, "mentions", noted)
    orders = [each for row in journal.rows() for each in getattr(row.event, "orders", ())]
    told = explain(journal, next(each.cycle_id for each in orders if each.purpose is Purpose.PROTECT))
    assert len(looked) > 1
    assert (looked[-1][1] or 0) < journal.head()[0], "no further than where the last one was done"
    assert all(order.states[-1].status == "FILLED" for order in told.orders)


def test_one_cycle_is_one_page_and_looks_leave_a_gap_for_others(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[int] = []
    page = AtHand._page

    def counted(self: AtHand, after: int, limit: int) -> Any:
        pages.append(after)
        return page(self, after, limit)

    monkeypatch.setattr(AtHand, "_page", counted)
    slept: list[float] = []
    with AtHand(home, NAME) as journal:
        rows = journal.find_cycle(20)
        assert len(rows) >= 2
        assert len(pages) == 1
        monkeypatch.setattr("agent.account.at_hand.time.sleep", slept.append)
        monkeypatch.setattr(at_hand, "HELD_SECONDS", 0.0)
        assert journal.find_cycle(20) == rows
        assert any(0 < pause <= at_hand.GAP_SECONDS for pause in slept)

"""What every journal promises, whatever holds it."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import JournalFault
from domain.events import Event, KillSwitchSet, SessionEnded
from domain.ports import Journal
from journal.chain import genesis, link
from journal.history import PAGE
from journal.memory import MemoryJournal
from journal.sql import SqlJournal, open_journal
from journal.verify import Verified, verify
from tests.journal.cycles import JOURNAL_ID, START, at, cycle, decided, ended, session
from tests.journal.events import events, patient
from tests.journal.postgres_server import Server

AnyJournal = SqlJournal | MemoryJournal


@pytest.fixture(params=["sqlite", "postgres", "memory"])
def create(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], AnyJournal]]:
    made: list[AnyJournal] = []
    server: Server | None = None
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")

    def one() -> AnyJournal:
        if server is not None:
            account = server.new_account()
            made.append(open_journal(server.shared, JOURNAL_ID, account=account, holder="test"))
        elif request.param == "sqlite":
            made.append(open_journal(tmp_path / f"{len(made)}.db", JOURNAL_ID))
        else:
            made.append(MemoryJournal(JOURNAL_ID))
        return made[-1]

    yield one
    for journal in made:
        journal.close()


@pytest.fixture
def journal(create: Callable[[], AnyJournal]) -> AnyJournal:
    return create()


def test_it_is_the_port(journal: AnyJournal) -> None:
    port: Journal = journal
    assert port.journal_id == JOURNAL_ID


def test_an_empty_journal_starts_from_its_genesis(journal: AnyJournal) -> None:
    assert journal.head() == (0, genesis(JOURNAL_ID).hex())
    assert list(journal.rows()) == journal.tail(5) == journal.find_cycle(1) == list(journal.sessions()) == []
    assert journal.last_cycle() is None
    assert verify(journal) == Verified(0, genesis(JOURNAL_ID).hex())


@given(batches=st.lists(st.lists(events, max_size=4), max_size=6))
@settings(patient, max_examples=15)
def test_what_is_appended_is_read_in_order_and_chained(
    create: Callable[[], AnyJournal], batches: list[list[Event]]
) -> None:
    journal = create()
    for batch in batches:
        journal.append(*batch)
    rows = list(journal.rows())
    assert [row.event for row in rows] == [event for batch in batches for event in batch]
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    ends = b'{"type":"cycle_ended",', b'{"type":"session_ended",'
    assert list(journal.rows(0, ends)) == [
        row for row in rows if not msgspec.json.encode(row.event).startswith(ends)
    ]
    previous = genesis(JOURNAL_ID)
    for row in rows:
        previous = link(previous, row.seq, msgspec.json.encode(row.event))
        assert row.hash == previous.hex()
    assert journal.head() == (len(rows), previous.hex())
    assert verify(journal) == Verified(len(rows), previous.hex())
    journal.close()


@given(batches=st.lists(st.lists(events, min_size=1, max_size=3), max_size=4))
@settings(patient, max_examples=10)
def test_every_journal_gives_the_same_bytes_and_hashes(
    create: Callable[[], AnyJournal], batches: list[list[Event]]
) -> None:
    memory, other = MemoryJournal(JOURNAL_ID), create()
    for journal in (memory, other):
        journal.append(session(), *cycle(1))
        for batch in batches:
            journal.append(*batch)
    assert other.head() == memory.head()
    assert list(other.page(0, PAGE)) == list(memory.page(0, PAGE))
    exports = io.BytesIO(), io.BytesIO()
    assert memory.export(exports[0]) == other.export(exports[1])
    assert exports[0].getvalue() == exports[1].getvalue()
    other.close()


def test_rows_after_a_row_start_there_and_are_checked(journal: AnyJournal) -> None:
    journal.append(session(), *cycle(1), *cycle(2))
    assert [row.seq for row in journal.rows(after=3)] == [4, 5]
    assert list(journal.rows(after=5)) == []


@pytest.mark.parametrize("after", [-1, 6])
def test_rows_after_a_row_that_is_not_there_is_a_fault_at_once(journal: AnyJournal, after: int) -> None:
    journal.append(session(), *cycle(1), *cycle(2))
    with pytest.raises(JournalFault, match=f"row {after} is missing: the journal ends at row 5"):
        journal.rows(after)


def test_rows_are_those_there_were_when_asked_across_pages(journal: AnyJournal) -> None:
    total = 2 * PAGE + 10
    journal.append(*(decided(number) for number in range(1, total + 1)))
    rows = journal.rows()
    first = next(rows)
    journal.append(session())
    assert [first.seq, *(row.seq for row in rows)] == list(range(1, total + 1))


def test_an_event_that_cannot_be_written_leaves_nothing_of_its_batch(journal: AnyJournal) -> None:
    journal.append(session())
    head = journal.head()
    with pytest.raises(JournalFault, match="KillSwitchSet"):
        journal.append(*cycle(1), KillSwitchSet(START, True, "\ud800", "x"))
    assert journal.head() == head
    assert [row.event for row in journal.rows()] == [session()]
    journal.append(*cycle(1))
    assert verify(journal) == Verified(3, journal.head()[1])


def test_nothing_appended_is_nothing_written(journal: AnyJournal) -> None:
    journal.append()
    assert journal.head()[0] == 0


def test_the_tail_is_the_last_rows_oldest_first(journal: AnyJournal) -> None:
    journal.append(session(), *cycle(1))
    assert [row.seq for row in journal.tail(2)] == [2, 3]
    assert [row.seq for row in journal.tail(99)] == [1, 2, 3]
    assert journal.tail(0) == journal.tail(-1) == []


def test_a_cycle_is_found_with_all_its_rows(journal: AnyJournal) -> None:
    journal.append(session(), decided(1))
    journal.append(ended(1), *cycle(2))
    journal.append(SessionEnded(1, at(3), "cycles"))
    assert [(row.seq, row.event) for row in journal.find_cycle(1)] == [(2, decided(1)), (3, ended(1))]
    assert [row.seq for row in journal.find_cycle(2)] == [4, 5]
    assert journal.find_cycle(3) == []
    assert journal.last_cycle() == 2


def test_sessions_are_listed(journal: AnyJournal) -> None:
    journal.append(session(1), *cycle(1))
    journal.append(session(2))
    assert [(row.seq, row.event) for row in journal.sessions()] == [(1, session(1)), (4, session(2))]


def test_the_export_holds_the_chained_bytes_of_every_row(journal: AnyJournal) -> None:
    journal.append(session(), *cycle(1))
    out = io.BytesIO()
    assert journal.export(out) == 3
    previous = genesis(JOURNAL_ID)
    lines = out.getvalue().splitlines()
    for seq, line in enumerate(lines, 1):
        parts = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        assert sorted(parts) == ["event", "hash", "seq"]
        previous = link(previous, seq, bytes(parts["event"]))
        assert msgspec.json.decode(parts["hash"]) == previous.hex()
        assert msgspec.json.decode(parts["seq"]) == seq
    assert len(lines) == 3
    assert previous.hex() == journal.head()[1]


def test_a_closed_journal_refuses_to_append(journal: AnyJournal) -> None:
    journal.append(session())
    journal.close()
    journal.close()
    with pytest.raises(JournalFault, match="closed"):
        journal.append(session())


def test_threads_read_and_append_without_breaking_the_chain(journal: AnyJournal) -> None:
    faults: list[Exception] = []

    def write(first: int) -> None:
        for number in range(first, first + 30):
            journal.append(*cycle(number))

    def read() -> None:
        try:
            for _ in range(15):
                for _row in journal.rows():
                    pass
                journal.find_cycle(5)
                journal.last_cycle()
        except JournalFault as fault:
            faults.append(fault)

    threads = [Thread(target=write, args=(1,)), Thread(target=write, args=(100,)), Thread(target=read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert verify(journal) == Verified(120, journal.head()[1])


def test_a_journal_that_keeps_nothing_still_chains() -> None:
    kept, lean = MemoryJournal(JOURNAL_ID), MemoryJournal(JOURNAL_ID, keep=False)
    for journal in (kept, lean):
        journal.append(session(), *cycle(1))
    assert lean.head() == kept.head()
    assert lean.last_cycle() == 1
    reads: list[Callable[[], object]] = [
        lambda: list(lean.rows()),
        lambda: lean.find_cycle(1),
        lambda: list(lean.sessions()),
    ]
    for read in reads:
        with pytest.raises(JournalFault, match="keeps no rows"):
            read()

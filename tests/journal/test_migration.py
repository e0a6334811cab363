"""Fault 21: a migration is whole or has not happened; an old program keeps off what a newer one wrote."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from domain.errors import BadInput, JournalFault
from journal import schema
from journal.reader import open_reader
from journal.schema import NewerSchema
from journal.sql import SqlJournal, open_journal
from journal.verify import Verified, verify
from tests.journal.cycles import JOURNAL_ID, cycle, session
from tests.journal.postgres_server import Server

NEVER = 10**9


class Place(NamedTuple):
    """Where a journal is: a path or a URL, and the account where that matters."""

    name: Path | str
    account: str

    def open(self) -> SqlJournal:
        return open_journal(
            self.name, JOURNAL_ID, account=self.account, holder="me", grace_ms=0, lease_ms=1000
        )

    def open_after_a_crash(self) -> SqlJournal:
        """Open as soon as the lease of a process that died is over; a file's lock died with it."""
        until = time.monotonic() + 90
        while True:
            try:
                return self.open()
            except JournalFault as fault:
                if "may be taken over" not in str(fault) or time.monotonic() > until:
                    raise
                time.sleep(0.05)


@pytest.fixture(params=["sqlite", "postgres"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Place]:
    if request.param == "sqlite":
        names = iter(range(1000))
        return lambda: Place(tmp_path / f"{next(names)}.db", "")
    server: Server = request.getfixturevalue("postgres_server")
    return lambda: Place(server.shared, server.new_account())


def in_child(work: Callable[[], object], die_at: int = NEVER) -> int:
    """Run work in a copy of this process that kills itself before its statement `die_at`.

    Returns the number of statements it ran to its end with, or minus the signal it died of.
    """
    child = os.fork()
    if child == 0:
        try:
            os._exit(_counted(work, die_at))
        finally:
            os._exit(255)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _counted(work: Callable[[], object], die_at: int) -> int:
    ran = 0

    def count(*_: object) -> None:
        nonlocal ran
        ran += 1
        if ran == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    work()
    return ran


def points(total: int) -> list[int]:
    """Return statements to die before: the first, some in the middle, the last ones."""
    return sorted({2, total // 3, 2 * total // 3, total - 1, total})


def newer(place: Place) -> Callable[[], None]:
    """Return what a program one version ahead does when it opens a journal: migrate it, append, close."""

    def step(connection: sa.Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE rows ADD COLUMN note TEXT").close()
        connection.exec_driver_sql("UPDATE rows SET note = 'seen'").close()
        connection.exec_driver_sql("CREATE TABLE notes (what TEXT)").close()

    def work() -> None:
        schema.VERSION = 2  # in the child alone
        schema.STEPS[1] = step
        with place.open() as journal:
            journal.append(*cycle(9))
            assert isinstance(verify(journal), Verified)

    return work


def test_fault_21_a_crash_while_the_tables_are_made_leaves_none_and_the_next_start_makes_them(
    new_place: Callable[[], Place],
) -> None:
    total = in_child(lambda: new_place().open())
    assert 10 < total < 255
    for point in points(total):
        place = new_place()
        assert in_child(place.open, point) == -signal.SIGKILL
        with place.open_after_a_crash() as journal:
            journal.append(session())
            assert verify(journal) == Verified(1, journal.head()[1])


def test_fault_21_a_crash_in_the_middle_of_a_migration_rolls_it_back(new_place: Callable[[], Place]) -> None:
    def written() -> Place:
        place = new_place()
        with place.open() as journal:
            journal.append(session(), *cycle(1))
        return place

    total = in_child(newer(written()))
    assert 10 < total < 255
    rolled_back = 0
    for point in points(total):
        place = written()
        assert in_child(newer(place), point) == -signal.SIGKILL
        try:
            journal = place.open_after_a_crash()
        except NewerSchema:
            continue  # it died after the migration was whole
        with journal:
            rolled_back += 1
            journal.append(*cycle(2))
            assert verify(journal) == Verified(5, journal.head()[1])
        assert 0 < in_child(newer(place)) < 255, "it could not be migrated later"
    assert rolled_back >= 3


def test_fault_21_an_old_program_refuses_what_a_newer_one_wrote_and_leaves_it_as_it_is(
    new_place: Callable[[], Place],
) -> None:
    place = new_place()
    with place.open() as journal:
        journal.append(session(), *cycle(1))
    assert 0 < in_child(newer(place)) < 255
    ways: list[Callable[[], object]] = [
        place.open,
        lambda: open_reader(place.name, account=place.account),
        lambda: verify(place.name, account=place.account),
    ]
    for way in ways:
        for kind in (JournalFault, BadInput):  # it is ours to halt, and a person can help it
            with pytest.raises(kind, match=r"has schema version 2, this program knows 1; use the newer"):
                way()
    assert 0 < in_child(newer(place)) < 255, "the newer program finds it as it was"


def test_an_older_journal_is_read_once_the_agent_has_brought_it_up_to_date(
    new_place: Callable[[], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = new_place()
    with place.open() as journal:
        journal.append(session())
        head = journal.head()
    monkeypatch.setattr(schema, "VERSION", 2)
    with pytest.raises(JournalFault, match="version 1, this program knows 2; restore it from a backup"):
        place.open()
    monkeypatch.setitem(schema.STEPS, 1, lambda _: None)
    with pytest.raises(JournalFault, match="version 1, this program knows 2; start the agent once"):
        open_reader(place.name, account=place.account)
    with place.open() as journal:
        assert journal.head() == head
        journal.append(*cycle(1))
    assert verify(place.name, account=place.account).rows == 3  # type: ignore[union-attr]

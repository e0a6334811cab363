"""Archived rows on a real server: every reader is told the same, whoever writes and whatever dies."""

import os
import signal
from functools import partial
from pathlib import Path

import psycopg
import pytest

from agent.drill import processes
from domain.errors import BadInput, JournalFault
from journal.accounts import archive as put_aside
from journal.postgres import open_reader
from journal.server_archiving import archive_rows, sizes
from journal.sql import open_journal
from journal.verify import Verified, verify
from tests.journal.cycles import JOURNAL_ID, cycle, session
from tests.journal.on_server import by_hand, execute, opened
from tests.journal.test_archive import told

UPTO, SIZE = 25, 8
_FIRST_AGAIN = (
    "UPDATE segments AS s SET content = f.content FROM segments AS f "
    "WHERE f.first_row = 1 AND s.first_row = 9"
)


def long(url: str, account: str) -> None:
    """Write a journal of 42 rows, two sessions and twenty cycles."""
    with opened(url, account) as journal:
        for number in (1, 2):
            journal.append(session(number))
            for each in range(10 * number - 9, 10 * number + 1):
                journal.append(*cycle(each))


def archived(url: str, account: str, upto: int = UPTO, size: int = SIZE) -> int:
    with open_reader(url, account=account) as journal:
        return archive_rows(url, account, journal, upto, size=size)


def answers(url: str, account: str) -> list[object]:
    with open_reader(url, account=account) as journal:
        return told(journal)


def test_every_reader_tells_the_same_and_the_writer_goes_on(url: str, account: str, tmp_path: Path) -> None:
    long(url, account)
    before = answers(url, account)
    early = open_reader(url, account=account)
    rows = list(early.rows())
    with opened(url, account) as writer:
        assert archived(url, account) == 24
        assert told(writer) == told(early) == answers(url, account) == before
        writer.append(*cycle(21))
        assert archived(url, account, 42) == 40
        assert list(early.rows()) == rows, "opened before anything was archived, asked after all of it was"
        writer.backup(tmp_path / "copy.db")
        now = told(writer)
    early.close()
    assert verify(tmp_path / "copy.db") == verify(url, account=account) == Verified(44, writer.head()[1])
    with open_journal(tmp_path / "copy.db", JOURNAL_ID) as copy:
        assert told(copy) == now
    table, segments, count = sizes(url, account)
    assert min(table, segments) > 0
    assert count == 5
    with opened(url, account) as again:
        assert told(again) == now


def test_whatever_dies_each_row_is_in_one_of_the_two(url: str, account: str, tmp_path: Path) -> None:
    long(url, account)
    before = answers(url, account)
    for step, left in (("segment written", 42), ("rows left", 42), ("segment committed", 34)):
        child = processes.forked(partial(_dies, url, account, step), tmp_path / "log")
        assert processes.wait(child, 60) == -9, (tmp_path / "log").read_text()
        assert answers(url, account) == before
        assert isinstance(verify(url, account=account), Verified)
        assert _count(url, account, "rows") == left
    assert archived(url, account) == 24
    assert answers(url, account) == before


def _dies(url: str, account: str, wanted: str) -> None:
    def reach(step: str) -> None:
        if step == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_reader(url, account=account) as journal:
        archive_rows(url, account, journal, UPTO, reach, SIZE)


def _count(url: str, account: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        connection.execute(f'SET search_path = "boyd_{account}"'.encode())
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608
        assert row is not None
        return int(row[0])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM rows WHERE seq = 25", "DELETE FROM segments", "TRUNCATE segments",
        "UPDATE segments SET content = ''", "INSERT INTO segments VALUES (25, 32, '', '')",
        "INSERT INTO segments SELECT 26, 32, hash, '' FROM rows WHERE seq = 32", "UPDATE meta SET value = ''",
        "DELETE FROM meta", "DELETE FROM lease", "TRUNCATE rows",
    ],
)  # fmt: skip
def test_nobody_takes_out_what_is_not_archived_nor_a_segment(url: str, statement: str) -> None:
    account = "guarded"
    with opened(url, account) as journal:
        if journal.head()[0] == 0:
            journal.append(session(), *(each for number in range(1, 21) for each in cycle(number)))
            assert archived(url, account) == 24
    with pytest.raises(psycopg.errors.RaiseException, match=r"never|follows"):
        execute(url, account, statement)
    opened(url, account).close()


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("DELETE FROM segments WHERE first_row = 9", "no segment in the table segments of account"),
        ("UPDATE segments SET content = set_byte(content, 400, 1) WHERE first_row = 9", "digest differs"),
        ("UPDATE segments SET content = substring(content FROM 1 FOR 500) WHERE first_row = 9", "digest"),
        ("UPDATE segments SET content = 'x' WHERE first_row = 9", "its header cannot be read"),
        (_FIRST_AGAIN,
         "another one under this name, of rows 1 to 8 of journal"),
    ],
)  # fmt: skip
def test_a_segment_that_is_gone_or_changed_is_named_and_the_agent_goes_on(
    url: str, account: str, statement: str, broken: str
) -> None:
    long(url, account)
    archived(url, account)
    execute(url, account, "ALTER TABLE segments DISABLE TRIGGER USER", statement)
    with pytest.raises(JournalFault, match="lacks its trigger segments_"):
        opened(url, account)
    for name in ("never_updated", "never_deleted", "never_emptied", "only_added"):
        execute(url, account, f"ALTER TABLE segments ENABLE ALWAYS TRIGGER segments_{name}")
    result = verify(url, account=account)
    assert (result.seq if not isinstance(result, Verified) else 0) == 9
    assert broken in str(result)
    assert "restore it from a backup" in str(result)
    with opened(url, account) as journal:
        journal.append(*cycle(21))


def test_rows_by_hand_are_still_told_from_archived_ones(url: str, account: str) -> None:
    long(url, account)
    archived(url, account)
    by_hand(url, account, "DELETE FROM rows WHERE seq = 30")
    assert "Broken(seq=30" in repr(verify(url, account=account))


def test_two_who_archive_at_once_and_one_put_aside_meanwhile(url: str, account: str) -> None:
    long(url, account)
    before = answers(url, account)
    with open_reader(url, account=account) as journal:

        def reach(step: str) -> None:
            if step == "segment committed" and _count(url, account, "segments") == 1:
                assert archived(url, account) == 24

        assert archive_rows(url, account, journal, UPTO, reach, SIZE) == 24
        put_aside(url, account, f"{account}.kept", holder="me", grace_ms=0)
        with pytest.raises(BadInput, match="there is no such journal"):
            archive_rows(url, account, journal, 40, size=SIZE)
        with opened(url, account, "ba9876543210"), pytest.raises(JournalFault, match="put aside meanwhile"):
            archive_rows(url, account, journal, 40, size=SIZE)
    assert answers(url, f"{account}.kept") == before

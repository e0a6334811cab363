"""A server that dies, locks or has no disk left: the append fails, none follows, opening again goes on."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator

import psycopg
import pytest

from domain.errors import BadInput, JournalFault
from journal.accounts import namespace
from journal.postgres import PostgresJournal, open_journal
from journal.reader import open_reader
from journal.verify import Verified, verify
from tests.journal.conftest import CONNECT_SECONDS
from tests.journal.cycles import JOURNAL_ID, cycle, session
from tests.journal.postgres_server import Server
from tests.journal.test_faults import may_inject
from tests.shared import in_time


def opened(url: str, account: str) -> PostgresJournal:
    return open_journal(url, JOURNAL_ID, account=account, holder="me", lease_ms=1000, grace_ms=0)


def opened_again(url: str, account: str) -> PostgresJournal:
    """Open an account whose holder could not give it back, as soon as its lease is over."""
    until = time.monotonic() + 60
    while True:
        try:
            return opened(url, account)
        except JournalFault as fault:
            if "may be taken over" not in str(fault) or time.monotonic() > until:
                raise
            time.sleep(0.05)


def backend(journal: PostgresJournal) -> int:
    return int(journal._connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def refuses_for_good(journal: PostgresJournal) -> None:
    with pytest.raises(JournalFault, match="nothing is appended after a failure"):
        journal.append(*cycle(99))
    journal.close()
    journal.close()


def goes_on(url: str, account: str, at_least: int, at_most: int) -> None:
    """Open again: the rows are intact, all that was promised is there, nothing by halves, and it appends."""
    with opened_again(url, account) as journal:
        found = verify(journal)
        assert isinstance(found, Verified)
        assert found.rows in {at_least, at_most}
        journal.append(*cycle(50))
        assert verify(journal) == Verified(found.rows + 2, journal.head()[1])


def test_a_server_restarted_in_the_midst_fails_the_append_and_all_that_follow(
    postgres_server: Server, account: str
) -> None:
    url = postgres_server.shared
    journal = opened(url, account)
    journal.append(session(), *cycle(1))
    reader = open_reader(url, account=account)
    postgres_server.restart()
    with pytest.raises(JournalFault, match="lost its connection to the server"):
        journal.append(*cycle(2))
    for _ in range(2):
        with pytest.raises(JournalFault, match="lost its connection to the server"):
            list(reader.rows())
    reader.close()
    refuses_for_good(journal)
    goes_on(url, account, 3, 3)


def test_a_connection_found_lost_by_a_read_is_not_made_anew_behind_the_lease(url: str, account: str) -> None:
    journal = opened(url, account)
    journal.append(*cycle(1))
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (backend(journal),))
    for _ in range(2):
        with pytest.raises(JournalFault, match="lost its connection to the server"):
            journal.find_cycle(1)
    with pytest.raises(JournalFault, match="lost its connection to the server"):
        journal.append(*cycle(2))
    refuses_for_good(journal)
    goes_on(url, account, 2, 2)


def test_a_connection_cut_while_idle_is_noticed_before_the_next_append(url: str, account: str) -> None:
    journal = opened(url, account)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (backend(journal),))
    with pytest.raises(JournalFault, match="lost its connection to the server"):
        journal.renew()
    refuses_for_good(journal)
    goes_on(url, account, 0, 0)


def test_fault_09_a_table_someone_locks_for_30_s_fails_the_append_at_once(url: str, account: str) -> None:
    journal = opened(url, account)
    journal.append(*cycle(1))
    with psycopg.connect(url) as other:
        other.execute(f'LOCK TABLE "{namespace(account)}".rows IN ACCESS EXCLUSIVE MODE'.encode())
        began = time.monotonic()
        with pytest.raises(JournalFault, match="is locked by another session for more than 1s: stop it"):
            journal.append(*cycle(2))
        in_time(began, 5)
    refuses_for_good(journal)
    goes_on(url, account, 2, 2)


@pytest.mark.skipif(not may_inject(), reason="needs strace with the right to trace")
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        # PostgreSQL panics, and right so; on a busy machine it may be gone before it has said why.
        ("fdatasync", "EIO", "failed at the server's disk: check disk|lost its connection to the server"),
        ("pwrite64", "ENOSPC", "the server's disk is full|lost its connection to the server"),
    ],
)
def test_fault_09_a_failing_disk_call_of_the_server_is_final(
    url: str, account: str, call: str, error: str, message: str
) -> None:
    journal = opened(url, account)
    journal.append(*cycle(1))
    command = ["strace", "-p", str(backend(journal)), "-o", "/dev/null", "-e", f"inject={call}:error={error}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        try:
            assert tracer.stderr is not None
            assert "attached" in tracer.stderr.readline()
            with pytest.raises(JournalFault, match=message) as caught:
                journal.append(*(each for number in range(2, 1000) for each in cycle(number)))
        finally:
            tracer.terminate()
    assert re.search(account, str(caught.value))
    refuses_for_good(journal)
    until = time.monotonic() + 60
    while True:  # the server recovers by itself
        try:
            goes_on(url, account, 2, 2 + 2 * 998)
        except BadInput as refusal:
            if "is not ready: the database system is" not in str(refusal) or time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def test_an_append_of_which_one_row_is_refused_writes_none_and_is_final(url: str, account: str) -> None:
    journal = opened(url, account)
    journal.append(*cycle(1))
    with psycopg.connect(url) as other:
        check = "ADD CONSTRAINT no CHECK (seq < 4)"
        other.execute(f'ALTER TABLE "{namespace(account)}".rows {check}'.encode())
    with pytest.raises(JournalFault, match='violates check constraint "no"'):
        journal.append(*cycle(2))
    with open_reader(url, account=account) as reader:
        assert reader.head()[0] == 2
    with psycopg.connect(url) as other:
        other.execute(f'ALTER TABLE "{namespace(account)}".rows DROP CONSTRAINT no'.encode())
    refuses_for_good(journal)
    goes_on(url, account, 2, 2)


def test_an_interrupted_append_leaves_its_outcome_unknown(
    url: str, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened(url, account)
    with monkeypatch.context() as patched:

        def interrupt(rows: object) -> None:
            raise KeyboardInterrupt

        patched.setattr(journal, "_write", interrupt)
        with pytest.raises(KeyboardInterrupt):
            journal.append(*cycle(1))
    refuses_for_good(journal)
    goes_on(url, account, 0, 0)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline that a test can wait for."""
    monkeypatch.setattr("journal.deadline.Bounded.seconds", 0.5)


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_frozen_backend_fails_the_append_by_its_deadline_and_nothing_is_asked_after_it(
    url: str, account: str, soon: None
) -> None:
    journal = opened(url, account)
    journal.append(session(), *cycle(1))
    with frozen(backend(journal)):
        began = time.monotonic()
        with pytest.raises(JournalFault, match="lost its connection to the server"):
            journal.append(*cycle(2))
        in_time(began, 3)
        refuses_for_good(journal)
        in_time(began, 3)  # closing asks nothing of it either
    goes_on(url, account, 3, 5)


def test_reading_from_a_frozen_backend_ends_by_its_deadline(url: str, account: str, soon: None) -> None:
    journal = opened(url, account)
    journal.append(session(), *cycle(1))
    with frozen(backend(journal)):
        began = time.monotonic()
        with pytest.raises(JournalFault):
            journal.find_cycle(1)
        in_time(began, 3)
    journal.close()


def test_a_frozen_server_is_given_up_when_opening(
    postgres_server: Server, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("journal.server.CONNECT_SECONDS", CONNECT_SECONDS)
    postgres = postgres_server._process
    assert postgres is not None
    with frozen(postgres.pid):
        began = time.monotonic()
        with pytest.raises(BadInput, match="cannot be reached"):
            opened(postgres_server.shared, account)
        in_time(began, 10)

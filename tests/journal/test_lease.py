"""One agent per account on a server: a lease, a fence, and a take-over that waits for what is on its way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import Any, cast

import psycopg
import pytest
from sqlalchemy.engine.interfaces import DBAPICursor

from domain.errors import BadInput, JournalFault
from journal.accounts import namespace
from journal.postgres import PostgresJournal, open_journal
from journal.reader import open_reader
from journal.verify import Verified, verify
from tests.journal.cycles import JOURNAL_ID, cycle, session
from tests.journal.postgres_server import Server
from tests.shared import ROOT, in_time

SHORT = 1000  # ms: the shortest lease there is


class Holder:
    """A process that holds an account, spoken to line by line."""

    def __init__(self, url: str, account: str, name: str, lease_ms: int, grace_ms: int) -> None:
        command = [sys.executable, "-m", "tests.journal.leaseholder", account, name]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [*command, str(lease_ms), str(grace_ms)], cwd=ROOT, stdin=pipe, stdout=pipe, text=True,
            env=os.environ | {"BOYD_TEST_URL": url},
        )  # fmt: skip

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def append(self) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write("append\n")
        self.process.stdin.flush()
        return self.hear()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


Start = Callable[..., Holder]


@pytest.fixture
def start(url: str, account: str) -> Iterator[Start]:
    with ExitStack() as stack:

        def one(name: str = "desk-1 process 41", lease_ms: int = SHORT, grace_ms: int = 300) -> Holder:
            holder = Holder(url, account, name, lease_ms, grace_ms)
            stack.callback(holder.kill)
            assert holder.hear() == "open"
            return holder

        yield one


def opened(
    url: str, account: str, holder: str = "me", lease_ms: int = SHORT, grace_ms: int = 0
) -> PostgresJournal:
    return open_journal(url, JOURNAL_ID, account=account, holder=holder, lease_ms=lease_ms, grace_ms=grace_ms)


def patiently(url: str, account: str, seconds: float = 90) -> PostgresJournal:
    """Open an account as soon as it may be taken over."""
    until = time.monotonic() + seconds
    while True:
        try:
            return opened(url, account)
        except JournalFault:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def lease_row(url: str, account: str, columns: str) -> tuple[Any, ...]:
    query = f'SELECT {columns} FROM "{namespace(account)}".lease'  # noqa: S608 - of this test
    with psycopg.connect(url) as connection:
        found = connection.execute(query.encode()).fetchone()
    assert found is not None
    return found


def by_hand(url: str, account: str, change: str) -> None:
    query = f'UPDATE "{namespace(account)}".lease SET {change}'  # noqa: S608 - of this test
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(query.encode())


def test_fault_10_a_second_agent_is_refused_within_two_seconds_and_told_who_and_when(
    url: str, account: str, start: Start
) -> None:
    first = start("desk-1 process 41", lease_ms=60_000, grace_ms=10_000)
    began = time.monotonic()
    with pytest.raises(JournalFault) as caught:
        opened(url, account)
    in_time(began, 5)
    told = str(caught.value)
    assert "is in use by another agent, desk-1 process 41 (epoch 1): stop it first" in told
    assert "may be taken over at 20" in told
    assert 60 < float(told.partition("+00:00, in ")[2].partition(" s")[0]) <= 70
    assert first.append() == "row 2"


def test_a_reader_needs_no_lease_and_takes_none(url: str, account: str, start: Start) -> None:
    first = start()
    assert first.append() == "row 2"
    with open_reader(url, account=account) as reader:
        assert reader.head()[0] == 2
        assert [row.seq for row in reader.find_cycle(1)] == [1, 2]
        with pytest.raises(JournalFault, match="is open for reading; 1 events were not appended"):
            reader.append(session())
    assert isinstance(verify(url, account=account), Verified)
    assert first.append() == "row 4"


def test_an_account_given_back_is_free_at_once_under_the_next_epoch(url: str, account: str) -> None:
    with opened(url, account, grace_ms=60_000) as first:
        first.append(*cycle(1))
    with opened(url, account, grace_ms=60_000) as second:
        assert (first.epoch, second.epoch) == (1, 2)
        second.append(*cycle(2))
        assert second.head()[0] == 4


def test_a_killed_holder_is_taken_over_only_after_lease_and_grace(
    url: str, account: str, start: Start
) -> None:
    first = start(lease_ms=SHORT, grace_ms=700)
    assert first.append() == "row 2"
    first.kill()
    due = lease_row(url, account, "expires + grace_ms * interval '1 ms'")[0]
    with pytest.raises(JournalFault, match="may be taken over"):
        opened(url, account)
    with patiently(url, account) as second:
        (now,) = lease_row(url, account, f"expires - {SHORT} * interval '1 ms'")
        assert now >= due, "taken over too early"
        assert second.epoch == 2
        assert verify(second) == Verified(2, second.head()[1])
        second.append(*cycle(2))


def test_whoever_wants_the_account_waits_by_the_longer_grace_of_the_two(url: str, account: str) -> None:
    first = opened(url, account, grace_ms=0, lease_ms=600_000)  # not renewed while this test runs
    by_hand(url, account, "expires = now() - interval '100 s'")
    with pytest.raises(JournalFault, match="may be taken over"):
        opened(url, account, grace_ms=120_000)
    by_hand(url, account, "grace_ms = 120000")
    with pytest.raises(JournalFault, match="may be taken over"):
        opened(url, account, grace_ms=0)
    by_hand(url, account, "grace_ms = 99000")
    with opened(url, account, grace_ms=99_000) as second:
        assert second.epoch == 2
    first.close()


def test_a_holder_that_froze_and_was_taken_over_appends_nothing(url: str, account: str, start: Start) -> None:
    first = start(lease_ms=SHORT, grace_ms=0)
    assert first.append() == "row 2"
    first.process.send_signal(signal.SIGSTOP)
    with patiently(url, account) as second:
        second.append(*cycle(2))
        first.process.send_signal(signal.SIGCONT)
        told = first.append()
        assert told.startswith(f"fault halted: another agent took over account {account}: ") or (
            "nothing is appended after a failure: halted: another agent took over" in told
        )
        assert "me holds epoch 2, ours was 1; nothing was appended" in told
        assert "nothing is appended after a failure" in first.append()
        second.append(*cycle(3))
        assert verify(second) == Verified(6, second.head()[1])
    with open_reader(url, account=account) as reader:
        assert [getattr(row.event, "cycle_id", None) for row in reader.rows()] == [1, 1, 2, 2, 3, 3]


def test_the_epoch_is_checked_in_the_transaction_that_appends(url: str, account: str) -> None:
    first = opened(url, account, lease_ms=600_000)  # its heartbeat comes too late to notice
    first.append(*cycle(1))
    by_hand(url, account, "epoch = epoch + 1")
    with pytest.raises(JournalFault, match=r"halted: another agent took over .* holds epoch 2, ours was 1"):
        first.append(*cycle(2))
    with pytest.raises(JournalFault, match="nothing is appended after a failure: halted"):
        first.append(*cycle(2))
    with open_reader(url, account=account) as reader:
        assert reader.head() == first.head()
        assert reader.head()[0] == 2
    first.close()
    assert lease_row(url, account, "held, epoch") == (True, 2), "gave back what another agent holds"


def test_a_take_over_waits_for_the_append_that_is_under_way(url: str, account: str) -> None:
    with opened(url, account, lease_ms=600_000) as first:
        first.append(*cycle(1))
        by_hand(url, account, "expires = now() - interval '1 h'")
        with psycopg.connect(url) as append:  # as far as an append has come before it writes rows
            append.execute(f'SET search_path = "{namespace(account)}"'.encode())
            first._held.renew(cast("DBAPICursor", append.cursor()))
            with pytest.raises(JournalFault, match="is locked by another session for more than 1s"):
                opened(url, account, holder="you")
        with pytest.raises(JournalFault, match="is in use by another agent, me"):
            opened(url, account, holder="you")
        first.append(*cycle(2))


def test_an_append_keeps_its_lease_locked_until_its_rows_are_committed(url: str, account: str) -> None:
    name = namespace(account)
    with opened(url, account, lease_ms=600_000) as first, ThreadPoolExecutor(1) as pool:
        first._connection.exec_driver_sql("SET lock_timeout = '60s'").close()
        with psycopg.connect(url) as other:
            other.execute(
                f'LOCK TABLE "{name}".rows IN SHARE MODE'.encode()
            )  # rows are not written, lease is
            append = pool.submit(first.append, *cycle(1))
            waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
            until = time.monotonic() + 90
            while other.execute(waits, (f'"{name}".rows',)).fetchone() == (0,) and time.monotonic() < until:
                time.sleep(0.02)
            with psycopg.connect(url) as thief, pytest.raises(psycopg.errors.LockNotAvailable):
                thief.execute(f'SELECT epoch FROM "{name}".lease FOR UPDATE NOWAIT'.encode())  # noqa: S608
        append.result(60)
        assert first.head()[0] == 2


def test_an_idle_holder_keeps_its_account(url: str, account: str) -> None:
    with opened(url, account, lease_ms=SHORT):
        (before,) = lease_row(url, account, "expires")
        until = time.monotonic() + 90
        while lease_row(url, account, "expires")[0] <= before and time.monotonic() < until:
            time.sleep(0.05)
        assert lease_row(url, account, "expires")[0] > before


def test_an_append_prolongs_the_lease(url: str, account: str) -> None:
    with opened(url, account, lease_ms=600_000) as first:
        (before,) = lease_row(url, account, "expires")
        first.append(*cycle(1))
        (after,) = lease_row(url, account, "expires")
    assert after > before


def test_a_lease_lost_while_idle_shows_when_it_is_renewed(url: str, account: str) -> None:
    with opened(url, account, lease_ms=600_000) as first:
        first.renew()
        by_hand(url, account, "epoch = 7")
        with pytest.raises(JournalFault, match="holds epoch 7, ours was 1"):
            first.renew()
        with pytest.raises(JournalFault, match="nothing is appended after a failure: halted"):
            first.append(session())


def test_of_agents_that_come_first_together_one_gets_the_account(url: str, postgres_server: Server) -> None:
    for _ in range(3):
        account = postgres_server.new_account()
        together = Barrier(3)

        def come(name: str, account: str = account, together: Barrier = together) -> PostgresJournal | str:
            together.wait(60)
            try:
                return opened(url, account, holder=name, lease_ms=60_000)
            except JournalFault as fault:
                return str(fault)

        with ThreadPoolExecutor(3) as pool:
            came = list(pool.map(come, ("one", "two", "three")))
        made = [journal for journal in came if isinstance(journal, PostgresJournal)]
        assert len(made) == 1, came
        told = [each for each in came if isinstance(each, str)]
        assert all(
            "in use by another agent" in each or "locked by another session" in each for each in told
        ), told
        made[0].append(*cycle(1))
        assert verify(made[0]) == Verified(2, made[0].head()[1])
        made[0].close()


def test_accounts_of_one_database_are_strangers(url: str, postgres_server: Server) -> None:
    one, two = postgres_server.new_account(), postgres_server.new_account()
    with opened(url, one) as first, opened(url, two) as second:
        first.append(*cycle(1))
        second.append(session())
        assert (first.head()[0], second.head()[0]) == (2, 1)
        assert second.epoch == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"account": ""}, "account '' must be 1 to 100 of the characters"),
        ({"account": 'a"; DROP SCHEMA public'}, "must be 1 to 100 of the characters"),
        ({"account": "a" * 101}, "must be 1 to 100 of the characters"),
        ({"holder": ""}, "holder '' must be 1 to 200 printable"),
        ({"holder": "a\nb"}, "must be 1 to 200 printable"),
        ({"lease_ms": 999}, "lease of 999 ms must be 1000 to 600000"),
        ({"grace_ms": -1}, "grace of -1 ms must be 0 to 3600000"),
    ],
)
def test_a_claim_that_cannot_be_meant_is_refused(change: dict[str, object], message: str) -> None:
    wanted: dict[str, object] = {"account": "a", "holder": "me", "lease_ms": 1000, "grace_ms": 0} | change
    with pytest.raises(BadInput, match=message):
        open_journal("postgresql://nowhere/none", JOURNAL_ID, **wanted)  # type: ignore[arg-type]


def test_an_account_whose_holder_is_known_to_be_dead_is_taken_over_at_once(url: str, account: str) -> None:
    first = opened(url, account, holder="host process 1", lease_ms=60_000)
    first._heartbeat.stop()
    asked: list[str] = []

    def dead(holder: str) -> bool:
        asked.append(holder)
        return False

    with open_journal(url, JOURNAL_ID, account=account, holder="next", grace_ms=60_000, lives=dead) as second:
        assert asked == ["host process 1"]
        assert second.epoch == first.epoch + 1
        second.append(*cycle(1))
        with pytest.raises(JournalFault, match="another agent took over"):
            first.append(*cycle(1))
    first.close()

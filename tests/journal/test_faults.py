"""Real processes, killed and starved: what was acknowledged is there, and a failure is final."""

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from domain.errors import JournalFault
from journal import sqlite
from journal.reader import open_reader
from journal.sql import open_journal
from journal.verify import Verified, verify
from tests.journal.cycles import JOURNAL_ID, cycle
from tests.journal.tamper import written
from tests.shared import ROOT, in_time

KILLS = 10
_APPENDER = [sys.executable, "-m", "tests.journal.appender"]


@contextmanager
def appender(path: Path, *args: int, under: tuple[str, ...] = ()) -> Iterator["subprocess.Popen[str]"]:
    command = [*under, *_APPENDER, str(path), *map(str, args)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def lines(process: "subprocess.Popen[str]") -> list[str]:
    out, _ = process.communicate(timeout=600)
    return out.splitlines()


def acknowledged(said: list[str]) -> int:
    return max((int(line.split()[1]) for line in said if line.startswith("row ")), default=0)


def test_a_killed_process_loses_no_acknowledged_row(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    delays = random.Random(7)
    seen = 0
    for _ in range(KILLS):
        with appender(path, 0) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(delays.uniform(0, 0.06))
            os.kill(process.pid, signal.SIGKILL)
            rest = process.stdout.read().splitlines()
        complete = [line for line in (first.rstrip(), *rest) if len(line.split()) == 2]
        promised = acknowledged(complete[:-1] or complete)  # the last line may be cut short
        assert promised > seen
        found = verify(path)
        assert isinstance(found, Verified)
        assert found.rows >= promised
        assert found.rows % 2 == 0, "half a cycle was kept"
        seen = found.rows
    with open_journal(path, JOURNAL_ID) as journal:
        assert journal.last_cycle() == seen // 2
        journal.append(*cycle(seen // 2 + 1))
    assert isinstance(verify(path), Verified)


def test_fault_09_a_full_disk_is_final_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with appender(path, 0, 300_000) as process:
        said = lines(process)
    assert process.returncode == 3
    first, second = [line for line in said if line.startswith("fault ")]
    assert "check disk and quota" in first or "disk or the quota is full" in first
    assert "nothing is appended after a failure" in second
    found = verify(path)
    assert isinstance(found, Verified)
    assert found.rows == acknowledged(said) > 10
    with open_journal(path, JOURNAL_ID) as journal:
        journal.append(*cycle(found.rows // 2 + 1))


def may_inject() -> bool:
    if shutil.which("strace") is None:
        return False
    probe = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=fdatasync:error=EIO", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not may_inject(), reason="needs strace with the right to trace")
@pytest.mark.parametrize(
    ("calls", "error", "when"),
    [
        ("fdatasync,fsync", "EIO", 14),
        ("fdatasync,fsync", "EIO", 40),
        ("pwrite64", "ENOSPC", 80),
        ("pwrite64", "ENOSPC", 101),
        ("pwrite64", "EIO", 102),
    ],
)
def test_fault_09_a_failing_disk_call_is_final_whenever_it_comes(
    tmp_path: Path, calls: str, error: str, when: int
) -> None:
    path = tmp_path / "j.db"
    inject = f"inject={calls}:error={error}:when={when}"
    under = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", inject)
    with appender(path, 400, under=under) as process:
        said = lines(process)
    assert process.returncode == 3
    first, second = [line for line in said if line.startswith("fault ")]
    assert str(path) in first
    assert "SQLITE_" in first
    assert "nothing is appended after a failure" in second
    found = verify(path)
    assert isinstance(found, Verified)
    assert found.rows >= acknowledged(said) > 0
    with open_journal(path, JOURNAL_ID) as journal:
        journal.append(*cycle(found.rows // 2 + 1))


def test_fault_10_a_second_agent_is_refused_within_two_seconds_but_readers_are_served(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with appender(path, 3) as process:
        assert process.stdout is not None
        assert "ready\n" in iter(process.stdout.readline, "")
        start = time.monotonic()
        with pytest.raises(JournalFault, match=r"in use by another process.*SQLITE_BUSY"):
            open_journal(path, JOURNAL_ID)
        in_time(start, sqlite.LOCK_WAIT_SECONDS + 4)
        assert sqlite.LOCK_WAIT_SECONDS <= 1
        with open_reader(path) as reader:
            assert reader.head()[0] == 6
            assert [row.seq for row in reader.find_cycle(3)] == [5, 6]
        assert isinstance(verify(path), Verified)
        process.communicate("go\n", timeout=600)
        assert process.returncode == 0
    with open_journal(path, JOURNAL_ID) as journal:
        assert journal.head()[0] == 6


def test_fault_09_a_database_someone_locks_for_30_s_is_refused_at_once(tmp_path: Path) -> None:
    path = written(tmp_path / "j.db", cycles=1)
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN EXCLUSIVE")
        start = time.monotonic()
        with pytest.raises(JournalFault, match=r"in use by another process.*SQLITE_BUSY"):
            open_journal(path, JOURNAL_ID)
        in_time(start, sqlite.LOCK_WAIT_SECONDS + 4)
        shell.execute("ROLLBACK")
    with open_journal(path, JOURNAL_ID) as journal:
        assert journal.head()[0] == 3


def test_fault_09_a_database_that_is_open_cannot_be_locked_by_someone_else(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with appender(path, 3) as process:
        assert process.stdout is not None
        assert "ready\n" in iter(process.stdout.readline, "")
        with (
            closing(sqlite3.connect(path, isolation_level=None, timeout=0.1)) as shell,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            shell.execute("BEGIN EXCLUSIVE")
        process.communicate("go\n", timeout=600)
        assert process.returncode == 0
    assert verify(path).rows == 6  # type: ignore[union-attr]


def test_the_journal_is_locked_even_before_its_first_append(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    open_journal(path, JOURNAL_ID).close()
    with open_journal(path, JOURNAL_ID), appender(path, 1) as process:
        assert "in use by another process" in "".join(lines(process))
        assert process.returncode == 2


def test_copies_of_a_journal_under_full_load_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with appender(path, 0) as process:
        assert process.stdout is not None
        process.stdout.readline()
        last = 0
        until = time.monotonic() + 120
        while last < 1500 and time.monotonic() < until:  # the WAL starts over about every 700 rows
            found = verify(path)
            assert isinstance(found, Verified), found
            assert found.rows >= last
            last = found.rows
        assert process.poll() is None
    assert last >= 1500


def test_the_wal_and_memory_stay_bounded(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with open_journal(path, JOURNAL_ID) as journal:
        for number in range(1, 500):
            journal.append(*cycle(number))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(500, 3000):
            journal.append(*cycle(number))
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8_000  # kB
        assert (tmp_path / "j.db-wal").stat().st_size < 6 * 1024 * 1024

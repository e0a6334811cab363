"""Schedulers as real processes: killed with -9 and begun again, stopped, and two of them on one store."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from agent.answers.jobs import JobRun, RunOutcome
from agent.jobs.opening import open_store
from agent.settings.home import Home
from tests.journal.postgres_server import postgres_server, url
from tests.shared import ROOT

__all__ = ["postgres_server", "url"]
START = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Rig:
    """Processes on homes of one folder, with one clock."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = os.environ | environment
        self.zero = time.monotonic()
        self.processes: list[subprocess.Popen[bytes]] = []

    def begin(
        self, home: str = "home", start: datetime = START, rules: Sequence[str] = ()
    ) -> "subprocess.Popen[bytes]":
        words = (str(self.folder / home), str(start.timestamp()), str(self.zero), *rules)
        command = [sys.executable, "-m", "tests.jobs.quick", *words]
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment)
        self.processes.append(process)
        return process

    def marks(self, what: str) -> list[str]:
        """Return the slots of runs that began, or were done."""
        try:
            lines = (self.folder / "marks").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [line.split()[1] for line in lines if line.startswith(what)]

    def wait(self, until: Callable[[], bool]) -> None:
        due = time.monotonic() + 120
        while not until():
            assert time.monotonic() < due, "nothing happens"
            assert all(each.poll() is None for each in self.processes[-1:]), "it ended by itself"
            time.sleep(0.05)

    def more_marks(self, what: str, than: int) -> bool:
        return len(self.marks(what)) > than

    def more_ended(self, than: int) -> bool:
        return len([run for run in self.runs() if run.ended]) > than

    def runs(self, home: str = "home") -> list[JobRun]:
        """Return every run that is kept, oldest first."""
        store = open_store(Home(self.folder / home, self.environment.get("AGENT_DB_URL")))
        with closing(store.database):
            return [run for job in store.kept() for run in store.runs(job)[::-1]]


@contextmanager
def rig(folder: Path, **environment: str) -> Iterator[Rig]:
    made = Rig(folder, **environment)
    try:
        yield made
    finally:
        for process in made.processes:
            process.kill()
            process.wait()


def assert_each_once(made: Rig, runs: list[JobRun]) -> None:
    """Assert that every minute was done by one run, or made up for by one, and none was done twice."""
    doubled = [slot for slot, count in Counter(made.marks("done")).items() if count > 1]
    assert doubled == []
    ended = [run for run in runs if run.ended]
    assert {run.outcome for run in ended} == {RunOutcome.DONE}
    minute = ended[0].since or ended[0].slot
    for run in ended:
        assert (run.since or run.slot) == minute, "a minute was lost, or done twice"
        minute = run.slot + MINUTE


def test_over_ten_kills_no_run_is_lost_or_doubled(tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        for number in range(10):
            process = made.begin()
            done, begun = len(made.marks("done")), len(made.marks("begin"))
            if number % 2:  # in the midst of a run
                made.wait(partial(made.more_marks, "begin", begun))
            else:  # between two
                made.wait(partial(made.more_ended, done))
            process.send_signal(signal.SIGKILL)
            process.wait()
        process = made.begin()
        attempts = max(run.attempt for run in made.runs())
        made.wait(lambda: made.runs()[-1].slot > START + 3 * MINUTE and made.runs()[-1].ended is not None)
        process.kill()
        process.wait()
        assert_each_once(made, made.runs())
        assert attempts > 1, "a run that was cut off was begun anew"


def stop_between(process: "subprocess.Popen[bytes]", store: Path) -> None:
    """Stop a process while it does not write into the store: all others would wait for it."""
    due = time.monotonic() + 60
    while time.monotonic() < due:
        process.send_signal(signal.SIGSTOP)
        with closing(sqlite3.connect(store, isolation_level=None, timeout=0.5)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
                time.sleep(0.1)
            else:
                return
    raise AssertionError("it always writes")


def test_two_on_one_store_do_each_run_once_also_when_one_stands_still(tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        first, _ = made.begin(), made.begin()
        made.wait(lambda: len(made.marks("begin")) >= 2)
        stop_between(first, tmp_path / "home" / "jobs.db")  # its runs, if it has one, go on
        stopped = len(made.marks("done"))
        made.wait(lambda: len(made.marks("done")) >= stopped + 2)
        first.send_signal(signal.SIGCONT)
        made.wait(lambda: len(made.marks("done")) >= stopped + 4)
        for process in made.processes:
            process.kill()
            process.wait()
        assert_each_once(made, made.runs())


def test_two_homes_on_one_server_do_each_run_once(tmp_path: Path, url: str) -> None:
    with rig(tmp_path, AGENT_DB_URL=url) as made:
        made.begin("here")
        made.begin("there")
        made.wait(lambda: len(made.marks("done")) >= 4)
        for process in made.processes:
            process.kill()
            process.wait()
        assert_each_once(made, made.runs("here"))

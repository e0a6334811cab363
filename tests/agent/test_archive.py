"""A journal is archived beside and under a real agent: nothing it decides or tells changes, whatever dies."""

import json
import shutil
import signal
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.account.client import AccountClient
from agent.cli.handlers.archive import archived
from agent.drill import processes
from agent.host.failpoints import Fuse
from agent.settings.home import Home
from agent.space import archive as archive_module
from agent.space.archive import KeptRows, checked_keep
from domain.errors import BadInput
from journal.archive import Archive
from journal.reader import open_reader
from journal.verify import Verified, verify
from tests.agent.command import agent, start, told

RUN = ("run", "--provider", "simulated", "--speed", "max", "--cycles", "300", "--journal", "paper", "--plain")
NOW = datetime(2026, 11, 29, tzinfo=UTC)
SIZE = 100
ASKED = (("why", "27"), ("replay",), ("status",), ("trades",))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a session of 300 cycles."""
    home = tmp_path_factory.mktemp("archived")
    agent(home, *RUN)
    return home


def rows(home: Path) -> list[Any]:
    with open_reader(Home(home).journal("paper")) as journal:
        return list(journal.rows())


def answers(home: Path) -> list[Any]:
    return [told(home, *words) for words in ASKED]


def archive(home: Path, keep: int = 200) -> Any:
    return archived(AccountClient(Home(home), "paper"), KeptRows(rows=keep), NOW, size=SIZE)


def test_at_rest_whatever_dies_at_whatever_step_every_answer_is_the_same(run: Path) -> None:
    before, whole, exported = answers(run), rows(run), agent(run, "journal", "export").stdout
    for step in (*["segment written"] * 2, *["file rebuilt"] * 2, "file replaced", ""):
        child = processes.forked(partial(dying, run, step), run / "archive.log")
        code = processes.wait(child, 60)
        assert code == (-signal.SIGKILL if step else 0), (run / "archive.log").read_text()
        assert rows(run) == whole
        assert isinstance(verify(Home(run).journal("paper")), Verified)
    with open_reader(Home(run).journal("paper")) as journal:
        assert journal.first > 300
    assert answers(run) == before
    assert agent(run, "journal", "export").stdout == exported
    assert not list((run / "journals").glob("*.archiving"))
    agent(run, *RUN[:-3], "--journal", "paper", "--plain")  # and the next session goes on
    assert told(run, "journal", "verify")["intact"]
    assert told(run, "replay")["difference"] is None
    assert told(run, "status")["cycle"] == 600


class DiesAt(Fuse):
    """Dies at the first step of a name; "" at none."""

    def __init__(self, step: str) -> None:
        super().__init__(1)
        self.step = step

    def reach(self, name: str) -> None:
        if name == self.step:
            super().reach(name)


def dying(home: Path, step: str) -> None:
    archive_module.FUSE = DiesAt(step)
    archive(home)


def test_nothing_is_archived_that_a_start_would_need(tmp_path: Path, run: Path) -> None:
    for path in (run / "checkpoints" / "paper").iterdir():
        path.rename(tmp_path / path.name)
    try:
        report = archive(run, 1)
        assert report.archived < 500
        assert "no checkpoint fits" in report.why
    finally:
        for path in tmp_path.iterdir():
            path.rename(run / "checkpoints" / "paper" / path.name)


def test_a_running_agent_gives_its_rows_to_the_archive_and_trades_on(tmp_path: Path) -> None:
    words = ("run", "--provider", "simulated", "--interval", "0.01", "--journal", "paper", "--json")
    agent(tmp_path, *RUN)
    with start(tmp_path, *words) as running:
        assert running.stdout is not None
        try:
            for _ in range(20):
                running.stdout.readline()
            report = archive(tmp_path)
            with open_reader(Home(tmp_path).journal("paper")) as journal:
                first, last = journal.first, journal.head()[0]
            for _ in range(20):
                assert json.loads(running.stdout.readline())
            assert told(tmp_path, "why", "27")["cycle"] == 27
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=30)
    assert report.running
    assert first == report.first_in_file == report.archived + 1 > 300
    assert rows(tmp_path)[-1].seq > last
    assert told(tmp_path, "journal", "verify")["intact"]
    assert told(tmp_path, "replay")["difference"] is None


def test_a_put_aside_journal_takes_its_archive_along(tmp_path: Path, run: Path) -> None:
    run = Path(shutil.copytree(run, tmp_path / "home", ignore=shutil.ignore_patterns("*.sock")))
    archive(run)
    home = Home(run)
    whole = rows(run)
    kept = home.archive("paper", "20260101T000000")
    assert isinstance(kept, Path)
    with open_reader(kept) as journal:
        assert list(journal.rows()) == whole
        assert Archive(kept, journal.journal_id).path()
    assert not home.segments("paper").exists()


@pytest.mark.parametrize("bad", ["soon", "-1", "0", "1.5", "d", "nan", "inf"])
def test_what_is_kept_must_be_days_or_rows(bad: str) -> None:
    with pytest.raises(BadInput, match="--keep"):
        checked_keep(bad)
    with pytest.raises(BadInput, match=r"--keep 1e6d: days such as 90d \(at most 36525d\)"):
        checked_keep("1e6d")
    assert checked_keep("90d") == KeptRows(days=90)
    assert checked_keep("1000") == KeptRows(rows=1000)

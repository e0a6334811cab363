"""Backups of journals on a real PostgreSQL server: shipped while an agent writes, put back into a server."""

import os
import subprocess
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from agent.backup.restore import restore
from agent.backup.take import Keep, backup
from agent.backup.vault import begun, opened
from agent.backup.wanted import Restoration
from agent.settings.home import Home
from domain.errors import BadInput, JournalFault
from journal.reader import open_reader
from journal.sql import open_journal
from journal.verify import Verified, verify
from tests.journal.cycles import JOURNAL_ID, START, cycle, session
from tests.journal.on_server import execute, written
from tests.journal.on_server import opened as leased
from tests.journal.postgres_server import Server, postgres_server

__all__ = ["postgres_server"]
KEEP, NOW = Keep(30, 24), START + timedelta(days=1)


def backed_up(home: Home, out: Path) -> int:
    answer = backup(home, begun(out, None), sorted(home.all_names()), NOW, KEEP)
    assert [each.problem for each in answer.journals] == [None] * len(answer.journals)
    return answer.journals[0].new_rows


def test_an_account_in_use_is_backed_up_and_put_back_into_another_database(
    postgres_server: Server, tmp_path: Path
) -> None:
    here, there = postgres_server.new_database(), postgres_server.new_database()
    home, out = Home(tmp_path / "home", here), tmp_path / "out"
    home.make()
    with leased(here, "live.one") as journal:
        journal.append(session(), *cycle(1))
        assert backed_up(home, out) == 3
        journal.append(*cycle(2))
        assert backed_up(home, out) == 2
        rows = list(journal.page(0, 100))
    new = Home(tmp_path / "new", there)
    told = restore(opened(out, None), new, Restoration(), NOW)
    assert told.journals[0].rows == 5
    with open_reader(there, account="live.one") as restored:
        assert list(restored.page(0, 100))[:-1] == rows
    assert isinstance(verify(there, account="live.one"), Verified)
    with leased(there, "live.one") as journal:  # its lease is free, and it goes on
        journal.append(*cycle(3))
    with pytest.raises(BadInput, match="in the database already"):
        restore(opened(out, None), new, Restoration(), NOW)
    again = restore(opened(out, None), new, Restoration(put_aside=True, seq=3), NOW)
    kept = again.journals[0].put_aside
    assert kept is not None
    with open_reader(there, account=kept) as aside:
        assert aside.head()[0] == 8
    with open_reader(there, account="live.one") as restored:
        assert restored.head()[0] == 4


def test_a_journal_of_files_is_put_back_into_a_server_and_the_other_way(
    postgres_server: Server, tmp_path: Path
) -> None:
    url, home = postgres_server.new_database(), Home(tmp_path / "home")
    home.make()
    with open_journal(home.journal("j"), JOURNAL_ID) as journal:
        journal.append(session(), *cycle(1))
    backed_up(home, tmp_path / "out")
    restore(opened(tmp_path / "out", None), Home(tmp_path / "server", url), Restoration(), NOW)
    backed_up(Home(tmp_path / "server", url), tmp_path / "out2")
    restore(opened(tmp_path / "out2", None), Home(tmp_path / "file"), Restoration(), NOW)
    with (
        open_reader(url, account="j") as on_server,
        open_reader(Home(tmp_path / "file").journal("j")) as file,
    ):
        assert list(file.page(0, 4)) == list(on_server.page(0, 4))


def test_an_agent_that_writes_is_not_restored_over(postgres_server: Server, tmp_path: Path) -> None:
    url = postgres_server.new_database()
    home = Home(tmp_path / "home", url)
    home.make()
    written(url, "j")
    backed_up(home, tmp_path / "out")
    with leased(url, "j") as journal:
        with pytest.raises(JournalFault, match="in use by another agent"):
            restore(opened(tmp_path / "out", None), home, Restoration(put_aside=True), NOW)
        journal.append(*cycle(6))


def test_a_restored_server_holds_the_lease_of_a_dead_agent_which_ends_by_itself(
    postgres_server: Server, tmp_path: Path
) -> None:
    """The server's own dump is of a moment at which an agent held the account: its lease is in it."""
    here, there = postgres_server.new_database(), postgres_server.new_database()
    with open_journal(here, JOURNAL_ID, account="j", holder="lost", lease_ms=4_000, grace_ms=0) as journal:
        journal.append(session(), *cycle(1))
        dumped(postgres_server, here, there)
        epoch = journal.epoch  # type: ignore[attr-defined]  # it is the server's
    with pytest.raises(JournalFault, match=r"in use by another agent, lost .*may be taken over"):
        leased(there, "j")
    execute(there, "j", "UPDATE lease SET expires = now() - interval '1 hour'")  # an hour passes
    with leased(there, "j") as restored:
        assert restored.epoch == epoch + 1  # type: ignore[attr-defined]  # it is the server's
        restored.append(*cycle(2))
    assert isinstance(verify(there, account="j"), Verified)


def dumped(server: Server, here: str, there: str) -> None:
    """Put a database into another as an operator does: pg_dump and pg_restore, where they are installed."""
    programs = [server.programs / name for name in ("pg_dump", "pg_restore")]
    if not all(each.exists() for each in programs):
        pytest.skip("pg_dump and pg_restore are not installed")
    environment = {**os.environ, "PGPASSWORD": urlsplit(here).password or ""}
    dump = subprocess.run(
        [str(programs[0]), "-Fc", bare(here)], capture_output=True, check=True, env=environment
    )
    subprocess.run([str(programs[1]), "-d", bare(there)], input=dump.stdout, check=True, env=environment)


def bare(url: str) -> str:
    parts = urlsplit(url)
    return f"postgresql://{parts.username}@{parts.hostname}:{parts.port}{parts.path}"

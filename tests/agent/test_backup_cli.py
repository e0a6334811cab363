"""`agent backup` and `agent restore` as a user runs them, beside an agent that trades."""

import json
import signal
from pathlib import Path

from agent.backup.source import OfAgent, source
from agent.notices import FILE, Notices
from agent.settings.home import Home
from journal.reader import open_reader
from tests.agent.command import agent, start, told

RUN = ("run", "--provider", "simulated", "--interval", "0.02", "--journal", "paper", "--json")
KEY = {"AGENT_BACKUP__KEY": "canary-key-of-a-user"}


def test_a_running_agent_is_backed_up_by_its_own_word_and_a_lost_home_comes_back(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    with start(home, *RUN) as running:
        try:
            assert running.stdout is not None
            for _ in range(12):
                running.stdout.readline()
            first = json.loads(agent(home, "backup", "--out", str(out), "--json", env=KEY).stdout)
            with source(Home(home), "paper", lambda _id: 0) as opened:
                assert isinstance(opened, OfAgent)  # its file is neither opened nor copied
            for _ in range(12):
                running.stdout.readline()
            second = json.loads(agent(home, "backup", "--out", str(out), "--json", env=KEY).stdout)
        finally:
            running.send_signal(signal.SIGKILL)
    rows = [each["journals"][0]["rows"] for each in (first, second)]
    assert first["encrypted"] is True
    assert rows[0] < rows[1]
    assert second["journals"][0]["new_rows"] == rows[1] - rows[0]
    done = agent(tmp_path / "new", "restore", str(out), "--json", env=KEY)
    assert json.loads(done.stdout)["journals"][0]["rows"] == rows[1]
    with (
        open_reader(Home(home).journal("paper")) as old,
        open_reader(Home(tmp_path / "new").journal("paper")) as new,
    ):
        assert list(new.page(0, rows[1])) == list(old.page(0, rows[1]))
    agent(tmp_path / "new", *RUN[:-1], "--cycles", "3", "--plain")
    assert told(tmp_path / "new", "journal", "verify")["intact"]
    assert told(tmp_path / "new", "replay")["difference"] is None
    wrong = agent(
        tmp_path / "no", "restore", str(out), check=2, env={"AGENT_BACKUP__KEY": "another-key-of-16"}
    )
    assert "this key is not the one it was begun with" in wrong.stderr


def test_a_backup_that_fails_says_so_by_its_exit_code_and_as_a_notice_until_one_succeeds(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    agent(home, *RUN[:-1], "--cycles", "2", "--plain")
    (tmp_path / "file").touch()
    failed = agent(home, "backup", "--out", str(tmp_path / "file" / "out"), check=2)
    assert "cannot be written" in failed.stderr
    journal = Home(home).journal("broken")
    journal.write_bytes(b"noise")
    some = agent(home, "backup", "--out", str(tmp_path / "out"), check=1)
    assert "FAILED" in some.stdout
    assert "paper: " in some.stdout
    notices = Notices(home / FILE)
    assert [each.kind for each in notices.incidents()] == ["backup_failed"]
    assert notices.incidents()[0].title.startswith("the backup failed: ")
    journal.unlink()
    agent(home, "backup", "--out", str(tmp_path / "out"))
    assert notices.incidents() == []
    (home / "jobs.db").write_bytes(b"noise of a bad disk, and no database")
    assert "left out: jobs.db" in agent(home, "backup", "--out", str(tmp_path / "out"), check=1).stdout
    assert notices.incidents()[0].title.startswith("the backup failed: left out: jobs.db: it cannot be read")
    (home / "jobs.db").unlink()
    notices.close()
    assert "the home lies in it" in agent(home, "backup", "--out", str(tmp_path), check=2).stderr
    (tmp_path / "link").symlink_to(home)
    for inside in (home / "serve" / "out", tmp_path / "link" / "out"):
        assert "would be lost with it" in agent(home, "backup", "--out", str(inside), check=2).stderr
        assert not inside.exists()
    assert "name the backup's folder" in agent(home, "backup", check=2).stderr
    for each in (tmp_path / "out" / "files").iterdir():
        each.write_bytes(b"noise")
    partly = agent(tmp_path / "partly", "restore", str(tmp_path / "out"), check=1)
    assert "NOT restored: notices.db: " in partly.stdout
    assert Home(tmp_path / "partly").journal("paper").exists()
    assert "no time such as" in agent(home, "restore", str(tmp_path / "out"), "--at", "soon", check=2).stderr

"""An agent whose journal lies on a real PostgreSQL server: the same session, one agent at a time."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.account.client import AccountClient
from agent.cli.handlers.archive import archived
from agent.settings.home import Home
from agent.space.archive import KeptRows
from journal.accounts import accounts
from tests.agent.command import agent, start
from tests.journal.postgres_server import postgres_server, url

__all__ = ["postgres_server", "url"]
RUN = ("run", "--provider", "simulated", "--speed", "max", "--cycles", "400")
NOW = datetime(2026, 11, 29, tzinfo=UTC)


def test_a_session_on_a_server_is_read_archived_explained_and_replayed(tmp_path: Path, url: str) -> None:
    on_server = {"AGENT_DB_URL": url}
    agent(tmp_path, *RUN, env=on_server)
    assert list(tmp_path.rglob("*.db")) == []
    assert json.loads(agent(tmp_path, "status", "--json", env=on_server).stdout)["cycle"] == 400
    why = agent(tmp_path, "why", "27", "--json", env=on_server).stdout
    assert json.loads(why)["cycle"] == 27
    home = Home(tmp_path, url)
    [name] = accounts(url)
    report = archived(AccountClient(home, name), KeptRows(rows=200), NOW, size=100)
    assert report.archived == report.first_in_file - 1 >= 500
    assert agent(tmp_path, "why", "27", "--json", env=on_server).stdout == why
    assert "intact" in agent(tmp_path, "journal", "verify", env=on_server).stdout
    assert json.loads(agent(tmp_path, "replay", "--json", env=on_server).stdout)["difference"] is None
    told = agent(tmp_path, "journal", "archive", "--keep", "100", env=on_server).stdout
    assert f"rows 1 to {report.archived} of {report.rows} archived" in told
    assert "after 400 cycles" in agent(tmp_path, *RUN, env=on_server).stdout  # and the next session goes on


def test_the_same_session_in_a_file_has_the_same_decisions(tmp_path: Path, url: str) -> None:
    ended = []
    for name, env in (("file", {}), ("server", {"AGENT_DB_URL": url})):
        agent(tmp_path / name, *RUN, "--journal", "twin", env=env)
        ended.append(json.loads(agent(tmp_path / name, "status", "--json", env=env).stdout)["account"])
    assert ended[0] == ended[1]


def test_fault_10_a_second_agent_on_another_host_is_refused(tmp_path: Path, url: str) -> None:
    on_server = {"AGENT_DB_URL": url}
    words = ("run", "--provider", "simulated", "--interval", "1", "--journal", "shared", "--plain")
    with start(tmp_path / "here", *words, env=on_server) as first:
        assert first.stdout is not None
        first.stdout.readline()
        second = agent(tmp_path / "there", *words, check=None, env=on_server)
        seen = [
            agent(tmp_path / "there", *said, "--journal", "shared", check=None, env=on_server)
            for said in (("status", "--json"), ("summary", "--json"), ("status",))
        ]
        first.terminate()
        first.communicate(timeout=30)
    assert second.returncode == 1
    assert "another" in second.stderr
    status, summary = (json.loads(each.stdout) for each in seen[:2])
    assert (status["running"], summary["running"]) == (True, True), "who runs in another home runs"
    assert not [each for each in summary["alarms"] if each["kind"] == "dead"]
    assert "running elsewhere (" in seen[2].stdout
    agent(tmp_path / "there", *words, "--cycles", "1", env=on_server)


def test_a_password_in_the_url_is_nowhere(tmp_path: Path) -> None:
    bad = {"AGENT_DB_URL": "postgresql://user:CANARY@127.0.0.1:1/none"}
    done = agent(tmp_path, *RUN, check=None, env=bad)
    assert done.returncode == 2
    assert "CANARY" not in done.stdout + done.stderr
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and b"CANARY" in p.read_bytes()]


@pytest.mark.parametrize("bad", ["mysql://x/y", "postgresql://"])
def test_a_url_that_cannot_be_is_refused_with_what_it_should_be(tmp_path: Path, bad: str) -> None:
    done = agent(tmp_path, *RUN, "--db-url", bad, check=None)
    assert done.returncode == 2
    assert "postgresql://" in done.stderr

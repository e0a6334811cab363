"""`agent jobs ...` and `agent serve --without-http`: real processes on a home of their own."""

import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest

from agent.cli.handlers import jobs as handler
from agent.host.clock import SystemClock
from agent.jobs.opening import open_store
from agent.notices import FILE as NOTICES
from agent.notices import Notices
from agent.settings.home import Home
from domain.errors import BadInput, LocalFault
from domain.times import millis
from tests.agent.command import agent, environment, told
from tests.shared import ROOT

PAPER = ("run", "--provider", "simulated", "--cycles", "3", "--speed", "max")
FORBIDDEN = ("starlette", "uvicorn", "jinja2", "prometheus_client", "anyio")
HEADLESS = f"""
import sys
class Barred:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {FORBIDDEN!r}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Barred())
from agent.cli import main
main()
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("jobs")
    agent(root, *PAPER)
    return root


def listed(root: Path) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in told(root, "jobs", "list")}


def test_a_job_runs_by_hand_and_its_output_is_kept(home: Path) -> None:
    assert listed(home)["verify"]["last"] is None
    ran = told(home, "jobs", "run", "verify")
    assert ran["run"]["outcome"] == "done"
    assert ran["printed"].startswith("intact: ")
    shown = agent(home, "jobs", "show", "verify").stdout
    assert "(asked by terminal:" in shown
    assert "| intact: " in shown
    assert listed(home)["verify"]["last"]["outcome"] == "done"


def test_a_job_that_fails_says_why_puts_a_notice_and_exits_1(home: Path) -> None:
    broken = home / "journals" / "broken.db"
    broken.write_bytes(b"no journal" * 1000)
    try:
        done = agent(home, "jobs", "run", "verify", check=1)
        assert "verify: failed" in done.stdout
        with closing(Notices(home / NOTICES)) as notices:
            notice = notices.after(0, 10)[-1]
        assert (notice.kind, notice.title) == ("job_failed", "job verify failed")
        assert "broken" in notice.body
    finally:
        broken.unlink()


def test_a_pause_lasts_until_it_is_resumed(home: Path) -> None:
    agent(home, "jobs", "pause", "anchor", "--reason", "new disk")
    paused = listed(home)["anchor"]
    assert (paused["state"], paused["paused_why"], paused["due"]) == ("paused", "new disk", None)
    assert "goes on, next" in agent(home, "jobs", "resume", "anchor").stdout
    assert listed(home)["anchor"]["state"] == "waiting"


@pytest.mark.parametrize("what", ["show", "run", "pause", "resume"])
def test_a_job_that_is_none_is_told_with_those_there_are(what: str, tmp_path: Path) -> None:
    asked: dict[str, Callable[[], None]] = {
        "show": lambda: handler.show_job(tmp_path, "nosuch", 1, json=False),
        "run": lambda: handler.run_job(tmp_path, "nosuch", json=False),
        "pause": lambda: handler.pause_job(tmp_path, "nosuch", "", json=False),
        "resume": lambda: handler.resume_job(tmp_path, "nosuch", json=False),
    }
    with pytest.raises(BadInput, match="job nosuch: there is none of that name; there are: verify"):
        asked[what]()


def test_a_list_makes_nothing_and_a_database_that_is_none_is_told(tmp_path: Path) -> None:
    handler.list_jobs(tmp_path, json=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "jobs.db").write_text("text" * 1000)
    with pytest.raises(LocalFault, match=r"jobs .*jobs\.db: file is not a database"):
        handler.list_jobs(tmp_path, json=False)


def test_without_http_a_server_needs_none_of_its_libraries_and_does_what_is_due(home: Path) -> None:
    agent(home, "jobs", "resume", "anchor")  # every job is in the store from the first command on
    due = SystemClock().now() - timedelta(minutes=30)
    with closing(open_store(Home(home)).database) as database:
        database.do("UPDATE jobs SET due = ? WHERE name = 'anchor'", millis(due))
    command = [sys.executable, "-c", HEADLESS, "serve", "--without-http", "--json"]
    with Popen(command, env=environment(home), cwd=ROOT, stdout=PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert json.loads(server.stdout.readline())["pid"] == server.pid
            until = time.monotonic() + 60
            while (last := listed(home)["anchor"]["last"]) is None or last["outcome"] is None:
                assert time.monotonic() < until
                time.sleep(0.2)
            assert last["outcome"] == "done", last
            assert list((home / "anchors").glob("*.json"))
            assert "is served already" in agent(home, "serve", "--without-http", check=1).stderr
            server.terminate()
            assert server.wait(30) == 0
        finally:
            server.kill()


def test_a_job_without_anything_to_do_says_so(home: Path) -> None:
    assert "download: done" in agent(home, "jobs", "run", "download").stdout
    assert listed(home)["download"]["last"]["said"] == "nothing to do"

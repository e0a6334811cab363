"""Commands to a running agent over its socket, as real processes: heard once, kept, answered by their key."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import Popen

import pytest

from agent.account.client import AccountClient
from agent.settings.home import Home
from domain.commands import Command
from domain.events import CommandReceived, KillSwitchSet
from tests.agent.command import agent, start, told
from tests.agent.test_process import RUN, finish, running, until


@pytest.fixture
def lives(tmp_path: Path) -> Iterator[Popen[str]]:
    process = start(tmp_path, *RUN)
    try:
        until(lambda: running(tmp_path))
        yield process
    finally:
        process.kill()
        process.communicate()


def asked(home: Path) -> list[Command]:
    with AccountClient(Home(home)).journal() as journal:
        return [row.event.command for row in journal.rows() if isinstance(row.event, CommandReceived)]


def test_a_kill_in_a_pause_outlives_a_killed_agent_and_its_key_answers_the_next_one(
    tmp_path: Path, lives: Popen[str]
) -> None:
    assert told(tmp_path, "pause", "--reason", "maintenance")["paused"]
    status = told(tmp_path, "status")
    assert (status["paused"], told(tmp_path, "status")["cycle"]) == (True, status["cycle"])
    kill = ("kill", "--reason", "odd prices", "--key", "panic-1")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: told(tmp_path, *kill), range(4)))
    assert {each["kill_switch"] for each in answers} == {"odd prices"}
    lives.kill()
    lives.wait(60)
    assert [(type(each).__name__, each.reason) for each in asked(tmp_path)] == [
        ("Pause", "maintenance"),
        ("Kill", "odd prices"),
    ]
    reset = ("reset-kill", "--reason", "fine again", "--key", "reset-1")
    assert told(tmp_path, *reset)["kill_switch"] is None
    agent(tmp_path, "kill", "--reason", "once more")
    assert told(tmp_path, *reset)["kill_switch"] == "once more", "not done again, and what is true is told"
    assert told(tmp_path, "status")["account"]["kill_switch"] == "once more"
    assert "was given to another command" in agent(tmp_path, "reset-kill", "--key", "panic-1", check=2).stderr
    with AccountClient(Home(tmp_path)).journal() as journal:
        thrown = [row.event.active for row in journal.rows() if isinstance(row.event, KillSwitchSet)]
    assert thrown == [True, False, True]
    assert told(tmp_path, "replay")["difference"] is None
    assert told(tmp_path, "journal", "verify")["intact"]


def test_stop_ends_it_after_the_cycle_and_a_second_one_has_nothing_to_stop(
    tmp_path: Path, lives: Popen[str]
) -> None:
    told(tmp_path, "pause")
    assert not told(tmp_path, "unpause")["paused"]
    cycle = told(tmp_path, "status")["cycle"]
    until(lambda: told(tmp_path, "status")["cycle"] > cycle)
    assert told(tmp_path, "stop", "--reason", "new version")["stopping"]
    finish(lives)
    assert lives.returncode == 0
    assert not told(tmp_path, "stop")["stopping"]
    assert "no agent runs on journal" in agent(tmp_path, "pause", check=1).stderr
    assert [type(each).__name__ for each in asked(tmp_path)] == ["Pause", "Unpause", "Stop"]
    assert [each.by for each in asked(tmp_path)] == ["operator"] * 3
    assert told(tmp_path, "replay")["difference"] is None

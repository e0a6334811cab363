"""A running agent from outside: signals, SIGKILL, the control socket, one agent per account."""

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest

from tests.agent.command import agent, start, told

RUN = ("run", "--provider", "simulated", "--interval", "0.05", "--plain")
FAST = ("run", "--provider", "simulated", "--speed", "max", "--plain")
LIVELY = {
    "AGENT_RISK__MIN_CONFIDENCE": "40",
    "AGENT_RISK__MAX_TRADES_PER_DAY": "1000",
    "AGENT_RISK__COOL_DOWN_MINUTES": "0",
    "AGENT_RISK__LOSS_STREAK_PAPER": "1000",
}


def until(condition: Callable[[], bool], seconds: float = 600) -> None:
    due = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < due, "it did not happen"
        time.sleep(0.05)


def running(home: Path) -> bool:
    return any((home / "journals").glob("*.sock")) and bool(told(home, "status")["cycle"])


def finish(process: Popen[str]) -> tuple[str, str]:
    out, err = process.communicate(timeout=600)
    assert "Traceback" not in out + err
    return out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_after_the_cycle_with_exit_code_0(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path, *RUN)
    until(lambda: running(tmp_path))
    process.send_signal(number)
    out, _ = finish(process)
    assert process.returncode == 0
    assert "ended     stopped" in out
    assert told(tmp_path, "status")["ended"] == "stopped"
    assert not list((tmp_path / "journals").glob("*.sock"))
    assert told(tmp_path, "replay")["difference"] is None


def test_a_second_signal_ends_it_at_once_and_loses_nothing(tmp_path: Path) -> None:
    process = start(tmp_path, "run", "--provider", "simulated", "--plain", "--speed", "1")
    until(lambda: running(tmp_path))
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    finish(process)
    assert process.returncode in (0, 130)  # 0 where the first had already ended it
    assert told(tmp_path, "journal", "verify")["intact"]


def test_status_kill_and_resume_reach_a_running_agent(tmp_path: Path) -> None:
    process = start(tmp_path, *RUN)
    until(lambda: running(tmp_path))
    status = told(tmp_path, "status")
    assert status["running"]
    assert status["market"][0]["source"] == "simulated"
    agent(tmp_path, "kill", "--reason", "from another terminal")
    assert told(tmp_path, "status")["account"]["kill_switch"] == "from another terminal"
    agent(tmp_path, "resume")
    assert told(tmp_path, "status")["account"]["kill_switch"] is None
    assert agent(tmp_path, "why").stdout.startswith("cycle ")
    second = agent(tmp_path, *RUN, "--cycles", "1", check=1)
    assert "in use by another agent" in second.stderr
    process.send_signal(signal.SIGTERM)
    finish(process)
    assert process.returncode == 0


def test_kill_9_at_random_moments_leaves_an_intact_journal_and_the_same_account(tmp_path: Path) -> None:
    chance = random.Random(9)
    reached = 0
    for _ in range(2):
        process = start(tmp_path, *FAST, env=LIVELY)
        until(lambda: any((tmp_path / "journals").glob("*.sock")))
        time.sleep(chance.random())
        process.kill()
        finish(process)
        for file in (tmp_path / "journals").glob("*.sock"):
            file.unlink()
        assert told(tmp_path, "journal", "verify")["intact"]
        before = told(tmp_path, "status")
        assert before["cycle"] >= reached
        reached = before["cycle"]
        done = agent(tmp_path, *FAST, "--cycles", "1", env=LIVELY)
        assert f"going on after cycle {reached}" in done.stdout
        rows = told(tmp_path, "journal", "tail", "-n", "100")
        start_row = max(i for i, row in enumerate(rows) if row["event"]["type"] == "session_started")
        assert rows[start_row]["event"]["cash"] in (0, 10_000 * 10**8)
    assert reached > 0
    assert told(tmp_path, "replay")["difference"] is None

"""The emergency stop and the comparison with the venue, as commands, whether an agent runs or not."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.agent.command import agent, start, told
from tests.seeded import saved, seeded

RECORDING = seeded("BTC-USDT", "1m", 2_500)


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """Return a home whose account holds a position with its stop."""
    (data,) = saved(tmp_path, RECORDING)
    agent(tmp_path, "run", "--provider", "recorded", "--data", data, "--speed", "max", "--cycles", "150")
    assert told(tmp_path, "positions")
    return tmp_path


def test_flatten_sells_throws_the_switch_and_replays(held: Path) -> None:
    done = agent(held, "flatten", "--reason", "enough", "--json")
    assert done.returncode == 0
    flat = {"type": "flattened", "flat": True, "orders": [], "positions": {}, "problems": [], "dust": {}}
    assert json.loads(done.stdout) == flat
    status = told(held, "status")
    assert status["positions"] == []
    assert status["account"]["kill_switch"] == "enough"
    assert status["account"]["equity"] == status["account"]["cash"]
    assert told(held, "replay")["difference"] is None


def test_flatten_again_finds_nothing_to_do(held: Path) -> None:
    agent(held, "flatten", "--reason", "enough")
    done = agent(held, "flatten", "--reason", "really")
    assert done.returncode == 0
    assert "no order and no position is left" in done.stdout


def test_a_reason_is_needed_and_a_stray_one_refused(held: Path) -> None:
    done = agent(held, "reconcile", "--adopt", check=None)
    assert (done.returncode, "--reason is needed" in done.stderr) == (2, True)
    assert "--reason is for --adopt" in agent(held, "reconcile", "--reason", "x", check=None).stderr


def test_an_empty_reason_stops_no_exit(held: Path) -> None:
    assert told(held, "flatten", "--reason", " ")["flat"]
    assert told(held, "status")["account"]["kill_switch"] == "no reason given"


def test_paper_is_always_in_line(held: Path) -> None:
    assert told(held, "reconcile") == {
        "type": "reconciled",
        "in_line": True,
        "strange_orders": [],
        "unresolved": [],
        "differences": [],
        "dust": {},
        "not_read": {},
        "contradictions": [],
    }


def test_a_running_agent_is_flattened_between_two_cycles(tmp_path: Path) -> None:
    (data,) = saved(tmp_path, RECORDING)
    running = start(tmp_path, "run", "--provider", "recorded", "--data", data, "--speed", "20000", "--plain")
    try:
        until(lambda: bool(told(tmp_path, "positions")))
        assert told(tmp_path, "flatten", "--reason", "now")["flat"]
        status = told(tmp_path, "status")
        assert status["running"]
        assert status["account"]["kill_switch"] == "now"
        assert status["positions"] == []
    finally:
        running.terminate()
        running.communicate(timeout=30)
    assert told(tmp_path, "replay")["difference"] is None


def until(done: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if done():
                return
        except (ValueError, AssertionError):
            pass
        time.sleep(0.2)
    pytest.fail(f"not within {seconds:g} s")

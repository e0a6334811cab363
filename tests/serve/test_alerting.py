"""A server of a home tells what happens in it: its agents' rows and its notices, in order, over kill -9."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.answers.alerts import AlertKind, Severity
from agent.host.clock import SystemClock
from agent.notices import Notices
from agent.settings.home import Home
from tests.agent.alerts.receivers import Receiver, listening
from tests.agent.command import agent, start
from tests.serve.served import serving

SECRET = "canary-of-the-webhook"  # noqa: S105 -- what no log may hold
WAIT_SECONDS = 60.0


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with listening(Receiver()) as server:
        yield server


def configure(home: Path, receiver: Receiver, more: str = "") -> None:
    home.mkdir(exist_ok=True)
    text = f'[alerts]\n{more}\n[alerts.webhooks.ops]\nurl = "{receiver.url}"\nsecret = "{SECRET}"\n'
    (home / "config.toml").write_text(text)
    (home / "config.toml").chmod(0o600)


def serve(home: Path) -> "subprocess.Popen[str]":
    process = start(home, "serve", "--port", "0", "--json")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("{")
    return process


def begun(home: Path) -> None:
    """Wait until the channel has its place: it begins with the present, and from then on loses nothing."""
    notices = Notices(Home(home).notices)
    until = time.monotonic() + WAIT_SECONDS
    while not notices.channels.cursors("ops"):
        assert time.monotonic() < until
        time.sleep(0.05)
    notices.close()


def came(receiver: Receiver, number: int) -> list[dict[str, Any]]:
    """Return what came once there are so many posts, in the order they came."""
    until = time.monotonic() + WAIT_SECONDS
    while len(receiver.posts) < number:
        assert time.monotonic() < until, [each.body for each in receiver.posts]
        receiver.came.acquire(timeout=1)
    return [json.loads(each.body)["data"] for each in receiver.posts]


def put(home: Path, *numbers: int) -> None:
    notices = Notices(Home(home).notices)
    for number in numbers:
        about = (AlertKind.JOB_FAILED, Severity.WARNING, None, f"job {number} failed", "exit code 1")
        notices.put(f"job/{number}", *about, SystemClock().now())
    notices.close()


def test_what_an_agent_does_and_what_is_done_to_it_is_told_with_the_row_s_number(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.posts.clear()
    configure(tmp_path, receiver, "escalate_minutes = 0.001\nescalate_times = 1")
    with serving(tmp_path):
        begun(tmp_path)
        agent(tmp_path, "run", "--provider", "simulated", "--speed", "max", "--cycles", "2", "--journal", "a")
        agent(tmp_path, "kill", "--reason", "enough <b>", "--journal", "a")
        told = {each["kind"]: each for each in came(receiver, 4)}
        assert told["session"]["title"].startswith("session 1 ")
        kill = told["kill_switch"]
        assert (kill["agent"], kill["severity"]) == ("a", "critical")
        assert kill["title"].endswith("enough <b>")
        assert len(kill["id"].split("-")[0]) == 8
        again = told["escalation"]
        assert f"nobody has acknowledged #{kill['id']}" in again["title"]
        agent(tmp_path, "reset-kill", "--reason", "it is well", "--journal", "a")
        reset = came(receiver, 5)[-1]
        assert (reset["kind"], reset["severity"]) == ("kill_switch", "info")
    for each in tmp_path.glob("*.log"):
        assert SECRET not in each.read_text()


def test_kill_9_in_the_midst_of_deliveries_loses_nothing_and_keeps_the_order(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.posts.clear()
    configure(tmp_path, receiver, "collapse = 100")
    process = serve(tmp_path)
    begun(tmp_path)
    put(tmp_path, *range(1, 31))
    came(receiver, 8)
    process.kill()
    process.communicate()
    process = serve(tmp_path)
    put(tmp_path, 31)
    try:
        until = time.monotonic() + WAIT_SECONDS
        while "job 31 failed" not in str(receiver.posts[-1].body):
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        process.communicate()
    titles = [json.loads(each.body)["data"]["title"] for each in receiver.posts]
    assert list(dict.fromkeys(titles)) == [f"job {number} failed" for number in range(1, 32)]
    assert len(titles) <= 32, "a kill makes at most one message come twice"
    identities = [(each.headers["webhook-id"], each.body) for each in receiver.posts]
    assert len({each for each, _ in identities}) == 31, "a double has the id of the first"

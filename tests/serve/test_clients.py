"""The example clients, in Python and in JavaScript: they follow a real server through a restart."""

import itertools
import os
import re
import runpy
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.serve.served import serving
from tests.serve.test_stream import running
from tests.shared import ROOT, free_port

EXAMPLES = ROOT / "examples"
NODE = shutil.which("node")
CLIENTS = {"api_client.py": [sys.executable], "follow.mjs": [NODE or "node"]}


def cycles(process: subprocess.Popen[str], count: int) -> list[int]:
    """Read so many lines that tell of a cycle."""
    assert process.stdout is not None
    found: list[int] = []
    while len(found) < count:
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        match = re.search(r": cycle (\d+) \w+", line)
        found += [int(match[1])] if match else []
    return found


@pytest.mark.parametrize("name", sorted(CLIENTS))
def test_a_client_follows_through_a_restart(name: str, tmp_path: Path) -> None:
    if name.endswith(".mjs") and NODE is None:
        pytest.skip("node is not installed: the JavaScript example is not run")
    with running(tmp_path):
        with serving(tmp_path, port=free_port()) as served:
            served.settled()
            env = {**os.environ, "BOYD_TOKEN": served.tokens.read}
            process = subprocess.Popen(
                [*CLIENTS[name], str(EXAMPLES / name), served.url],
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            found = cycles(process, 8)
        try:
            with serving(tmp_path, port=urlsplit(served.url).port):
                while found[-1] < 40:
                    found += cycles(process, 1)
        finally:
            process.kill()
            process.communicate()
    assert found == list(range(1, len(found) + 1))


def test_the_client_in_python_steers_once_however_often_it_sends(tmp_path: Path) -> None:
    boyd: Any = runpy.run_path(str(EXAMPLES / "api_client.py"))["Boyd"]
    with running(tmp_path), serving(tmp_path) as served:
        served.settled()
        client = boyd(served.url, served.tokens.trade)
        due = time.monotonic() + 90
        while len(client.get("agents/one/cycles", limit=3)["items"]) < 3:
            assert time.monotonic() < due
        for _ in range(2):
            assert client.post("agents/one/pause", reason="a test", key="k")["paused"] is True
        assert client.post("agents/one/unpause", reason="over")["paused"] is False
        asked = [kind for _, kind, _ in itertools.islice(client.events(last="0", kind="command_received"), 3)]
        with pytest.raises(SystemExit, match="not in this home"):
            client.post("agents/nobody/pause", reason="a test")
    assert asked == ["hello", "command_received", "command_received"]


@pytest.mark.parametrize("name", sorted(CLIENTS))
def test_a_client_whose_token_is_refused_says_so_once_and_ends(name: str, tmp_path: Path) -> None:
    if name.endswith(".mjs") and NODE is None:
        pytest.skip("node is not installed: the JavaScript example is not run")
    with serving(tmp_path) as served:
        command = [*CLIENTS[name], str(EXAMPLES / name), served.url]
        env = {**os.environ, "BOYD_TOKEN": "x" * 40}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=30)
        assert served.refusals == {"token": 1}
    assert done.returncode == 1
    assert done.stderr.count("this needs a token") == 1


def test_the_stream_in_javascript_takes_thirty_lines() -> None:
    assert len((EXAMPLES / "follow.mjs").read_text().splitlines()) <= 30

"""The real command, as a user runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests import left_behind
from tests.agent import warm
from tests.shared import ROOT

NOTHING: Mapping[str, str] = MappingProxyType({})
AGENT = Path(sys.executable).with_name("agent")


def environment(home: Path, more: Mapping[str, str] = NOTHING) -> dict[str, str]:
    """Return this process's environment without settings of its own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AGENT_", "ALPHA_", "BINANCE_", "PYTHONDONTWRITE"))
    }
    return kept | {"AGENT_HOME": str(home), "COLUMNS": "200"} | dict(more)


def agent(home: Path, *words: str, check: int | None = 0, env: Mapping[str, str] = NOTHING) -> warm.Done:
    """Run the command to its end, in a process with its imports done; there is never a traceback."""
    done = warm.run([str(AGENT), *words], environment(home, env), seconds=900)
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    if check is not None:
        assert done.returncode == check, (words, done.stdout, done.stderr)
    return done


def start(home: Path, *words: str, env: Mapping[str, str] = NOTHING) -> subprocess.Popen[str]:
    """Start the command and leave it running, until the test ends at the latest."""
    process = subprocess.Popen(
        [str(AGENT), *words],
        env=environment(home, env),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    left_behind.started(process)
    return process


def told(home: Path, *words: str) -> Any:
    """Run a command with --json and return what it says."""
    return json.loads(agent(home, *words, "--json").stdout)

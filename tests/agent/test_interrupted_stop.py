"""An emergency stop that somebody interrupts: it is not left between a cancelled stop and its sale."""

import json
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from agent.drill.processes import Control
from platforms.sandbox.server.server import SandboxServer
from tests import left_behind
from tests.agent.command import AGENT, environment
from tests.agent.test_unjournaled import agrees, bitcoin, exchange, hold, own, settings
from tests.shared import ROOT

__all__ = ["exchange"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_that_is_interrupted_is_carried_to_its_end(
    tmp_path: Path, exchange: SandboxServer, number: signal.Signals
) -> None:
    home = tmp_path / "home"
    hold(settings(home, tmp_path, exchange), exchange)
    slow = {"kind": "delay", "seconds": 0.5, "method": "DELETE", "path": "/api/v3/*", "when": "after"}
    with closing(Control(exchange.port)) as control:
        control.ask("POST", "/sandbox/faults", {"fault": [slow]})
    stop = subprocess.Popen(
        [str(AGENT), "flatten", "--reason", "stop", "--json"],
        env=environment(home, own(tmp_path)), cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    left_behind.started(stop)
    locked = exchange.exchange.account.locked
    while stop.poll() is None and locked["BTC"]:
        time.sleep(0.02)
    assert bitcoin(exchange) > 0, "it was sold before the signal came"
    stop.send_signal(number)
    time.sleep(0.1)
    stop.send_signal(number)
    out, said = stop.communicate(timeout=60)
    assert stop.returncode == 0, said
    assert json.loads(out)["flat"]
    assert bitcoin(exchange) == 0
    assert ("is not left half done" in said) is (number != signal.SIGHUP)
    agrees(home, tmp_path)

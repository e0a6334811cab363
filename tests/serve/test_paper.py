"""`make dashboard`: one command, a page, a paper agent and a rehearsal that has a trade to look at."""

import json
import os
import re
import signal
from pathlib import Path
from subprocess import Popen
from typing import Any

from agent.serve.access.tokens import tokens_of
from agent.settings.home import Home
from tests.agent.command import agent, start
from tests.serve.asking import ask
from tests.serve.test_supervisor import until
from tests.shared import ROOT


def test_it_begins_an_agent_and_a_rehearsal_and_says_at_the_end_what_goes_on(tmp_path: Path) -> None:
    simulated = {"AGENT_PROVIDER": "simulated"}
    served = start(tmp_path, "serve", "--paper", "--port", "0", "--json", env=simulated)
    assert served.stdout is not None
    url = json.loads(served.stdout.readline())["url"]
    token = tokens_of(tmp_path).read

    def read(path: str) -> Any:
        return ask(url, "GET", f"/api/v1/{path}", token=token).json

    try:
        rows = until(lambda: _both(read("agents")), 120)
        pid = rows["paper"]["supervised"]["pid"]
        assert os.getpriority(os.PRIO_PROCESS, pid) < os.getpriority(os.PRIO_PROCESS, served.pid)
        trade = until(lambda: read("agents/rehearsal/trades")["items"], 120)[0]
        why = read(f"agents/rehearsal/cycles/{trade['entry_cycle']}")
        assert why["symbols"][0]["verdict"]["approved"]
    finally:
        _end(served, tmp_path)


def _end(served: "Popen[str]", home: Path) -> None:
    served.send_signal(signal.SIGINT)
    _, text = served.communicate(timeout=60)
    assert served.returncode == 0, text
    assert "goes on   paper; end it with: agent stop --journal paper" in text
    assert Home(home).held("paper")
    agent(home, "stop", "--journal", "paper")
    until(lambda: not Home(home).held("paper"))
    until(lambda: not Home(home).held("rehearsal"))


def _both(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    named = {row["agent"]: row for row in rows}
    begun = named.get("paper", {}).get("cycle") and named.get("rehearsal", {}).get("cycle")
    return named if begun and named["paper"]["running"] else None


def test_the_target_is_the_command(tmp_path: Path) -> None:
    text = (ROOT / "Makefile").read_text()
    rule = re.search(r"^dashboard:.*\n\t@(.*)$", text, re.MULTILINE)
    assert rule is not None
    assert rule[1] == "$(BIN)/agent serve --paper --port $(PORT) $(ARGS)"
    assert "--paper" in agent(tmp_path, "serve", "--help").stdout

"""The how-to of the API: each command it shows is sent as it stands, and does what the page says."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.agent.command import agent
from tests.serve.asking import Answer
from tests.serve.served import Served, serving
from tests.serve.test_supervisor import until
from tests.shared import ROOT

PAGE = (ROOT / "docs" / "how-to" / "http-api.md").read_text()
POSTED = re.compile(r"^\$ curl -s -X POST \$BOYD/(\S+) (?:.*\\\n.*)?-d '(\{.*\})'$", re.MULTILINE)


def shown() -> dict[str, dict[str, Any]]:
    """Return what the page sends, by path."""
    return {path: json.loads(body) for path, body in POSTED.findall(PAGE)}


def test_the_page_has_an_example_of_each_kind_of_request() -> None:
    assert set(shown()) == {
        "agents/paper/pause",
        "agents/paper/close",
        "agents/paper/settings",
        "agents",
        "work",
    }
    assert PAGE.count("curl -s -X POST $BOYD") == len(shown())


def test_what_the_page_sends_is_taken_and_done(tmp_path: Path) -> None:
    run = ("run", "--provider", "simulated", "--journal", "paper", "--speed", "max", "--cycles", "400")
    agent(tmp_path, *run)
    examples = shown()
    with serving(tmp_path) as served:
        served.settled()
        held = served.read("/api/v1/agents/paper/positions").json[0]
        sold = sent(served, "agents/paper/close", examples)
        assert sold.status == 200, sold.content
        assert sold.json["symbol"] == held["symbol"] == "BTC-USDT"
        assert 0 < float(sold.json["kept"]) < float(held["quantity"])
        changed = sent(served, "agents/paper/settings", examples)
        assert changed.json["given"] == {"risk.daily_loss": "2%"}, changed.content
        assert sent(served, "agents/paper/pause", examples).status == 409  # it does not run
        asked = sent(served, "work", examples)
        assert asked.json["kind"] == "backtest", asked.content
        examples["agents"]["settings"]["provider"] = "simulated"  # there is no network here
        begun = sent(served, "agents", examples)
        assert begun.status == 200, begun.content
        try:
            until(lambda: served.read("/api/v1/agents/two/settings").status == 200)
            rows = served.read("/api/v1/agents/two/settings")
            told = {row["name"]: row["value"] for row in rows.json}
            assert (told["symbols"], told["risk.max_positions"]) == (["ETH-USDT"], 1)
        finally:
            served.trade("POST", "/api/v1/agents/two/stop", body={"reason": "over"})
            until(lambda: not running(served, "two"))


def running(served: Served, name: str) -> bool:
    rows = {row["agent"]: row for row in served.read("/api/v1/agents").json}
    return bool(rows[name]["running"])


def sent(served: Served, path: str, examples: dict[str, dict[str, Any]]) -> Answer:
    return served.trade("POST", f"/api/v1/{path}", body=examples[path])


def test_no_token_and_no_data_of_a_monitor_can_be_committed_by_mistake() -> None:
    for name in ("api.token", "ops/prometheus/api-read.token", "ops/prometheus/data/wal/0"):
        asked = ["git", "check-ignore", "--no-index", name]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.stdout.strip() == name, (name, done.stderr)

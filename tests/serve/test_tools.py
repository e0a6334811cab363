"""Journal, settings, log and doctor over HTTP: what the commands of the same names say."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.settings.settings import Options
from tests.agent.command import agent
from tests.serve.served import Served, serving
from tests.serve.test_supervisor import until

SECRET = "hunter2-hunter2"  # noqa: S105 -- of no account
AT = "/api/v1/agents/one"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("tools")
    run = ("run", "--provider", "simulated", "--journal", "one", "--plain", "--speed", "max")
    agent(root, *run, "--cycles", "80", "--set", "risk.max_positions=2")
    change = ("config", "change", "--set", "risk.daily_loss=2%", "--reason", "calm")
    agent(root, *change)
    (root / "config.toml").write_text(f'[alpha_vantage]\napi_key = "{SECRET}"\n')
    (root / "config.toml").chmod(0o600)
    with serving(root) as made:
        until(lambda: made.read("/api/v1/ready").json["ready"])
        yield made


def test_the_journal_is_told_verified_and_exported_as_the_commands_do(served: Served) -> None:
    listed = json.loads(agent(served.home.root, "journal", "list", "--json").stdout)[0]
    assert served.read(f"{AT}/journal").json == listed
    verified = json.loads(agent(served.home.root, "journal", "verify", "--json").stdout)
    assert served.read(f"{AT}/journal/verify").json == verified
    export = served.read(f"{AT}/journal/export")
    assert export.headers["content-type"].startswith("application/x-ndjson")
    assert "attachment" in export.headers["content-disposition"]
    assert export.content.decode() == agent(served.home.root, "journal", "export").stdout


def test_an_anchor_is_a_file_of_the_home_and_shows_a_lost_tail(tmp_path: Path) -> None:
    agent(tmp_path, "run", "--provider", "simulated", "--journal", "one", "--speed", "max", "--cycles", "20")
    with serving(tmp_path) as served:
        anchored = served.trade("POST", f"{AT}/journal/anchor", body={"reason": "weekly"})
        assert anchored.status == 200, anchored.content
        assert Path(anchored.json["file"]).parent == tmp_path / "anchors"
        assert served.read(f"{AT}/journal/verify").json["intact"]
        with closing(sqlite3.connect(served.home.journal("one"))) as database:
            database.execute("DROP TRIGGER rows_never_deleted")
            database.execute("DELETE FROM rows WHERE seq = (SELECT max(seq) FROM rows)")
            database.commit()
        broken = served.read(f"{AT}/journal/verify").json
        assert (broken["intact"], "the tail is cut" in broken["what"]) == (False, True)


def test_settings_are_told_one_by_one_with_what_changed_and_without_secrets(served: Served) -> None:
    rows: dict[str, Any] = {row["name"]: row for row in served.read(f"{AT}/settings").json}
    assert (rows["risk.max_positions"]["value"], rows["risk.max_positions"]["source"]) == (2, "set")
    assert rows["risk.max_positions"]["limits"] == "at least 0, at most 1000000"
    loss = rows["risk.daily_loss"]
    assert (loss["value"], loss["source"], loss["changeable"]) == ("2%", "changed", True)
    assert loss["changed"].endswith(": calm")
    assert rows["timeframe"]["source"] == "default"
    assert not rows["symbols"]["changeable"]
    assert rows["exchange.api_secret"] == {
        **rows["exchange.api_key"],
        "name": "exchange.api_secret",
        "description": rows["exchange.api_secret"]["description"],
    }
    assert rows["exchange.api_key"]["value"] == "(secret, not shown)"
    assert (rows["db_url"]["value"], rows["db_url"]["source"]) == ("(not set)", "default")
    assert set(Options.model_fields) <= {name.partition(".")[0] for name in rows} | {"instruments", "pairs"}


def test_the_log_has_its_end_by_level_and_no_secret(served: Served) -> None:
    line = {"event": f"odd {SECRET}", "level": "error", "timestamp": "2099-01-01T00:00:00Z", "n": 7}
    with (served.home.root / "agent.log").open("a") as file:
        file.write(json.dumps(line) + "\n" + f"not json {served.tokens.trade}\n")
    last = served.read("/api/v1/log?lines=1").json
    assert last == [
        {
            "at": "2099-01-01T00:00:00Z",
            "level": "error",
            "text": "odd ***",
            "fields": {"n": "7", "file": "agent.log"},
        }
    ]
    assert all(each["level"] in ("error", "critical") for each in served.read("/api/v1/log?level=error").json)
    assert len(served.read("/api/v1/log?lines=2").json) == 2
    assert served.read("/api/v1/log?lines=0").status == 422
    assert served.read("/api/v1/log?level=loud").status == 422


def test_the_doctor_says_what_the_command_says(served: Served) -> None:
    told = {each["subject"] for each in served.read("/api/v1/doctor").json}
    assert {"configuration", "home", "clock"} <= told


def test_an_agent_that_there_is_not(served: Served) -> None:
    for path in ("journal", "journal/verify", "journal/export", "settings"):
        assert served.read(f"/api/v1/agents/nobody/{path}").status == 404

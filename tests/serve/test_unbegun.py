"""Agents of our own that have no journal yet, or never got one: seen, told why, stopped, begun."""

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.host import log
from agent.host.clock import SystemClock
from agent.serve.fleet import own_processes as watching
from agent.serve.fleet import processes
from agent.serve.fleet.ending import TRIES
from agent.serve.fleet.supervisor import Supervisor
from agent.settings.home import Home
from tests.journal.postgres_server import postgres_server, url
from tests.serve.served import Served, serving
from tests.serve.test_supervisor import until
from tests.shared import in_time

__all__ = ["postgres_server", "url"]

FAILS = (sys.executable, "-c", "import sys; sys.exit('error: another agent trades this account')")
WAITS = (sys.executable, "-c", "import time; time.sleep(60)")
TOLD = "another agent trades this account"
PATH = "/api/v1/agents/t2"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as made:
        yield made
        made.trade("POST", f"{PATH}/stop", body={})


def begin(served: Served, reason: str = "") -> dict[str, Any]:
    body = {"name": "t2", "settings": {"provider": "simulated"}, "reason": reason}
    answer = served.trade("POST", "/api/v1/agents", body=body)
    assert answer.status == 200, answer.content
    supervised: dict[str, Any] = answer.json["supervised"]
    return supervised


def row(served: Served) -> dict[str, Any]:
    rows: list[dict[str, Any]] = served.read("/api/v1/agents").json
    return next((each for each in rows if each["agent"] == "t2"), {})


def test_one_that_starts_is_a_row_at_once_and_no_read_of_it_is_a_fault(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "AGENT", WAITS)
    begun = begin(served, "to try the strategy")
    told = row(served)
    assert (told["state"], told["running"], told["alarms"], told["ended"]) == ("STARTING", False, [], None)
    assert told["supervised"]["pid"] == begun["pid"]
    assert (told["supervised"]["by"], told["supervised"]["reason"]) == ("api:trade", "to try the strategy")
    reads = [each.path for each in served.server.table if each.method == "GET" and "{agent}" in each.path]
    for path in reads:
        asked = re.sub(r"{(\w+)}", lambda found: {"agent": "t2"}.get(found[1], "last"), path)
        answer = served.read(asked + "?symbol=BTC-USDT" * ("candles" in path))
        assert answer.status in (200, 503), (path, answer.status, answer.content)
        assert answer.status == 200 or answer.headers["retry-after"] == "1", path
    assert "is starting" in served.read(PATH).json["error"]["message"]
    assert served.trade("POST", f"{PATH}/kill", body={}).status == 503
    again = served.trade("POST", f"{PATH}/start", body={})
    assert (again.status, again.kind) == (409, "busy")
    assert served.trade("POST", f"{PATH}/stop", body={}).json["stopping"]
    until(lambda: not row(served))


def test_one_that_fails_says_why_is_begun_at_once_on_request_and_halts_in_sight(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "AGENT", FAILS)
    monkeypatch.setattr(watching, "FIRST_SECONDS", 300.0)
    begin(served)
    told = until(lambda: (known := row(served)) and known["supervised"]["next_start"] and known)
    assert (told["state"], told["supervised"]["failed"]) == ("STARTING", TOLD)
    assert [(each["kind"], each["text"]) for each in told["alarms"]] == [
        ("dead", f"it should run and does not: {TOLD}")
    ]
    began = time.monotonic()
    monkeypatch.setattr(processes, "AGENT", WAITS)
    now = served.trade("POST", f"{PATH}/start", body={"reason": "the other one is gone"})
    assert (now.status, bool(now.json["supervised"]["pid"])) == (200, True), now.content
    in_time(began, 10)
    assert served.trade("POST", f"{PATH}/stop", body={}).json["stopping"]
    until(lambda: not row(served))
    monkeypatch.setattr(processes, "AGENT", FAILS)
    monkeypatch.setattr(watching, "FIRST_SECONDS", 0.01)
    assert served.trade("POST", f"{PATH}/start", body={}).status == 200  # one that was stopped is still known
    told = until(lambda: (known := row(served)) and known["supervised"]["halted"] and known)
    why = f"ended {TRIES} times before its session began: {TOLD}"
    assert (told["state"], told["ended"]) == (None, why)
    assert [(each["kind"], each["text"]) for each in told["alarms"]] == [("halted", f"halted: {why}")]
    assert TOLD in served.read(PATH).json["error"]["message"]
    assert served.read("/api/v1/health").json["amiss"] == 1
    metrics = served.read("/metrics").content.decode()
    assert 'boyd_alarm{agent="t2",kind="halted"} 1' in metrics
    assert 'boyd_equity{agent="t2"}' not in metrics  # nothing is known of it, and nothing is told
    assert served.trade("POST", f"{PATH}/stop", body={}).status == 200
    until(lambda: served.read("/api/v1/health").json["amiss"] == 0)


def test_who_had_it_begun_and_why_is_known_to_a_later_server_and_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "AGENT", FAILS)
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(log, "say", lambda _level, _what, **more: said.append(more))
    for _ in range(2):
        with serving(tmp_path) as served:
            if not row(served):
                begin(served, "to try it")
            told = row(served)["supervised"]
            assert (told["by"], told["reason"]) == ("api:trade", "to try it")
    assert any({"by": "api:trade", "reason": "to try it"}.items() <= each.items() for each in said)
    with serving(tmp_path) as served:
        served.trade("POST", f"{PATH}/stop", body={})


def test_on_a_server_too_it_is_the_words_of_the_process_that_say_why(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "AGENT", FAILS)
    monkeypatch.setattr(watching, "FIRST_SECONDS", 0.01)
    home = Home(tmp_path, url)
    home.make()
    own = Supervisor(home, SystemClock())
    own.start()
    try:
        own.begin("t2", {"provider": "simulated"}, "api")
        told = until(lambda: (known := own.of("t2")) and known.halted and known)
        assert told.halted == f"ended {TRIES} times before its session began: {TOLD}"
        assert list(own.there()) == ["t2"]
    finally:
        own.close()

"""Lines of the log say which agent and symbol they are about, in an agent's file and in the server's."""

import ast
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from agent.host import log
from tests.agent.command import agent
from tests.serve.served import serving
from tests.shared import ROOT


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("named")
    for name in ("one", "two"):
        run = ("run", "--provider", "simulated", "--journal", name, "--plain", "--speed", "max")
        agent(root, *run, "--cycles", "100")
    return root


def test_every_line_of_two_agents_in_one_file_says_whose_it_is(home: Path) -> None:
    told = [each for each in lines(home / "agent.log") if each.get("agent") in ("one", "two")]
    assert told == lines(home / "agent.log")
    assert {each["agent"] for each in told} == {"one", "two"}
    started = [each for each in told if each["event"] == "session started"]
    assert [(each["agent"], each["symbols"]) for each in started] == [
        ("one", ["BTC-USDT"]),
        ("two", ["BTC-USDT"]),
    ]
    orders = [each for each in told if each["event"] == "order"]
    assert "FILLED" in {each["status"] for each in orders}
    assert {each["symbol"] for each in orders} == {"BTC-USDT"}


def test_the_servers_own_log_says_so_too_of_an_account_at_rest(home: Path) -> None:
    log.start(home, (), "serve.log")
    with serving(home) as served:
        served.settled()
        for name in ("one", "two"):
            done = served.trade("POST", f"/api/v1/agents/{name}/flatten", body={"reason": "over"})
            assert done.status == 200, done.content
    told = lines(home / "serve.log")
    assert {each.get("agent") for each in told if each["event"] in ("command", "order")} == {"one", "two"}
    assert [each["agent"] for each in told if each["event"] == "command"] == ["one", "two"]
    assert "symbol" in next(each for each in told if each["event"] == "order")


def test_threads_name_each_their_own_agent_and_none_behind_it(tmp_path: Path) -> None:
    log.start(tmp_path, (), "serve.log")
    both = threading.Barrier(2)

    def work(name: str) -> None:
        with log.about(name):
            both.wait(60)
            log.say("info", "within", of=name)
        log.say("info", "after")

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = lines(tmp_path / "serve.log")
    assert sorted(each["agent"] for each in told if each["event"] == "within") == ["a", "b"]
    assert all(each["agent"] == each["of"] for each in told if each["event"] == "within")
    assert all("agent" not in each for each in told if each["event"] == "after")


def test_no_line_of_an_order_is_without_its_symbol() -> None:
    found = 0
    for path in sorted((ROOT / "agent").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("log.say", "say"):
                names = {each.arg for each in node.keywords}
                if "order" in names or {"id", "status"} <= names:
                    found += 1
                    assert "symbol" in names, f"{path}:{node.lineno}"
    assert found >= 6

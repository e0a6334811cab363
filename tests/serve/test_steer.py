"""One control surface: the same command by HTTP, by the command line and from Python is the same command."""

import json
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from subprocess import Popen
from typing import Any

import msgspec
import pytest

from agent import wiring
from agent.account.dispatch import dispatch
from agent.account.requests import StatusRequest
from agent.account.running import Running
from agent.serve import keys as used_keys
from agent.serve.access.door import COOKIE
from agent.serve.keys import UsedKeys
from agent.serve.routes import steer as steering
from agent.settings.home import Home
from domain.commands import (
    ApplyParameters,
    ChangeSettings,
    Command,
    Flatten,
    Kill,
    Reconcile,
    ResetKill,
    RollBackParameters,
    Stop,
)
from domain.events import (
    CommandAnswered,
    CommandReceived,
    Event,
    FlattenAsked,
    KillSwitchSet,
    SessionStarted,
    SettingsChanged,
)
from journal.reader import open_reader
from tests.agent.command import agent, start
from tests.agent.test_process import LIVELY
from tests.serve.asking import Answer, ask, connect
from tests.serve.served import Served, serving
from tests.serve.test_supervisor import until
from tests.shared import within

NAME = "one"
BEGIN = ("run", "--provider", "simulated", "--journal", NAME, "--plain")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server beside an account that no agent runs."""
    root = tmp_path_factory.mktemp("steer")
    agent(root, *BEGIN, "--speed", "max", "--cycles", "60")
    with serving(root) as made:
        yield made


def steer(served: Served, what: str, name: str = NAME, **body: Any) -> Answer:
    return served.trade("POST", f"/api/v1/agents/{name}/{what}", body=body)


def rows(home: Home, name: str = NAME) -> list[Event]:
    with open_reader(home.journal(name), account=name) as opened:
        return [row.event for row in opened.rows()]


def since(home: Home, act: Callable[[], Any], name: str = NAME) -> tuple[Any, list[dict[str, Any]]]:
    """Return what an act answers and the rows it leaves, without instants, keys and who asked."""
    before = len(rows(home, name))
    answer = act()
    plain = [msgspec.to_builtins(event) for event in rows(home, name)[before:]]
    return answer, [_bare(each) for each in plain]


APART = {"at", "key", "by", "journal"}


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(each) for name, each in value.items() if name not in APART}
    return [_bare(each) for each in value] if isinstance(value, list) else value


FORCED = {"strategy": "sma", "given": {"fast": "5"}, "force": True, "reason": "a try"}
WAYS: list[tuple[str, dict[str, Any], Command, list[str]]] = [
    ("kill", {"reason": "odd"}, Kill(reason="odd"), ["kill", "--reason", "odd"]),
    ("reset-kill", {"reason": "well"}, ResetKill(reason="well"), ["reset-kill", "--reason", "well"]),
    ("flatten", {"reason": "holiday"}, Flatten(reason="holiday"), ["flatten", "--reason", "holiday"]),
    ("reset-kill", {}, ResetKill(reason="operator resumed"), []),
    ("reconcile", {}, Reconcile(), []),
    (
        "settings",
        {"given": {"risk.max_positions": "2"}, "reason": "calm"},
        ChangeSettings(given={"risk.max_positions": "2"}, reason="calm"),
        ["config", "change", "--set", "risk.max_positions=2", "--reason", "calm"],
    ),
    (
        "settings",
        {"back": ["risk.max_positions"], "reason": "again"},
        ChangeSettings(back=("risk.max_positions",), reason="again"),
        [],
    ),
    (
        "parameters",
        FORCED,
        ApplyParameters(strategy="sma", given={"fast": "5"}, force=True, reason="a try"),
        ["params", "apply", "--strategy", "sma", "--set", "fast=5", "--force", "--reason", "a try"],
    ),
    (
        "parameters/rollback",
        {"version": 0, "strategy": "sma", "reason": "back"},
        RollBackParameters(version=0, strategy="sma", reason="back"),
        [],
    ),
    ("stop", {}, Stop(reason="operator stopped"), []),
]
"""Each command by HTTP, from Python, and for some by the command line, which takes a second each."""


def test_by_http_by_the_command_line_and_from_python_it_is_the_same(tmp_path: Path) -> None:
    """The same commands to accounts that are alike: the same replies, and the same rows but for who asked."""
    agent(tmp_path, *BEGIN[:3], "--journal", "http", "--plain", "--speed", "max", "--cycles", "20")
    home = Home(tmp_path)
    for each in ("cli", "python"):
        shutil.copy(home.journal("http"), home.journal(each))
    with serving(tmp_path) as served:
        for what, body, command, words in WAYS:
            given, left = since(home, partial(steer, served, what, "http", **body), "http")
            reply, kept = since(home, partial(dispatch, home, "python", command), "python")
            assert given.status == 200, (what, given.content)
            assert _timeless(given.json) == _timeless(json.loads(msgspec.json.encode(reply))), what
            assert left == kept, what
            if words:
                line = [*words, "--journal", "cli", "--json"]
                said, typed = since(home, partial(agent, tmp_path, *line, check=None), "cli")
                assert _timeless(given.json) == _timeless(json.loads(said.stdout)), what
                assert left == typed, what
            if left and what not in ("reconcile", "flatten"):
                assert _asker(home) == "api:trade", what


def _timeless(reply: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in reply.items() if name not in ("at", "by")}


def _asker(home: Home) -> str:
    return [each.command.by for each in rows(home, "http") if isinstance(each, CommandReceived)][-1]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b""),
        ({}, b"{"),
        ({}, b"\xff\xfe"),
        ({}, b"[]"),
        ({}, b"[" * 100_000),
        ({}, b'{"reason": 7, "key": {"a": 1}, "by": [], "nobody_knows": NaN}'),
        ({}, b'{"reason": "' + b"x" * 70_000 + b'"}'),
        ({}, b'{"reason": "\\ud800", "key": "\\u0000"}'),
        ({}, b'{"reason": null, "key": null}'),
        ({"Content-Type": "text/plain"}, b"reason=odd"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b'{"reason": "by curl"}'),
        ({"Content-Type": "application/json; charset=utf-16"}, b"{}"),
        ({"Idempotency-Key": "k" * 5_000}, b"{}"),
        ({"Idempotency-Key": " "}, b'{"reason": "  "}'),
    ],
)
@pytest.mark.parametrize("what", ["kill", "flatten"])
def test_nothing_odd_about_a_request_stops_an_exit(
    served: Served, what: str, headers: dict[str, str], body: bytes
) -> None:
    dispatch(served.home, NAME, _reset())
    path = f"/api/v1/agents/{NAME}/{what}"
    answer = ask(served.url, "POST", path, token=served.tokens.trade, body=body, headers=headers)
    assert answer.status == 200, answer.content
    thrown = [each for each in rows(served.home) if isinstance(each, KillSwitchSet)][-1]
    assert thrown.active
    assert thrown.reason


def _reset() -> Command:
    return ResetKill(reason="for the next")


def test_a_login_sends_json_or_nothing_is_done(served: Served) -> None:
    code = served.login.partition("#code=")[2]
    login = ask(served.url, "POST", "/api/v1/login", body={"code": code})
    cookie = login.headers["set-cookie"].partition(";")[0]
    assert cookie.startswith(COOKIE)
    path = f"/api/v1/agents/{NAME}/kill"
    plain = {"Cookie": cookie, "Content-Type": "text/plain"}
    assert ask(served.url, "POST", path, body=b"{}", headers=plain).status == 415
    done = ask(served.url, "POST", path, body={"reason": "by the page"}, headers={"Cookie": cookie})
    assert done.status == 200
    received = [each for each in rows(served.home) if isinstance(each, CommandReceived)][-1]
    assert received.command.by == "page:trade"


def test_the_same_key_is_the_same_command_however_it_comes(served: Served) -> None:
    def answered() -> int:
        return sum(isinstance(each, CommandAnswered) for each in rows(served.home))

    body: dict[str, Any] = {"given": {"risk.max_trades_per_day": 4}, "reason": "calm", "key": "k-1"}
    first, count = steer(served, "settings", **body), answered()
    assert steer(served, "settings", **body).json == first.json
    del body["key"]
    path = f"/api/v1/agents/{NAME}/settings"
    headed = served.trade("POST", path, body=body, headers={"Idempotency-Key": "k-1"})
    assert headed.json == first.json
    assert answered() == count
    other = steer(served, "settings", given={"risk.max_positions": 1}, reason="no", key="k-1")
    assert (other.status, other.kind) == (422, "bad_input")
    assert sum(isinstance(each, SettingsChanged) for each in rows(served.home)) == 1


@pytest.mark.parametrize(
    ("what", "body", "status", "told"),
    [
        ("adopt", {}, 422, "needs a reason"),
        ("write-off", {"symbol": "BTC-USDT"}, 422, "needs a reason"),
        ("settings", {"given": {"risk.max_drawdown": 7}, "reason": "x"}, 422, "risk.max_drawdown = 7"),
        ("settings", {"given": {"symbols": "ETH-USDT"}, "reason": "x"}, 422, "does not change while"),
        ("settings", {"given": {"risk.max_positions": 1}}, 422, "needs a reason"),
        ("parameters", {"strategy": "sma", "given": {"fast": 5}}, 412, "no evidence"),
        ("parameters", {"strategy": "sma", "study": "../../etc/x"}, 422, "is no name"),
        ("parameters", {"strategy": "sma", "study": "none"}, 404, "left no evidence"),
        ("parameters/rollback", {"version": 9, "reason": "x"}, 422, "version"),
        ("pause", {}, 409, "no agent runs"),
        ("close", {"symbol": "ETH-USDT"}, 422, "no position"),
        ("close", {"symbol": "BTC-USDT", "share": "half"}, 422, "share = half"),
        ("close", {"symbol": "BTC-USDT", "share": 2}, 422, "share = 2"),
        ("close", {}, 422, "symbol"),
        ("pause", {"nobody": 1}, 422, "nobody is not known"),
    ],
)
def test_what_cannot_be_meant_is_refused_as_the_command_line_does(
    served: Served, what: str, body: dict[str, Any], status: int, told: str
) -> None:
    before = len(rows(served.home))
    answer = steer(served, what, **body)
    assert answer.status == status, answer.content
    assert told in answer.json["error"]["message"]
    assert len(rows(served.home)) == before


def test_a_looser_limit_of_a_live_account_is_named_refused_and_done_only_where_it_is_meant(
    served: Served,
) -> None:
    _live(served.home)
    before = rows(served.home, "live")
    body = {"given": {"risk.max_positions": 9, "risk.max_drawdown": 0.1}, "reason": "more", "key": "l-1"}
    for loosen in ({}, {"loosen": False}):
        refused = steer(served, "settings", "live", **body, **loosen)
        assert (refused.status, refused.kind) == (422, "bad_input")
        message = refused.json["error"]["message"]
        assert (
            "live account: risk.max_positions from 3 to 9. If it is meant: --loosen (loosen: true)" in message
        )
    assert steer(served, "settings", "live", **body, loosen="yes").status == 422
    assert rows(served.home, "live") == before
    done = steer(served, "settings", "live", **body, loosen=True)  # a key that was refused is not used up
    assert done.status == 200, done.content
    assert (done.json["looser"], done.json["tighter"]) == (["risk.max_positions"], ["risk.max_drawdown"])
    (event,) = [each for each in rows(served.home, "live") if isinstance(each, SettingsChanged)]
    assert (event.looser, event.by, event.reason) == (("risk.max_positions",), "api:trade", "more")
    back = steer(served, "settings", "live", back=["risk.max_positions"], reason="enough")
    assert (back.status, back.json["tighter"]) == (200, ["risk.max_positions"])  # tighter asks for nothing


def _live(home: Home) -> None:
    """Make a journal as a session in mode live leaves it."""
    started = rows(home)[0]
    assert isinstance(started, SessionStarted)
    exchange = started.settings["exchange"] | {"endpoint": "live"}
    live = {"mode": "live", "provider": "binance", "speed": None, "account": "1", "exchange": exchange}
    journal = wiring.open_account(home.journal_location("live"), "live", 0, lambda *_: False)
    journal.append(msgspec.structs.replace(started, settings=started.settings | live))
    journal.close()


def test_an_agent_that_there_is_not(served: Served) -> None:
    for name in ("nobody", "..%2F..%2Fetc", "%00"):
        assert steer(served, "kill", name).status in (400, 404), name


def test_a_kill_waits_for_no_other_command(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()

    def slow(home: Home, name: str, command: Command, clock: Any, **more: Any) -> Any:
        if not isinstance(command, Kill):
            go.wait(30)
        return dispatch(home, name, command, clock, **more)

    monkeypatch.setattr(steering, "dispatch", slow)
    statuses: list[tuple[str, int]] = []

    def asked(what: str) -> None:
        statuses.append((what, steer(served, what).status))

    many = ["flatten"] * 20 + ["reconcile"] * 20
    waiting = [threading.Thread(target=asked, args=(what,)) for what in many]
    for each in waiting:
        each.start()
    began = time.monotonic()
    assert steer(served, "kill", reason="now").status == 200
    took = time.monotonic() - began
    go.set()
    monkeypatch.undo()
    for each in waiting:
        each.join(120)
    # All of them met on one account: each was done, or found it taken and says so.
    assert len(statuses) == 40
    assert {status for _, status in statuses} <= {200, 409}, statuses
    assert ("flatten", 200) in statuses
    within(took, 5)


def test_an_agent_killed_in_the_midst_is_flattened_here_and_a_running_one_by_itself(tmp_path: Path) -> None:
    process = start(tmp_path, *BEGIN, "--speed", "max", "--cycles", "0", env=LIVELY)
    home = Home(tmp_path)
    with serving(tmp_path) as served:
        until(lambda: home.control(NAME).exists() and home.held(NAME))
        paused = steer(served, "pause", reason="a look")
        assert paused.json == {"type": "paused", "paused": True}
        assert steer(served, "close", symbol="DOGE-USDT").status == 422
        assert steer(served, "unpause").json["paused"] is False
        assert steer(served, "kill", reason="odd").json["kill_switch"] == "odd"
        assert steer(served, "reset-kill", reason="well").json["kill_switch"] is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        flat = steer(served, "flatten", reason="it died", key="f-1")
        assert flat.json["flat"], flat.content
        assert steer(served, "flatten", reason="it died", key="f-1").json == flat.json
    asked = [each for each in rows(home) if isinstance(each, FlattenAsked)]
    assert [(each.reason, each.by) for each in asked] == [("it died", "api:trade")]
    process.communicate()


def _row(served: Served, name: str) -> dict[str, Any] | None:
    answer = served.read("/api/v1/agents")
    assert answer.status == 200, answer.content
    rows: list[dict[str, Any]] = answer.json
    return next((each for each in rows if each["agent"] == name and each["supervised"]), None)


def test_it_begins_agents_that_outlive_it(tmp_path: Path) -> None:
    settings = {"provider": "simulated", "interval_seconds": 0.05}
    with serving(tmp_path) as served:
        begun = served.trade("POST", "/api/v1/agents", body={"name": "mine", "settings": settings})
        assert begun.status == 200, begun.content
        pid = begun.json["supervised"]["pid"]
        again = served.trade("POST", "/api/v1/agents", body={"name": "mine", "settings": settings})
        assert (again.status, again.kind) == (409, "busy")
        wrong = served.trade(
            "POST", "/api/v1/agents", body={"name": "two", "settings": {"risk": {"max_positions": -1}}}
        )
        assert (wrong.status, "risk.max_positions" in wrong.json["error"]["message"]) == (422, True)
        until(lambda: served.home.control("mine").exists())
        row = until(lambda: _row(served, "mine"))
        assert (row["supervised"]["pid"], row["supervised"]["wanted"]) == (pid, True)
    assert Path("/proc", str(pid)).exists()
    with serving(tmp_path) as served:
        assert steer(served, "stop", "mine", reason="over", key="s-1").json["stopping"]
        until(lambda: not served.home.held("mine"))
        # Its lock is free a moment before its end is seen: until then it is busy.
        back = until(lambda: (told := steer(served, "start", "mine")).status != 409 and told)
        assert back.status == 200, back.content
        assert back.json["supervised"]["pid"] not in (None, pid)
        until(lambda: served.home.control("mine").exists())
        assert steer(served, "stop", "mine", key="s-1").json == {"type": "stopping", "stopping": False}
        assert steer(served, "start", "mine", key="s-1").status == 422
        row = _row(served, "mine") or {"supervised": {}}
        assert row["supervised"]["wanted"]
        assert row["supervised"]["pid"] == back.json["supervised"]["pid"]
        assert steer(served, "stop", "mine", key="s-2").json["stopping"]
        until(lambda: not served.home.held("mine"))


def test_a_key_without_a_journal_is_used_once_too(served: Served) -> None:
    def job(what: str, key: str) -> Answer:
        return served.trade("POST", f"/api/v1/jobs/verify/{what}", body={}, headers={"Idempotency-Key": key})

    assert job("pause", "j-1").json["job"]["state"] == "paused"
    assert job("resume", "j-2").json["job"]["state"] != "paused"
    assert job("pause", "j-1").json["job"]["state"] != "paused"  # a retry that came late
    assert (job("resume", "j-1").status, job("resume", "j-1").kind) == (422, "bad_input")
    wanted = {"kind": "backtest", "options": {"symbol": ["XX-USDT"]}, "key": "w-1"}
    first = served.trade("POST", "/api/v1/work", body=wanted)
    assert first.status == 200, first.content
    assert served.trade("POST", "/api/v1/work", body=wanted).json["id"] == first.json["id"]
    other = wanted | {"options": {"symbol": ["YY-USDT"]}}
    assert served.trade("POST", "/api/v1/work", body=other).status == 422


def test_keys_are_remembered_over_a_restart_up_to_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(used_keys, "MOST", 3)
    done: list[str] = []

    def once(of: str, key: str) -> None:
        def do() -> bool:
            done.append(key)
            return True

        UsedKeys(tmp_path / "keys.json").once(of, key, ("x",), do, lambda: True)

    long = "k" * 5_000
    for key in ("a", "a", long, long, "", ""):
        once("one", key)
    assert done == ["a", long, "", ""]
    once("two", "a")
    once("one", "b")
    once("one", "a")  # forgotten
    assert done[4:] == ["a", "b", "a"]


def test_a_server_killed_outright_harms_no_agent_and_a_later_one_takes_it_up(tmp_path: Path) -> None:
    body = {"name": "mine", "settings": {"provider": "simulated", "interval_seconds": 0.05}, "key": "m-1"}
    process, url, token = _server(tmp_path)
    begun = ask(url, "POST", "/api/v1/agents", token=token, body=body)
    assert ask(url, "POST", "/api/v1/agents", token=token, body=body).json == begun.json
    home, pid = Home(tmp_path), begun.json["supervised"]["pid"]
    until(lambda: home.control("mine").exists() and home.owner("mine") == pid)
    process.kill()
    process.communicate()
    before = _cycle(home)
    until(lambda: _cycle(home) > before + 5)
    process, url, token = _server(tmp_path)
    path = "/api/v1/agents/mine"
    rows = until(lambda: ask(url, "GET", "/api/v1/agents", token=token).json)
    assert rows[0]["supervised"]["pid"] == pid
    os.kill(pid, signal.SIGKILL)  # one that it adopted is begun anew as one that it began

    def again() -> bool:
        row = ask(url, "GET", "/api/v1/agents", token=token).json[0]["supervised"]
        return row["pid"] not in (None, pid) and home.owner("mine") == row["pid"] and row["restarts"] == 1

    until(again)
    stopped = ask(url, "POST", f"{path}/stop", token=token, body={})
    assert stopped.json["stopping"], stopped.content
    until(lambda: not home.held("mine"))
    process.terminate()
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


def _cycle(home: Home) -> int:
    status: dict[str, int] = Running(home, "mine").ask(StatusRequest())
    return status["cycle"]


def _server(root: Path) -> tuple[Popen[str], str, str]:
    process = start(root, "serve", "--port", "0", "--json")
    assert process.stdout is not None
    where = json.loads(process.stdout.readline())
    return process, where["url"], Path(where["token_file"]).read_text().strip()


def test_a_request_that_is_cut_off_harms_nothing(served: Served) -> None:
    connection = connect(served.url)
    connection.putrequest("POST", f"/api/v1/agents/{NAME}/kill")
    connection.putheader("Authorization", f"Bearer {served.tokens.trade}")
    connection.putheader("Content-Length", "100")
    connection.endheaders()
    connection.send(b'{"rea')
    assert connection.sock is not None
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
    assert steer(served, "kill", reason="then").status == 200

"""Work beside the agents: the commands' own answers, in processes that are nice, bounded and can be ended."""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.answers.work import WorkKind, WorkRow, WorkState
from agent.host.clock import SystemClock
from agent.serve.work import shelf as shelves
from agent.serve.work import workshop as workshops
from agent.serve.work.following import Following
from agent.serve.work.options import command_words
from agent.serve.work.shelf import KeptWork, Shelf
from agent.serve.work.workshop import Workshop
from agent.settings.home import Busy, Home
from agent.settings.problems import BadSettings
from tests.agent.command import agent
from tests.serve.asking import ask, connect
from tests.serve.served import Served, serving
from tests.serve.test_supervisor import until
from tests.shared import in_time

DATA, LONG = "BTC-USDT_1h.csv", "ETH-USDT_1h.csv"
HOUR_MS = 3_600_000
WORK = "/api/v1/work"


def candles(folder: Path, count: int = 24 * 20, name: str = DATA) -> None:
    rows = [
        (hour * HOUR_MS + 1_672_531_200_000, *[100 + 10 * ((hour * 7) % 19) / 19 + hour % 5] * 4, 10)
        for hour in range(count)
    ]
    head = "time,open,high,low,close,volume"
    (folder / name).write_text("\n".join([head, *(",".join(map(str, row)) for row in rows)]) + "\n")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("work")
    candles(root)
    candles(root, 30_000, LONG)
    with serving(root) as made:
        yield made


def begin(served: Served, kind: str, *, key: str = "", **options: Any) -> Any:
    body = {"kind": kind, "options": options, "reason": "", "key": key}
    answer = served.trade("POST", WORK, body=body)
    assert answer.status == 200, answer.content
    return answer.json


def ended(served: Served, id_: str) -> Any:
    def row() -> Any:
        told = served.read(f"{WORK}/{id_}").json
        return told if told["state"] not in ("waiting", "running") else None

    return until(row, 120)


PLAIN: dict[str, Any] = {"strategy": ["rsi"], "verify": True, "uncompiled": True}
BACKTEST: dict[str, Any] = {**PLAIN, "data": [DATA], "set": ["risk.max_positions=2"]}
TEDIOUS: dict[str, Any] = {**PLAIN, "data": [LONG]}


def test_a_backtest_is_followed_to_the_answer_and_the_report_of_the_command(served: Served) -> None:
    events: list[dict[str, Any]] = []
    reading = threading.Thread(target=_follow, args=(served, events), daemon=True)
    reading.start()
    until(lambda: events)
    row = begin(served, "backtest", key="b-1", **BACKTEST)
    assert row["state"] in ("waiting", "running")
    assert (row["by"], row["kind"]) == ("api:trade", "backtest")
    assert begin(served, "backtest", key="b-1", **BACKTEST)["id"] == row["id"]
    done = ended(served, row["id"])
    assert (done["state"], done["error"], done["answer"], done["report"]) == ("done", None, True, True)
    assert done["progress"] == 1.0
    answer = served.read(f"{WORK}/{row['id']}/answer").json
    words = ["--strategy", "rsi", "--data", str(served.home.root / DATA), "--verify", "--uncompiled"]
    direct = agent(served.home.root, "backtest", *words, "--set", "risk.max_positions=2", "--json")
    assert answer == json.loads(direct.stdout)
    report = served.read(f"{WORK}/{row['id']}/report")
    assert report.headers["content-type"].startswith("text/html")
    assert "sandbox allow-scripts" in report.headers["content-security-policy"]
    assert "script-src 'sha256-" in report.headers["content-security-policy"]
    assert b"<html" in report.content
    assert served.read(WORK).json[0]["id"] == row["id"]
    reading.join(60)
    told = [each for each in events if each.get("id") == row["id"]]
    assert {each["state"] for each in told} >= {"running", "done"}


def _follow(served: Served, events: list[dict[str, Any]]) -> None:
    """Read the stream's events of work until one is over."""
    bearer = {"Authorization": f"Bearer {served.tokens.read}"}
    with closing(connect(served.url, 120)) as connection:
        connection.request("GET", "/api/v1/events?kind=work", headers=bearer)
        with connection.getresponse() as answer:
            while not events or events[-1].get("state") != "done":
                line = answer.readline()
                if line.startswith(b"data: "):
                    events.append(json.loads(line[6:]))


def test_what_goes_wrong_is_told_in_the_words_of_the_command(served: Served) -> None:
    row = begin(served, "backtest", **BACKTEST, timerange="20300101-20300102")
    failed = ended(served, row["id"])
    assert (failed["state"], failed["answer"]) == ("failed", False)
    assert failed["error"]
    assert "Traceback" not in failed["error"]
    assert served.read(f"{WORK}/{row['id']}/answer").status == 404
    assert served.read(f"{WORK}/{row['id']}/report").status == 404


def test_a_proof_that_says_no_is_an_answer_too(served: Served) -> None:
    row = begin(served, "lookahead", strategy="rsi")
    done = ended(served, row["id"])
    assert done["state"] == "done"
    assert served.read(f"{WORK}/{row['id']}/answer").json["proved"]


def test_what_runs_and_what_waits_is_cancelled_with_all_its_processes(served: Served) -> None:
    first, second = begin(served, "backtest", **TEDIOUS), begin(served, "backtest", **TEDIOUS)
    until(lambda: served.read(f"{WORK}/{first['id']}").json["state"] == "running")
    group = until(lambda: _group(first["id"]))
    until(lambda: os.getpriority(os.PRIO_PROCESS, group) >= 10)
    waiting = served.trade("POST", f"{WORK}/{second['id']}/cancel", body={"reason": "", "key": "c"})
    assert (waiting.json["state"], waiting.json["started_at"]) == ("cancelled", None)
    gone = served.trade("POST", f"{WORK}/{first['id']}/cancel", body={})
    assert gone.json["state"] == "cancelled"
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
    assert served.trade("POST", f"{WORK}/{first['id']}/cancel", body={}).json == gone.json


def _group(id_: str) -> int:
    """Return the first process that names a piece of work, 0 where there is none yet."""
    processes = [each for each in Path("/proc").iterdir() if each.name.isdigit()]
    return min((int(each.name) for each in processes if id_.encode() in _words(each)), default=0)


def _words(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("backtest", {}, "symbol: name one"),
        ("backtest", {"symbol": "--home=/etc"}, "is not a symbol"),
        ("backtest", {"symbol": "BTC-USDT", "config": "/etc/passwd"}, "config: no such option of backtest"),
        ("backtest", {"symbol": "BTC-USDT", "report": "/root/.bashrc"}, "report: no such option"),
        ("backtest", {"data": ["/etc/passwd"]}, "data: not a file of this home"),
        ("backtest", {"data": ["../../etc/passwd"]}, "data: not a file of this home"),
        ("backtest", {"data": ["link.csv"]}, "data: not a file of this home"),
        ("backtest", {"symbol": "BTC-USDT", "timeframe": "7m"}, "timeframe = 7m"),
        ("backtest", {"symbol": "BTC-USDT", "timerange": "yesterday"}, "timerange = yesterday"),
        ("backtest", {"symbol": "BTC-USDT", "strategy": "--home=/"}, "is not a strategy"),
        ("backtest", {"symbol": "BTC-USDT", "strategy": "nobody"}, "unknown strategy 'nobody'"),
        ("backtest", {"symbol": "BTC-USDT", "set": ["risk.max_drawdown=7"]}, "risk.max_drawdown = 7"),
        ("backtest", {"symbol": "BTC-USDT", "set": ["strategies_folder=/srv"]}, "not set over HTTP"),
        ("backtest", {"symbol": "BTC-USDT", "set": ["listing=/etc/passwd"]}, "not set over HTTP"),
        ("backtest", {"symbol": "BTC-USDT", "set": ["--home=/"]}, "must be like"),
        ("backtest", {"symbol": "BTC-USDT", "set": ["risk.max_positions=1\n--live"]}, "must be like"),
        ("backtest", {"symbol": "BTC-USDT", "verify": "yes"}, "verify = yes: must be true or false"),
        ("optimize", {"symbol": "BTC-USDT", "storage": "mysql://x"}, "storage: no such option"),
        ("optimize", {"symbol": "BTC-USDT", "study": "../x"}, "study = ../x"),
        ("optimize", {"symbol": "BTC-USDT", "trials": 10**9}, "trials = 1000000000: must be a whole number"),
        ("walk-forward", {"symbol": "BTC-USDT", "engine": "ray"}, "must be one of one, threads, processes"),
        ("walk-forward", {"symbol": "BTC-USDT", "grid": ["fast=10;id"]}, "must be like fast=10:30:10"),
        ("walk-forward", {"symbol": "BTC-USDT", "train": "long"}, "train = long"),
        ("monte-carlo", {"symbol": "BTC-USDT", "limit": 7}, "limit = 7: must be a number from 0 to 1"),
        ("lookahead", {}, "strategy: name the one"),
        ("backtest", {"symbol": ["A-B"] * 99}, "99 values, the limit is 50"),
    ],
)
def test_options_are_a_closed_table_and_refused_by_name(
    served: Served, kind: str, options: dict[str, Any], told: str
) -> None:
    link = served.home.root / "link.csv"
    if not link.is_symlink():
        link.symlink_to("/etc/passwd")
    before = served.read(WORK).json
    answer = served.trade("POST", WORK, body={"kind": kind, "options": options})
    assert (answer.status, answer.kind) == (422, "bad_input"), answer.content
    assert told in answer.json["error"]["message"]
    assert served.read(WORK).json == before


def test_each_value_is_one_word_with_its_option(tmp_path: Path) -> None:
    candles(tmp_path, 10)
    options = {"strategy": ["rsi", "sma"], "data": DATA, "set": ["sizing.stake=5%"], "verify": True}
    assert command_words(WorkKind.BACKTEST, options, Home(tmp_path)) == [
        "backtest", f"--home={tmp_path}", "--strategy=rsi", "--strategy=sma", f"--data={tmp_path / DATA}",
        "--set=sizing.stake=5%", "--verify",
    ]  # fmt: skip
    with pytest.raises(BadSettings) as refused:
        command_words(WorkKind.OPTIMIZE, {"trials": "many", "seed": -1, "nobody": 1}, Home(tmp_path))
    assert len(refused.value.problems) == 4


def test_there_is_none_of_that_id(served: Served) -> None:
    for path in ("nobody", "nobody/answer", "nobody/report", "..%2F..%2Fx/answer"):
        assert served.read(f"{WORK}/{path}").status == 404
    assert ask(served.url, "POST", f"{WORK}/x/cancel", token=served.tokens.read, body={}).status == 403


def kept(id_: str, state: WorkState) -> KeptWork:
    row = WorkRow(
        id=id_, kind=WorkKind.BACKTEST, options={}, state=state, by="api", asked_at=SystemClock().now()
    )
    return KeptWork(row, ["backtest"])


def test_a_later_server_knows_what_was_done_and_says_what_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path / "work")
    for number, state in enumerate(WorkState):
        shelf.save(kept(f"w{number}", state))
    (tmp_path / "work" / "odd").mkdir()
    states = {each.row.id: each.row.state for each in Shelf(tmp_path / "work").load()}
    assert states == {"w0": "failed", "w1": "failed", "w2": "done", "w3": "failed", "w4": "cancelled"}
    again = {each.row.id: each.row.error for each in Shelf(tmp_path / "work").load()}
    assert again["w1"] == shelves.ENDED
    rows = [each.row for each in shelf.load()]
    monkeypatch.setattr(shelves, "KEPT", 2)
    assert shelf.superfluous(rows) == ["w0", "w1", "w2"]
    monkeypatch.setattr(shelves, "MOST_BYTES", 1)
    assert shelf.superfluous(rows) == ["w0", "w1", "w2", "w3"]


def test_no_more_waits_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candles(tmp_path, 10)
    monkeypatch.setattr(workshops, "MOST_WAITING", 2)
    bench = Workshop(Home(tmp_path), SystemClock())  # not started: all of it waits
    asked = [bench.ask(WorkKind.BACKTEST, {"data": DATA}, "api") for _ in range(2)]
    with pytest.raises(Busy, match="2 pieces of work wait"):
        bench.ask(WorkKind.BACKTEST, {"data": DATA}, "api")
    assert [row.id for row in bench.rows()] == [row.id for row in reversed(asked)]
    assert bench.cancel(asked[0].id).state is WorkState.CANCELLED
    bench.ask(WorkKind.BACKTEST, {"data": DATA}, "api")


def test_what_takes_too_long_or_too_much_memory_is_ended_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    candles(tmp_path)
    monkeypatch.setattr(workshops, "MOST_SECONDS", 0.0)
    told: list[WorkRow] = []
    bench = Workshop(Home(tmp_path), SystemClock(), told.append)
    bench.start()
    late = bench.ask(WorkKind.OPTIMIZE, {"strategy": "rsi", "data": DATA}, "api")
    until(lambda: bench.row(late.id).state is WorkState.FAILED)
    assert "hours" in str(bench.row(late.id).error)
    monkeypatch.setattr(workshops, "MOST_SECONDS", 600.0)
    monkeypatch.setattr(workshops, "MOST_MEMORY", 30 * 1024 * 1024)
    large = bench.ask(WorkKind.BACKTEST, {"strategy": "rsi", "data": DATA, "uncompiled": True}, "api")
    until(lambda: bench.row(large.id).state is WorkState.FAILED)
    assert bench.row(large.id).error
    bench.close()
    assert [row.state for row in told if row.id == late.id] == ["waiting", "running", "failed"]


def test_progress_is_read_as_the_file_grows(tmp_path: Path) -> None:
    file, following = tmp_path / "errors.log", Following(tmp_path / "errors.log")
    assert not following.look()
    lines = [{"text": "windows", "done": 1, "total": 4}, {"text": "windows", "done": "x", "total": 0}]
    file.write_text("compiling ...\n" + json.dumps({"progress": lines[0]}) + "\n" + '{"progress"')
    assert following.look()
    assert (following.progress, following.text) == (0.25, "windows")
    with file.open("a") as more:
        more.write(": {}}\n" + json.dumps({"progress": lines[1]}) + "\nerror: no\n")
    assert following.look()
    assert (following.progress, following.complaints) == (None, ["no"])


def test_a_server_that_ends_takes_its_work_along(tmp_path: Path) -> None:
    candles(tmp_path, 30_000, LONG)
    bench = Workshop(Home(tmp_path), SystemClock())
    bench.start()
    row = bench.ask(WorkKind.BACKTEST, TEDIOUS, "api")
    until(lambda: _group(row.id))
    began = time.monotonic()
    bench.close()
    in_time(began, 5)
    (left,) = Shelf(tmp_path / "work").load()
    assert left.row.state is WorkState.FAILED
    assert "the server ended" in str(left.row.error)
    assert msgspec.json.decode((tmp_path / "work" / row.id / "work.json").read_bytes())["row"]["id"] == row.id

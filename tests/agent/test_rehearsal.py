"""The first minute: a rehearsal that shows a trade from vote to lesson, all true, and what to try then."""

import json
import re
import shlex
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agent.account import rehearsal
from agent.cli.handlers.run import RunRequest, run_command
from tests.agent.command import agent, told
from tests.perception import venues
from tests.perception.server import ScriptedServer
from tests.shared import ROOT, in_time

NOBODY = {"AGENT_BINANCE__BASE_URL": "http://127.0.0.1:9"}
KINDS = ("market", "vote", "veto", "trade", "stop", "closed", "lesson")


def cycles(output: str) -> dict[str, int]:
    """Return the cycle of the first line of each kind."""
    found = re.findall(r"^(\w+) +cycle (\d+) ", output, re.MULTILINE)
    return {kind: int(number) for kind, number in reversed(found)}


def commands(output: str) -> list[list[str]]:
    after = output[output.rindex("try:\n") :].splitlines()[1:]
    return [shlex.split(line) for line in after]


def events(home: Path) -> list[dict[str, Any]]:
    rows = agent(home, "journal", "export", "--journal", rehearsal.JOURNAL).stdout.splitlines()
    return [json.loads(row)["event"] for row in rows]


def test_without_a_network_it_shows_a_trade_from_vote_to_lesson_and_what_to_try(tmp_path: Path) -> None:
    began = time.monotonic()
    output = agent(tmp_path, "run", "--mode", "paper", "--rehearse", env=NOBODY).stdout
    in_time(began, 20)
    seen = cycles(output)
    assert set(seen) == set(KINDS)
    assert "simulated market" in output
    assert "played fast" in output
    assert "no live candles: binance: " in output
    journaled = events(tmp_path)
    decided = {each["cycle_id"]: each for each in journaled if each["type"] == "cycle_decided"}
    ended = {each["cycle_id"]: each for each in journaled if each["type"] == "cycle_ended"}
    vetoed = decided[seen["veto"]]["verdicts"][0]
    assert f"veto      cycle {seen['veto']:<4}  {vetoed['reason']}: {vetoed['detail']}" in output
    assert seen["trade"] == seen["stop"] <= seen["closed"] == seen["lesson"]
    (lesson,) = [each for each in ended[seen["lesson"]]["lessons"] if each["kind"] == "trade"]
    assert f"{lesson['result']:+.2%} after costs: weight of " in output
    assert re.search(r"^closed .* profit \+?-?[\d.]+ USDT \([+-][\d.]+%\) by \w+$", output, re.MULTILINE)
    suggested = commands(output)
    assert [words[1] for words in suggested] == ["why", "replay", "status"]
    assert (ROOT / suggested[0][0]).resolve() == (ROOT / ".venv/bin/agent").resolve()
    said = [agent(tmp_path / "another", *words[1:]).stdout for words in suggested]
    assert f"cycle {seen['trade']} at " in said[0]
    assert "verdict   approved" in said[0]
    assert said[1].startswith("identical: ")
    assert "journal rehearsal" in said[2]
    again = agent(tmp_path, "run", "--rehearse", env=NOBODY).stdout
    lines = re.compile(r"^\w+ +cycle .*$", re.MULTILINE)
    assert lines.findall(output) == lines.findall(again)
    assert "the old journal is kept as" in again
    assert len(told(tmp_path, "journal", "list")) == 2


def test_with_cycles_it_goes_on_in_the_same_account(tmp_path: Path) -> None:
    words = ("run", "--rehearse", "--cycles", "3", "--interval", "0", "--json")
    done = agent(tmp_path, *words, env=NOBODY)
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    seen = objects[0]["rehearsal"]["seen"]
    assert objects[0]["rehearsal"]["missing"] == []
    assert [each["cycle"] - max(seen.values()) for each in objects[1:-1]] == [1, 2, 3]
    assert objects[-1]["summary"]["cycles"] == 3
    assert len(objects[0]["rehearsal"]["try"]) == 3


def test_with_a_network_live_candles_follow_in_the_account_of_the_live_market(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on(venues.KLINES, venues.klines({"BTCUSDT": venues.waving(lambda: time.time_ns() // 10**6)}))
        env = {"AGENT_BINANCE__BASE_URL": server.url, "AGENT_PERCEPTION__CACHE__TTL_SECONDS": "0"}
        words = ("run", "--rehearse", "--cycles", "4", "--interval", "0.25", "--plain")
        output = agent(tmp_path, *words, env=env).stdout
    assert set(cycles(output)) == set(KINDS)
    assert "now the run: 4 cycles, 0.25 s apart" in output
    assert "BTC-USDT is on live data from binance" in output
    assert told(tmp_path, "status")["journal"] == "paper"
    assert [len(words) for words in commands(output)] == [7, 6, 6]
    assert [words[words.index("--journal") + 1] for words in commands(output)] == [
        "rehearsal",
        "rehearsal",
        "paper",
    ]
    for typed in commands(output):
        assert agent(tmp_path, *typed[1:]).stdout
    lines = output.splitlines()
    quiet = ["no new candle" in line for line in lines]
    assert (True, True) not in pairwise(quiet)
    assert "no new candle; the next closes in " in output


def test_what_does_not_come_of_itself_is_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rehearsal, "MOST_CYCLES", 25)
    monkeypatch.setenv("AGENT_BINANCE__BASE_URL", NOBODY["AGENT_BINANCE__BASE_URL"])
    run_command(RunRequest([], {"home": tmp_path}, None, fresh=False, plain=True, json=False, rehearse=True))
    output = capfd.readouterr().out
    assert "NOT SEEN: a veto, a trade, its stop, a closed trade, a lesson. " in output
    assert set(cycles(output)) == {"market", "vote"}
    for words in commands(output):
        agent(tmp_path, *words[1:])


def test_it_is_for_paper_alone(tmp_path: Path) -> None:
    keys = {"BINANCE_API_KEY": "k", "BINANCE_API_SECRET": "s"}
    done = agent(tmp_path, "run", "--mode", "testnet", "--rehearse", env=keys, check=2)
    assert done.stderr == "error: --rehearse is for mode paper, not for testnet\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "flags"),
    [((), ""), (("CYCLES=0",), "--cycles 0"), (("CYCLES=7", "INTERVAL=0.5"), "--cycles 7 --interval 0.5")],
)
def test_make_paper_rehearses_and_hands_on_what_is_set(given: tuple[str, ...], flags: str) -> None:
    said = subprocess.run(
        ["make", "--no-print-directory", "-n", "-o", ".venv/.installed", "paper", *given],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert said.split()[1:] == f"run --mode paper --rehearse {flags}".split()

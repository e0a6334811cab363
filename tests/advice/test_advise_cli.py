"""`agent advise` and `agent backtest --advice`, as people type them."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.answers.advice import TapeAnswer
from agent.cli.app import app
from domain.errors import BadInput
from platforms.sandbox.model.server import ModelServer
from tests.research.made import walk

START = 1_740_787_200_000


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGENT_HOME", str(tmp_path / "home"))
    rows = walk("BTC-USDT", 500, seed=4, start=START)
    lines = [
        f"{row.time // 1000},{row.open},{row.high},{row.low},{row.close},{row.volume}" for row in rows.rows()
    ]
    (tmp_path / "BTC-USDT_1m.csv").write_text(
        "\n".join(["timestamp,open,high,low,close,volume", *lines]) + "\n"
    )
    return tmp_path


def config(place: Path, url: str, cutoff: str = "2024-06-30") -> str:
    path = place / "advised.toml"
    path.write_text(
        f"""
[advice.models.m]
model = "m"
base_url = "{url}/v1"
price_in = 1
price_out = 4
cutoff = {cutoff}

[advice.advisers.macro]
model = "m"
samples = 1
"""
    )
    return str(path)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    app([*words, "--json"], standalone_mode=False)
    text = capsys.readouterr().out
    if words[0] == "advise":
        msgspec.json.decode(text, type=TapeAnswer)
    return json.loads(text)


def test_a_tape_is_made_heard_and_labelled_and_one_that_lacks_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, tape = str(place / "BTC-USDT_1m.csv"), str(place / "past.tape")
    with ModelServer(seed=7) as server:
        chosen = config(place, server.base_url)
        made = told(capsys, "advise", "--candles", data, "--out", tape, "--config", chosen)
        assert made["pieces"] == made["retrospective"] > 0
        asked = server.counts["/v1/chat/completions"]
        again = told(capsys, "advise", "--candles", data, "--out", tape, "--config", chosen)
        assert (again, server.counts["/v1/chat/completions"]) == (made, asked)
        result = told(capsys, "backtest", "--data", data, "--advice", tape, "--config", chosen)
        assert server.counts["/v1/chat/completions"] == asked, "a backtest asks nobody"
    assert result["advice"].startswith("RETROSPECTIVE ADVICE: ")
    app(["backtest", "--data", data, "--advice", tape, "--config", chosen], standalone_mode=False)
    assert "RETROSPECTIVE ADVICE" in capsys.readouterr().out
    with pytest.raises(BadInput, match=r"pieces of advice are missing; the first: of macro about BTC-USDT"):
        told(capsys, "backtest", "--data", data, "--advice", tape, "--config", chosen, "--strategy", "rsi")


def test_what_cannot_be_is_said_before_anything_is_asked(place: Path) -> None:
    data, out = str(place / "BTC-USDT_1m.csv"), str(place / "t.tape")
    with ModelServer() as server:
        knows = config(place, server.base_url, cutoff="2025-02-01")
        with pytest.raises(BadInput, match="it may know what came of them"):
            app(["advise", "--candles", data, "--out", out, "--config", knows], standalone_mode=False)
        assert server.counts.total() == 0
    with pytest.raises(BadInput, match="advisers is empty"):
        app(["advise", "--candles", data, "--out", out], standalone_mode=False)
    with pytest.raises(BadInput, match=r"--advice .*: cannot be read"):
        app(["backtest", "--data", data, "--advice", out, "--config", knows], standalone_mode=False)


def test_a_journal_that_heard_no_advice_gives_no_tape(place: Path) -> None:
    app(
        ["run", "--provider", "recorded", "--data", str(place / "BTC-USDT_1m.csv"), "--symbol", "BTC-USDT",
         "--speed", "max", "--plain"],
        standalone_mode=False,
    )  # fmt: skip
    with pytest.raises(BadInput, match="holds no advice"):
        app(["advise", "--out", str(place / "t.tape")], standalone_mode=False)


def test_the_tape_of_a_run_that_heard_advice_backtests_to_the_same_account(
    place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data, tape = str(place / "BTC-USDT_1m.csv"), str(place / "live.tape")
    words = [
        "run",
        "--provider",
        "recorded",
        "--data",
        data,
        "--symbol",
        "BTC-USDT",
        "--speed",
        "max",
        "--plain",
    ]
    with ModelServer(seed=7) as server:
        chosen = config(place, server.base_url)
        app([*words, "--config", chosen, "--set", "advice.deadline_seconds=60"], standalone_mode=False)
        asked = server.counts["/v1/chat/completions"]
    capfd.readouterr()
    spent = told(capfd, "ledger")
    assert spent["total"]["asked"] == spent["total"]["answered"] == asked > 0
    made = told(capfd, "advise", "--out", tape)
    assert made["pieces"] == made["retrospective"] == asked, "nobody was in time for candles of last year"
    again = told(capfd, "replay", "--questions")
    assert (again["difference"], again["questions"]["same"]) == (None, asked)
    result = told(capfd, "backtest", "--data", data, "--advice", tape, "--config", chosen)
    assert result["advice"].startswith("RETROSPECTIVE ADVICE: ")
    account = told(capfd, "status")["account"]
    assert (result["equity"], result["cash"]) == (account["equity"], account["cash"])

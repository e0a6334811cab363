"""A backtest from Python has the numbers of the command."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from agent import backtest
from domain.errors import BadInput
from fixtures.generate import TARGET
from tests.agent.command import agent


def test_a_backtest_is_frames_with_the_command_s_own_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_HOME", str(tmp_path))
    limits = {"min_confidence": 40}
    run = backtest(TARGET, symbols=["BTC/USDT"], strategies=["rsi"], settings={"risk": limits})
    words = (
        "--data",
        str(TARGET),
        "--symbol",
        "BTC-USDT",
        "--strategy",
        "rsi",
        "--set",
        "risk.min_confidence=40",
    )
    told = json.loads(agent(tmp_path, "backtest", *words, "--json").stdout)
    assert run.trades.height == len(told["trades"]) == run.figures["trades"] == 1
    (trade,), (same,) = run.trades.to_dicts(), told["trades"]
    assert trade["opened"] == datetime.fromisoformat(same["opened"])
    assert {name: trade[name] for name in ("quantity", "bought", "sold", "fees", "pnl")} == {
        name: pytest.approx(float(same[name])) for name in ("quantity", "bought", "sold", "fees", "pnl")
    }
    assert trade["exit"] == same["ending"]
    assert run.equity.schema == {"time": pl.Datetime("ms", "UTC"), "equity": pl.Float64}
    assert run.equity["equity"][-1] == pytest.approx(float(told["equity"]))
    assert run.equity["time"][1] - run.equity["time"][0] == timedelta(minutes=1)
    assert dict(run.vetoes["rule"].value_counts().iter_rows()) == told["vetoes"]
    with pytest.raises(BadInput, match=r"risk.max_positions = -1: must be at least 0"):
        backtest(TARGET, symbols=["BTC-USDT"], settings={"risk.max_positions": -1})

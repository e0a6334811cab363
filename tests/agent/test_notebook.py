"""A backtest from Python has the numbers of the command."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from agent import backtest, sweep, walk_forward
from domain.errors import BadInput
from fixtures.generate import TARGET
from reasoning.declare import Declared, Numbers, bollinger, buy, crossed_above, integer, nothing, sell
from tests.agent.command import agent
from tests.seeded import saved, seeded

FREELY = {"risk.daily_loss": 100_000, "risk.max_trades_per_day": 1000, "risk.cool_down_minutes": 0}


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


class Bands(Declared):
    """A strategy as a cell of a notebook defines it."""

    name = "bands"
    length = integer(8, 5, 200)
    band = bollinger(length, 1.5)

    def decide(self, now: Numbers) -> Any:
        """Buy back above the lower band, sell above the upper one."""
        if crossed_above(now.close, now.band.lower):
            return buy(stop=now.band.lower * 0.97, confidence=90)
        if now.close > now.band.upper:
            return sell()
        return nothing()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    return saved(tmp_path_factory.mktemp("candles"), seeded("BTC-USDT", "1h", 1_500))[0]


def test_a_class_is_backtested_drawn_and_its_indicators_are_a_frame(file: str) -> None:
    run = backtest(file, strategies=[Bands], settings=FREELY)
    assert run.trades.height > 3
    lines = run.indicators()
    assert lines.columns == ["time", "bands band lower", "bands band middle", "bands band upper"]
    assert lines["bands band lower"][6] is None
    assert lines.height == len(run.candles[0])
    mean = sum(run.candles[0].close[:8].tolist()) / 8
    assert lines["bands band middle"][7] == pytest.approx(mean)
    page = run.plot()
    assert "bands" in page.html
    assert page._repr_html_().startswith("<iframe srcdoc=")
    assert repr(page).startswith("a page with charts")
    assert repr(run).startswith(f"Backtest of {run.trades.height} closed trades, return ")
    assert all(part in repr(run) for part in ("plot()", "indicators()", "figures"))
    with pytest.raises(BadInput, match="no candles of ETH-USDT; there are BTC-USDT"):
        run.indicators("ETH-USDT")


def test_a_sweep_is_a_row_for_each_trial_and_a_walk_forward_one_for_each_window(file: str) -> None:
    tried = sweep(file, strategy=Bands, grid={"length": [6, 9]}, settings=FREELY)
    assert sorted(tried.trials["length"].to_list()) == [6, 9]
    assert tried.best == {"length": tried.trials["length"][0]}
    run = backtest(file, strategies=[Bands], settings={**FREELY, "reasoning.custom.bands.length": 9})
    (row,) = tried.trials.filter(pl.col("length") == 9).to_dicts()
    assert row["trades"] == run.trades.height
    walked = walk_forward(file, strategy=Bands, grid=["length=6,9"], train="20d", test="10d", settings=FREELY)
    assert walked.windows.height == len(walked.result.folds) > 1
    assert set(walked.windows["length"].to_list()) <= {6, 9}
    assert walked.windows.schema["test_from"] == pl.Datetime("ms", "UTC")
    assert walked.equity.height > 200
    yearly = [f"{side}_{name}" for side in ("in", "out") for name in ("sharpe", "cagr", "calmar")]
    assert {walked.windows[name].null_count() for name in yearly} == {walked.windows.height}, "20 and 10 days"
    begin = walked.windows["train_from"][0]
    few = f"{begin:%Y%m%d}-{begin + timedelta(days=25):%Y%m%d}"
    short = sweep(file, strategy=Bands, grid={"length": [9]}, timerange=few, settings=FREELY)
    assert short.trials.select("sharpe", "cagr", "calmar").row(0) == (None, None, None)
    assert short.trials["net_return"][0] is not None
    assert repr(tried).startswith(f"Swept, 2 trials, the best length {tried.best['length']} (")
    assert repr(walked).startswith(f"WalkedForward, {walked.windows.height} windows, unseen return ")


def test_one_of_anything_needs_no_list_and_what_is_none_is_refused(file: str) -> None:
    (row,) = sweep(file, strategy=Bands, grid={"length": 9}, settings=FREELY).trials.to_dicts()
    assert row["length"] == 9
    run = backtest(file, strategies=Bands, symbols="btc-usdt", settings={"reasoning.custom.bands.length": 9})
    assert run.result.strategies == ("bands",)
    refused: tuple[tuple[Any, Any, str], ...] = (
        (run.equity, Bands, "candles come in files, not as DataFrame: write a frame with write_csv"),
        ([run.equity], Bands, "candles come in files, not as DataFrame"),
        (file, [int], "int is no strategy; name one, or give a class of Declared with a decide"),
        (file, Declared, "Declared is no strategy"),
        (file, "rsy", "unknown strategy 'rsy'"),
    )
    for data, strategies, words in refused:
        with pytest.raises(BadInput, match=words):
            backtest(data, strategies=strategies)

"""What a run that a limit ended says first, in the terminal, on the page and in JSON; and a stake's share."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.times import HOUR_MS
from tests.agent.command import agent
from tests.research.made import walk

HOURS = 24 * 120


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = walk("BTC-USDT", HOURS, HOUR_MS, seed=3)
    path = tmp_path_factory.mktemp("told") / "BTC-USDT_1h_made.csv"
    rows = zip(made.time.tolist(), made.open, made.high, made.low, made.close, made.volume, strict=True)
    path.write_text(
        "timestamp,open,high,low,close,volume\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    )
    return path


def backtest(home: Path, file: Path, *more: str) -> str:
    words = ("backtest", "--strategy", "sma", "--data", str(file), "--set", "risk.min_confidence=0")
    return agent(home, *words, "--uncompiled", *more).stdout


def test_a_run_the_day_s_loss_ended_says_so_first_everywhere(tmp_path: Path, file: Path) -> None:
    limit, page = ("--set", "risk.daily_loss=0.2%"), tmp_path / "out.html"
    lines = backtest(tmp_path, file, *limit, "--report", str(page)).splitlines()
    assert lines[0].startswith("STOPPED     2023-")
    assert "of the run" in lines[0]
    assert "kill switch, thrown by the day's loss of" in lines[0]
    assert any("until it was stopped" in line for line in lines)
    told: dict[str, Any] = json.loads(backtest(tmp_path, file, *limit, "--json"))
    assert told["stopped"]["rule"] == "kill_switch_active"
    assert told["stopped"]["text"] == lines[0].removeprefix("STOPPED     ")
    assert float(told["stopped"]["day_lost"]) > float(told["stopped"]["day_limit"]) > 0
    html = page.read_text()
    head = html[html.index("<header>") : html.index("</header>")]
    assert "nothing could be bought any more" in head
    assert "kill switch, thrown by" in head
    assert "half spread 0.025%" in head
    assert "risk.daily_loss" in html
    assert "0.2%" in html


def test_a_run_that_nothing_ended_says_what_limits_and_costs_did(tmp_path: Path, file: Path) -> None:
    told: dict[str, Any] = json.loads(backtest(tmp_path, file, "--set", "sizing.stake=5%", "--json"))
    assert told["stopped"] is None
    assert told["limits"]["mean_share"] == pytest.approx(0.05, abs=0.002)
    assert told["limits"]["text"].startswith("stake 5% of equity: ")
    assert told["limits"]["entries"] > 10
    assert told["costs"]["each_way"] == pytest.approx(0.00185)
    first = backtest(tmp_path, file, "--set", "sizing.stake=5%").splitlines()[0]
    assert first.startswith("backtest ")

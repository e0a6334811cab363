"""The summary of a day: its figures are those of the journal and the status, and it is told once."""

from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.answers.agents import Alarm, AlarmKind
from agent.answers.summary import DaySummary
from agent.jobs.catalogue import BY_NAME, Occasion
from agent.notices import Notices
from agent.reports.daily import lines, title
from agent.settings.home import Home
from agent.settings.upkeep.jobs import JobsSettings
from domain.times import utc
from tests.agent.command import agent, told

RUN = ("run", "--provider", "simulated", "--journal", "one", "--plain", "--speed", "max", "--cycles", "400")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("summary")
    agent(root, *RUN)
    return root


def test_its_figures_are_those_of_status_and_of_the_report(home: Path) -> None:
    summary, account = told(home, "summary"), told(home, "status")["account"]
    assert summary["equity"] == account["equity"]
    assert summary["profit"] == summary["profit_in_all"] == account["profit"]
    assert (summary["trades"], summary["wins"], summary["fees"]) == (
        account["trades"], account["wins"], account["fees"],
    )  # fmt: skip
    assert (summary["cycles"], summary["cycles_failed"], summary["running"]) == (400, 0, False)
    assert summary["cycles_due"] is None  # the market says itself what time it is
    whole = told(home, "report", "--days", "1", "--no-backtest")
    for name in ("since", "until", "profit", "earned", "equity"):
        assert summary[name] == whole[name]
    assert summary["closed"] == whole["totals"]["pnl"]
    assert summary["hours_up"] == whole["health"]["hours_up"]


def test_what_is_told_ends_with_the_instant_asked_for(home: Path) -> None:
    half = told(home, "summary", "--as-of", "2024-01-01T08:00:00Z")
    assert half["until"] == "2024-01-01T08:00:00Z"
    assert 0 < half["cycles"] < 400
    none = agent(home, "summary", "--as-of", "2020-01-01", check=2)
    assert "holds no session before 2020-01-01" in none.stderr


def test_the_job_puts_it_once_for_an_agent_and_a_slot(home: Path) -> None:
    slot = utc(1_704_096_000_000)  # 2024-01-01 08:00
    words = BY_NAME["summary"].commands(Occasion(Home(home), JobsSettings(), slot))
    assert words == [["summary", "--journal", "one", "--send"]]
    env = {"AGENT_AS_OF": "2024-01-01T08:00:00Z"}
    for _ in range(2):
        agent(home, *words[0], env=env)
    late = agent(home, *words[0], env={"AGENT_AS_OF": "2026-11-29T23:00:00Z"})  # it ended long ago
    assert "not sent  one did nothing in that time" in late.stderr
    with closing(Notices(Home(home).notices)) as notices:
        (notice,) = notices.after(0)
    assert notice.key == "summary/2024-01-01T08:00:00Z/one"
    assert (notice.agent, notice.kind) == ("one", "summary")
    assert notice.title.startswith("one: ")
    assert notice.body.startswith("summary   one (paper, BTC-USDT 1m), 24 h to 2024-01-01 08:00 UTC")


def made(**more: Any) -> DaySummary:
    values: dict[str, Any] = {
        "journal": "one", "mode": "live", "symbols": ["BTC-USDT"], "timeframe": "1m",
        "since": utc(0), "until": utc(86_400_000), "quote": "USDT", "equity": "1010", "profit": "10",
        "earned": 0.01, "profit_in_all": "10", "trades": 4, "wins": 3, "win_rate": 0.75, "closed": "9",
        "fees": "1", "entries": 5, "positions": [], "kill_switch": None, "deepest_fall": 0.004,
        "max_drawdown": 0.012, "breaks": [], "bare": [], "running": True, "paused": False, "hours_up": 23.9,
        "share_up": 0.996, "cycles": 1437, "cycles_due": 1440, "cycles_failed": 2, "crashes": 0, "halts": [],
        "reconnects": 1, "memory": 92_000_000, "alarms": [],
    }  # fmt: skip
    return DaySummary(**(values | more))


def test_it_reads_as_the_day_was() -> None:
    assert title(made()) == "one: +10 USDT in 24 h, 3 of 4 trades won"
    assert list(lines(made())) == [
        "summary   one (live, BTC-USDT 1m), 24 h to 1970-01-02 00:00 UTC",
        "P&L       +10 USDT (+1.00%), equity 1010, in all +10",
        "trades    4 closed, 3 won (75%), +9 after costs, fees 1; entries 5; positions held: 0",
        "risk      kill switch off; the day's deepest fall 0.40%, drawdown 1.20%",
        "health    running, up 23.9 h (99.6%), cycles 1437 of 1440 due, 2 failed, reconnects 1, memory 92 MB",
        "alarms    none",
    ]


def test_what_is_wrong_stands_out() -> None:
    alarm = Alarm(kind=AlarmKind.KILLED, text="kill switch: odd")
    odd = made(
        kill_switch="odd", running=False, bare=["BTC-USDT"], halts=["no disk"], alarms=[alarm], trades=0
    )
    text = "\n".join(lines(odd))
    for words in (
        "KILL SWITCH: odd",
        "NOT RUNNING",
        "BTC-USDT has no stop",
        "no disk",
        "killed: kill switch",
    ):
        assert words in text
    assert title(odd).endswith("no trade closed, 1 alarms")
    assert msgspec.json.decode(msgspec.json.encode(odd), type=DaySummary) == odd

"""What the API reads is what the command line tells, page by page and filter by filter."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from domain.events import OUTCOMES
from tests.agent.command import agent, told
from tests.serve.served import Served, serving

NAME = "one"
CYCLES = 200


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("read")
    words = ("--provider", "simulated", "--speed", "max", "--cycles", str(CYCLES), "--journal", NAME)
    agent(home, "run", *words)
    with serving(home) as made:
        made.settled()
        yield made


def read(served: Served, path: str, **query: Any) -> Any:
    answer = served.read(f"/api/v1/agents/{NAME}/{path}?{urlencode(query)}".rstrip("/?"))
    assert answer.status == 200, answer.content
    return answer.json


def every(served: Served, path: str, **query: Any) -> list[Any]:
    """Return all rows of a list, by its pages."""
    rows: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = read(served, path, **query, **cursor)
        rows += page["items"]
        if page["next"] is None:
            return rows
        assert len(page["items"]) >= query.get("limit", 1)
        cursor = {"cursor": page["next"]}


def of(home: Path, *words: str) -> Any:
    return told(home, *words, "--journal", NAME)


def test_it_says_what_the_command_line_says(served: Served) -> None:
    home = served.home.root
    status = of(home, "status")
    assert read(served, "account") == status["account"]
    assert read(served, "positions") == of(home, "positions") == status["positions"]
    assert read(served, "")["account"] == status["account"]
    assert read(served, "parameters") == of(home, "params", "list")
    assert every(served, "trades", limit=3)[::-1] == of(home, "trades")
    lessons = of(home, "lessons")
    assert every(served, "lessons", limit=7)[::-1] == lessons["lessons"]
    assert read(served, "performance")["totals"] == lessons["totals"]
    for cycle in ("1", str(CYCLES // 2), str(CYCLES)):
        assert read(served, f"cycles/{cycle}") == of(home, "why", cycle)
    assert read(served, "cycles/last") == of(home, "why")


def test_pages_hold_every_row_once_newest_first(served: Served) -> None:
    rows = every(served, "cycles", limit=37)
    assert [row["cycle"] for row in rows] == list(range(CYCLES, 0, -1))
    assert every(served, "cycles", limit=500) == rows
    for path, key in (("orders", "client_id"), ("fills", "trade_id")):
        found = [row[key] for row in every(served, path, limit=2)]
        assert len(found) == len(set(found)) > 1
        assert every(served, path, limit=500) == every(served, path, limit=2)


def test_filters_leave_what_fits(served: Served) -> None:
    rows = every(served, "cycles", limit=500)
    outcomes = {row["outcome"] for row in rows}
    assert len(outcomes) > 1
    for outcome in outcomes:
        fitting = [row for row in rows if row["outcome"] == outcome]
        assert every(served, "cycles", outcome=outcome, limit=500) == fitting
    verdicts = {each["verdict"] for row in rows for each in row["decisions"]} - {None, "approved"}
    for rule in verdicts:
        fitting = [row for row in rows if any(each["verdict"] == rule for each in row["decisions"])]
        assert every(served, "cycles", rule=rule, limit=500) == fitting
    middle = rows[CYCLES // 2]["at"]
    later = every(served, "cycles", since=middle, limit=500)
    earlier = every(served, "cycles", until=middle, limit=500)
    assert later + earlier == rows
    assert every(served, "cycles", symbol="BTC/USDT", limit=500) == every(
        served, "cycles", symbol="btc-usdt", limit=500
    )
    assert every(served, "cycles", symbol="ETH-USDT") == []
    orders = every(served, "orders", limit=500)
    assert every(served, "orders", open="true", limit=500) == [row for row in orders if row["open"]]
    trades = every(served, "trades")
    for ending in {row["exit"] for row in trades}:
        assert every(served, "trades", exit=ending) == [row for row in trades if row["exit"] == ending]


def test_the_curve_and_the_chart_are_those_of_the_account(served: Served) -> None:
    curve = read(served, "equity", points=50)
    account = read(served, "account")
    assert 10 <= len(curve["points"]) <= 110
    assert curve["points"][0]["cycle"] == 1
    assert curve["points"][-1]["equity"] == account["equity"]
    chart = read(served, "candles", symbol="BTC-USDT", limit=100)
    assert len(chart["candles"]) == 100
    assert [each["time"] for each in chart["candles"]] == sorted(each["time"] for each in chart["candles"])
    before = read(served, "candles", symbol="BTC-USDT", limit=50, until=chart["candles"][50]["time"])
    assert before["candles"] == chart["candles"][:50]
    assert read(served, "beliefs")["weights"]


def test_the_lines_on_the_candles_are_what_the_voices_spoke_of(served: Served) -> None:
    chart = read(served, "candles", symbol="BTC-USDT", limit=150)
    lines = {line["name"]: line for line in chart["lines"]}
    assert {name: line["on_price"] for name, line in lines.items()} == {
        "rsi": False, "rsi lower": False, "rsi upper": False, "sma20": True, "sma50": True,
    }  # fmt: skip
    assert {len(line["values"]) for line in lines.values()} == {150}
    closes = [float(each["close"]) for each in chart["candles"]]
    assert lines["sma20"]["values"][-1] == pytest.approx(sum(closes[-20:]) / 20)
    said = {voice["name"]: voice["reason"] for voice in _voices(served)}
    assert said["rsi"].startswith(f"rsi {lines['rsi']['values'][-1]:.1f} ")
    away = abs(lines["sma20"]["values"][-1] / lines["sma50"]["values"][-1] - 1) * 100
    assert f"{away:.2g} %" in said["sma"]


def _voices(served: Served) -> list[Any]:
    voices: list[Any] = read(served, "cycles/last")["symbols"][0]["decision"]["voices"]
    return voices


def test_profit_by_period_adds_up_to_the_account_whatever_the_period(served: Served) -> None:
    account, totals = read(served, "account"), read(served, "performance")["totals"]
    for by, days in (("day", 1), ("week", 7), ("month", 31)):
        rows = read(served, "profit", by=by, limit=400)["rows"]
        assert sum(Decimal(row["change"]) for row in rows) == Decimal(account["profit"])
        assert sum(Decimal(row["closed"]) for row in rows) == Decimal(totals["pnl"])
        assert sum(row["trades"] for row in rows) == totals["trades"]
        assert rows[0]["equity"] == account["equity"]
        begun = [datetime.fromisoformat(row["begin"]) for row in rows]
        assert begun == sorted(begun, reverse=True)
        assert all(one["begin"] == other["end"] for one, other in pairwise(rows))
        assert all(timedelta() < datetime.fromisoformat(row["end"]) - at <= timedelta(days)
                   for row, at in zip(rows, begun, strict=True))  # fmt: skip
        assert by != "week" or all(at.weekday() == 0 for at in begun)
    assert read(served, "profit")["rows"][0] == read(served, "profit", limit=1)["rows"][0]


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("cycles?limit=0", 422, "limit"),
        ("cycles?limit=501", 422, "limit"),
        ("cycles?limit=x", 422, "limit"),
        ("cycles?limit=5&limit=6", 422, "limit"),
        ("cycles?cursor=-1", 422, "cursor"),
        ("cycles?since=yesterday", 422, "since"),
        ("cycles?since=2026-11-28T00:00:00", 422, "since"),  # of no time zone
        ("cycles?nonsense=1", 422, "nonsense"),
        ("equity?points=5", 422, "points"),
        ("profit?by=year", 422, "by"),
        ("profit?limit=0", 422, "limit"),
        ("cycles?outcome=traded", 422, "outcome"),
        ("cycles?rule=min_confidance", 422, "rule"),
        ("cycles?since=2026-11-28T00:00:00Z&until=2026-11-28T00:00:00Z", 422, "until"),
        ("trades?exit=luck", 422, "exit"),
        ("lessons?kind=trades", 422, "kind"),
        ("lessons?rule=", 422, "rule"),
        ("candles", 422, "symbol"),
        ("candles?symbol=NO-SUCH", 404, None),
        ("cycles/999999", 404, None),
        ("cycles/x", 422, "cycle"),
        ("cycles/1%2F2", 404, None),
        ("nothing", 404, None),
    ],
)
def test_what_cannot_be_meant_is_said(served: Served, path: str, status: int, field: str | None) -> None:
    answer = served.read(f"/api/v1/agents/{NAME}/{path}")
    assert answer.status == status, answer.content
    assert answer.json["error"].get("field") == field
    assert answer.json["error"]["message"]


def test_a_bound_is_said_beside_field_and_value(served: Served) -> None:
    told = served.read(f"/api/v1/agents/{NAME}/equity?points=5").json["error"]
    assert (told["field"], told["value"], told["limit"]) == ("points", "5", "int >= 10")
    assert "limit" not in served.read(f"/api/v1/agents/{NAME}/cycles?limit=x").json["error"]
    limits = {"profit?by=year": "day, week, month", "cycles?outcome=held_back": ", ".join(OUTCOMES)}
    for path, limit in limits.items():
        assert served.read(f"/api/v1/agents/{NAME}/{path}").json["error"]["limit"] == limit


def test_an_agent_there_is_not_is_unknown(served: Served) -> None:
    for name in ("nobody", "..", "%2e%2e%2fapi.token", quote("a b"), "x" * 300):
        answer = served.read(f"/api/v1/agents/{name}/account")
        assert answer.status == 404, name


def test_the_agents_stand_side_by_side(served: Served) -> None:
    (row,) = served.read("/api/v1/agents").json
    assert row["agent"] == NAME
    assert row["running"] is False
    assert row["cycle"] == CYCLES
    assert served.read("/api/v1/ready").json == {"ready": True, "behind": {NAME: 0}}
    assert served.read("/api/v1/health").json["agents"] == 1


def test_the_gates_verdict_and_kept_reports_are_read_as_they_were_kept(served: Served) -> None:
    home = served.home.root
    assert read(served, "reports") == []
    assert served.read(f"/api/v1/agents/{NAME}/gate").status == 404
    agent(home, "report", "--journal", NAME, "--days", "1", "--keep")
    verdict = json.loads(agent(home, "gate", "--journal", NAME, "--notify", "--json").stdout)
    assert read(served, "gate") == verdict
    assert served.read("/api/v1/gate").json == [verdict]
    (kept,) = read(served, "reports")
    figures = read(served, f"reports/{kept['name']}")
    assert figures["profit"] == kept["profit"]
    assert figures["account"] == read(served, "account")
    page = served.read(f"/api/v1/agents/{NAME}/reports/{kept['name']}/page")
    assert page.content.startswith(b"<!doctype html>")
    assert "sandbox" in page.headers["content-security-policy"]
    for name in ("20240101T000000Z-1d", "..", "x"):
        assert served.read(f"/api/v1/agents/{NAME}/reports/{name}").status in (404, 422)

"""The agent on the live market's side: real process, real sockets, a venue that misbehaves."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.agent.command import agent, told
from tests.perception import venues
from tests.perception.server import Behaviour, ScriptedServer, answer, dripping, html, silent
from tests.shared import within

CANARY = "CANARYKEY0123456789"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def binance(server: ScriptedServer, seconds: int) -> dict[str, str]:
    return {
        "AGENT_BINANCE__BASE_URL": server.url,
        "AGENT_BINANCE__TIMEOUT_SECONDS": str(seconds),
        "AGENT_PERCEPTION__CACHE__TTL_SECONDS": "0",
    }


def sources(output: str) -> list[str]:
    rows = [json.loads(line) for line in output.splitlines()]
    return [row["decisions"][0]["source"] for row in rows if "decisions" in row]


def test_a_venue_that_answers_gives_live_data(server: ScriptedServer, tmp_path: Path) -> None:
    server.on(venues.KLINES, venues.klines({"BTCUSDT": venues.waving(now_ms)}))
    words = ("run", "--provider", "binance", "--cycles", "2", "--interval", "0", "--json")
    assert sources(agent(tmp_path, *words, env=binance(server, 60)).stdout) == ["live", "live"]
    assert told(tmp_path, "replay")["difference"] is None


def waited(home: Path) -> float:
    """Return the seconds from the session's start to its first data, by the agent's own log."""
    entries = [json.loads(line) for line in (home / "agent.log").read_text().splitlines()]
    at = {entry["event"]: datetime.fromisoformat(entry["timestamp"]) for entry in entries}
    return (at["data source"] - at["session started"]).total_seconds()


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (dripping(b"[" + b" " * 10_000), "no complete answer within 2 s"),
        (silent(), "unreachable: no "),
        (answer({}, status=500), "500"),
        (html(), "html"),
    ],
    ids=["drip", "silent", "500", "html"],
)
def test_a_venue_that_fails_costs_no_more_than_its_deadline(
    server: ScriptedServer, tmp_path: Path, behaviour: Behaviour, reason: str
) -> None:
    server.on(venues.KLINES, behaviour)
    done = agent(
        tmp_path, "run", "--provider", "binance", "--cycles", "1", "--interval", "0", "--json",
        env=binance(server, 2),
    )  # fmt: skip
    within(waited(tmp_path), 2 + 4)
    assert sources(done.stdout) == ["simulated"]
    assert "SIMULATED DATA" in done.stderr
    seen = told(tmp_path, "why")["symbols"][0]["seen"]
    assert reason in seen["not_served_by"]["binance"].lower()


def test_a_venue_that_dies_is_replaced_by_its_last_answer_with_its_age(
    server: ScriptedServer, tmp_path: Path
) -> None:
    good = venues.klines({"BTCUSDT": venues.waving(now_ms)})

    def once(exchange: Any) -> None:
        server.on(venues.KLINES, answer({}, status=503))
        good(exchange)

    server.on(venues.KLINES, once)
    done = agent(
        tmp_path, "run", "--provider", "binance", "--cycles", "2", "--interval", "0.2", "--json",
        env=binance(server, 60),
    )  # fmt: skip
    assert sources(done.stdout) == ["live", "cached"]
    seen = told(tmp_path, "why")["symbols"][0]["seen"]
    assert seen["source"] == "cached"
    assert seen["fetched_age_seconds"] > 0


def test_the_key_is_nowhere_whatever_alpha_vantage_answers(server: ScriptedServer, tmp_path: Path) -> None:
    echo = {
        "Information": f"We have detected your API key as {CANARY} and our standard API rate limit is 25 ..."
    }
    settings = {
        "ALPHA_VANTAGE_API_KEY": CANARY,
        "AGENT_ALPHA_VANTAGE__BASE_URL": f"{server.url}{venues.QUERY}",
        "AGENT_ALPHA_VANTAGE__TIMEOUT_SECONDS": "2",
    }
    outputs = ""
    for behaviour in (
        answer(echo),
        answer({}, status=500),
        dripping(b"{" + b" " * 10_000),
        html(),
    ):
        server.on(venues.QUERY, behaviour)
        done = agent(
            tmp_path, "run", "--provider", "alpha_vantage", "--cycles", "1", "--interval", "0",
            env=settings,
        )  # fmt: skip
        outputs += done.stdout + done.stderr
        outputs += agent(tmp_path, "config", "show", env=settings).stdout
    assert any(asked.query.get("apikey") == CANARY for asked in server.asked)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert CANARY not in outputs
    assert CANARY.encode() not in kept

"""The standing of an agent over the API: its rules, its providers, its metrics."""

import time
from pathlib import Path

import pytest
from msgspec import convert
from prometheus_client.parser import text_string_to_metric_families

from agent.answers.agents import Headroom, ProviderRow
from risk.table import RULES
from tests.agent.command import agent
from tests.serve.served import Served, serving

CYCLES = 150


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("home")
    agent(made, "run", "--provider", "simulated", "--speed", "max", "--cycles", str(CYCLES), "--journal", "a")
    return made


def ready(served: Served) -> Served:
    """Return a server once it has read every journal."""
    due = time.monotonic() + 90
    while not served.read("/api/v1/ready").json["ready"]:
        assert time.monotonic() < due
        time.sleep(0.02)
    return served


def counted(served: Served) -> dict[tuple[str, ...], float]:
    answer = served.read("/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_rules_and_providers_are_told_as_they_stand(home: Path) -> None:
    with serving(home) as served:
        ready(served)
        rows = convert(served.read("/api/v1/agents/a/risk").json, list[Headroom])
        assert {row.rule for row in rows} == {rule.reason for rule in RULES if not rule.window}
        positions = next(row for row in rows if row.rule == "max_position_limit_reached")
        assert (positions.limit, positions.symbol) == ("3", None)
        providers = convert(served.read("/api/v1/agents/a/providers").json, list[ProviderRow])
        assert [each.provider for each in providers] == ["simulated"]
        assert served.read("/api/v1/agents/nobody/risk").status == 404


def test_counts_of_the_journal_go_on_over_a_restart_of_server_and_agent(home: Path) -> None:
    with serving(home) as served:
        before = counted(ready(served))
    assert sum(value for (name, *_), value in before.items() if name == "boyd_cycles_total") == CYCLES
    agent(home, "run", "--provider", "simulated", "--speed", "max", "--cycles", "20", "--journal", "a")
    with serving(home) as served:
        after = counted(ready(served))
        assert sum(value for (name, *_), value in after.items() if name == "boyd_cycles_total") == CYCLES + 20
    totals = [key for key in before if key[0].endswith("_total") and "a" in key]
    assert totals
    assert all(after[key] >= before[key] for key in totals)


def test_calls_are_counted_by_route_and_never_by_path(home: Path) -> None:
    with serving(home) as served:
        ready(served)
        for name in ("a", "nobody", "../../etc"):
            served.read(f"/api/v1/agents/{name}/risk")
        served.read("/no/such/route")
        told = counted(served)
    route = "/api/v1/agents/{agent}/risk"
    assert told["boyd_api_requests_total", route, "2xx"] == 1
    assert told["boyd_api_requests_total", route, "4xx"] == 1
    assert told["boyd_api_requests_total", "4xx", "other"] == 2
    assert told["boyd_api_refused_total", "unknown"] >= 2
    assert told["boyd_work", "waiting"] == 0
    assert told["boyd_stream_clients",] == 0

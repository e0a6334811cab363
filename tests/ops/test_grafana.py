"""The Grafana dashboard: written from the list of panels, and asking for nothing that is not told."""

import json
import re

from agent.serve.metrics.table import DURATIONS, METRICS, OWN
from scripts import grafana
from tests.ops.test_rules import RULES

PROCESS = {"boyd_process_resident_memory_bytes", "boyd_process_cpu_seconds_total", "boyd_scrape_seconds"}
NAMES = {each.name for each in METRICS} | {each.name for each in OWN} | PROCESS
NAMES |= {f"{each.name}{part}" for each in DURATIONS for part in ("_bucket", "_sum", "_count")}


def test_the_dashboard_is_the_list_of_panels() -> None:
    made = json.dumps(grafana.dashboard(), indent=2) + "\n"
    assert grafana.TARGET.read_text() == made, "run: .venv/bin/python -m scripts.grafana"


def test_panels_have_ids_of_their_own_and_lie_beside_one_another() -> None:
    panels = grafana.dashboard()["panels"]
    ids = [each["id"] for each in panels]
    assert len(set(ids)) == len(ids)
    covered: set[tuple[int, int]] = set()
    for each in panels:
        place = each["gridPos"]
        assert place["x"] + place["w"] <= grafana.WIDTH, each["title"]
        cells = {
            (place["x"] + right, place["y"] + down)
            for right in range(place["w"])
            for down in range(place["h"])
        }
        assert not cells & covered, each["title"]
        covered |= cells


def test_queries_and_alerts_name_metrics_that_are_told() -> None:
    for text in (*grafana.queries(), RULES.read_text()):
        named = set(re.findall(r"\bboyd_[a-z0-9_]+", text))
        assert named <= NAMES, named - NAMES


def test_most_of_what_is_told_is_drawn() -> None:
    drawn = {name for text in grafana.queries() for name in re.findall(r"\bboyd_[a-z0-9_]+", text)}
    told = {each.name for each in METRICS}
    assert told - drawn == {
        "boyd_agent_info", "boyd_state", "boyd_paused", "boyd_last_cycle_timestamp_seconds",
        "boyd_orders_intended_total", "boyd_stream_connected", "boyd_stream_malformed_total",
        "boyd_journal_rows",
    }  # fmt: skip

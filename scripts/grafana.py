"""Writes ops/grafana/boyd.json, a Grafana dashboard of the metrics, from the list of panels here.

A test holds the file to the list, and asks a real Prometheus every query of it. After a change:
`python -m scripts.grafana`.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

TARGET = Path(__file__).resolve().parent.parent / "ops" / "grafana" / "boyd.json"
WIDTH = 24
HEIGHT = 7
SOURCE = {"type": "prometheus", "uid": "${source}"}


Query = tuple[str, str]
"""A query and its legend."""


class Panel(NamedTuple):
    """One panel: its title, its unit as Grafana names it, its queries, its width and its kind."""

    title: str
    unit: str
    queries: tuple[Query, ...]
    width: int = 8
    kind: str = "timeseries"


class Row(NamedTuple):
    """A row of panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


CHOSEN = '{agent=~"$agent"}'
SPAN = "[$__rate_interval]"


def value(name: str, *labels: str, text: str = "") -> Query:
    """Return a metric as it stands, a line for each set of labels."""
    return f"boyd_{name}{CHOSEN}", _legend(labels, text)


def rate(name: str, *labels: str, how: str = "rate", text: str = "") -> Query:
    """Return how fast a counter rises, summed by labels."""
    by = ", ".join(("agent", *labels))
    return f"sum by ({by}) ({how}(boyd_{name}{CHOSEN}{SPAN}))", _legend(labels, text)


def quantile(part: float, name: str, text: str) -> Query:
    """Return the duration that so many of all stay below."""
    rates = f"sum by (agent, le) (rate(boyd_{name}_bucket{CHOSEN}{SPAN}))"
    return f"histogram_quantile({part}, {rates})", _legend((), text)


def own(query: str, text: str) -> Query:
    """Return a query of the server, which belongs to no agent."""
    return query, text


def stat(title: str, name: str, unit: str = "short") -> Panel:
    """Return a small panel with one number an agent."""
    return Panel(title, unit, (value(name),), 4, "stat")


def _legend(labels: tuple[str, ...], text: str) -> str:
    return " ".join(["{{agent}}", *(f"{{{{{each}}}}}" for each in labels), *([text] if text else [])])


ROWS: tuple[Row, ...] = (
    Row("Now", (
        stat("Running", "agent_up", "bool_on_off"),
        Panel("Alarms", "short", ((f"sum by (agent) (boyd_alarm{CHOSEN})", "{{agent}}"),), 4, "stat"),
        stat("Kill switch", "kill_switch", "bool_on_off"),
        stat("Orders in doubt", "orders_in_doubt"),
        stat("Equity", "equity"),
        stat("Profit today", "profit_today"),
    )),
    Row("Money", (
        Panel("Equity and cash", "short", (value("equity", text="equity"), value("cash", text="cash"))),
        Panel("Loss of the day", "short", (value("loss_today"), value("loss_today_limit", text="limit"))),
        Panel("Drawdown", "percentunit",
              (value("drawdown_ratio"), value("drawdown_limit_ratio", text="limit"))),
        Panel("Exposure and positions", "short",
              (value("exposure", text="exposed"), value("positions", text="positions"))),
        Panel("Rules: share that is used", "percentunit", (value("rule_used_ratio", "rule"),), 8, "bargauge"),
        Panel("Closed trades", "short", (value("trades_total", "result"),)),
    )),
    Row("The loop", (
        Panel("Cycles a second", "cps", (rate("cycles_total", "outcome"),)),
        Panel("Time of a cycle", "s",
              (quantile(0.5, "cycle_seconds", "median"), quantile(0.99, "cycle_seconds", "p99"))),
        Panel("From decision to wire", "s", (quantile(0.99, "decision_to_wire_seconds", "p99"),)),
        Panel("Age of the last cycle", "s",
              (value("last_cycle_age_seconds"), value("interval_seconds", text="interval"))),
        Panel("Vetoes", "short", (rate("vetoes_total", "rule", how="increase"),)),
        Panel("Orders", "short", (value("orders_open", "status"), value("orders_done_total", "status"))),
    )),
    Row("Data", (
        Panel("Source of the data", "bool_on_off", (value("data_source", "symbol", "source"),)),
        Panel("Breakers", "bool_on_off", (value("breaker_open", "provider"),)),
        Panel("Time since a provider served", "s", (value("provider_age_seconds", "provider"),)),
        Panel("Stream: gap", "s", (value("stream_gap_seconds", "provider"),)),
        Panel("Stream: messages a second", "mps", (rate("stream_messages_total", "provider"),)),
        Panel("Stream: reconnects and drops", "short", (
            rate("stream_reconnects_total", "provider", how="increase", text="reconnects"),
            rate("stream_dropped_total", "provider", how="increase", text="drops"),
        )),
    )),
    Row("Journal and server", (
        Panel("Journal", "bytes", (value("journal_bytes"),)),
        Panel("Rows the server has not read", "short", (value("mirror_behind_rows"),)),
        Panel("Disk", "bytes", (own("boyd_disk_free_bytes", "free"),)),
        Panel("Calls a second", "reqps",
              (own(f"sum by (code) (rate(boyd_api_requests_total{SPAN}))", "{{code}}"),)),
        Panel("Calls refused", "short",
              (own(f"sum by (kind) (increase(boyd_api_refused_total{SPAN}))", "{{kind}}"),)),
        Panel("Clients, memory, processor", "short", (
            own("boyd_stream_clients", "stream clients"),
            own("boyd_process_resident_memory_bytes / 1e6", "MB"),
            own(f"rate(boyd_process_cpu_seconds_total{SPAN})", "cores"),
            own("boyd_scrape_seconds", "seconds of a scrape"),
        )),
    )),
)  # fmt: skip


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    top = 0
    for row in ROWS:
        panels.append(_heading(row.title, len(panels) + 1, top))
        top += 1
        left = 0
        for panel in row.panels:
            if left + panel.width > WIDTH:
                left, top = 0, top + HEIGHT
            panels.append(_panel(panel, len(panels) + 1, left, top))
            left += panel.width
        top += HEIGHT
    return {
        "title": "Boyd",
        "uid": "boyd",
        "schemaVersion": 36,
        "editable": True,
        "refresh": "15s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "tags": ["boyd"],
        "templating": {"list": [_source(), _agents()]},
        "panels": panels,
    }


def _heading(title: str, number: int, top: int) -> dict[str, Any]:
    place = {"h": 1, "w": WIDTH, "x": 0, "y": top}
    return {"type": "row", "id": number, "title": title, "collapsed": False, "gridPos": place, "panels": []}


def _panel(panel: Panel, number: int, left: int, top: int) -> dict[str, Any]:
    return {
        "type": panel.kind,
        "id": number,
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": {"h": HEIGHT, "w": panel.width, "x": left, "y": top},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "options": {},
        "targets": [
            {"refId": chr(ord("A") + place), "expr": query, "legendFormat": legend, "datasource": SOURCE}
            for place, (query, legend) in enumerate(panel.queries)
        ],
    }


def _source() -> dict[str, Any]:
    return {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _agents() -> dict[str, Any]:
    return {
        "name": "agent",
        "label": "Agent",
        "type": "query",
        "datasource": SOURCE,
        "query": "label_values(boyd_agent_up, agent)",
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def queries() -> list[str]:
    """Return every query as Prometheus is asked it: of all agents, over a minute."""
    texts = [query for row in ROWS for panel in row.panels for query, _ in panel.queries]
    return [text.replace("$agent", ".*").replace("$__rate_interval", "1m") for text in texts]


def main() -> None:
    """Write the file."""
    TARGET.write_text(json.dumps(dashboard(), indent=2) + "\n")


if __name__ == "__main__":
    main()

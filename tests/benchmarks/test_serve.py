"""The benchmarks of the server measure what they say, on a small scale."""

from pathlib import Path

import pytest

from benchmarks.serve import latency, routes


def test_the_age_of_events_is_measured_at_real_clients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latency, "SECONDS", 1.5)
    monkeypatch.setattr(latency, "COUNTS", (3,))
    figures = {figure.name: figure.median for figure in latency.latency(tmp_path).figures}
    assert figures["3 clients: events"] > 0
    assert 0 < figures["3 clients: age of an event, p50"] <= figures["3 clients: age of an event, p99"]
    assert figures["3 clients: let go"] == 0


def test_every_reading_route_answers_on_a_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "CYCLES", 300)
    monkeypatch.setattr(routes, "ASKED", 2)
    names = {figure.name for figure in routes.routes(tmp_path).figures}
    assert {f"{path or '/'}: p99" for path in routes.PATHS} <= names

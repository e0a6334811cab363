"""The jobs over HTTP: listed, asked for, paused and resumed, with what a run printed."""

import time
from collections.abc import Iterator

import pytest

from tests.serve.asking import ask
from tests.serve.served import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as made:
        yield made


def test_the_jobs_are_listed_with_their_schedules(served: Served) -> None:
    jobs = {job["name"]: job for job in served.read("/api/v1/jobs").json}
    assert jobs["verify"]["schedule"] == "20 3 * * *"
    assert jobs["verify"]["state"] == "waiting"
    assert served.read("/api/v1/jobs/nosuch").status == 404


def test_a_run_is_asked_for_done_and_its_output_read(served: Served) -> None:
    asked = served.trade("POST", "/api/v1/jobs/verify/run", body={})
    assert asked.status == 200
    until = time.monotonic() + 60
    while not ((runs := served.read("/api/v1/jobs/verify").json["runs"]) and runs[0]["outcome"]):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert (runs[0]["outcome"], runs[0]["by"]) == ("done", "api:trade")
    output = served.read(f"/api/v1/jobs/verify/output?slot={runs[0]['slot']}")
    assert (output.status, output.json["said"]) == (200, "")
    assert served.read("/api/v1/jobs/verify/output?slot=yesterday").status == 422


def test_a_pause_and_its_reason_are_kept_until_it_is_resumed(served: Served) -> None:
    paused = served.trade("POST", "/api/v1/jobs/anchor/pause", body={"reason": "new disk"}).json["job"]
    assert (paused["state"], paused["paused_by"], paused["paused_why"]) == ("paused", "api:trade", "new disk")
    assert served.trade("POST", "/api/v1/jobs/anchor/resume", body={}).json["job"]["state"] == "waiting"


def test_who_may_only_read_runs_and_pauses_nothing(served: Served) -> None:
    for what in ("run", "pause", "resume"):
        at = f"/api/v1/jobs/verify/{what}"
        assert ask(served.url, "POST", at, token=served.tokens.read, body={}).status == 403
        assert served.trade("POST", at.replace("verify", "nosuch"), body={}).status == 404

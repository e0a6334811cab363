"""A real Prometheus beside a real server: it scrapes with a token file, and every query finds something."""

import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.answers.account import StreamRow, Timing, Vitals
from agent.host.stopwatch import BOUNDS
from agent.serve.fleet.watched import Watched
from scripts import grafana
from tests.agent.command import agent
from tests.ops.test_rules import FOLDER, alerts
from tests.serve.served import Served, serving
from tests.shared import free_port, of_the_system

SECONDS = 60.0
TIMING = Timing(bounds=list(BOUNDS), counts=[5] * (len(BOUNDS) + 1), seconds=100.0)
STREAM = StreamRow(
    connected=True, live=True, messages=70, malformed=2, dropped=3, revised=0, reconnects=4,
    message_age=0.5, backfills=1, backfill_failures=0,
)  # fmt: skip
LIVE_ONLY = Vitals(streams={"binance_stream": STREAM}, timings={"cycle": TIMING, "decision_to_wire": TIMING})
"""What a running agent on an exchange tells; the one here has ended."""

NEVER = ("boyd_last_cycle_age_seconds", "boyd_interval_seconds")
"""Of a market that says itself what time it is nothing is late."""


class Prometheus:
    """A Prometheus that scrapes one server with its token, and once without a good one."""

    def __init__(self, folder: Path, served: Served) -> None:
        self.port = free_port()
        config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(FOLDER / "boyd.rules.yml")]
        job = config["scrape_configs"][0]
        job["authorization"]["credentials_file"] = str(served.home.root / "api-read.token")
        job["static_configs"][0]["targets"] = [urllib.parse.urlsplit(served.url).netloc]
        stranger = {**job, "job_name": "stranger", "authorization": {"credentials": "guessed"}}
        config["scrape_configs"].append(stranger)
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self.log = (folder / "log").open("w+")
        self.process = subprocess.Popen(
            [
                of_the_system("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn",
            ],
            cwd=folder, stdout=self.log, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def ask(self, path: str, **query: str) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            return json.load(answer)["data"]

    def series(self, query: str) -> list[Any]:
        return list(self.ask("query", query=query)["result"])

    def until(self, query: str) -> list[Any]:
        """Return what a query finds, once it finds something."""
        due = time.monotonic() + SECONDS
        while time.monotonic() < due and self.process.poll() is None:
            try:
                if found := self.series(query):
                    return found
            except OSError:
                pass  # it begins
            time.sleep(0.1)
        self.log.seek(0)
        raise AssertionError(f"{query} found nothing:\n{self.log.read()}")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    of_the_system("prometheus")
    home = tmp_path_factory.mktemp("home")
    agent(home, "run", "--provider", "simulated", "--speed", "max", "--cycles", "150")
    agent(home, "kill", "--reason", "a test")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Watched, "vitals", LIVE_ONLY)
        with serving(home) as served:
            made = Prometheus(tmp_path_factory.mktemp("prometheus"), served)
            try:
                made.until("count_over_time(boyd_agent_up[1m]) > 1")  # a rate needs two
                yield made
            finally:
                made.close()


def test_it_scrapes_with_the_read_token_and_is_refused_without(prometheus: Prometheus) -> None:
    assert prometheus.series('up{job="boyd"}')[0]["value"][1] == "1"
    assert prometheus.until('up{job="stranger"} == 0')
    assert prometheus.until('boyd_api_refused_total{kind="token"} > 0')


def test_every_query_of_the_dashboard_finds_something(prometheus: Prometheus) -> None:
    for query in grafana.queries():  # a rate needs two scrapes that tell of it
        assert query.startswith(NEVER) or prometheus.until(query)


def test_every_rule_is_evaluated_and_what_is_amiss_raises_its_alert(prometheus: Prometheus) -> None:
    assert prometheus.until('ALERTS{alertname="BoydKillSwitch", alertstate="firing"}')
    rules = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in rules} == {each["alert"] for each in alerts()}
    assert {rule["health"] for rule in rules} == {"ok"}
    firing = {each["metric"]["alertname"] for each in prometheus.series('ALERTS{alertstate="firing"}')}
    assert "BoydServeDown" not in firing

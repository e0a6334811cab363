"""The alert rules: understood, firing where they should, and each leading to what is to be done."""

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.shared import ROOT, of_the_system

FOLDER = ROOT / "ops" / "prometheus"
RULES = FOLDER / "boyd.rules.yml"
TESTS = FOLDER / "boyd.rules.test.yml"
RUNBOOK = ROOT / "docs" / "runbook.md"


def alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def promtool(*words: str) -> str:
    command = [of_the_system("promtool"), *words]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_understands_the_rules_and_the_configuration() -> None:
    assert f"{len(alerts())} rules found" in promtool("check", "rules", RULES.name)
    promtool("check", "config", "--syntax-only", "prometheus.yml")


def test_each_alert_fires_in_simulated_time_where_it_should() -> None:
    assert "SUCCESS" in promtool("test", "rules", TESTS.name)


def test_no_alert_is_without_a_test_of_its_own() -> None:
    told = set(re.findall(r'alertname[:=] ?"?(Boyd\w+)', TESTS.read_text()))
    assert told == {each["alert"] for each in alerts()}


def test_each_alert_says_what_it_is_and_leads_to_a_heading_of_the_runbook() -> None:
    names = [each["alert"] for each in alerts()]
    assert len(set(names)) == len(names)
    known = anchors(RUNBOOK)
    for each in alerts():
        page, _, heading = each["annotations"]["runbook"].partition("#")
        assert page == "docs/runbook.md", each["alert"]
        assert heading in known, f"{each['alert']} leads to #{heading}"
        assert each["annotations"]["summary"], each["alert"]
        assert each["labels"]["severity"] in ("critical", "warning"), each["alert"]


def test_the_runbook_names_each_alert_under_the_heading_it_leads_to_and_no_other() -> None:
    wanted = {each["alert"]: each["annotations"]["runbook"].partition("#")[2] for each in alerts()}
    told: dict[str, str] = {}
    heading = ""
    for line in RUNBOOK.read_text().splitlines():
        if line.startswith("#"):
            heading = re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-")
        for name in re.findall(r"`(Boyd\w+)`", line):
            told[name] = heading
    assert told == wanted

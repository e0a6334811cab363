"""A day of the rodage: every promise is kept, with all on and whatever the plan does to the agent."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from scripts.rodage.judge import _slope
from scripts.rodage.plan import DAY, Stroke, plan_of
from tests.shared import ROOT

PROMISES = 12


@pytest.mark.parametrize("days", [1, 7])
def test_the_plan_strikes_in_every_way_and_its_outage_lasts_two_hours(days: int) -> None:
    plan = plan_of(days)
    count = Counter(each.stroke for each in plan.strokes)
    assert (count[Stroke.KILL], count[Stroke.RESTORE]) == (5, 2)
    assert all(count[each] == 1 for each in Stroke if each not in (Stroke.KILL, Stroke.RESTORE))
    assert sum(plan.outage(minute) for minute in range(days * DAY)) == 120


def test_a_process_that_grows_has_a_slope() -> None:
    hour, points = 3_600_000, range(12)
    assert _slope([(at * hour, 80_000_000) for at in points]) == 0
    assert _slope([(at * hour, 80_000_000 + at * 1_000_000) for at in points]) == pytest.approx(24.0)


@pytest.mark.long
def test_a_day_keeps_every_promise(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "scripts.rodage", "--days", "1", "--keep", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    verdict = [line for line in run.stdout.splitlines() if line.startswith(("kept", "NOT KEPT"))]
    assert run.returncode == 0, "\n".join([*verdict, run.stderr[-2000:]])
    assert len(verdict) == PROMISES
    assert all(line.startswith("kept") for line in verdict)
    assert "1319 of 1319" in run.stdout

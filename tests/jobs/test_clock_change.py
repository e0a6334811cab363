"""Schedulers as real processes while the clocks of a time zone are set: no slot is lost, none done twice."""

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.answers.jobs import JobRun, RunOutcome
from agent.jobs.opening import open_store
from agent.settings.home import Home
from agent.settings.upkeep.jobs import JobsSettings
from tests.jobs.quick import FAST, named
from tests.jobs.test_killed import Rig, rig

DAILY, AFTER, TENS = "30 2 * * *@Europe/Berlin", "0 3 * * *@Europe/Berlin", "*/10 * * * *@Europe/Berlin"
RULES = (DAILY, AFTER, TENS)
BEFORE, LASTS = timedelta(seconds=40), timedelta(seconds=150)
TEN = timedelta(minutes=10)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


SPRING = [utc(2026, 3, 29, 0, 30), utc(2026, 3, 29, 1, 0)]
"""01:30 in Berlin, and 02:00, which is 03:00."""

AUTUMN = [utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30), utc(2026, 10, 25, 2, 0)]
"""02:30 in Berlin, 02:30 once more, and 03:00."""


@pytest.mark.parametrize(
    ("instants", "daily", "after"),
    [(SPRING, SPRING[1:], SPRING[1:]), (AUTUMN, AUTUMN[:1], AUTUMN[2:])],
    ids=["spring", "autumn"],
)
def test_two_processes_one_killed_do_each_slot_once_where_clocks_are_set(
    tmp_path: Path, instants: list[datetime], daily: list[datetime], after: list[datetime]
) -> None:
    store = open_store(Home(tmp_path / "home"))
    with closing(store.database):  # before any process, however long it takes to begin
        store.define([named(each).definition(JobsSettings()) for each in RULES], instants[0] - BEFORE)
    with rig(tmp_path) as made:
        for instant in instants:
            _lived(made, instant)
        runs = _runs(tmp_path / "home")
        assert [run.slot for run in runs[DAILY]] == daily
        assert [run.slot for run in runs[AFTER]] == after
        begun = [run.since or run.slot for run in runs[TENS]]
        assert begun == [instants[0], *(run.slot + TEN for run in runs[TENS][:-1])], "none is lost"
        assert runs[TENS][-1].slot >= instants[-1]
        every = [run for each in runs.values() for run in each]
        assert {run.outcome for run in every} == {RunOutcome.DONE}
        assert len(made.marks("done")) == len(every), "none was done twice"


def _lived(made: Rig, instant: datetime) -> None:
    """Live through an instant with two processes, one of which is killed a moment after it."""
    made.zero = time.monotonic()
    start = instant - BEFORE
    first, second = (made.begin(start=start, rules=RULES) for _ in range(2))
    made.wait(lambda: _clock(made, start) > instant + timedelta(seconds=5))
    first.kill()
    first.wait()
    made.wait(lambda: _clock(made, start) > start + LASTS and _idle(made, _clock(made, start)))
    second.kill()
    second.wait()


def _idle(made: Rig, now: datetime) -> bool:
    """Say whether all that is due was done, also where the processes took their time to begin."""
    store = open_store(Home(made.folder / "home"))
    with closing(store.database):
        due = min(job.due for job in store.kept())
    return due > now and all(run.ended for run in made.runs())


def _clock(made: Rig, start: datetime) -> datetime:
    return start + timedelta(seconds=(time.monotonic() - made.zero) * FAST)


def _runs(home: Path) -> dict[str, list[JobRun]]:
    store = open_store(Home(home))
    with closing(store.database):
        return {job.name: store.runs(job)[::-1] for job in store.kept()}

"""Jobs and runs as they are kept, claimed and lost."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from agent.answers.jobs import JobRun, RunOutcome
from agent.settings.schedule import Schedule
from domain.times import utc

JOB = (
    "SELECT scope, name, rule, zone, grace, enabled, due, paused, paused_by, paused_why, asked, asked_by "
    "FROM jobs"
)

RUN = "SELECT slot, outcome, began, ended, attempt, since, asked_by, owner, said, lease FROM runs"


class Definition(NamedTuple):
    """A job as code and settings have it. A `local` one is done in every home that shares a server."""

    name: str
    schedule: Schedule
    grace: timedelta
    on: bool
    local: bool = False


class KeptJob(NamedTuple):
    """A job as it is kept."""

    scope: str
    name: str
    schedule: Schedule
    grace: timedelta
    on: bool
    due: datetime
    paused: datetime | None
    paused_by: str
    paused_why: str
    asked: datetime | None
    asked_by: str


class Claimed(NamedTuple):
    """A run that is ours to do: the job, the slot it is about, and since when it was due."""

    scope: str
    name: str
    slot: datetime
    owner: str
    attempt: int
    since: datetime | None = None
    by: str = ""


class LostRun(NamedTuple):
    """A run that is made up for by nobody: it was missed, or cut off, for longer than its grace."""

    name: str
    slot: datetime
    outcome: RunOutcome


class Claims(NamedTuple):
    """The runs that are ours now, and those that were lost."""

    claimed: list[Claimed]
    lost: list[LostRun]


def instant(value: int | None) -> datetime | None:
    """Return an instant of a row, None for none."""
    return None if value is None else utc(value)


def job_of(row: Sequence[Any]) -> KeptJob:
    """Return the job of a row of `JOB`."""
    scope, name, rule, zone, grace, on, due, paused, paused_by, paused_why, asked, asked_by = row
    return KeptJob(
        *(scope, name, Schedule(rule, zone), timedelta(milliseconds=grace), bool(on), utc(due)),
        *(instant(paused), paused_by, paused_why, instant(asked), asked_by),
    )


def run_of(row: Sequence[Any]) -> JobRun:
    """Return the run of a row of `RUN`."""
    slot, outcome, began, ended, attempt, since, by, owner, text, _ = row
    return JobRun(
        slot=utc(slot),
        outcome=RunOutcome(outcome) if outcome else None,
        began=utc(began),
        ended=instant(ended),
        attempt=attempt,
        since=instant(since),
        by=by,
        owner=owner,
        said=text,
    )

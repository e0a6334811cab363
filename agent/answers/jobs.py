"""Answers on the jobs of a home: each job, and its runs."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class JobState(StrEnum):
    """The states of a job: waiting for its hour, at work, overdue, held by a person, or switched off."""

    WAITING = "waiting"
    RUNNING = "running"
    OVERDUE = "overdue"
    PAUSED = "paused"
    OFF = "off"


class RunOutcome(StrEnum):
    """The ends of a run: done, failed, missed (made up for too late), cut off (not taken up in time)."""

    DONE = "done"
    FAILED = "failed"
    MISSED = "missed"
    CUT_OFF = "cut_off"


class JobRun(Struct, frozen=True, kw_only=True):
    """One run. `slot` is the instant it was due and is about; `since` the first one it makes up for.

    `outcome` is None while it is under way, or cut off and not yet taken up. `by` is who asked for it, ""
    where the schedule did. `attempt` is above 1 where a run was cut off and begun anew.
    """

    slot: datetime
    outcome: RunOutcome | None
    began: datetime
    ended: datetime | None = None
    attempt: int = 1
    since: datetime | None = None
    by: str = ""
    owner: str = ""
    said: str = ""


class JobRow(Struct, frozen=True, kw_only=True):
    """A job: its schedule, when it is due next, who holds it, and its last run. `setting` switches it on."""

    name: str
    what: str
    state: JobState
    on: bool
    schedule: str
    zone: str
    grace_minutes: int
    setting: str
    due: datetime | None = None
    paused_by: str = ""
    paused_why: str = ""
    asked_by: str = ""
    last: JobRun | None = None


class JobAnswer(Struct, frozen=True, kw_only=True):
    """A job with its latest runs, newest first."""

    job: JobRow
    runs: list[JobRun]


class JobOutput(Struct, frozen=True, kw_only=True):
    """The output of a run, as far as it is kept: what it printed and what it said on its error output."""

    name: str
    slot: datetime
    printed: str
    said: str


class JobRan(Struct, frozen=True, kw_only=True):
    """A run that was asked for here, and its output."""

    name: str
    run: JobRun
    printed: str
    said: str

"""The jobs as people see them: each with its schedule, when it is due, who holds it, and its last runs."""

from datetime import datetime, timedelta

from agent.answers.jobs import JobAnswer, JobOutput, JobRow, JobRun, JobState
from agent.jobs.catalogue import BY_NAME, JOBS, JobEntry
from agent.jobs.kept import KeptJob
from agent.jobs.opening import FILE, open_store
from agent.jobs.run import RunFiles
from agent.jobs.store import JobStore
from agent.settings.home import Home
from agent.settings.upkeep.jobs import JobsSettings
from domain.errors import BadInput
from domain.times import millis, utc

LATE = timedelta(minutes=10)
"""How long a job may be due before nobody seems to do it."""


def named_job(name: str) -> JobEntry:
    """Return a job of the table. Raises BadInput, naming those there are."""
    if name not in BY_NAME:
        raise BadInput(f"job {name[:80]}: there is none of that name; there are: {', '.join(BY_NAME)}")
    return BY_NAME[name]


def listed(home: Home, settings: JobsSettings, now: datetime) -> list[JobRow]:
    """Return every job of a home, without making anything where no job was ever due."""
    if not home.server and not (home.root / FILE).is_file():
        return rows(None, settings, now)
    store = open_store(home)
    try:
        return rows(store, settings, now)
    finally:
        store.database.close()


def rows(store: JobStore | None, settings: JobsSettings, now: datetime) -> list[JobRow]:
    """Return every job of the table, as settings and the store have it."""
    kept = {job.name: job for job in store.kept()} if store else {}
    last = {name: store.runs(job, 1) for name, job in kept.items()} if store else {}
    return [row(job, settings, kept.get(job.name), last.get(job.name, []), now) for job in JOBS]


def row(
    job: JobEntry, settings: JobsSettings, kept: KeptJob | None, runs: list[JobRun], now: datetime
) -> JobRow:
    """Return one job."""
    given = job.definition(settings)
    due = kept.due if kept and kept.schedule == given.schedule else given.schedule.next(now)
    return JobRow(
        name=job.name,
        what=job.what,
        state=_state(given.on, kept, runs, now),
        on=given.on,
        schedule=given.schedule.rule,
        zone=given.schedule.zone,
        grace_minutes=round(given.grace.total_seconds() / 60),
        setting=f"jobs.{job.name}.on",
        due=due if given.on and not (kept and kept.paused) else None,
        paused_by=kept.paused_by if kept else "",
        paused_why=kept.paused_why if kept else "",
        asked_by=kept.asked_by if kept else "",
        last=runs[0] if runs else None,
    )


def _state(on: bool, kept: KeptJob | None, runs: list[JobRun], now: datetime) -> JobState:  # noqa: FBT001 -- as set
    if kept and kept.paused:
        return JobState.PAUSED
    if runs and runs[0].outcome is None:
        return JobState.RUNNING
    if not on:
        return JobState.OFF
    return JobState.OVERDUE if kept and kept.on and now - kept.due > LATE else JobState.WAITING


def answer(store: JobStore, name: str, settings: JobsSettings, now: datetime, count: int) -> JobAnswer:
    """Return a job with its latest runs. Raises BadInput where there is no such job."""
    job = named_job(name)
    kept = next((each for each in store.kept() if each.name == name), None)
    runs = store.runs(kept, count) if kept else []
    return JobAnswer(job=row(job, settings, kept, runs, now), runs=runs)


def output(home: Home, name: str, slot: datetime) -> JobOutput:
    """Return the output of a run, as far as it is kept."""
    files = RunFiles(home, named_job(name).name, slot)
    return JobOutput(name=name, slot=slot, printed=files.text("out"), said=files.text("err"))


def slot_of(text: str) -> datetime:
    """Return a slot from its text in ISO form. Raises BadInput."""
    try:
        instant = datetime.fromisoformat(text)
        return utc(millis(instant))
    except ValueError:
        raise BadInput(f"slot {text[:80]}: not an instant such as 2026-11-29T23:00:00Z") from None

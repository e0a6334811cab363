"""The work of `agent jobs ...`."""

import getpass
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from agent.answers.jobs import JobAnswer, JobRan, JobRow, JobRun, JobState, RunOutcome
from agent.cli.options import home_of
from agent.cli.output.streams import answer, mention
from agent.host.clock import SystemClock
from agent.jobs.catalogue import JOBS
from agent.jobs.database import JobsFault
from agent.jobs.listing import answer as job_answer
from agent.jobs.listing import listed, named_job, output
from agent.jobs.opening import Changing, open_store, owner, telling
from agent.jobs.scheduler import BUSY_SECONDS, LEASE, Scheduler
from agent.jobs.store import JobStore
from agent.settings.home import Busy, Home
from agent.settings.upkeep.reading import upkeep
from domain.errors import LocalFault

SHOWN_LINES = 20
WIDEST = 60


def list_jobs(home: Path | None, *, json: bool) -> None:
    """Print a line for each job."""
    there = home_of(home)
    answer(_listed(there), _lines, json=json)


def _listed(home: Home) -> list[JobRow]:
    try:
        return listed(home, upkeep(home).jobs, SystemClock().now())
    except JobsFault as fault:
        raise LocalFault(str(fault)) from None


def _lines(rows: Sequence[JobRow]) -> Iterator[str]:
    width, when = max(len(each.name) for each in rows), max(len(_when(each)) for each in rows)
    for each in rows:
        yield f"{each.name:<{width}}  {each.state:<8} {_when(each):<{min(when, WIDEST)}}  {_last(each.last)}"
    if any(each.state is JobState.OVERDUE for each in rows):
        yield "overdue: nobody does the jobs of this home; start agent serve, or agent serve --without-http"


def _when(row: JobRow) -> str:
    if row.state is JobState.PAUSED:
        why = f": {row.paused_why}" if row.paused_why else ""
        return f"by {row.paused_by}{why}"
    if row.state is JobState.OFF:
        return f"switch it on with {row.setting} = true"
    return f"{row.schedule} {row.zone}, next {_minute(row.due)}" if row.due else ""


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z" if at else "never"


def _last(run: JobRun | None) -> str:
    if run is None:
        return "no run yet"
    outcome = run.outcome or "running"
    return f"{outcome} {_minute(run.slot)}" + (f": {run.said}" if run.said else "")


def show_job(home: Path | None, name: str, runs: int, *, json: bool) -> None:
    """Print a job with its runs."""
    there = home_of(home)
    named_job(name)
    with closing(_opened(there)) as opened:
        report = job_answer(opened.store, name, upkeep(there).jobs, SystemClock().now(), runs)
    answer(report, lambda it: _shown(there, it), json=json)


def _shown(home: Home, report: JobAnswer) -> Iterator[str]:
    job = report.job
    yield f"{job.name}: {job.what}"
    yield f"{job.state}, {job.schedule} {job.zone}, next {_minute(job.due)}, made up for within {_grace(job)}"
    for run in report.runs:
        yield f"  {_last(run)}" + (f" (asked by {run.by})" if run.by else "")
    if report.runs:
        yield from _output(home, job.name, report.runs[0].slot)


def _grace(job: JobRow) -> str:
    hours, minutes = divmod(job.grace_minutes, 60)
    return f"{hours} h" if not minutes else f"{job.grace_minutes} min"


def _output(home: Home, name: str, slot: datetime) -> Iterator[str]:
    kept = output(home, name, slot)
    for text in (kept.said, kept.printed):
        lines = text.splitlines()
        yield from (f"  | {line}" for line in lines[-SHOWN_LINES:])


class _Opened:
    """The jobs of a home, opened for one command, every job in it."""

    def __init__(self, home: Home) -> None:
        self.settings = Changing(home)
        self.store: JobStore = open_store(home)
        self.store.define([job.definition(self.settings()) for job in JOBS], SystemClock().now())

    def close(self) -> None:
        """Close it."""
        self.store.database.close()


def _opened(home: Home) -> _Opened:
    home.make()
    try:
        return _Opened(home)
    except JobsFault as fault:
        raise LocalFault(str(fault)) from None


def _by() -> str:
    with suppress(Exception):  # a user without a name
        return f"terminal:{getpass.getuser()}"
    return "terminal"


def pause_job(home: Path | None, name: str, reason: str, *, json: bool) -> None:
    """Hold a job."""
    there, clock = home_of(home), SystemClock()
    named_job(name)
    with closing(_opened(there)) as opened:
        opened.store.pause(name, _by(), reason.strip(), clock.now())
        report = job_answer(opened.store, name, opened.settings(), clock.now(), 1)
    answer(report, lambda it: [f"{name} is paused until: agent jobs resume {it.job.name}"], json=json)


def resume_job(home: Path | None, name: str, *, json: bool) -> None:
    """Let a job go on."""
    there, clock = home_of(home), SystemClock()
    named_job(name)
    with closing(_opened(there)) as opened:
        opened.store.resume(name, clock.now())
        report = job_answer(opened.store, name, opened.settings(), clock.now(), 1)
    answer(report, _resumed, json=json)


def _resumed(report: JobAnswer) -> Iterator[str]:
    job = report.job
    yield f"{job.name} goes on, next {_minute(job.due)}" if job.on else f"{job.name} is {_when(job)}"


def run_job(home: Path | None, name: str, *, json: bool) -> None:
    """Run a job in this process, and wait for it; exit 1 where it failed."""
    there, clock = home_of(home), SystemClock()
    named_job(name)
    with closing(_opened(there)) as opened:
        report = _ran(there, opened, name, clock)
    answer(report, _ran_lines, json=json)
    if report.run.outcome is not RunOutcome.DONE:
        sys.exit(1)


def _ran(home: Home, opened: _Opened, name: str, clock: SystemClock) -> JobRan:
    claimed = opened.store.claim_now(name, _by(), clock.now(), owner(), LEASE)
    if claimed is None:
        raise Busy(f"a run of {name} is under way; agent jobs show {name} tells how it ends")
    scheduler = Scheduler(home, clock, opened.store, opened.settings, owner(), telling(home, clock), jobs={})
    try:
        scheduler.take(claimed, named_job(name))
        while scheduler.running:
            clock.sleep(min(0.1, BUSY_SECONDS))
            scheduler.step()
    finally:
        scheduler.close()
    runs = job_answer(opened.store, name, opened.settings(), clock.now(), 50).runs
    run = next(each for each in runs if each.slot == claimed.slot)
    kept = output(home, name, claimed.slot)
    return JobRan(name=name, run=run, printed=kept.printed, said=kept.said)


def _ran_lines(report: JobRan) -> Iterator[str]:
    yield from report.printed.splitlines()
    for line in report.said.splitlines():
        mention(line)
    yield f"{report.name}: {report.run.outcome or 'not ended'}"

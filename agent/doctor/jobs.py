"""The doctor's look at the jobs: whether anybody does them, and how the last runs ended."""

from collections.abc import Iterator

from agent.answers.jobs import JobRow, JobState, RunOutcome
from agent.doctor.check import CheckResult
from agent.jobs.database import JobsFault
from agent.jobs.listing import listed
from agent.settings.home import Home
from agent.settings.problems import BadSettings
from agent.settings.upkeep.reading import upkeep
from domain.errors import BadInput
from domain.ports import Clock

NOBODY = "start agent serve, or agent serve --without-http"


def jobs_of(home: Home, clock: Clock) -> Iterator[CheckResult]:
    """Yield what is to be said of the jobs; settings that cannot be meant were told of by then."""
    try:
        rows = listed(home, upkeep(home).jobs, clock.now())
    except BadSettings:
        return
    except (JobsFault, BadInput) as fault:
        yield CheckResult("jobs", "fail", str(fault), "move the file aside: the jobs begin anew")
        return
    complaints = [*_overdue(rows), *_failed(rows)]
    yield from complaints
    if not complaints:
        on = [row.name for row in rows if row.on]
        paused = [row.name for row in rows if row.state is JobState.PAUSED]
        words = f"none is overdue; on: {', '.join(on) or 'none'}"
        yield CheckResult("jobs", "ok", words + (f"; paused: {', '.join(paused)}" if paused else ""))


def _overdue(rows: list[JobRow]) -> Iterator[CheckResult]:
    late = [row for row in rows if row.state is JobState.OVERDUE and row.due]
    if late:
        words = ", ".join(f"{row.name} since {row.due:%Y-%m-%d %H:%M}Z" for row in late)
        yield CheckResult("jobs", "warn", f"due, and nobody does them: {words}", NOBODY)


def _failed(rows: list[JobRow]) -> Iterator[CheckResult]:
    for row in rows:
        if row.last and row.last.outcome is RunOutcome.FAILED and row.on:
            words = f"failed at {row.last.slot:%Y-%m-%d %H:%M}Z: {row.last.said}"
            yield CheckResult(f"job {row.name}", "warn", words, f"agent jobs show {row.name}")

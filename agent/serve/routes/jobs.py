"""The jobs of the home: when each is due, its runs and their output, and to run, pause and resume one."""

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta, Struct

from agent.answers.jobs import JobAnswer, JobOutput, JobRow
from agent.jobs.catalogue import BY_NAME
from agent.jobs.listing import slot_of
from agent.serve.access.scope import Scope
from agent.serve.asked import KEY, by_of, key_of
from agent.serve.table import API, Asking, Route, unknown


class RunsQuery(Struct, frozen=True, kw_only=True):
    """The runs asked for."""

    runs: Annotated[int, Meta(ge=0, le=50, description="Runs, the latest ones.")] = 20


class OutputQuery(Struct, frozen=True, kw_only=True):
    """The run asked for."""

    slot: Annotated[str, Meta(description="The instant the run is about, such as 2026-11-29T23:00:00Z.")]


class JobAsked(Struct, frozen=True, kw_only=True):
    """A `reason` is kept with a pause; the same `key` again is the same command."""

    reason: str = ""
    key: str = ""


def rows(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> list[JobRow]:
    """Return every job."""
    result: list[JobRow] = asking.jobs.rows()
    return result


def _named(path: dict[str, str]) -> str:
    if path["job"] not in BY_NAME:
        raise unknown(f"job {path['job'][:80]}: there is none of that name; there are: {', '.join(BY_NAME)}")
    return path["job"]


def one(asking: Asking, path: dict[str, str], query: RunsQuery, _body: Any) -> JobAnswer:
    """Return a job with its latest runs."""
    result: JobAnswer = asking.jobs.answer(_named(path), query.runs)
    return result


def output(asking: Asking, path: dict[str, str], query: OutputQuery, _body: Any) -> JobOutput:
    """Return the output of a run."""
    result: JobOutput = asking.jobs.output(_named(path), slot_of(query.slot))
    return result


def run(asking: Asking, path: dict[str, str], _query: Any, body: JobAsked) -> JobAnswer:
    """Ask for a run now."""
    return _once(asking, path, body, "run", lambda name: asking.jobs.ask(name, by_of(asking)))


def pause(asking: Asking, path: dict[str, str], _query: Any, body: JobAsked) -> JobAnswer:
    """Hold a job, over every restart."""
    return _once(
        asking, path, body, "pause", lambda name: asking.jobs.pause(name, by_of(asking), body.reason)
    )


def resume(asking: Asking, path: dict[str, str], _query: Any, body: JobAsked) -> JobAnswer:
    """Let a job go on from its next slot."""
    return _once(asking, path, body, "resume", asking.jobs.resume)


def _once(
    asking: Asking, path: dict[str, str], body: JobAsked, what: str, do: Callable[[str], JobAnswer]
) -> JobAnswer:
    name, key = _named(path), key_of(asking, body)

    def now() -> JobAnswer:
        result: JobAnswer = asking.jobs.answer(name)
        return result

    return asking.keys.once(f"job {name}", key, (what,), lambda: do(name), now)


def _read(path: str, summary: str, answer: Any, handler: Any, **more: Any) -> Route:
    return Route("GET", f"{API}/jobs{path}", Scope.READ, summary, answer, handler, "jobs", **more)


def _told(path: str, summary: str, handler: Any) -> Route:
    at = f"{API}/jobs/{{job}}/{path}"
    return Route("POST", at, Scope.TRADE, summary, JobAnswer, handler, "jobs", body=JobAsked, headers=KEY)


ROUTES = (
    _read("", "Every job: its schedule, when it is due, its last run", list[JobRow], rows),
    _read("/{job}", "One job with its latest runs", JobAnswer, one, query=RunsQuery),
    _read("/{job}/output", "The output of a run, as far as it is kept", JobOutput, output, query=OutputQuery),
    _told("run", "Run a job now, beside its schedule", run),
    _told("pause", "Hold a job, over every restart", pause),
    _told("resume", "Let a job go on from its next slot", resume),
)

"""The work of `agent memory ...`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.answers.memory import MemoryAnswer
from agent.cli.options import home_of
from agent.cli.output.streams import answer
from domain.commands import PromoteLessons, RollBackLessons
from domain.errors import BadInput
from domain.replies import LessonsInForce

REFUSED = 1


def list_memory(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print the set of lessons in force and how it came to be."""
    answer(AccountClient(home_of(home), journal).memory(), _lines, json=json)


def _lines(report: MemoryAnswer) -> Iterator[str]:
    yield f"learned   {report.learned} lessons{_named(report.learned_sha256)}"
    later = "every later one joins" if report.follows else "no later one joins"
    yield f"in force  {_set(report.in_force)}{_named(report.in_force_sha256)}; {later}"
    weights = ", ".join(f"{name} {weight:.4g}" for name, weight in sorted(report.weights.items()))
    yield f"weights   {weights or 'all 1'}"
    for row in report.sets:
        when = f"{row.at:%Y-%m-%dT%H:%M:%S}"
        what = f"{_set(row.lessons)}{', following' if row.follows else ''}"
        yield f"set {row.version:>5} {what} by {row.by}, {when}: {row.reason}"
    yield from _gate_lines(report)


def _set(number: int) -> str:
    return f"lessons 1 to {number}" if number else "no lesson"


def _named(sha256: str) -> str:
    return f" ({sha256[:12]})" if sha256 else ""


def _gate_lines(report: MemoryAnswer) -> Iterator[str]:
    for row in report.rules:
        value = "unknown" if row.value is None else f"{row.value:.6g}"
        yield f"  {'pass' if row.passed else 'FAIL'}    {row.name} {value}, must be {row.limit}"


def dry_promotion(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print what the gate says of the lessons that do not count; exit 1 where it refuses."""
    report = AccountClient(home_of(home), journal).memory()
    if report.follows:
        raise BadInput("every lesson counts already: no earlier set is in force")
    answer(report, _gate_lines, json=json)
    if not all(row.passed for row in report.rules):
        sys.exit(REFUSED)


def set_memory(
    command: RollBackLessons | PromoteLessons, home: Path | None, journal: str | None, *, json: bool
) -> None:
    """Carry out a command on the lessons in force and say what came of it."""
    agent_home = home_of(home)
    reply = cast("LessonsInForce", dispatch(agent_home, agent_home.latest(journal), command))
    answer(reply, _reply_lines, json=json)


def _reply_lines(reply: LessonsInForce) -> Iterator[str]:
    later = "every later one joins" if reply.follows else "no later one joins"
    yield f"in force  {_set(reply.lessons)}{_named(reply.sha256)}; {later}"
    weights = ", ".join(f"{name} {weight:.4g}" for name, weight in sorted(reply.weights.items()))
    yield f"weights   {weights or 'all 1'}"
    yield f"taken by  {'the running agent, at its next cycle' if reply.running else 'the next run'}"

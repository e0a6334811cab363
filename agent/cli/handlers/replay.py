"""`agent replay`: identical, or the first difference."""

import sys
from collections.abc import Iterator
from pathlib import Path

from agent.account.client import AccountClient
from agent.cli.options import home_of
from agent.cli.output.streams import answer
from agent.host.clock import SystemClock
from agent.verify.questions import QuestionsCompared
from agent.verify.replay import Replayed, replay


def show_replay(
    session: int | None, home: Path | None, journal: str | None, *, questions: bool, json: bool
) -> None:
    """Replay a session; exit 1 when it went another way, or asked otherwise."""
    with AccountClient(home_of(home), journal).journal() as opened:
        result = replay(opened, session, SystemClock(), questions=questions)
    answer(result, lines, json=json)
    if result.difference is not None or (result.questions and result.questions.differing):
        sys.exit(1)


def lines(result: Replayed) -> list[str]:
    """Say what a replay found."""
    return [*_decided(result), *(_asked(result.questions) if result.questions else ())]


def _asked(result: QuestionsCompared) -> Iterator[str]:
    """Yield what became of the questions."""
    if not result.asked:
        yield "questions: none was asked"
        return
    ended = f", {result.undecided} of cycles that were never decided" if result.undecided else ""
    other = f"{len(result.differing)} differ{ended}"
    yield f"questions: {result.same} of {result.asked} the same to the byte, {other}"
    for each in result.differing:
        where = f"cycle {each.cycle_id}, {each.adviser} on {each.symbol}"
        yield f"  question {each.number} in {where}: {each.why}"


def _decided(result: Replayed) -> list[str]:
    code = (
        ""
        if result.code == result.recorded_code
        else f" (recorded by {result.recorded_code}, now {result.code})"
    )
    difference = result.difference
    if difference is None:
        return [
            f"identical: {result.cycles} cycles, {result.events} events of session {result.session}{code}"
        ]
    where = "" if difference.cycle_id is None else f" in cycle {difference.cycle_id}"
    report = [
        f"different after {result.events} events of session {result.session}: {difference.event}{where}{code}"
    ]
    return report + [f"  {path}: recorded {old!r}, replayed {new!r}" for path, old, new in difference.fields]

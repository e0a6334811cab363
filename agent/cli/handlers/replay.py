"""`agent replay`: identical, or the first difference."""

import sys
from pathlib import Path

from agent.account.client import AccountClient
from agent.cli.options import home_of
from agent.cli.output.streams import answer
from agent.host.clock import SystemClock
from agent.verify.replay import Replayed, replay


def show_replay(session: int | None, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Replay a session; exit 1 when it went another way."""
    with AccountClient(home_of(home), journal).journal() as opened:
        result = replay(opened, session, SystemClock())
    answer(result, lines, json=json)
    if result.difference is not None:
        sys.exit(1)


def lines(result: Replayed) -> list[str]:
    """Say what a replay found."""
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

"""`agent replay`: identical, or the first difference."""

import sys
from pathlib import Path

import msgspec

from agent.account.client import Reader
from agent.cli.options import home_of, say, say_json
from agent.host.clock import SystemClock
from agent.verify.replay import Replayed, replay


def show_replay(session: int | None, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Replay a session; exit 1 when it went another way."""
    with Reader(home_of(home), journal).journal() as opened:
        found = replay(opened, session, SystemClock())
    if json:
        say_json(msgspec.to_builtins(found))
    else:
        for line in lines(found):
            say(line)
    if found.difference is not None:
        sys.exit(1)


def lines(found: Replayed) -> list[str]:
    """Say what a replay found."""
    code = (
        "" if found.code == found.recorded_code else f" (recorded by {found.recorded_code}, now {found.code})"
    )
    difference = found.difference
    if difference is None:
        return [f"identical: {found.cycles} cycles, {found.events} events of session {found.session}{code}"]
    where = "" if difference.cycle_id is None else f" in cycle {difference.cycle_id}"
    told = [
        f"different after {found.events} events of session {found.session}: {difference.event}{where}{code}"
    ]
    return told + [f"  {path}: recorded {old!r}, replayed {new!r}" for path, old, new in difference.fields]

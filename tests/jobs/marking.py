"""A run of `tests.jobs.quick`: a line when it begins, a moment, a line when it is done."""

import os
import sys
import time
from pathlib import Path

from agent.host import lifeline

WORK_SECONDS = 0.25


def mark() -> None:
    """Be a run: begin, take a moment, be done."""
    parent, _, marks = sys.argv[1:]
    lifeline.end_with(int(parent))
    for what in ("begin", "done"):
        with Path(marks).open("a") as file:
            file.write(f"{what} {os.environ['AGENT_AS_OF']} {os.getpid()}\n")
        if what == "begin":
            time.sleep(WORK_SECONDS)

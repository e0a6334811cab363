"""The progress of long work: a bar on a terminal's error output, else a line a minute for a log.

With AGENT_PROGRESS=json it is told to a program: {"progress": {"text", "done", "total"}}, a line of the error
output at most four times a second.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from agent.settings.home import PROGRESS

if TYPE_CHECKING:
    from rich.progress import Progress

STEP = 500
SAY_SECONDS = 60.0
TELL_SECONDS = 0.25

_shown: "list[Progress]" = []
"""The bars that are on the terminal now, at most one set: only one display may draw there."""


@contextmanager
def bars(*columns: Any) -> "Iterator[Progress]":
    """Show bars on the error output while something is done, and nothing of them afterwards.

    Where some are shown already those are given: a further task has its place there.
    """
    if _shown:
        yield _shown[-1]
        return
    from rich.console import Console  # only where someone looks
    from rich.progress import Progress

    # Else what is printed to a file meanwhile would go to the bar's terminal.
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as progress:
        _shown.append(progress)
        try:
            yield progress
        finally:
            _shown.remove(progress)


@contextmanager
def progress_bar(what: str, total: int, step: int = STEP) -> Iterator[Callable[[int], None]]:
    """Show how far a long work is, with the time left; the function given takes what is done so far."""
    if not sys.stderr.isatty():
        yield _lines(what, total)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with bars(*columns) as progress:
        task = progress.add_task(what, total=total)

        def advance(done: int) -> None:
            if done % step == 0 or done == total:
                progress.update(task, completed=done)

        yield advance


def told_to_a_program() -> bool:
    """Say whether progress is for a program."""
    return os.environ.get(PROGRESS) == "json"


def tell(what: str, total: int) -> Callable[[int], None]:
    """Tell a program how far a work is."""
    told_at = 0.0

    def advance(done: int) -> None:
        nonlocal told_at
        if done >= total or time.monotonic() - told_at >= TELL_SECONDS:
            told_at = time.monotonic()
            line = {"progress": {"text": what, "done": done, "total": total}}
            sys.stderr.write(json.dumps(line) + "\n")
            sys.stderr.flush()

    advance(0)
    return advance


def _lines(what: str, total: int) -> Callable[[int], None]:
    if told_to_a_program():
        return tell(what, total)
    said_at = time.monotonic()

    def advance(done: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= SAY_SECONDS:
            said_at = time.monotonic()
            sys.stderr.write(f"{what}: {done:,} of {total:,}\n")
            sys.stderr.flush()

    return advance

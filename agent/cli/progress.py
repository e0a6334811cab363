"""How far a long work is: a bar on a terminal's error output, else a line a minute for a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STEP = 500
SAY_SECONDS = 60.0


@contextmanager
def progress_bar(what: str, total: int, step: int = STEP) -> Iterator[Callable[[int], None]]:
    """Show how far a long work is, with the time left; the function given takes what is done so far."""
    if not sys.stderr.isatty():
        yield _lines(what, total)
        return
    from rich.console import Console  # only where someone looks
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)

        def advance(done: int) -> None:
            if done % step == 0 or done == total:
                progress.update(task, completed=done)

        yield advance


def _lines(what: str, total: int) -> Callable[[int], None]:
    said = time.monotonic()

    def advance(done: int) -> None:
        nonlocal said
        if time.monotonic() - said >= SAY_SECONDS:
            said = time.monotonic()
            sys.stderr.write(f"{what}: {done:,} of {total:,}\n")
            sys.stderr.flush()

    return advance

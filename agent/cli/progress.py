"""A progress bar on the error output, where someone looks at it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STEP = 500


@contextmanager
def progress_bar(what: str, total: int, step: int = STEP) -> Iterator[Callable[[int], None]]:
    """Show how far a long work is, with the time left; the function given takes what is done so far."""
    if not sys.stderr.isatty():
        yield lambda _done: None
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

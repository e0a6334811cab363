"""Says that rules are being compiled: a bar on a terminal's error output, lines elsewhere, once a version."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from agent.cli.output.progress import bars
from research.engine.compiling import Compiling, listening

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

WHAT = "compiling the rules, once for this version"
WAITING = "another process compiles the rules: waiting for it"


@contextmanager
def compiling_told() -> Iterator[None]:
    """Tell of whatever is compiled meanwhile; print nothing of your own before this ends."""
    teller = _Bar() if sys.stderr.isatty() else _Lines()
    with listening(teller.on_progress):
        try:
            yield
        finally:
            teller.end()


class _Lines:
    """Two lines for a log: that it begins, and how long it took."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.began: float | None = None
        self.waited = False

    def on_progress(self, report: Compiling) -> None:
        """Take in how far it is; from any thread."""
        with self.lock:
            if report.waiting:
                self.wait()
            elif self.began is None:
                self.began = time.monotonic()
                self.begin(report)
            self.show(report)

    def begin(self, report: Compiling) -> None:
        _say(f"{WHAT}: {report.total} functions or so ...")

    def wait(self) -> None:
        if not self.waited:
            self.waited = True
            _say(f"{WAITING} ...")

    def show(self, report: Compiling) -> None:
        """Lines do not move."""

    def end(self) -> None:
        """Say how long it took."""
        if self.began is not None:
            _say(f"compiled in {time.monotonic() - self.began:.0f} s; the next run needs none of it")


class _Bar(_Lines):
    """A bar; where another is on the terminal already, beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.progress: Progress | None = None
        self.task: TaskID | None = None

    def begin(self, report: Compiling) -> None:
        del report
        self._open(WHAT)

    def wait(self) -> None:
        self._open(WAITING)

    def _open(self, what: str) -> None:
        if self.progress is None:
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

            text = TextColumn("{task.description}")
            self.progress = self.stack.enter_context(
                bars(text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            )
        if self.task is None:
            self.task = self.progress.add_task(what, total=None)
        self.progress.update(self.task, description=what)

    def show(self, report: Compiling) -> None:
        if self.progress is not None and self.task is not None:
            done, total = (None, None) if report.waiting else (report.done, report.total)
            self.progress.update(self.task, completed=done, total=total)

    def end(self) -> None:
        if self.progress is not None and self.task is not None:
            self.progress.remove_task(self.task)
        self.stack.close()
        super().end()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()

"""The progress of a soak: a bar in a terminal, a line at each change of phase elsewhere.

All of it goes to standard error, so that standard output holds the result and nothing else.
"""

import sys
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar


def clock_text(seconds: float) -> str:
    """Return seconds as minutes and seconds."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


class Progress:
    """Plain lines, one when the phase changes and one at least every half minute."""

    every = 30.0

    def __init__(self, seconds: float, out: TextIO) -> None:
        self.seconds = seconds
        self.out = out
        self._phase: str | None = None
        self._last = 0.0

    def show(self, at: float, phase: str, cycles: int, rss: float, trades: int) -> None:
        """Show where the run is."""
        if phase == self._phase and at - self._last < self.every:
            return
        self._phase, self._last = phase, at
        self.say(f"{clock_text(at)} of {clock_text(self.seconds)}  {figures(phase, cycles, rss, trades)}")

    def say(self, text: str) -> None:
        """Show one line."""
        print(text, file=self.out, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def figures(phase: str, cycles: int, rss: float, trades: int) -> str:
    """Return the figures worth watching as one text."""
    return f"{phase:<16} cycles {cycles}, trades {trades}, rss {rss:.1f} MiB"


class BarProgress(Progress):
    """A bar that moves in place; remarks stand above it."""

    def __init__(self, seconds: float, out: TextIO) -> None:
        super().__init__(seconds, out)
        columns = (TextColumn("soak"), BarColumn(), TextColumn("{task.fields[clock]}  {task.description}"))
        self._bar = Bar(*columns, console=Console(file=out), transient=False)
        self._task = self._bar.add_task("starting", total=seconds, clock="")

    def show(self, at: float, phase: str, cycles: int, rss: float, trades: int) -> None:
        """Move the bar."""
        clock = f"{clock_text(at)} of {clock_text(self.seconds)}"
        told = figures(phase, cycles, rss, trades)
        self._bar.update(self._task, completed=at, description=told, clock=clock)

    def say(self, text: str) -> None:
        """Write a line above the bar."""
        self._bar.console.print(text, highlight=False, markup=False)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


def progress_for(seconds: float) -> Progress:
    """Return what fits where standard error goes."""
    return BarProgress(seconds, sys.stderr) if sys.stderr.isatty() else Progress(seconds, sys.stderr)

"""Standard output and error output of a run: written by threads of their own, so that no line holds it up.

Laws: `Outlet.write` never waits and never raises, for it is called between a fill and its stop. What
nobody reads (Ctrl-S, a full pipe) waits up to a bound, then it is dropped and counted. An output that is
gone (a closed pipe, a terminal that hung up, a full device) is told once, to `when_gone`; then the session
ends after the cycle under way. An error output that is gone takes nothing along.
"""

import io
import os
import queue
import select
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from agent.host import log
from domain.ports import Pacer

KEPT = 2_000
"""Texts that wait to be read, at most; half of it holds a played market back."""

CHUNK = 4096
LOOK_SECONDS = 1.0
PATIENCE_SECONDS = 3.0
"""How long an output may take nothing, at the end, before what is left is given up."""


class Outlet(io.TextIOBase):
    """A text stream to a descriptor that takes every text at once."""

    def __init__(self, descriptor: int, name: str, when_gone: Callable[[str], None]) -> None:
        self.name = name
        self.gone: str | None = None
        self.dropped = 0
        self._when_gone = when_gone
        # A number of our own: one that is closed under us may become another file's.
        self._descriptor = os.dup(descriptor)
        self._texts: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._written = 0
        self._thread = threading.Thread(target=self._work, name=f"boyd-{name}", daemon=True)
        self._thread.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # an attribute there
        """Encoding of what is written."""
        return "utf-8"

    def write(self, text: str) -> int:
        """Take a text; safe in a signal handler, for the queue takes no lock."""
        if not isinstance(text, str):
            raise TypeError(f"an outlet takes text, not {type(text).__name__}")
        if self.gone is None and self._texts.qsize() < KEPT:
            self._texts.put(text)
            return len(text)
        self.dropped += 1
        if self.dropped == 1 and self.gone is None:
            log.say("warning", f"{self.name} is not read: lines are dropped", after=KEPT)
        return len(text)

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def isatty(self) -> bool:
        """Say whether a person looks at it."""
        return os.isatty(self._descriptor)

    def fileno(self) -> int:
        """Return the descriptor that is written."""
        return self._descriptor

    @property
    def behind(self) -> bool:
        """True when so much waits to be read that a market which can wait should."""
        return self.gone is None and self._texts.qsize() > KEPT // 2

    def drain(self) -> None:
        """Wait until all is written, as long as it is being read; what is not is counted as dropped."""
        self._texts.put(None)
        while self._thread.is_alive():
            written = self._written
            self._thread.join(PATIENCE_SECONDS)
            if self._thread.is_alive() and self._written == written:
                self.dropped += max(self._texts.qsize() - 1, 1)
                return
        os.close(self._descriptor)

    def _work(self) -> None:
        while True:
            try:
                text = self._texts.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                self._look()
                continue
            if text is None:
                return
            if self.gone is None:
                self._put(text.encode(errors="backslashreplace"))

    def _look(self) -> None:
        """See whether the other end is still there: a quiet session would never know."""
        watch = select.poll()
        watch.register(self._descriptor, 0)
        if self.gone is None and any(what & (select.POLLERR | select.POLLHUP) for _, what in watch.poll(0)):
            self._lose("the other end is closed")

    def _lose(self, why: str) -> None:
        self.gone = f"{self.name} is gone ({why})"
        self._when_gone(self.gone)

    def _put(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                count = os.write(self._descriptor, left[:CHUNK])
            except BlockingIOError:  # a terminal another program left that way
                select.select([], [self._descriptor], [], 1.0)
            except OSError as error:
                self._lose(error.strerror or type(error).__name__)
                return
            else:
                self._written += count
                left = left[count:]


class Terminal:
    """Both outputs as outlets while a session runs; `gone` says why nobody is there any more."""

    def __init__(self) -> None:
        self.gone: str | None = None
        self._end: Callable[[str], None] = lambda _why: None

    def __enter__(self) -> Self:
        self._before = sys.stdout, sys.stderr
        for stream in self._before:
            stream.flush()
        # A terminal stops who writes to it from the background (stty tostop): not who has stops to watch.
        self._signals = {
            each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGTTOU, signal.SIGTTIN)
        }
        self.out = Outlet(sys.stdout.fileno(), "standard output", self.leave)
        self.err = Outlet(sys.stderr.fileno(), "error output", _bear)
        sys.stdout, sys.stderr = self.out, self.err
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stdout, sys.stderr = self._before
        self.out.drain()
        if self.out.dropped and not self.gone:
            self.err.write(f"{self.out.dropped} lines were not shown: nobody read them\n")
        self.err.drain()
        for number, handler in self._signals.items():
            signal.signal(number, handler)

    def leave(self, why: str) -> None:
        """Note that nobody is there any more and have the session end."""
        if self.gone is None:
            self.gone = why
        self._end(f"stopped: {why}")

    def ends(self, session: Callable[[str], None]) -> None:
        """Have `session` called with the reason when nobody is there any more, now if it is so already."""
        self._end = session
        if self.gone is not None:
            session(f"stopped: {self.gone}")


def _bear(why: str) -> None:
    log.say("warning", why)


class Unhurried:
    """A pacer of a market that is played: it waits for what is unread, so that no line is dropped."""

    def __init__(self, pacer: Pacer, outlet: Outlet, wait: Callable[[float], bool]) -> None:
        self.pacer = pacer
        self.outlet = outlet
        self.wait = wait

    def next(self) -> datetime | None:
        """Return the pacer's next instant once there is room; None when the session should end."""
        while self.outlet.behind:
            if not self.wait(0.02):
                return None
        return self.pacer.next()

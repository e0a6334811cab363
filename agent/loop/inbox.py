"""What other threads want of the loop's: commands, and flags that it watches.

One thread runs the loop and owns the journal. Other threads ask it things through `call`; it answers
between cycles and while it waits. A kill takes effect at once: the cycle under way reads it before it
judges.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from domain.errors import LocalFault

if TYPE_CHECKING:  # who only asks a running agent needs none of it
    from domain.ports import Clock

T = TypeVar("T")

LOOK_SECONDS = 0.1
ENDED = "the agent has ended"
STOPPED = "stopped"


class NotRunning(LocalFault):
    """The agent has not been started, or has ended."""


class Inbox:
    """Commands for the loop's thread, and the flags it watches while it waits."""

    def __init__(self, clock: "Clock") -> None:
        self.clock = clock
        self._calls: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._wake = threading.Event()
        self._calls_lock = threading.Lock()
        self.stopping = False
        self.why = STOPPED
        self.paused = False
        self.pending_kill: str | None = None
        self.closed = False
        self.trading_lock = threading.RLock()
        self.idle: Callable[[], None] = lambda: None

    def call(self, function: Callable[[], T]) -> "Future[T]":
        """Have the loop's thread run `function`; the future holds its result or error.

        Once the inbox is closed the error is NotRunning, and nothing was run.
        """
        future: Future[T] = Future()
        with self._calls_lock:
            if self.closed:
                future.set_exception(NotRunning(ENDED))
                return future
            self._calls.append((function, future))
        self._wake.set()
        return future

    def close(self) -> None:
        """Serve who has asked, and nobody after that; a kill heard until now is still to be journaled."""
        with self._calls_lock:
            self.closed = True
        self.serve()

    def stop(self, why: str = STOPPED) -> None:
        """End the loop after the cycle under way; `why` becomes the session's reason, the first one stays.

        Safe in a signal handler: it takes no lock (the thread it interrupts may hold it), so the
        loop looks at the flag several times a second.
        """
        if not self.stopping:
            self.why = why
        self.stopping = True

    def pause(self, paused: bool) -> None:  # noqa: FBT001 -- a switch with two positions
        """Hold the loop between two cycles, or let it go on."""
        self.paused = paused
        self._wake.set()

    def kill(self, reason: str) -> None:
        """Deny every entry from this instant on; the loop journals it as soon as it can.

        Raises NotRunning when there is no loop any more that would.
        """
        with self._calls_lock:
            if self.closed:
                raise NotRunning(ENDED)
            self.pending_kill = reason
        self._wake.set()

    def take_kill(self) -> str | None:
        """Return the reason of a kill that is not journaled yet, once."""
        with self._calls_lock:
            reason, self.pending_kill = self.pending_kill, None
        return reason

    def wait(self, seconds: float) -> bool:
        """Wait, serving commands; False when the loop should end."""
        if seconds <= 0 and not self._wake.is_set() and not self.paused:
            return not self.stopping
        due = self.clock.monotonic() + seconds
        while True:
            self._wake.clear()
            self.serve()
            self.idle()
            if self.stopping:
                return False
            left = due - self.clock.monotonic()
            if left <= 0 and not self.paused:
                return True
            self._wake.wait(LOOK_SECONDS if self.paused else min(left, LOOK_SECONDS))

    def serve(self) -> None:
        """Run the commands that are waiting, never beside an emergency stop."""
        while self._calls:
            function, future = self._calls.popleft()
            try:
                with self.trading_lock:
                    future.set_result(function())
            except BaseException as error:  # noqa: BLE001 -- the asker gets it, whatever it is
                future.set_exception(error)

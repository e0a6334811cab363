"""The inbox of the loop for other threads: a turn between two cycles, and flags that it watches.

One thread runs the loop. Whoever carries out a command takes a turn: it holds `trading`, which the loop
holds from what a cycle saw to its end, so a command comes before or after and waits for no provider. A kill
and a stop act at once, as flags; they are journaled by whoever has the next turn.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from domain.commands import Flatten, Kill, Stop
from domain.errors import LocalFault

if TYPE_CHECKING:  # who only asks a running agent needs none of it
    from domain.ports import Clock

Urgent = Kill | Flatten | Stop
"""Commands that act before they are journaled."""

LOOK_SECONDS = 0.1
YIELD_SECONDS = 1.0
"""How long the loop lets others go first, at most: a lock alone would let it pass them by."""
GIVE_SECONDS = 0.0005
MOST_URGENT = 64
ENDED = "the agent has ended"
STOPPED = "stopped"


class NotRunning(LocalFault):
    """The agent has not been started, or has ended."""


class Inbox:
    """Turns between the loop's cycles, and the flags it watches while it waits."""

    def __init__(self, clock: "Clock") -> None:
        self.clock = clock
        self._wake = threading.Event()
        self._cut = False
        self._calls_lock = threading.Lock()
        self._asking = 0
        self._urgent: list[Urgent] = []
        self._opened = threading.Event()
        self.stopping = False
        self.why = STOPPED
        self.paused = False
        self.closed = False
        self.trading_lock = threading.RLock()
        self.idle: Callable[[], None] = lambda: None

    def open(self) -> None:
        """Let commands come: the session's start is in the journal."""
        self._opened.set()

    @contextmanager
    def turn(self, seconds: float | None = None) -> Iterator[None]:
        """Hold the loop back between two cycles; wait at most so long for it.

        Raises NotRunning once the session has ended: nothing was done. TimeoutError where a cycle took
        longer.
        """
        with self._calls_lock:
            self._asking += 1
        try:
            if not (
                self._opened.wait(seconds)
                and self.trading_lock.acquire(timeout=-1 if seconds is None else seconds)
            ):
                raise TimeoutError
        finally:
            with self._calls_lock:
                self._asking -= 1
        try:
            if self.closed:
                raise NotRunning(ENDED)
            yield
        finally:
            self.trading_lock.release()

    def close(self) -> None:
        """Let nobody in any more; what is urgent until now is still to be journaled."""
        with self._calls_lock:
            self.closed = True
        self._opened.set()

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

    def cut(self) -> None:
        """End the wait under way: the pause it makes is another now."""
        self._cut = True
        self._wake.set()

    def at_once(self, asked: Urgent) -> None:
        """Act on a command now: from this instant on a kill denies every entry, and a stop ends the loop.

        However many come, the first kill is kept. Raises NotRunning when nobody would journal it any more.
        """
        with self._calls_lock:
            if self.closed:
                raise NotRunning(ENDED)
            if len(self._urgent) < MOST_URGENT or (self.pending_kill is None and not isinstance(asked, Stop)):
                self._urgent.append(asked)
        if isinstance(asked, Stop):
            self.stop()

    @property
    def urgent(self) -> tuple[Urgent, ...]:
        """Commands that acted and are not journaled, kills first: no stop keeps one from being written."""
        if not self._urgent:
            return ()  # asked in every cycle
        return tuple(sorted(self._urgent, key=lambda each: isinstance(each, Stop)))

    @property
    def pending_kill(self) -> Kill | Flatten | None:
        """The first kill that is not journaled yet."""
        return next((each for each in self.urgent if not isinstance(each, Stop)), None)

    def journaled(self, asked: Urgent) -> None:
        """Take note that it is in the journal."""
        with self._calls_lock:
            self._urgent = [each for each in self._urgent if each is not asked]

    def wait(self, seconds: float) -> bool:
        """Wait, letting others have their turns; False when the loop should end."""
        if self._asking:
            self._give_way()
        if seconds <= 0 and not self.paused:
            return not self.stopping
        due = self.clock.monotonic() + seconds
        while True:
            self._wake.clear()
            self.idle()
            if self.stopping:
                return False
            if self._cut and not self.paused:
                self._cut = False
                return True
            left = due - self.clock.monotonic()
            if left <= 0 and not self.paused:
                return True
            self._wake.wait(LOOK_SECONDS if self.paused else min(left, LOOK_SECONDS))

    def _give_way(self) -> None:
        """Let those who wait for a turn have it before the next cycle."""
        due = time.monotonic() + YIELD_SECONDS
        while self._asking and time.monotonic() < due:
            time.sleep(GIVE_SECONDS)

"""One guarded call on its way: its deadline, its leave to send, and the socket it waits on.

The port `Provider` has no room for a deadline, so the guard sets the call as the current one of
the worker thread and the fetch asks for it. `abandon` shuts the socket down, which ends a thread
that a dripping server would otherwise hold for hours.
"""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from threading import Event
from typing import NamedTuple, Protocol

from edge.sockets import HeldSocket
from perception.guard.budget import Budget
from perception.guard.faults import Deadline


class Answer(NamedTuple):
    """One HTTP answer: status, headers by lower-case name, body as sent (decompressed)."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Fetch(Protocol):
    """Gets a URL within the current call's deadline. Errors are VenueFaults without the URL."""

    def get(self, url: str) -> Answer:
        """Return the answer, whatever its status. Never follows a redirect."""
        ...

    def close(self) -> None:
        """Close kept connections."""
        ...


class Call:
    """The deadline (on `monotonic`'s scale) and the state of one call; `budget` is charged per request."""

    def __init__(self, seconds: float, monotonic: Callable[[], float], budget: Budget | None = None) -> None:
        self.seconds = seconds
        self.done = Event()
        self._monotonic = monotonic
        self._ends = monotonic() + seconds
        self._budget = budget
        self._held = HeldSocket()
        self._stamp: int | None = None

    def left(self) -> float:
        """Return the seconds left; 0 or less once over or abandoned."""
        return 0.0 if self._held.is_cut else self._ends - self._monotonic()

    def check(self) -> float:
        """Return the seconds left. Raises Deadline when there are none."""
        left = self.left()
        if left <= 0:
            raise Deadline(f"no complete answer within {self.seconds:g} s")
        return left

    def admit(self) -> None:
        """Charge one request to the budget, waiting for its turn. Raises RateLimited or Deadline."""
        left = self.check()
        if self._budget is not None:
            self._stamp = self._budget.take(left)
        self.check()

    def refund(self) -> None:
        """Give the last charge back: the request never left."""
        if self._budget is not None and self._stamp is not None:
            self._budget.refund(self._stamp)
            self._stamp = None

    def hold(self, sock: socket.socket) -> None:
        """Remember the socket being waited on. Raises Deadline when the call was abandoned meanwhile."""
        with suppress(ConnectionAbortedError):
            self._held.hold(sock)
        self.check()

    def release(self) -> None:
        """Forget the socket: it is whole and may serve another call."""
        self._held.release()

    def abandon(self) -> None:
        """Give the call up: whatever waits on its socket wakes with an error."""
        self._held.cut()


CURRENT: ContextVar[Call | None] = ContextVar("CURRENT", default=None)
"""The call the running thread works for."""

"""A PostgreSQL connection whose every conversation has a deadline, whatever the server does.

A server that is stopped (SIGSTOP, a frozen disk, a hung host behind a proxy) still acknowledges at the level
of TCP, so neither keep-alives nor `tcp_user_timeout` notice, and a `statement_timeout` is the frozen server's
own to keep. So the waiting itself is bounded here: when the time is over the socket is closed, and what was
under way has failed with its outcome unknown, like any other failed commit.
"""

import contextlib
import select
import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

RV = TypeVar("RV")

SECONDS = 3.0
"""How long a server may take for one answer; a healthy one takes milliseconds, a lock wait ends after 1 s."""

_READ, _WRITE = 1, 2
_LOOK_SECONDS = 0.5


class Bounded(psycopg.Connection[Any]):
    """A connection that waits `seconds` for an answer, then closes; None waits for ever."""

    seconds: float | None = SECONDS

    def wait(self, gen: PQGen[RV], *_interval: Any, **_options: Any) -> RV:
        """Do what psycopg's own does: bring a conversation to its end. Raises OperationalError when late."""
        until = None if self.seconds is None else time.monotonic() + self.seconds
        try:
            wanted: Any = next(gen)
            while True:
                wanted = gen.send(self._ready(int(wanted), until))
        except StopIteration as end:
            value: RV = end.value
            return value
        except BaseException:
            # Too late, or interrupted in the midst: what the server makes of it is not known any more.
            if self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                self.pgconn.finish()
            with contextlib.suppress(psycopg.Error):
                gen.close()  # what it does on leaving needs the connection, too
            raise

    def _ready(self, wanted: int, until: float | None) -> Any:
        """Wait for the socket to be ready for what is wanted; return for what it is, 0 for nothing yet."""
        left = _LOOK_SECONDS if until is None else until - time.monotonic()
        if left <= 0:
            raise psycopg.OperationalError(f"the server gave no answer in {self.seconds:g} s")
        poll = select.poll()
        events = (select.POLLIN if wanted & _READ else 0) | (select.POLLOUT if wanted & _WRITE else 0)
        poll.register(self.pgconn.socket, events)
        ready = 0
        for _, event in poll.poll(min(_LOOK_SECONDS, left) * 1000):
            ready |= _READ if event & ~select.POLLOUT else 0
            ready |= _WRITE if event & select.POLLOUT else 0
        return psycopg.waiting.Ready(ready & wanted) if ready & wanted else psycopg.waiting.Ready.NONE

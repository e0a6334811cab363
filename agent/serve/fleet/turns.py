"""Turns at accounts that are opened in this very process: one at a time for each.

A command on an account that no agent runs opens its journal here, and a journal that is open in a process is
not read a second way by it. Who only reads comes again later; who commands waits for the turn, as it would
for another process.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from agent.settings.home import Busy

WAIT_SECONDS = 0.5
"""How long a turn is waited for at a time; an exit comes back for it, as long as it does for any agent."""

_turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


@contextmanager
def turn(name: str, seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Have the turn at an account. Raises Busy where another command keeps it for longer."""
    lock = _turns[name]
    if not lock.acquire(timeout=seconds):
        raise Busy(f"another command is being carried out on {name}: ask again when it is done")
    try:
        yield
    finally:
        lock.release()


def taken(name: str) -> bool:
    """Say whether an account is open here now."""
    return _turns[name].locked()

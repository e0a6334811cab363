"""The service manager that started us, if one did: told that we are ready, that the loop lives, that we end.

It listens at a datagram socket named in the environment (sd_notify). The loop's own thread says that it
lives, so nobody else vouches for a loop that stands still in a cycle. Nothing here waits or raises.
"""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress

MOST_SECONDS = 10.0
"""Pause between two words of a loop that lives: at most so long, and a third of what the manager waits."""


class ServiceManager:
    """The manager named in an environment; of one that names none nothing is said to anybody."""

    def __init__(self, environment: Mapping[str, str], monotonic: Callable[[], float]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        self._monotonic = monotonic
        self._every = MOST_SECONDS
        with suppress(ValueError):
            self._every = min(MOST_SECONDS, int(environment.get("WATCHDOG_USEC", "")) / 3_000_000)
        self._next = 0.0

    def ready(self, text: str) -> None:
        """Say that the start is over, and in a line what runs."""
        self._say(f"READY=1\nSTATUS={text}")

    def lives(self) -> None:
        """Say that the loop goes on; now and then, however often it is called."""
        if self._address and (now := self._monotonic()) >= self._next:
            self._next = now + self._every
            self._say("WATCHDOG=1")

    def ends(self, text: str) -> None:
        """Say that the session has ended, and why."""
        self._say(f"STOPPING=1\nSTATUS={text}")

    def _say(self, text: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
            there.setblocking(False)
            there.sendto(text.encode(), self._address)

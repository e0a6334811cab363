"""Listeners: callbacks that are told of what happens, from any thread; none of them holds up who tells.

A list is replaced, never changed, so that one who tells goes through the one there was when it began.
"""

import threading
from collections.abc import Callable
from typing import Generic, ParamSpec

from agent.host.log import say

P = ParamSpec("P")


class Listeners(Generic[P]):
    """The listeners of one thing. `whose` is logged where one of them raises."""

    def __init__(self, **whose: str) -> None:
        self._whose = whose
        self._all: tuple[Callable[P, None], ...] = ()
        self._guard = threading.Lock()

    def subscribe(self, listener: Callable[P, None]) -> Callable[[], None]:
        """Have a listener told from now on, in the thread of who tells; it must not wait.

        Returns what ends it.
        """
        with self._guard:
            self._all = (*self._all, listener)

        def leave() -> None:
            with self._guard:
                self._all = tuple(each for each in self._all if each is not listener)

        return leave

    def tell(self, *given: P.args, **named: P.kwargs) -> None:
        """Tell every listener; what one raises is logged, and the others are told all the same."""
        for listener in self._all:
            try:
                listener(*given, **named)
            except Exception as fault:  # noqa: BLE001 -- who looks on holds up nobody
                say("error", "a listener raised", why=f"{type(fault).__name__}: {fault}", **self._whose)

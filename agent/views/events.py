"""The journal's events as a reader takes them: in a `for`, in an `async for`, each with its number."""

import asyncio
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

from domain.events import Event

KEPT = 10_000
"""Events kept for a reader who comes later, and for one that falls behind."""

Numbered = tuple[int, Event]


class Events:
    """Events from the moment this was asked for, or behind a number, until the agent ends.

    Iterate over it in any thread, or with `async for` in any event loop. `seq` is the number of the event
    given last: its row in the journal. A reader more than 10,000 events behind loses the oldest, counted in
    `lost`; the journal has them all.
    """

    def __init__(self, before: Iterable[Numbered] = ()) -> None:
        self.seq = 0
        self.lost = 0
        self._items: deque[Numbered] = deque(before)
        self._over = False
        self._changed = threading.Condition()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    def put(self, seq: int, event: Event) -> None:
        """Hand an event to the reader; it never waits."""
        with self._changed:
            if len(self._items) >= KEPT:
                self._items.popleft()
                self.lost += 1
            self._items.append((seq, event))
            self._wake()

    def end(self) -> None:
        """Let the reader's loop end behind what is there; from either side."""
        with self._changed:
            self._over = True
            self._wake()

    close = end

    def _wake(self) -> None:
        self._changed.notify_all()
        waiting, self._waiting = self._waiting, []
        for loop, future in waiting:
            with suppress(RuntimeError):  # its loop has ended
                loop.call_soon_threadsafe(_done, future)

    def _take(self) -> Event:
        self.seq, event = self._items.popleft()
        return event

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        """Wait for the next event."""
        with self._changed:
            while not self._items:
                if self._over:
                    raise StopIteration
                self._changed.wait()
            return self._take()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """Wait for the next event; other tasks go on meanwhile."""
        while True:
            with self._changed:
                if self._items:
                    return self._take()
                if self._over:
                    raise StopAsyncIteration
                loop = asyncio.get_running_loop()
                future: asyncio.Future[None] = loop.create_future()
                self._waiting.append((loop, future))
            await future

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)

"""A bounded queue between the thread that reads a stream and the one that understands it."""

from collections import deque
from threading import Condition
from typing import Generic, TypeVar

import structlog

T = TypeVar("T")

LOG_EVERY = 100

log = structlog.get_logger()


class DropOldestQueue(Generic[T]):
    """Holds at most `size` items; to a full one `put` never waits but drops the oldest. Thread-safe.

    Drops are counted and the first of every hundred is logged.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[T] = deque()
        self._filled = Condition()
        self._dropped = 0
        self._closed = False

    @property
    def dropped(self) -> int:
        """Items dropped so far."""
        with self._filled:
            return self._dropped

    def __len__(self) -> int:
        with self._filled:
            return len(self._items)

    def put(self, item: T) -> bool:
        """Append an item; return whether an older one was dropped for it."""
        with self._filled:
            full = len(self._items) >= self._size
            if full:
                self._items.popleft()
                self._dropped += 1
            self._items.append(item)
            dropped = self._dropped
            self._filled.notify()
        if full and dropped % LOG_EVERY == 1:
            log.warning("stream queue is full", dropped=dropped, limit=self._size)
        return full

    def get(self, timeout_seconds: float | None = None) -> T | None:
        """Wait for the oldest item and take it; None once closed, or when none came in time."""
        with self._filled:
            self._filled.wait_for(lambda: self._items or self._closed, timeout_seconds)
            return self._items.popleft() if self._items and not self._closed else None

    def close(self) -> None:
        """Wake whoever waits; what is left is not given out any more."""
        with self._filled:
            self._closed = True
            self._items.clear()
            self._filled.notify_all()

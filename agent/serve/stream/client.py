"""One client of the stream: what it wants, how far it is, and what waits to be sent to it.

All of this is touched by the event loop's thread alone. What waits is bounded, for each client and for all of
them together: a client that does not read is told so and closed, never waited for.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from agent.answers.stream import Dropped
from agent.serve.stream.frames import told

MOST_BYTES = 1024 * 1024
"""What may wait for longer than a moment; a burst that is taken at once may be larger."""

MOST_TOGETHER = 32 * 1024 * 1024
"""What may wait for all clients together; what several are given is there once, and counted once."""

PIECE_BYTES = 64 * 1024
"""What is taken to be sent at a time, at most: the server's own buffers hold a copy for each client."""

PATIENCE_SECONDS, BURST = 1.0, 16
CROWDED = "too much waits for all who listen, and for you the longest: reconnect with Last-Event-ID"
SLOW = "you read too slowly: reconnect with Last-Event-ID to go on where you were"


class QueuedChunk(NamedTuple):
    """A piece that waits in a client since `at`; `counted` where it was not asked for by the client."""

    chunk: bytes
    at: float
    counted: bool


class Waiting:
    """The bytes that wait in several clients, each piece of them counted once."""

    def __init__(self) -> None:
        self.size = 0
        self._held: dict[int, int] = {}

    def add(self, chunk: bytes) -> None:
        """Count a piece that waits in one more client."""
        count = self._held[id(chunk)] = self._held.get(id(chunk), 0) + 1
        self.size += len(chunk) if count == 1 else 0

    def remove(self, chunk: bytes) -> None:
        """Count a piece no more that a client is rid of; it is still held by whoever calls."""
        count = self._held.pop(id(chunk)) - 1
        if count:
            self._held[id(chunk)] = count
        else:
            self.size -= len(chunk)


class Client:
    """A client. `agents` and `kinds` are what it wants, all of them where none is named.

    While it is `in_step` its positions are the relay's, and its own are not kept.
    """

    def __init__(
        self,
        agents: frozenset[str],
        kinds: frozenset[str],
        asked: Mapping[str, int],
        together: Waiting | None = None,
    ) -> None:
        self.together = together or Waiting()
        self.agents = agents
        self.kinds = kinds
        self.asked = dict(asked)
        self.positions: dict[str, int] = {}
        self.in_step = False
        self.over = False
        self.slow = False
        self.wake = asyncio.Event()
        self.dropping: Callable[[], None] = lambda: None
        """Called when it is dropped, so that it is cut off where it does not even read that."""
        self._waiting: deque[QueuedChunk] = deque()
        self._sent = 0
        self._size = 0

    @property
    def waits(self) -> bool:
        """True while something waits to be sent."""
        return bool(self._waiting)

    @property
    def since(self) -> float:
        """When the first of what waits came, by the loop's clock."""
        return self._waiting[0].at

    def covers(self, name: str) -> bool:
        """Say whether it wants an agent's events."""
        return not self.agents or name in self.agents

    def wants(self, kind: str) -> bool:
        """Say whether it wants events of a kind."""
        return not self.kinds or kind in self.kinds

    def put(self, chunk: bytes, *, asked_for: bool = False) -> None:
        """Have something sent. A client that has too much waiting is dropped; history it has asked for."""
        if self.over or not chunk:
            return
        self._append(chunk, counted=not asked_for)
        if self._overfull():
            self.drop(SLOW)
        self.wake.set()

    def _append(self, chunk: bytes, *, counted: bool = False) -> None:
        self._waiting.append(QueuedChunk(chunk, asyncio.get_running_loop().time(), counted))
        self._size += len(chunk) if counted else 0
        self.together.add(chunk)

    def _shift(self) -> None:
        """Be rid of the first of what waits."""
        first = self._waiting.popleft()
        self._size -= len(first.chunk) if first.counted else 0
        self._sent = 0
        self.together.remove(first.chunk)

    def _overfull(self) -> bool:
        waited = asyncio.get_running_loop().time() - self.since
        return self._size > (MOST_BYTES if waited > PATIENCE_SECONDS else BURST * MOST_BYTES)

    def drop(self, reason: str) -> None:
        """Close it for what is not its wish: it is told why, and cut off where it does not even read that."""
        if not self.over:
            self.slow = True
            self.end(told("dropped", Dropped(reason=reason)), keep=False)
            self.dropping()

    def end(self, last: bytes, *, keep: bool = True) -> None:
        """Let it end, with a last word; what waits is sent before it, or left out."""
        if self.over:
            return
        if not keep:
            rest = self._begun()
            self.clear()
            self._append(rest)
        self._append(last)
        self.over = True
        self.wake.set()

    def _begun(self) -> bytes:
        """Return the rest of the event that was sent in part."""
        if not self._sent:
            return b""
        chunk, sent = self._waiting[0].chunk, self._sent
        return chunk[sent : chunk.find(b"\n\n", max(0, sent - 2)) + 2]

    def clear(self) -> None:
        """Let go of all that waits."""
        while self._waiting:
            self._shift()

    def take(self) -> bytes:
        """Return the first of what waits, at most `PIECE_BYTES` of it."""
        parts, room = [], PIECE_BYTES
        while self._waiting and room:
            chunk = self._waiting[0].chunk
            part = chunk[self._sent : self._sent + room]
            parts.append(part)
            room -= len(part)
            self._sent += len(part)
            if self._sent == len(chunk):
                self._shift()
        return b"".join(parts)

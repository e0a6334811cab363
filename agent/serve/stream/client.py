"""One client of the stream: what it wants, how far it is, and what waits to be sent to it.

All of this is touched by the event loop's thread alone. What waits is bounded: a client that does not read is
told so and closed, never waited for.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping

from agent.answers.stream import Dropped
from agent.serve.stream.frames import told

MOST_BYTES = 1024 * 1024
"""What may wait for longer than a moment; a burst that is taken at once may be larger."""

PATIENCE_SECONDS, BURST = 1.0, 16
SLOW = "you read too slowly: reconnect with Last-Event-ID to go on where you were"


class Client:
    """A client. `agents` and `kinds` are what it wants, all of them where none is named.

    While it is `in_step` its positions are the relay's, and its own are not kept.
    """

    def __init__(self, agents: frozenset[str], kinds: frozenset[str], asked: Mapping[str, int]) -> None:
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
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._since = 0.0

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
        if not self._waiting:
            self._since = asyncio.get_running_loop().time()
        self._waiting.append(chunk)
        self._size += 0 if asked_for else len(chunk)
        if self._overfull():
            self.slow = True
            self.end(told("dropped", Dropped(reason=SLOW)), keep=False)
            self.dropping()
        self.wake.set()

    def _overfull(self) -> bool:
        waited = asyncio.get_running_loop().time() - self._since
        return self._size > (MOST_BYTES if waited > PATIENCE_SECONDS else BURST * MOST_BYTES)

    def end(self, last: bytes, *, keep: bool = True) -> None:
        """Let it end, with a last word; what waits is sent before it, or left out."""
        if self.over:
            return
        if not keep:
            self._waiting.clear()
        self._waiting.append(last)
        self.over = True
        self.wake.set()

    def take(self) -> bytes:
        """Return what waits, as one piece."""
        chunk = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        return chunk

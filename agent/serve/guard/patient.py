"""The connection of a client, patient for a while: with the head of a request, and with who takes no answer.

The library waits for ever for the rest of a request's head, and for room to write. Here a head that has not
come whole in time ends the connection, so does an answer that nobody takes; and of many connections on which
nothing was asked yet the oldest go first.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
TAKEN_SECONDS = 30.0
MOST_SILENT = 200
"""Connections without a whole request, at most."""


class PatientProtocol(H11Protocol):
    """A connection with an end to every wait for its client."""

    _head: asyncio.TimerHandle | None = None
    _taken: asyncio.TimerHandle | None = None

    @property
    def silent(self) -> bool:
        """True while the head of a request is awaited."""
        return self._head is not None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_head()
        if len(self.connections) > MOST_SILENT:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Take what has come; a head that has only begun must be whole in time, however it trickles in."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._head = _cancelled(self._head)
        elif self._head is None:
            self._await_head()

    def pause_writing(self) -> None:
        """Begin to wait for the client to take what is written."""
        super().pause_writing()
        self._taken = _cancelled(self._taken) or self.loop.call_later(TAKEN_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        self._taken = _cancelled(self._taken)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._head = _cancelled(self._head)
        super().connection_lost(exc)
        self._taken = _cancelled(self._taken)

    def _await_head(self) -> None:
        self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _make_room(self) -> None:
        silent = [each for each in self.connections if isinstance(each, PatientProtocol) and each.silent]
        if len(silent) > MOST_SILENT:
            min(silent, key=PatientProtocol.due).transport.abort()

    def due(self) -> float:
        """Return when the wait for a head ends, by the loop's clock."""
        return self._head.when() if self._head else float("inf")


def _cancelled(timer: asyncio.TimerHandle | None) -> Any:
    if timer is not None:
        timer.cancel()

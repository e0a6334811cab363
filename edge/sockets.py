"""The socket one thread waits on, held so that another can end the wait."""

import socket
from contextlib import suppress
from threading import Lock


class HeldSocket:
    """A socket that the thread which waits for an answer can take away from the thread that reads it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self._cut = False

    @property
    def is_cut(self) -> bool:
        """Whether it was given up."""
        return self._cut

    def hold(self, connected: socket.socket | None) -> None:
        """Remember the socket in use. Raises ConnectionAbortedError when nobody waits any more."""
        with self._lock:
            self._socket = connected
            if self._cut:
                raise ConnectionAbortedError("given up")

    def release(self) -> None:
        """Forget the socket: it is whole and may serve another."""
        with self._lock:
            self._socket = None

    def cut(self) -> None:
        """Give up: what waits on the socket wakes with an error, and one still being made carries nothing."""
        with self._lock:
            self._cut = True
            if self._socket is not None:
                # The base class's method: SSLSocket's own would pull the session from under the reader.
                with suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

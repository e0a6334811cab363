"""A TCP connection in the making that another thread can cut, at whatever stage it is."""

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Lock


class Line:
    """One attempt at a connection; `cut` from another thread ends whatever waits on it with an error.

    A name lookup alone cannot be cut: it ends by the resolver's own timeout.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._cut = False
        # A second handle on the same connection: TLS takes the first one's number away from it.
        self._handle: socket.socket | None = None

    def open(self, host: str, port: int, left: Callable[[], float]) -> socket.socket:
        """Return a socket connected to the first address of `host` that answers in the time left.

        Raises OSError.
        """
        error = OSError(f"{host} has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            sock = socket.socket(family, kind, protocol)
            try:
                self._hold(sock)
                sock.settimeout(max(left(), 0.001))
                sock.connect(address)
            except OSError as failed:
                sock.close()
                error = failed
                continue
            sock.settimeout(None)
            return sock
        raise error

    def _hold(self, sock: socket.socket) -> None:
        with self._lock:
            self._release()
            if self._cut:
                raise OSError("connection was cut")
            self._handle = sock.dup()

    def cut(self) -> None:
        """End the connection now, and any attempt to come."""
        with self._lock:
            self._cut = True
            if self._handle is not None:
                with suppress(OSError):  # it may not be connected yet, or not any more
                    self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the connection; whoever uses the socket closes that one."""
        with self._lock:
            self._release()

    def _release(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None

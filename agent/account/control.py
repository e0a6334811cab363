"""The control socket: how a command in another terminal talks to a running agent.

A Unix socket beside the journal, in a folder of mode 0700: one JSON line in, one JSON line out. Only this
user's processes are heard, as the system itself tells who is at the other end; and whoever asks believes
only a process of this user that holds the account's lock. The agent greets first, so that one that is
stopped or stuck is told from one that takes its time. It exists because another process must not open a
running agent's database.

Callers who say nothing cost a place among those who wait, and the oldest of them goes first: a kill is
heard at once however many there are.
"""

import json
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec

from agent.account.address import address, peer_of
from agent.account.asking import GREETING_SECONDS, SECONDS
from agent.account.requests import FollowRequest, Request
from agent.loop.inbox import NotRunning
from domain.errors import BadInput, BoydError, EndUnknown, LocalFault, Unproven
from edge.typed_json import reader

LINE_LIMIT = 65_536
WAITING = 256
"""Callers who have not said yet what they want, at most."""


_encoder = msgspec.json.Encoder()
_decode: Callable[[bytes], Request | FollowRequest] = reader(Request | FollowRequest)


class Followed(Protocol):
    """Whoever tells those who follow."""

    def follow(self, connection: socket.socket, request: FollowRequest) -> None:
        """Tell one who follows until it is over; never raises."""

    def close(self) -> None:
        """Tell the rest and let everybody go."""


class ControlServer:
    """Serves requests at a socket until closed; whoever starts it holds the account's lock.

    Ten times a second it sees that its socket is there and calls `keep_lock`, which sees to the lock's file.
    Whoever wants to follow is handed to `followed`, in a thread of its own, with the connection.
    """

    def __init__(
        self,
        path: Path,
        serve: Callable[[Request], Any],
        keep_lock: Callable[[], None] = lambda: None,
        followed: Followed | None = None,
    ) -> None:
        self.path = path
        self.serve = serve
        self.keep_lock = keep_lock
        self.followed = followed
        self._selector = selectors.DefaultSelector()
        self._waiting: dict[socket.socket, _Caller] = {}
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="boyd-control", daemon=True)

    def start(self) -> None:
        """Begin to listen. Raises LocalFault where the home takes no socket."""
        try:
            self._listen()
        except OSError as error:
            raise LocalFault(f"control socket {self.path}: {error.strerror or error}") from None
        self._thread.start()

    def _listen(self) -> None:
        listener = socket.socket(socket.AF_UNIX)
        try:
            with address(self.path) as where:
                Path(where).unlink(missing_ok=True)  # a crash leaves it behind
                listener.bind(where)
                Path(where).chmod(0o600)
            listener.listen(1024)
        except OSError:
            listener.close()
            raise
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ)
        self._listener = listener

    def _stay(self) -> None:
        """Be heard whatever became of lock and socket: a clean-up may delete both under a running agent."""
        self.keep_lock()
        with suppress(OSError):
            with address(self.path) as where:
                there = Path(where).exists()
            if not there and not self._closing:
                former = self._listener
                self._listen()
                self._selector.unregister(former)
                former.close()

    def close(self) -> None:
        """Stop listening and remove the socket; who follows is told the rest."""
        self._closing = True
        if self.followed is not None:
            self.followed.close()
        with suppress(OSError), address(self.path) as where:
            Path(where).unlink(missing_ok=True)
        if self._thread.is_alive():
            self._thread.join(SECONDS)

    def _serve(self) -> None:
        while not self._closing:
            self._stay()
            for key, _ in self._selector.select(0.1):
                if key.fileobj is self._listener:
                    self._welcome()
                elif isinstance(key.fileobj, socket.socket):
                    self._hear(key.fileobj)
            overdue = time.monotonic() - GREETING_SECONDS
            while self._waiting and next(iter(self._waiting.values())).since < overdue:
                self._forget(next(iter(self._waiting))).close()
        for connection in list(self._waiting):
            self._forget(connection).close()
        self._listener.close()
        self._selector.close()

    def _welcome(self) -> None:
        """Greet whoever calls, if the system says that it is one of ours."""
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            except OSError:  # they left, or there are no descriptors for more
                if self._waiting:
                    self._forget(next(iter(self._waiting))).close()
                return
            try:
                connection.setblocking(False)
                if not peer_of(connection).trusted:
                    raise PermissionError
                connection.send(json.dumps({"pid": os.getpid()}).encode() + b"\n")
            except OSError:
                connection.close()
                continue
            self._waiting[connection] = _Caller(time.monotonic())
            self._selector.register(connection, selectors.EVENT_READ)
            self._hear(connection)
            if len(self._waiting) > WAITING:
                self._forget(next(iter(self._waiting))).close()

    def _hear(self, connection: socket.socket) -> None:
        """Take what a caller says; answer in a thread of its own once it is a line."""
        text = self._waiting[connection].said
        try:
            data = connection.recv(LINE_LIMIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        text += data
        if data and b"\n" not in text and len(text) < LINE_LIMIT:
            return
        self._forget(connection)
        if not text:
            connection.close()
            return
        answering = threading.Thread(target=self._reply, args=(connection, bytes(text)), daemon=True)
        answering.start()

    def _forget(self, connection: socket.socket) -> socket.socket:
        del self._waiting[connection]
        self._selector.unregister(connection)
        return connection

    def _reply(self, connection: socket.socket, line: bytes) -> None:
        with connection, suppress(OSError):  # a caller who left has no use of it
            connection.settimeout(GREETING_SECONDS)
            wanted = self._follows(line)
            if wanted is not None and self.followed is not None:
                self.followed.follow(connection, wanted)
            else:
                connection.sendall(self.answer(line) + b"\n")

    @staticmethod
    def _follows(line: bytes) -> FollowRequest | None:
        with suppress(ValueError):
            request = _decode(line)
            return request if isinstance(request, FollowRequest) else None
        return None

    def answer(self, line: bytes) -> bytes:
        """Return the answer to one request line."""
        return _encoder.encode(self._answer(line))

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = _decode(line)
        except ValueError as error:
            return {"error": f"request cannot be read: {error}"}
        try:
            if isinstance(request, FollowRequest):
                raise BadInput("nobody can be followed here")  # noqa: TRY301 -- said like every refusal
            return {"result": msgspec.to_builtins(self.serve(request))}
        except NotRunning as error:
            return {"gone": str(error)}
        except Unproven as error:
            return {"unproven": str(error)}
        except BoydError as error:
            return {"error": str(error), "end_unknown": isinstance(error, EndUnknown)}
        except Exception as error:  # noqa: BLE001 -- the asker gets it: no answer would mean no agent
            return {"error": f"{type(error).__name__}: {error}"}


class _Caller:
    """Since when one waits, and what was said so far."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.said = bytearray()

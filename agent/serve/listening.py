"""A socket to listen at, and a server on it that says when it listens and ends by its own will."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from agent.host import log
from agent.serve.access.attempts import Attempts
from agent.serve.guard.patient import PatientProtocol
from domain.errors import BadInput

GRACE_SECONDS = 2
"""How long answers under way may take once the end was asked for; streams end at once."""

ROUNDS = 3
"""Of the loop, in which a connection that was taken just before the end comes up, is cut and is closed."""

MOST_LINES, LINES_SECONDS = 30, 60.0
"""What the server's own library says in the log, at most: anybody can send it nonsense."""


@contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """Yield the socket to listen at. Raises BadInput where it cannot be had."""
    try:
        family, _, _, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise BadInput(f"--host {host}: {getattr(error, 'strerror', None) or error}") from None
    # asyncio switches Nagle's delay off only where the protocol is spelled out.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind(where)
        except OSError as error:
            raise BadInput(
                f"--port {port} on {host} cannot be used: {error.strerror}; name another, or 0 for a free one"
            ) from None
        yield opened


def configured(asgi: ASGIApp, certificate: Path | None = None, key: Path | None = None) -> uvicorn.Config:
    """Return how an application is served: over HTTP/1.1 alone, believing no proxy, with or without TLS."""
    return uvicorn.Config(
        asgi,
        loop="asyncio",
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


class Listening(uvicorn.Server):
    """A server that says when it listens, ends its streams before itself, and leaves by its own will."""

    def __init__(
        self, config: uvicorn.Config, closing: Callable[[], None], ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self.closing = closing
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        if self.started:
            await asyncio.to_thread(self.ready)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then the rest; who came meanwhile, or takes longer than the grace, is cut off."""
        self.closing()
        await super().shutdown(sockets)
        for _ in range(ROUNDS):
            for each in list(self.server_state.connections):
                each.transport.abort()
            await asyncio.sleep(0)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let signals ask for the end; none of them is raised once more when it has come."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._asked) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, former in before.items():
                signal.signal(number, former)

    def end(self) -> None:
        """Ask for the end, from any thread."""
        self.should_exit = True

    def _asked(self, _number: int, _frame: FrameType | None) -> None:
        self.force_exit = self.should_exit  # asked twice
        self.should_exit = True


class _ToLog(logging.Handler):
    """Passes warnings of the server on to our log, as long as they are few."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines = Attempts(MOST_LINES, LINES_SECONDS)

    def emit(self, record: logging.LogRecord) -> None:
        """Log one."""
        if self.lines.wait("", record.created):
            return
        self.lines.note("", record.created)
        error = record.exc_info[1] if record.exc_info else None
        log.say("error", "server", said=record.getMessage()[:500], **({"exc_info": error} if error else {}))


def quiet(*more: str) -> None:
    """Keep the libraries off the outputs; asyncio says once a write that a reader has gone."""
    for name in ("uvicorn", "uvicorn.error", "asyncio", *more):
        logger = logging.getLogger(name)
        logger.handlers = [_ToLog()]
        logger.propagate = False
    logging.getLogger("asyncio").addFilter(lambda record: "socket.send() raised" not in record.getMessage())
    logging.getLogger("uvicorn.error").handlers = []
    logging.getLogger("uvicorn.error").propagate = True

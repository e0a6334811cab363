"""A loopback HTTP server that does what it is told, per path, and can be told otherwise while it runs.

    with ScriptedServer() as server:
        server.on("/api/v3/klines", answer([]))
        ...
        server.on("/api/v3/klines", dripping(b"[]"))

A behaviour is a function of one `Exchange`: what was asked, and the wire to answer on. Real sockets,
so clients meet real timeouts, resets and half bodies. Every wait ends when the server closes.
"""

import gzip
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit


class Asked(NamedTuple):
    """One request as it came: `at` is monotonic seconds, header names are lower-case."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float


class Exchange:
    """One request and the wire its answer goes out on."""

    def __init__(self, asked: Asked, handler: "_Handler", stopping: threading.Event) -> None:
        self.asked = asked
        self._handler = handler
        self._stopping = stopping

    def send(self, data: bytes) -> None:
        """Put bytes on the wire."""
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def pause(self, seconds: float) -> None:
        """Wait; the server's end cuts it short and hangs up."""
        if self._stopping.wait(seconds):
            raise ConnectionAbortedError

    def hang_up(self) -> None:
        """Close the connection after this answer."""
        self._handler.close_connection = True

    def head(self, status: int, headers: Mapping[str, str]) -> bytes:
        """Return a status line and headers."""
        lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode()


Behaviour = Callable[[Exchange], None]


def answer(
    body: object = None,
    *,
    status: int = 200,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Behaviour:
    """Answer at once: bytes as they are, anything else as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def behave(exchange: Exchange) -> None:
        sizes = {"Content-Type": content_type, "Content-Length": str(len(data))}
        exchange.send(exchange.head(status, {**sizes, **(headers or {})}) + data)

    return behave


def html(status: int = 200) -> Behaviour:
    """Answer with a web page, as gateways do."""
    page = b"<!DOCTYPE html><html><body><h1>Bad Gateway</h1></body></html>"
    return answer(page, status=status, content_type="text/html")


def throttled(status: int = 429, retry_after: str | None = None) -> Behaviour:
    """Ask the client to wait."""
    return answer({}, status=status, headers={"Retry-After": retry_after} if retry_after else {})


def redirect(location: str, status: int = 302) -> Behaviour:
    """Send the client elsewhere."""
    return answer(b"", status=status, headers={"Location": location})


def delayed(seconds: float, then: Behaviour) -> Behaviour:
    """Wait, then behave as told."""

    def behave(exchange: Exchange) -> None:
        exchange.pause(seconds)
        then(exchange)

    return behave


def silent() -> Behaviour:
    """Accept the request and never answer."""
    return delayed(3600.0, hanging_up())


def hanging_up() -> Behaviour:
    """Close the connection without a byte."""
    return lambda exchange: exchange.hang_up()


def dripping(body: bytes, *, seconds: float = 1.0, from_headers: bool = False) -> Behaviour:
    """Send one byte every `seconds`: the body, or everything from the status line on."""

    def behave(exchange: Exchange) -> None:
        head = exchange.head(200, {"Content-Type": "application/json", "Content-Length": str(len(body))})
        slow = head + body if from_headers else body
        if not from_headers:
            exchange.send(head)
        for byte in slow:
            exchange.send(bytes([byte]))
            exchange.pause(seconds)

    return behave


def dripping_chunks(*, seconds: float = 1.0) -> Behaviour:
    """Announce a chunked body and drip a chunk's size line for ever: no chunk ever begins."""

    def behave(exchange: Exchange) -> None:
        exchange.send(exchange.head(200, {"Transfer-Encoding": "chunked", "Connection": "close"}))
        while True:
            exchange.send(b"0")
            exchange.pause(seconds)

    return behave


def truncated(body: bytes, *, keep: int) -> Behaviour:
    """Announce the whole body, send `keep` bytes of it and close."""

    def behave(exchange: Exchange) -> None:
        exchange.send(exchange.head(200, {"Content-Length": str(len(body))}) + body[:keep])
        exchange.hang_up()

    return behave


def huge(total: int = 100_000_000) -> Behaviour:
    """Send a body of `total` bytes of white space, of announced length."""

    def behave(exchange: Exchange) -> None:
        exchange.send(exchange.head(200, {"Content-Length": str(total)}))
        for _ in range(total // 65_536 + 1):
            exchange.send(b" " * 65_536)
        exchange.hang_up()

    return behave


def gzip_bomb(total: int = 100_000_000) -> Behaviour:
    """Send a small body that unpacks to `total` bytes."""
    packed = gzip.compress(b" " * total)
    return answer(packed, headers={"Content-Encoding": "gzip"})


def one_after_another(*behaviours: Behaviour) -> Behaviour:
    """Behave as the first at the first request, and so on; the last stays."""
    turns = itertools.chain(behaviours, itertools.repeat(behaviours[-1]))

    def behave(exchange: Exchange) -> None:
        next(turns)(exchange)

    return behave


class ScriptedServer:
    """Serves on 127.0.0.1, `port` or a free one, between `__enter__` and `__exit__`."""

    def __init__(self, port: int = 0) -> None:
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._behaviours: dict[str, Behaviour] = {}
        self._asked: list[Asked] = []
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.scripted = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.005,), daemon=True)

    @property
    def port(self) -> int:
        """Port it listens on."""
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """Base URL without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def asked(self) -> list[Asked]:
        """Every request so far, in order of arrival."""
        with self._lock:
            return list(self._asked)

    @property
    def connections(self) -> int:
        """TCP connections accepted so far."""
        return self._http.accepted

    def on(self, path: str, behaviour: Behaviour) -> None:
        """Behave so for `path` from the next request on; the path "*" is for all others."""
        with self._lock:
            self._behaviours[path] = behaviour

    def serve(self, asked: Asked, handler: "_Handler") -> None:
        """Answer one request as told; 404 where nothing was."""
        with self._lock:
            self._asked.append(asked)
            behaviour = self._behaviours.get(asked.path) or self._behaviours.get("*")
        (behaviour or answer({}, status=404))(Exchange(asked, handler, self._stopping))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._http.hang_up()
        self._http.server_close()
        self._thread.join()


class _Http(ThreadingHTTPServer):
    # Threads are joined at the end: their waits are short by then, and none outlives its test.
    daemon_threads = False
    block_on_close = True
    request_queue_size = 64
    scripted: ScriptedServer

    def __init__(self, address: tuple[str, int], handler: type["_Handler"]) -> None:
        super().__init__(address, handler)
        self.accepted = 0
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        client, address = super().get_request()
        with self._guard:
            self._open.add(client)
            self.accepted += 1
        return client, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._guard:
            for client in self._open:
                with suppress(OSError):  # the client may have gone first
                    client.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that go away are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(parts.path, dict(parse_qsl(parts.query)), headers, time.monotonic())
        self.server.scripted.serve(asked, self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name http.server uses
        """Keep quiet."""

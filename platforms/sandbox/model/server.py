"""The scripted model server on a socket of loopback, in threads of its own."""

import socket
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from domain.errors import BadInput
from edge.typed_json import typed
from platforms.sandbox.faults.faults import Fault
from platforms.sandbox.loopback import HOST, MOST_BYTES, stranger
from platforms.sandbox.model.replies import SHAPES, ModelShape, Reply, plain, refusal, reply
from platforms.sandbox.model.script import Prepared, Script
from platforms.sandbox.model.shapes import ModelRefusal

Plain = dict[str, Any]
LOOK_SECONDS = 0.05
KEPT = 10_000
MODELS: Plain = {"object": "list", "data": [{"id": "scripted", "object": "model"}]}
SECRETS = frozenset({"authorization", "x-api-key"})


class ReceivedQuestion(NamedTuple):
    """One question that arrived: where, with which head (no key) and body."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class ModelServer:
    """A model API that listens between `__enter__` and `__exit__`.

        with ModelServer(seed=7) as server:
            ...                       # server.base_url + "/v1"
            server.load({"fault": [{"kind": "slow", "seconds": 30, "count": 1}]})

    `port` 0 takes a free one. With `key` requests need it. `asked` keeps the last questions, `counts` counts
    them by path and those refused. Raises BadInput for a port that is taken.
    """

    def __init__(self, *, seed: int = 0, port: int = 0, key: str = "") -> None:
        self.asked: deque[ReceivedQuestion] = deque(maxlen=KEPT)
        self.counts: Counter[str] = Counter()
        self.key = key
        self.closing = threading.Event()
        self._script = Script(seed)
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        try:
            self._server = _Server((HOST, port), _Handler)
        except OSError as error:
            raise BadInput(f"port {port} cannot be used: {error.strerror}; 0 takes a free one") from error
        self._server.owner = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(LOOK_SECONDS,), name="sandbox-model", daemon=True
        )

    @property
    def port(self) -> int:
        """Port it listens on."""
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        """URL without a path."""
        return f"http://{HOST}:{self.port}"

    @property
    def alive(self) -> bool:
        """Tell whether it is serving."""
        return self._thread.is_alive()

    @property
    def faults(self) -> list[Plain]:
        """The faults in force, with how often each struck."""
        with self._lock:
            return self._script.told()

    def load(self, plan: Mapping[str, Any]) -> None:
        """Put a plan's faults and answers in force beside those that are. Raises BadInput."""
        try:
            with self._lock:
                self._script.load(plan)
        except ValueError as error:
            raise BadInput(str(error)) from error

    def clear(self) -> None:
        """Put no fault and no scripted answer in force any more."""
        with self._lock:
            self._script.clear()

    def told(self) -> Plain:
        """Return how many questions came, by path, and how often each fault struck."""
        with self._lock:
            return {"requests": dict(self.counts), "faults": self._script.told()}

    def respond(self, shape: ModelShape, asked: ReceivedQuestion) -> tuple[Prepared, Reply]:
        """Count a question and prepare what comes back for it."""
        with self._lock:
            self.asked.append(asked)
            self.counts[asked.path] += 1
            number = self.counts.total()
            try:
                request = shape.read(asked.body, asked.headers)
            except ModelRefusal as error:
                self.counts["refused"] += 1
                return Prepared(""), refusal(shape, error)
            prepared = self._script.prepare(request.model, asked.body)
        return prepared, reply(shape, request, prepared, number)

    def hold(self, connection: socket.socket, *, held: bool) -> None:
        """Remember an open connection, or forget it."""
        with self._lock:
            (self._connections.add if held else self._connections.discard)(connection)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        with self._lock:
            held = tuple(self._connections)
        for connection in held:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()  # waits for the threads of the connections


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128
    owner: ModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: whoever asked has hung up, as one does whose deadline is over."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.owner.hold(self.connection, held=True)

    def finish(self) -> None:
        self.server.owner.hold(self.connection, held=False)
        with suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name the library calls it by
        """Say nothing: what came is counted."""

    def do_GET(self) -> None:
        """Answer what is asked about the server itself."""
        if self._is_heard():
            self._route({"/v1/models": lambda: MODELS, "/sandbox/status": self.server.owner.told})

    def do_DELETE(self) -> None:
        """Clear the plan."""
        if self._is_heard():
            self._route({"/sandbox/plan": self._clear})

    def do_POST(self) -> None:
        """Answer a question, or take a plan."""
        body = self._body() if self._is_heard() else None
        if body is None:
            return
        if self.path == "/sandbox/plan":
            self._load(body)
        elif (shape := SHAPES.get(self.path)) is None:
            self._refuse(404, f"{self.path} is not here; there are {', '.join(SHAPES)} and /sandbox/plan")
        elif not self._is_known():
            self._send(refusal(shape, ModelRefusal(401, "authentication_error", "invalid API key")))
        else:
            heads = {name.lower(): value for name, value in self.headers.items()}
            kept = {name: value for name, value in heads.items() if name not in SECRETS}
            self._give(*self.server.owner.respond(shape, ReceivedQuestion(self.path, kept, body)))

    def _route(self, routes: Mapping[str, Callable[[], Plain]]) -> None:
        answer = routes.get(self.path)
        if answer is None:
            self._refuse(404, f"{self.path} is not here; there are {', '.join(routes)}")
        else:
            self._send(plain(answer()))

    def _is_heard(self) -> bool:
        why = stranger(self.headers.get("host", ""), self.headers.get("origin"))
        if why is not None:
            self._refuse(403, why)
        return why is None

    def _is_known(self) -> bool:
        key = self.server.owner.key
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
        return not key or key in (bearer, self.headers.get("x-api-key"))

    def _body(self) -> bytes | None:
        """Return the request's body; None where it was refused."""
        length = self.headers.get("content-length", "")
        if self.headers.get_content_type() != "application/json":
            self._refuse(415, "a body of the content type application/json is needed")
        elif not (length.isascii() and length.isdecimal()):
            self._refuse(411, "a Content-Length is needed")
        elif int(length[:20]) > MOST_BYTES:
            self._refuse(413, f"bodies are at most {MOST_BYTES} bytes")
        else:
            return self.rfile.read(int(length))
        return None

    def _load(self, body: bytes) -> None:
        try:
            plan = typed(body, dict[str, Any])
            self.server.owner.load(plan)
        except (msgspec.DecodeError, BadInput) as error:
            self._send(plain({"error": str(error)}, 400))
        else:
            self._send(plain(self.server.owner.told()))

    def _clear(self) -> Plain:
        self.server.owner.clear()
        return self.server.owner.told()

    def _refuse(self, status: int, message: str) -> None:
        self.close_connection = True  # its body may lie unread in the socket
        self._send(plain({"error": message}, status)._replace(headers=(("Connection", "close"),)))

    def _give(self, prepared: Prepared, answer: Reply) -> None:
        """Send an answer as its faults of the wire have it."""
        if slow := prepared.fault("slow"):
            self.server.owner.closing.wait(slow["seconds"])
        if prepared.fault("drop"):
            self.close_connection = True
        elif cut := prepared.fault("cut"):
            self.close_connection = True
            self.wfile.write(self._head(answer) + answer.body[: cut["bytes"]])
        elif drip := prepared.fault("drip"):
            self._drip(answer, drip)
        else:
            self._send(answer)

    def _drip(self, answer: Reply, drip: Fault) -> None:
        self.wfile.write(self._head(answer))
        for position in range(len(answer.body)):
            if self.server.owner.closing.wait(drip["seconds"]):
                self.close_connection = True
                return
            self.wfile.write(answer.body[position : position + 1])

    def _send(self, answer: Reply) -> None:
        self.wfile.write(self._head(answer) + answer.body)

    def _head(self, answer: Reply) -> bytes:
        heads = (
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            *answer.headers,
        )
        lines = [f"HTTP/1.1 {answer.status} -", *(f"{name}: {value}" for name, value in heads)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

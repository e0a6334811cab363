"""Real receivers on loopback: a webhook's, and a mail server's; each answers as a test says."""

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, TypeVar

Served = TypeVar("Served", bound=socketserver.BaseServer)


class Post(NamedTuple):
    """A post that came."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Receiver(ThreadingHTTPServer):
    """Keeps every post. `answers` are given one by one (status, headers), then 200; 0 says nothing at all."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.posts: list[Post] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.came = threading.Semaphore(0)
        self.ended = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def handle_error(self, *_: Any) -> None:
        """Say nothing of those who hang up."""


class _Hook(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        post = Post(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.server.posts.append(post)
        self.server.came.release()
        status, headers = self.server.answers.pop(0) if self.server.answers else (200, {})
        if status == 0:
            self.server.ended.wait(60)
            return
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class MailSink(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is handed; `refusals` says how it answers a word otherwise."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mailbox)
        self.mails: list[str] = []
        self.words: list[str] = []
        self.refusals: dict[str, str] = {}

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Mailbox(socketserver.StreamRequestHandler):
    server: MailSink

    def handle(self) -> None:
        self._say("220 sink")
        while line := self.rfile.readline().decode().strip():
            word = line.split(" ")[0].upper()
            self.server.words.append(line)
            refusal = self.server.refusals.get(word)
            if refusal:
                self._say(refusal)
            elif word == "DATA":
                self._say("354 go on")
                self.server.mails.append(self._text())
                self._say("250 kept")
            elif word == "EHLO":
                self._say("250-sink\r\n250 AUTH PLAIN")
            elif word == "AUTH":
                self._say("235 welcome")
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _text(self) -> str:
        lines = []
        while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line.removeprefix("."))
        return "\n".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def listening(server: Served) -> Iterator[Served]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        if isinstance(server, Receiver):
            server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()

"""A small client for tests: one request, one answer, over a real socket."""

import http.client
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

NOTHING: Mapping[str, str] = MappingProxyType({})
SECONDS = 60.0


class Answer(NamedTuple):
    """One answer; header names are lower-case."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The body as plain values."""
        return json.loads(self.content)

    @property
    def kind(self) -> str:
        """The kind of a refusal."""
        return str(self.json["error"]["kind"])


def connect(url: str, seconds: float = SECONDS) -> http.client.HTTPConnection:
    """Return a connection to a server."""
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)


def ask(
    url: str,
    method: str,
    path: str,
    *,
    token: str | None = None,
    body: Any = None,
    headers: Mapping[str, str] = NOTHING,
) -> Answer:
    """Ask a server something. A body that is not bytes goes as JSON."""
    sent = dict(headers)
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    if content is not None and not isinstance(body, bytes):
        sent.setdefault("Content-Type", "application/json")
    connection = connect(url)
    try:
        connection.request(method, path, content, sent)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())
    finally:
        connection.close()

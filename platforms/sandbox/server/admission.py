"""Admission to the sandbox: programs on this machine, not pages in a browser, and nobody without end.

A page of any site can make a browser post to 127.0.0.1, and a name that resolves to 127.0.0.1 makes the
answer readable to it as well. So a Host that is not loopback's and an Origin that is not the sandbox's own
are refused, and what moves the market takes JSON, which no form can send unasked.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from platforms.sandbox.requests.gateway import HttpReply, reply
from platforms.sandbox.server.wire import Receive

MOST_BYTES = 1024 * 1024
"""Largest body and largest WebSocket message that is read."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CONTROL = "/sandbox/"


class TooLarge(Exception):
    """A body is longer than is read."""


def objection(method: str, path: str, headers: Mapping[str, str]) -> HttpReply | None:
    """Return why a request is not listened to, or None. Header names are lower-case."""
    host = headers.get("host", "")
    if _name(host) not in LOOPBACK:
        return _refused(403, f"Host {host[:100]!r} is not this machine: ask for 127.0.0.1 or localhost")
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return _refused(
            403, f"Origin {origin[:100]!r} is another site: the sandbox serves programs, not pages"
        )
    json = headers.get("content-type", "").partition(";")[0].strip() == "application/json"
    if method == "POST" and path.startswith(CONTROL) and not json:
        return _refused(415, f"POST {path} takes a body of the content type application/json")
    return None


async def body_of(receive: Receive, headers: Mapping[str, str]) -> bytes:
    """Return a request's body. Raises TooLarge before more than MOST_BYTES are kept."""
    length = headers.get("content-length", "")
    if length.isascii() and length.isdecimal() and int(length[:20]) > MOST_BYTES:
        raise TooLarge
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = bool(message.get("more_body"))
        if size > MOST_BYTES:
            raise TooLarge
    return b"".join(parts)


def too_large() -> HttpReply:
    """Return the answer to a body that is too long; the connection ends with it."""
    return _refused(413, f"bodies are at most {MOST_BYTES} bytes", {"connection": "close"})


def _refused(status: int, message: str, headers: Mapping[str, str] | None = None) -> HttpReply:
    return reply({"error": message}, status, headers)


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None

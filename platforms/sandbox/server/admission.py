"""Admission to the sandbox: programs on this machine, and nobody without end.

What moves the market takes JSON, which no form of a page in a browser can send unasked.
"""

from collections.abc import Mapping

from platforms.sandbox.loopback import MOST_BYTES, stranger
from platforms.sandbox.requests.gateway import HttpReply, reply
from platforms.sandbox.server.wire import Receive

CONTROL = "/sandbox/"


class TooLarge(Exception):
    """A body is longer than is read."""


def objection(method: str, path: str, headers: Mapping[str, str]) -> HttpReply | None:
    """Return why a request is not listened to, or None. Header names are lower-case."""
    if (why := stranger(headers.get("host", ""), headers.get("origin"))) is not None:
        return _refused(403, why)
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

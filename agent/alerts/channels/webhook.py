"""A webhook: each message posted as JSON, signed as Standard Webhooks, within one deadline.

The name is looked up once and the address is judged before anything is sent to it, so that nobody's name
server can point it into this network. Redirects are not followed, no proxy is asked.
"""

import base64
import binascii
import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from agent.alerts.channel import Gone, Later, Message, Never
from agent.alerts.text import text
from domain.errors import BadInput
from domain.retry_after import retry_after
from edge.deadline import held_for, tls_of
from edge.sockets import HeldSocket
from edge.urls import is_loopback

MOST_BYTES = 64 * 1024
"""Of an answer that are read; nobody needs them, but a connection is to end in order."""

PREFIX = "whsec_"
GONE = frozenset({401, 403, 404, 410})
BUSY = frozenset({408, 425, 429})


class Target(NamedTuple):
    """The address of a webhook, with its secrets: the present one, and the one before while it is changed.

    `private` lets it be an address of a private network; one of this machine always may be.
    """

    url: str
    secrets: Sequence[str]
    private: bool = False
    seconds: float = 10.0


class Webhook:
    """A channel that posts. Raises BadInput for an address that is none, or in the clear elsewhere."""

    def __init__(self, name: str, target: Target, now: Callable[[], float]) -> None:
        self.name = name
        self._target = target
        self._now = now
        self._parts = checked(name, target.url)
        self._keys = [_key(name, each) for each in target.secrets]

    def send(self, message: Message) -> None:
        """Post a message; it has arrived when the answer says so (any 2xx)."""
        stamp = int(self._now())
        body = payload(message)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "boyd",
            "webhook-id": message.id,
            "webhook-timestamp": str(stamp),
            "webhook-signature": " ".join(signature(key, message.id, stamp, body) for key in self._keys),
        }
        with held_for(self._target.seconds) as held:
            try:
                status, answer = self._post(held, headers, body)
            except (OSError, http.client.HTTPException) as error:
                known = TimeoutError() if held.is_cut else error
                fault: Exception = _explained(known, self._parts.hostname or "")
            else:
                if 200 <= status < 300:
                    return
                fault = _meaning(status, answer)
        raise fault  # outside the except block, so that no context holds the address

    def _post(self, held: HeldSocket, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        parts = self._parts
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with _connected(
            parts, held, private=self._target.private, seconds=self._target.seconds
        ) as connection:
            connection.request("POST", path, body=body, headers=headers)
            answer = connection.getresponse()
            answer.read(MOST_BYTES)
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}


def payload(message: Message) -> bytes:
    """Return a message as the JSON that is posted: its type, its time, and all of it under `data`."""
    data = {
        "id": message.id,
        "kind": message.kind.value,
        "severity": message.severity.value,
        "agent": message.agent,
        "title": message.title,
        "lines": list(message.lines),
        "acknowledgeable": message.acknowledgeable,
        "runbook": message.runbook,
        "text": text(message),
    }
    content = {"type": f"alert.{message.kind}", "timestamp": message.at.isoformat(), "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def signature(key: bytes, identity: str, stamp: int, body: bytes) -> str:
    """Return the signature of the bytes that are sent: HMAC-SHA256 over id, timestamp and body."""
    content = f"{identity}.{stamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def checked(name: str, url: str) -> SplitResult:
    """Return the parts of an address. Raises BadInput where it is none, and does not repeat a secret."""
    try:
        parts = urlsplit(url)
        _port(parts)
    except ValueError:
        raise BadInput(
            f"alerts.webhooks.{name}.url: is no address such as https://example.org/hook"
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise BadInput(
            f"alerts.webhooks.{name}.url: is no address such as https://example.org/hook "
            "(without user, password and fragment)"
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise BadInput(
            f"alerts.webhooks.{name}.url: http to another machine goes in the clear; give an https address"
        )
    return parts


def _key(name: str, secret: str) -> bytes:
    """Return the bytes of a secret: base64 behind "whsec_", else the text itself."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise BadInput(f"alerts.webhooks.{name}.secret: what follows whsec_ is not base64") from None


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


@contextmanager
def _connected(
    parts: SplitResult, held: HeldSocket, *, private: bool, seconds: float
) -> Iterator[http.client.HTTPConnection]:
    """Yield a connection to the address a name stands for, whose socket is held."""
    host, port = parts.hostname or "", _port(parts)
    where = _address(host, port, private=private)
    with ExitStack() as opened:
        connected = opened.enter_context(socket.create_connection(where, timeout=seconds))
        held.hold(connected)
        if parts.scheme == "https":
            connected = opened.enter_context(tls_of(held).wrap_socket(connected, server_hostname=host))
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
        connection.sock = connected
        with closing(connection):
            yield connection


def _address(host: str, port: int, *, private: bool) -> tuple[str, int]:
    """Return an address of a name. Raises Gone where all it has are of a private network."""
    addresses: list[Any] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, where in addresses:
        address = ipaddress.ip_address(str(where[0]).partition("%")[0])
        allowed = address.is_loopback if is_loopback(host) else (private or address.is_global)
        if allowed:
            return str(where[0]), port
    raise Gone(f"{host} is an address of a private network; set private = true where that is meant")


def _meaning(status: int, headers: dict[str, str]) -> Exception:
    if 300 <= status < 400:
        return Gone(f"http {status}: a redirect, which is not followed; give the address it leads to")
    if status in GONE:
        return Gone(f"http {status}: the address or the secret is refused")
    if status in BUSY or status >= 500 or status < 200:
        asked = retry_after(headers, default=1.0) if "retry-after" in headers else None
        return Later(asked, f"http {status}")
    return Never(f"http {status}: the message is refused")


def _explained(error: Exception, host: str) -> Exception:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Gone(f"the certificate of {host} is not believed: {error.verify_message}")
    if isinstance(error, socket.gaierror):
        return Later(None, f"name lookup of {host} failed")
    if isinstance(error, TimeoutError):
        return Later(None, f"no answer from {host} in time")
    if isinstance(error, ConnectionRefusedError):
        return Later(None, f"{host} refuses connections")
    return Later(None, f"connection to {host} failed ({type(error).__name__})")

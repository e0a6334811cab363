"""A requests session that answers to a deadline, follows no redirect and keeps no secret in a log.

Importing this file costs requests (about 150 ms), so only `fetch` does, at the first real request.
"""

import logging
from collections.abc import Callable
from http.client import IncompleteRead
from http.cookiejar import DefaultCookiePolicy

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.response import BaseHTTPResponse

from domain.errors import BadAnswer, Refused, Unreachable, VenueFault
from edge.cuttable import cuttable
from perception.guard.call import CURRENT
from perception.guard.faults import NotSent, Pointless

CHUNK = 64 * 1024
AGENT = "boyd/0.1 (+trading agent; requests)"


_Adapter = cuttable(CURRENT.get)
"""Connections that show their socket to the call, so that an abandoned call can be woken."""


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Deny every redirect: requests would else read its body, of any size, to find the next hop."""


class _WithoutQueries(logging.Filter):
    """Cuts URL queries out of urllib3's debug lines: the key travels in the query."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the arguments and let the record pass."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                value.split("?", 1)[0] if isinstance(value, str) else value for value in record.args
            )
        return True


_FILTER = _WithoutQueries()


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep requests from reading ~/.netrc, which it does when a session has no auth of its own."""
    return request


def open_session(*, loopback: bool) -> requests.Session:
    """Return a session; on loopback it ignores proxies, which would see the key in clear."""
    for name in ("urllib3.connectionpool", "urllib3.util.retry"):
        logging.getLogger(name).addFilter(_FILTER)
    session = _Session()
    session.mount("http://", _Adapter(pool_connections=1, pool_maxsize=4))
    session.mount("https://", _Adapter(pool_connections=1, pool_maxsize=4))
    session.trust_env = not loopback
    session.auth = _no_auth
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": AGENT, "Accept": "application/json"})
    return session


def read_body(raw: BaseHTTPResponse, max_bytes: int, check: Callable[[], float]) -> bytes:
    """Read a body as it comes, checking size and deadline per piece. Raises Pointless when too large."""
    body = bytearray()
    while piece := raw.read1(CHUNK, decode_content=True):
        body += piece
        if len(body) > max_bytes:
            raise Pointless(f"answer exceeds {max_bytes} bytes")
        check()
    return bytes(body)


CAUSES: tuple[tuple[type[Exception], type[VenueFault], str], ...] = (
    (NameResolutionError, NotSent, "name lookup of {host} failed"),
    (NewConnectionError, NotSent, "no connection to {host}"),
    (ConnectTimeoutError, NotSent, "no connection to {host} in time"),
    (SSLError, NotSent, "tls with {host} failed"),
    (ReadTimeoutError, Unreachable, "no answer from {host} in time"),
    (IncompleteRead, BadAnswer, "answer cut short"),
    (DecodeError, BadAnswer, "answer cannot be decompressed"),
    (requests.exceptions.ConnectTimeout, NotSent, "no connection to {host} in time"),
    (requests.exceptions.SSLError, NotSent, "tls with {host} failed"),
    (requests.exceptions.ProxyError, NotSent, "the proxy gave no connection to {host}"),
    (requests.exceptions.Timeout, Unreachable, "no answer from {host} in time"),
    (requests.exceptions.InvalidURL, Refused, "{host} is not a host name"),
    (ProtocolError, Unreachable, "connection to {host} closed before a whole answer"),
    (requests.exceptions.ConnectionError, Unreachable, "connection to {host} failed"),
    (OSError, Unreachable, "connection to {host} failed"),
)
"""What an error of requests or urllib3 means, most telling first; its own text holds the URL."""


def explain(error: Exception, host: str) -> VenueFault:
    """Return the fault an error stands for, in our words; the error's own are dropped."""
    chain = list(_causes(error))
    for kind, fault, text in CAUSES:
        if any(isinstance(link, kind) for link in chain):
            return fault(text.format(host=host))
    return BadAnswer(f"{host} gave no usable http answer ({type(error).__name__})")


def _causes(error: BaseException | None) -> list[BaseException]:
    """Return the error and what it was made from: requests and urllib3 keep it as argument or `reason`."""
    results: list[BaseException] = []
    queue = [error]
    while queue:
        link = queue.pop()
        if link is None or link in results:
            continue
        results.append(link)
        queue += [
            part for part in (*link.args, getattr(link, "reason", None)) if isinstance(part, BaseException)
        ]
        queue += [link.__cause__, link.__context__]
    return results

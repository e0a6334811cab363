"""One request and its answer as bytes, with a deadline over all of it: lookup, connection, headers, body.

A timeout of `requests` is per read, so a server that drips defeats it. Here the request runs in a thread
of its own; whoever waited no longer gives it up, which cuts its connection and keeps it from being sent
later than that.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import requests

from domain.errors import Unreachable
from edge.cuttable import cuttable
from edge.sockets import HeldSocket

CHUNK = 65_536

_current = threading.local()


class Unanswered(Unreachable):
    """The request may have arrived; its answer did not."""


class Raw(NamedTuple):
    """An answer whose body was read whole; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


WatchedAdapter = cuttable(lambda: getattr(_current, "attempt", None))
"""Connections that can be given up. One try: nothing is ever sent again."""


def fetch(
    session: requests.Session,
    method: str,
    uri: str,
    options: Mapping[str, Any],
    *,
    seconds: float,
    max_bytes: int,
    heard: Callable[[int, Mapping[str, str]], None],
) -> Raw:
    """Send a request once and return its whole answer; `heard` gets status and headers before the body.

    Raises Unanswered when no whole answer came in `seconds`, or one that is too long.
    """
    box: list[Raw | BaseException] = []
    attempt = HeldSocket()

    def work() -> None:
        _current.attempt = attempt
        try:
            box.append(_read(session, method, uri, {**options, "timeout": seconds}, max_bytes, heard))
        except BaseException as error:  # noqa: BLE001 -- told to the thread that waits
            box.append(error)

    thread = threading.Thread(target=work, name="boyd-request", daemon=True)
    thread.start()
    thread.join(seconds)
    if not box:
        attempt.cut()
        raise Unanswered(f"no complete answer within {seconds:g} s")
    if isinstance(box[0], BaseException):
        raise box[0]
    return box[0]


def _read(
    session: requests.Session,
    method: str,
    uri: str,
    options: Mapping[str, Any],
    max_bytes: int,
    heard: Callable[[int, Mapping[str, str]], None],
) -> Raw:
    try:
        with session.request(method, uri, allow_redirects=False, stream=True, **options) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            heard(response.status_code, headers)
            body = bytearray()
            for chunk in response.iter_content(CHUNK):
                body += chunk
                if len(body) > max_bytes:
                    raise Unanswered(f"answer longer than {max_bytes} bytes")
            return Raw(response.status_code, headers, bytes(body))
    except (requests.exceptions.RequestException, OSError) as error:
        # The error's own words would show the URL, and with it the signature.
        raise Unanswered(f"no whole answer: {type(error).__name__}") from None

"""One POST of JSON to the Bot API, from name lookup to last byte within a time, or cut from another thread.

The token stands in the URL, so nothing that a library says of a call leaves this module: errors are made
anew, in our words, and its loggers are kept from naming the path.
"""

import logging
import threading
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from agent.telegram.faults import NoAnswer, hidden
from edge.sockets import HeldSocket
from edge.urls import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

CONNECT_SECONDS = 10.0
LATER_SECONDS = 0.5
"""A peer that sends nothing at all is told apart first."""

MOST_BYTES = 8 * 1024 * 1024
LOGGERS = ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry", "urllib3.poolmanager")


class Answered(NamedTuple):
    """An HTTP answer: status, headers by lower-case name, and its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _WithoutTokens(logging.Filter):
    """Takes tokens out of what the HTTP library logs: its lines name paths."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record, and let it pass."""
        record.msg, record.args = hidden(record.getMessage()), ()
        return True


_FILTER = _WithoutTokens()


class BotWire:
    """A connection to one bot, for one thread at a time; `cut` may come from any."""

    def __init__(self, base_url: str, token: str) -> None:
        self._url = f"{base_url}/bot{token}/"
        self._host = urlsplit(base_url).hostname or ""
        self._session: requests.Session | None = None
        self._held = HeldSocket()
        self._closed = False

    def post(self, method: str, body: Mapping[str, Any], seconds: float) -> Answered:
        """Return the answer, whatever its status. Raises NoAnswer where none came in `seconds`."""
        result = self._try(method, msgspec.json.encode(body), seconds)
        if isinstance(result, NoAnswer):
            raise result  # here, outside the except block, so that no context holds the URL
        return result

    def cut(self) -> None:
        """Give up what is waited for, and send nothing more."""
        self._closed = True
        self._held.cut()

    def _try(self, method: str, body: bytes, seconds: float) -> Answered | NoAnswer:
        if self._closed:
            return NoAnswer("the connection was given up", sent=False)
        from perception.guard.faults import NotSent  # noqa: PLC0415  # requests costs 150 ms
        from perception.http.session import explain, read_body  # noqa: PLC0415  # as above

        try:
            with self._within(seconds):
                return self._post(method, body, seconds, read_body)
        except Exception as error:  # noqa: BLE001 -- whatever a library raises, its text may hold the URL
            fault = explain(error, self._host)
            return NoAnswer(str(fault), sent=not isinstance(fault, NotSent))

    @contextmanager
    def _within(self, seconds: float) -> "Iterator[None]":
        """Cut the call after so long: a peer that sends a byte now and then would hold it for ever."""
        held = self._held = HeldSocket()
        timer = threading.Timer(seconds + LATER_SECONDS, held.cut)
        timer.daemon = True
        timer.start()
        try:
            if self._closed:
                held.cut()
            yield
        finally:
            timer.cancel()

    def _post(self, method: str, body: bytes, seconds: float, read_body: Any) -> Answered:
        session = self._opened()
        with session.post(
            self._url + method,
            data=body,
            headers={"Content-Type": "application/json"},
            timeout=(min(CONNECT_SECONDS, seconds), seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            content = read_body(response.raw, MOST_BYTES, lambda: seconds)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answered(response.status_code, headers, content)

    def _opened(self) -> "requests.Session":
        if self._session is None:
            self._session = self._made()
        return self._session

    def _made(self) -> "requests.Session":
        import requests  # noqa: PLC0415  # costs 150 ms: where a bot is asked

        from edge.cuttable import cuttable  # noqa: PLC0415  # as above

        for name in LOGGERS:
            logging.getLogger(name).addFilter(_FILTER)
        session = requests.Session()
        adapter = cuttable(lambda: self._held)
        session.mount("http://", adapter(pool_connections=1, pool_maxsize=1))
        session.mount("https://", adapter(pool_connections=1, pool_maxsize=1))
        session.trust_env = not is_loopback(self._host)
        session.auth = _no_auth
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return session

    def close(self) -> None:
        """Close what is kept open; for the thread that posts, or once it is gone."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            with suppress(OSError):
                session.close()


def _no_auth(request: Any) -> Any:
    """Keep requests from reading ~/.netrc."""
    return request

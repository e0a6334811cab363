"""The HTTP client of this room: one GET, from name lookup to last byte within the call's deadline."""

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from domain.errors import BadAnswer, Refused, VenueFault
from domain.retry_after import retry_after
from edge.urls import is_loopback
from perception.guard.call import CURRENT, Answer, Call
from perception.guard.faults import NotSent, Pointless, Wait

if TYPE_CHECKING:
    import requests

MOST_CONNECT_SECONDS = 10.0


class HttpFetch:
    """Gets URLs of one origin; opened at the first request, safe to share between threads.

    `timeout_seconds` is the deadline of a request made outside a guarded call.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout_seconds: float,
        max_bytes: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = urlsplit(base_url).hostname or ""
        self._timeout = timeout_seconds
        self._max_bytes = max_bytes
        self._monotonic = monotonic
        self._lock = Lock()
        self._session: requests.Session | None = None

    def get(self, url: str) -> Answer:
        """Return the answer, whatever its status.

        Raises Unreachable, BadAnswer (cut short, too large) or RateLimited (our own budget); their
        texts name the host, never the URL.
        """
        call = CURRENT.get() or Call(self._timeout, self._monotonic)
        call.admit()
        result = self._try(url, call)
        if isinstance(result, Answer):
            return result
        if isinstance(result, NotSent):
            call.refund()
        # Raised here, outside the except block, so that no context holds the URL.
        raise result

    def _try(self, url: str, call: Call) -> Answer | VenueFault:
        from perception.http import session as http_session  # noqa: PLC0415  # requests costs 150 ms: first request only

        try:
            return self._get(url, call, self._opened(), http_session.read_body)
        except VenueFault as fault:
            return fault
        except Exception as error:  # noqa: BLE001  # whatever a library raises, its text may hold the URL
            return http_session.explain(error, self._host)

    def _get(
        self,
        url: str,
        call: Call,
        session: "requests.Session",
        read_body: "Callable[..., bytes]",
    ) -> Answer:
        left = call.check()
        timeout = (min(left, MOST_CONNECT_SECONDS), left)
        with session.get(url, timeout=timeout, stream=True, allow_redirects=False) as response:
            body = read_body(response.raw, self._max_bytes, call.check)
            call.release()
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, body)

    def _opened(self) -> "requests.Session":
        from perception.http.session import open_session  # noqa: PLC0415  # as above

        with self._lock:
            if self._session is None:
                self._session = open_session(loopback=is_loopback(self._host))
            return self._session

    def close(self) -> None:
        """Close kept connections; a later request opens them again."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()


def sound(answer: Answer) -> Answer:
    """Return an answer with status 200.

    Raises what another status means: Wait for 418 and 429, BadAnswer for 5xx and redirects,
    Refused for the rest.
    """
    status = answer.status
    if status == 200:
        return answer
    if status in {418, 429}:
        raise Wait(f"http {status}: the venue asks to wait", _silence(status, answer.headers))
    if 300 <= status < 400:
        raise Pointless(f"http {status}: a redirect, which is not followed")
    if status >= 500 or status in {408, 425} or status < 300:
        raise BadAnswer(f"http {status}")
    raise Refused(f"http {status}")


def _silence(status: int, headers: Mapping[str, str]) -> float:
    return retry_after(headers, default=120.0 if status == 418 else 60.0)

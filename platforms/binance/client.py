"""One request to the exchange: signed by python-binance, sent once, with a deadline over all of it.

Errors never show the URL of a signed request: it holds the signature.
"""

import json
import threading
from collections.abc import Callable
from typing import Any

import requests
from binance.client import Client
from binance.exceptions import BinanceAPIException

from domain.errors import BadAnswer, Unreachable, VenueFault
from domain.ports import Clock
from platforms.binance.limits import Weights
from platforms.binance.settings import BinanceTradingSettings

CHUNK = 65_536
DEFAULT_WEIGHT = 6000
"""Request weight a minute until exchangeInfo says otherwise."""


class ApiError(VenueFault):
    """The exchange answered with an error: its code (0 when it gave none), its words, the HTTP status."""

    def __init__(self, code: int, message: str, status: int) -> None:
        super().__init__(f"{message} (code {code}, HTTP {status})")
        self.code = code
        self.message = message
        self.status = status


class Unanswered(Unreachable):
    """The request may have arrived; its answer did not."""


class _Library(Client):  # type: ignore[misc]  # the library ships no types
    """python-binance on another base URL, with our window, one try and no redirect."""

    def __init__(self, settings: BinanceTradingSettings, send: Callable[..., Any]) -> None:
        self.API_URL = f"{settings.rest_url}/api"
        self.MARGIN_API_URL = f"{settings.rest_url}/sapi"
        self.REQUEST_RECVWINDOW = settings.recv_window_ms
        key, secret = settings.api_key, settings.api_secret
        self._send = send
        super().__init__(
            key.get_secret_value() if key else None, secret.get_secret_value() if secret else None, ping=False
        )

    def _create_margin_api_uri(self, path: str, version: int = 1) -> str:
        return f"{self.MARGIN_API_URL}/v{version}/{path}"

    def _init_session(self) -> requests.Session:
        session: requests.Session = super()._init_session()
        for method in ("get", "post", "delete", "put"):
            setattr(
                session, method, lambda uri, method=method, **kwargs: self._send(session, method, uri, kwargs)
            )
        session.trust_env = False  # no proxy and no .netrc of the environment sees a signed request
        return session


class Wire:
    """Sends requests, one at a time. Raises ApiError, Unanswered, BadAnswer, RateLimited."""

    def __init__(self, settings: BinanceTradingSettings, clock: Clock) -> None:
        self.settings = settings
        self.weights = Weights(clock, DEFAULT_WEIGHT, settings.reserved_weight)
        self._lock = threading.RLock()
        self._library = _Library(settings, self._send)

    def set_offset(self, milliseconds: int) -> None:
        """Sign with the exchange's time: ours and this many milliseconds."""
        self._library.timestamp_offset = milliseconds

    def call(
        self,
        method: str,
        path: str,
        params: dict[str, str] | None = None,
        *,
        signed: bool,
        vital: bool = False,
    ) -> Any:
        """Send a request to /api/v3/`path` once and return its JSON."""
        request = getattr(self._library, f"_{method}")
        return self._admitted(lambda: request(path, signed, data=dict(params or {})), vital=vital)

    def account_call(self, path: str) -> Any:
        """Send a signed GET to /sapi/v1/`path` once and return its JSON."""
        return self._admitted(
            lambda: self._library._request_margin_api("get", path, True, data={}),  # noqa: SLF001 -- the library's only way there
            vital=False,
        )

    def _admitted(self, request: Callable[[], Any], *, vital: bool) -> Any:
        with self._lock:
            self.weights.admit(vital=vital)
            try:
                return request()
            except BinanceAPIException as error:
                code, status = error.code, int(error.status_code)
                message = str(error.message or "")[:200]
                known = isinstance(code, int) and not isinstance(code, bool)
                raise ApiError(code if known else 0, message, status) from None

    def _send(self, session: requests.Session, method: str, uri: str, kwargs: dict[str, Any]) -> Any:
        """Send in a thread of its own, so that the deadline covers connection, headers and body."""
        box: list[Any] = []
        seconds = self.settings.timeout_seconds

        def work() -> None:
            try:
                box.append(self._exchange(session, method, uri, kwargs, seconds))
            except BaseException as error:  # noqa: BLE001 -- told to the thread that waits
                box.append(error)

        thread = threading.Thread(target=work, name="boyd-request", daemon=True)
        thread.start()
        thread.join(seconds)
        if not box:
            session.close()  # wakes the thread where it waits for a kept connection
            raise Unanswered(f"no complete answer within {seconds:g} s")
        if isinstance(box[0], BaseException):
            raise box[0]
        return box[0]

    def _exchange(
        self, session: requests.Session, method: str, uri: str, kwargs: dict[str, Any], seconds: float
    ) -> "_Answer":
        options = kwargs | {"timeout": seconds, "allow_redirects": False, "stream": True}
        try:
            with session.request(method, uri, **options) as response:
                body = bytearray()
                for chunk in response.iter_content(CHUNK):
                    body += chunk
                    if len(body) > self.settings.max_bytes:
                        raise Unanswered(f"answer longer than {self.settings.max_bytes} bytes")
                headers = {name.lower(): value for name, value in response.headers.items()}
                self.weights.heard(response.status_code, headers)
                return _Answer(response.status_code, bytes(body))
        except requests.exceptions.RequestException as error:
            raise Unanswered(f"no whole answer: {type(error).__name__}") from None

    def close(self) -> None:
        """Close kept connections."""
        self._library.session.close()


class _Answer:
    """As much of a response as the library looks at."""

    def __init__(self, status_code: int, body: bytes) -> None:
        self.status_code = status_code
        self.text = body.decode("utf-8", "replace")
        if 300 <= status_code < 400:
            raise Unanswered(f"a redirect (HTTP {status_code}) is not followed")

    def json(self) -> Any:
        """Return the body; a non-finite number, a duplicate key or no JSON at all is no answer."""
        try:
            return json.loads(self.text, parse_constant=_refuse, object_pairs_hook=_unique)
        except ValueError as error:
            raise BadAnswer(f"HTTP {self.status_code} without sound JSON: {error}") from None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object names a key twice")
    return found

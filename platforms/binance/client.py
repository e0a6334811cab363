"""One request to the exchange: signed by python-binance, sent once, its answer read strictly.

Errors never show the URL of a signed request, which holds the signature, nor the key or its secret, even
where the exchange repeats them in its answer.
"""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from domain.errors import BadAnswer, VenueFault
from domain.ports import Clock
from domain.times import millis
from edge.strict_json import parse
from platforms.binance.ban import Ban
from platforms.binance.clock import VenueClock
from platforms.binance.library import client
from platforms.binance.limits import RequestWeight
from platforms.binance.settings import BinanceTradingSettings
from platforms.binance.transport import Raw, Unanswered, WatchedAdapter, fetch

DEFAULT_WEIGHT = 6000
"""Request weight a minute until exchangeInfo says otherwise."""
CLOCK = -1021
OF_KEY = frozenset({-1022, -2008, -2014, -2015})
"""Signature, unknown key, malformed key; key, address or permission."""
LONGEST_WORDS = 200

__all__ = ["ApiError", "Unanswered", "Wire"]


class ApiError(VenueFault):
    """The exchange answered with an error: its code (0 when it gave none), its words, the HTTP status."""

    def __init__(self, code: int, message: str, status: int) -> None:
        super().__init__(f"{message} (code {code}, HTTP {status})")
        self.code = code
        self.message = message
        self.status = status

    @property
    def of_key(self) -> bool:
        """Tell a refusal of key, signature or permission from all other trouble."""
        return self.code in OF_KEY


class _Library(client()):  # type: ignore[misc]  # the library ships no types
    """python-binance on another base URL, with our window and clock, one try and no redirect."""

    def __init__(self, wire: "Wire") -> None:
        settings = wire.settings
        self.API_URL = f"{settings.rest_url}/api"
        self.MARGIN_API_URL = f"{settings.rest_url}/sapi"
        self.REQUEST_RECVWINDOW = settings.recv_window_ms
        self._wire = wire
        self._thread = threading.local()
        self._signer = settings.signer()
        key = settings.api_key.get_secret_value() if settings.api_key else None
        with ThreadPoolExecutor(1) as apart:
            apart.submit(self._make, key).result()

    def _make(self, key: str | None) -> None:
        """Set the library up in a thread of its own: the event loop it wants and never uses ends there."""
        super().__init__(key, ping=False)
        self.loop.close()

    @property
    def response(self) -> Any:
        """The answer this thread got; the library keeps it here between two of its steps."""
        return self._thread.response

    @response.setter
    def response(self, answer: Any) -> None:
        self._thread.response = answer

    def _create_margin_api_uri(self, path: str, version: int = 1) -> str:
        return f"{self.MARGIN_API_URL}/v{version}/{path}"

    def _get_request_kwargs(self, method: str, signed: bool, *rest: bool, **kwargs: Any) -> Any:  # noqa: FBT001 -- the library's
        # In a query the library writes the signature as it is given; a form is encoded once more.
        self._thread.encode = method == "get" or any(rest) or kwargs.get("force_params", False)
        return super()._get_request_kwargs(method, signed, *rest, **kwargs)

    def _generate_signature(self, data: dict[str, Any], uri_encode: bool = True) -> str:  # noqa: FBT001, FBT002 -- same
        data["timestamp"] = millis(self._wire.time.now())
        signature: str = super()._generate_signature(data, uri_encode and self._thread.encode)
        return signature

    def _hmac_signature(self, query_string: str) -> str:
        """Sign by the kind of our key; the library would tell kinds apart by the length of the PEM."""
        if self._signer is None:
            raise VenueFault("a signed request needs BINANCE_API_KEY and BINANCE_API_SECRET")
        return self._signer.sign(query_string)

    def _init_session(self) -> requests.Session:
        session: requests.Session = super()._init_session()
        for method in ("get", "post", "delete", "put"):
            setattr(
                session,
                method,
                lambda uri, method=method, **options: self._sent(session, method, uri, options),
            )
        session.trust_env = False  # no proxy and no .netrc of the environment sees a signed request
        session.mount("https://", WatchedAdapter())
        session.mount("http://", WatchedAdapter())
        return session

    def _sent(self, session: requests.Session, method: str, uri: str, options: dict[str, Any]) -> Raw:
        settings = self._wire.settings
        return fetch(
            session, method, uri, options, seconds=settings.timeout_seconds, max_bytes=settings.max_bytes,
            heard=self._wire.weights.heard,
        )  # fmt: skip

    def _handle_response(self, response: Raw) -> Any:
        return self._wire.understood(response)


class Wire:
    """Sends requests, from any thread. Raises ApiError, Unanswered, BadAnswer, RateLimited.

    `time` is the exchange's clock, with which requests are signed; when one comes back as out of time it
    is measured again before the next. A silence the exchange asked for is remembered in the folder
    `memory`.
    """

    def __init__(self, settings: BinanceTradingSettings, clock: Clock, memory: Path | None = None) -> None:
        self.settings = settings
        ban = Ban(memory / f"exchange-{settings.host.replace(':', '-')}.ban" if memory else None)
        self.weights = RequestWeight(clock, DEFAULT_WEIGHT, settings.reserved_weight, ban)
        self.time = VenueClock(clock, self._server_time)
        secrets = (settings.api_key, settings.api_secret)
        self._secrets = [each.get_secret_value() for each in secrets if each and len(each) >= 8]
        self._library = _Library(self)

    def call(
        self,
        method: str,
        path: str,
        params: dict[str, str] | None = None,
        *,
        signed: bool,
        vital: bool = False,
        exits: bool = False,
    ) -> Any:
        """Send a request to /api/v3/`path` once and return its JSON; `vital`, `exits`: see RequestWeight."""
        if signed and self.time.doubtful:
            self.time.renew()
        self.weights.admit(vital=vital, exits=exits)
        return getattr(self._library, f"_{method}")(path, signed, data=dict(params or {}))

    def account_call(self, path: str) -> Any:
        """Send a signed GET to /sapi/v1/`path` once and return its JSON."""
        self.weights.admit(vital=False)
        return self._library._request_margin_api("get", path, True, data={})  # noqa: SLF001 -- the library's only way there

    def understood(self, raw: Raw) -> Any:
        """Return the JSON of an answer. Raises ApiError, Unanswered for a redirect, BadAnswer for no JSON."""
        if 300 <= raw.status < 400:
            raise Unanswered(f"a redirect (HTTP {raw.status}) is not followed")
        good = 200 <= raw.status < 300
        try:
            # A number too large is one fact of an answer: the rest of it is read all the same.
            answer = parse(self._hidden(raw.body.decode("utf-8", "replace")), finite=False)
        except ValueError as error:
            if not good:
                raise ApiError(0, "an error without sound JSON", raw.status) from None
            raise BadAnswer(f"HTTP {raw.status} without sound JSON: {_words(error)}") from None
        if good:
            return answer
        raise self._error(answer, raw.status)

    def _error(self, answer: Any, status: int) -> ApiError:
        code = answer.get("code") if isinstance(answer, Mapping) else None
        code = code if isinstance(code, int) and not isinstance(code, bool) else 0
        if code == CLOCK:
            self.time.doubtful = True
        self.weights.refused(code, status)
        return ApiError(code, _words(answer.get("msg", "")) if isinstance(answer, Mapping) else "", status)

    def _hidden(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _server_time(self) -> int:
        answer = self.call("get", "time", signed=False, vital=True)
        value = answer.get("serverTime") if isinstance(answer, Mapping) else None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 47:
            raise BadAnswer("serverTime is no time")
        return value

    def close(self) -> None:
        """Close kept connections."""
        self._library.session.close()


def _words(text: object) -> str:
    """Return text from outside on one line, inert and short."""
    return "".join(each if each.isprintable() else " " for each in str(text))[:LONGEST_WORDS]

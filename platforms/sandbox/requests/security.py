"""Authentication of requests: the API key, the signature over the bytes as sent, and the timestamp."""

import hmac
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from platforms.sandbox.exchange.errors import UNAUTHORISED, RequestRefused, empty, illegal, mandatory
from platforms.sandbox.requests.signatures import verifier

AHEAD_MS = 1_000
DEFAULT_WINDOW_MS = 5_000
LONGEST_WINDOW_MS = 60_000
_KEY = re.compile(r"^[A-Za-z0-9-]{1,128}$")
_SIGNATURE = re.compile(r"(?:^|&)signature=[^&]*")


class Credentials:
    """The API key and what its signatures are checked with; neither is ever shown.

    `secret` is the shared secret of an HMAC key, or the public key (PEM) of an Ed25519 or RSA pair. Raises
    ValueError for a PEM that is neither.
    """

    def __init__(self, key: str, secret: str) -> None:
        self.key = key
        self.kind, self._verify = verifier(secret)

    def check_key(self, key: str | None) -> None:
        """Refuse a key that is not ours. Raises ApiError -2014 or -2015."""
        if key is None or not _KEY.match(key):
            raise RequestRefused(-2014, "API-key format invalid.", UNAUTHORISED)
        if not hmac.compare_digest(key, self.key):
            raise RequestRefused(-2015, "Invalid API-key, IP, or permissions for action.", UNAUTHORISED)

    def check_signature(self, payload: bytes, signature: str) -> None:
        """Refuse a signature that is not of these bytes. Raises ApiError -1022."""
        if not self._verify(payload, signature):
            raise RequestRefused(-1022, "Signature for this request is not valid.")


def unsigned(query: bytes, body: bytes) -> bytes:
    """Return the bytes that a REST signature covers: query and body as sent, without the signature."""
    texts = (part.decode("latin-1") for part in (query, body))
    return "".join(_SIGNATURE.sub("", text) for text in texts).encode("latin-1")


def unsigned_message(params: Mapping[str, str]) -> bytes:
    """Return the bytes that a WebSocket API signature covers: sorted by name, not percent-encoded."""
    return "&".join(f"{name}={params[name]}" for name in sorted(params) if name != "signature").encode()


def check_time(timestamp: str | None, window: str | None, now: int) -> None:
    """Refuse a request from the future or too old. `now` in ms. Raises ApiError -1021."""
    if not timestamp:
        raise mandatory("timestamp")
    if not re.fullmatch(r"[0-9]{1,20}", timestamp):
        raise illegal("timestamp", "^[0-9]{1,20}$")
    sent = int(timestamp)
    sent = sent // 1000 if sent > 10**15 else sent  # microseconds are allowed, too
    allowed = _window(window)
    if sent >= now + AHEAD_MS:
        raise RequestRefused(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now - sent > allowed:
        raise RequestRefused(-1021, "Timestamp for this request is outside of the recvWindow.")


def _window(window: str | None) -> Decimal:
    if window is None:
        return Decimal(DEFAULT_WINDOW_MS)
    if not window:
        raise empty("recvWindow")
    try:
        value = Decimal(window)
    except InvalidOperation:
        raise illegal("recvWindow", r"^[0-9]{1,5}(\.[0-9]{1,3})?$") from None
    if not value.is_finite() or value < 0:
        raise illegal("recvWindow", r"^[0-9]{1,5}(\.[0-9]{1,3})?$")
    if value > LONGEST_WINDOW_MS:
        raise RequestRefused(-1131, "recvWindow must be less than 60000.")
    return value

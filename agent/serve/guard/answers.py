"""Answers on the wire: a struct as JSON, a refusal in the one form, and the headers every answer has.

The policy lets a page load what this server gives and nothing else, and run no script or style that stands in
the page itself. Nothing is kept by a browser or by anybody between; the page's own files are asked for anew.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

from agent.answers.refusal import Refusal, RefusalAnswer
from agent.loop.inbox import NotRunning
from agent.serve.fleet.fleet import Unknown
from agent.serve.mirror.mirror import Unready
from agent.serve.table import JSON, Content, TurnedAway, With
from agent.settings.home import Busy
from domain.errors import BadInput, BoydError, EndUnknown, JournalFault, Unproven, VenueFault

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-src 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}

_encoder = msgspec.json.Encoder()

STATUSES: tuple[tuple[type[Exception], int, str], ...] = (
    (Unknown, 404, "unknown"),
    (Unproven, 412, "unproven"),
    (Busy, 409, "busy"),
    (NotRunning, 409, "not_running"),
    (EndUnknown, 409, "unknown_end"),
    (BadInput, 422, "bad_input"),
    (Unready, 503, "reading"),
    (JournalFault, 500, "journal"),
    (VenueFault, 502, "venue"),
    (BoydError, 409, "conflict"),
)
"""The first that fits says status and kind."""


def answer_of(given: Any, status: int = 200) -> Response:
    """Return what a handler gave as an answer."""
    headers: Mapping[str, str] = {}
    if isinstance(given, With):
        given, headers = given
    if isinstance(given, Content):
        more = {"content-security-policy": given.policy} if given.policy else {}
        headers = {**given.headers, **more}
        if isinstance(given.body, bytes):
            return Response(given.body, status, headers, given.media)
        return StreamingResponse(given.body, status, headers, given.media)
    return Response(_encoder.encode(given), status, dict(headers), JSON)


def refusal_of(error: Exception) -> TurnedAway:
    """Return an error as a refusal; one that nobody foresaw says no more than its kind."""
    if isinstance(error, TurnedAway):
        return error
    for kind, status, word in STATUSES:
        if isinstance(error, kind):
            later = {"retry-after": "1"} if kind is Unready else None
            return TurnedAway(status, word, str(error), headers=later)
    return TurnedAway(500, "fault", f"{type(error).__name__}: the log of the server says more")


def refused(error: TurnedAway) -> Response:
    """Return a refusal as an answer."""
    body = RefusalAnswer(
        error=Refusal(
            kind=error.kind, message=str(error), field=error.field, value=error.value, limit=error.limit
        )
    )
    return Response(_encoder.encode(body), error.status, error.headers, JSON)

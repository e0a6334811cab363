"""The WebSocket API: requests as JSON messages, answers with the limits beside them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge.strict_json import shallow
from platforms.sandbox.exchange.errors import RequestRefused, illegal
from platforms.sandbox.requests.accepts import KEYED, NOTHING
from platforms.sandbox.requests.gateway import perform
from platforms.sandbox.requests.operations import WEBSOCKET, Operation
from platforms.sandbox.requests.params import Params
from platforms.sandbox.requests.venue import Venue
from platforms.sandbox.streams.hub import Hub, Listener
from platforms.sandbox.streams.ws_session import METHODS, admit

Json = dict[str, Any]
SESSION_WEIGHT = 2


@dataclass(frozen=True)
class Request:
    """One message of a client."""

    id: Any
    method: str
    params: Mapping[str, str]
    limits: bool = True


def read(text: str) -> Request:
    """Read a message. Raises ApiError for one that is not a request."""
    try:
        # Numbers keep the text they came with: the signature covers it.
        value = json.loads(shallow(text), parse_float=str, object_pairs_hook=_each_once)
    except ValueError:
        raise RequestRefused(-1135, "JSON Request is invalid") from None
    if not isinstance(value, dict) or not isinstance(value.get("method"), str):
        raise RequestRefused(-1135, "JSON Request is invalid")
    params = value.get("params", {})
    if not isinstance(params, dict):
        raise illegal("params", "object")
    limits = params.pop("returnRateLimits", True)
    return Request(
        value.get("id"), value["method"], {k: _text(v) for k, v in params.items()}, limits is not False
    )


def _each_once(pairs: list[tuple[str, Any]]) -> Json:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise RequestRefused(-1101, "Duplicate values for a parameter detected.")
    return result


def answer(venue: Venue, request: Request, *, hub: Hub, listener: Listener) -> Json:
    """Answer one request. The exchange has been advanced to the present."""
    with venue.exchange.lock:
        try:
            reply: Json = {"status": 200, "result": _run(venue, request, hub, listener)}
        except RequestRefused as error:
            reply = failed(error)
        return finish(venue, request, reply)


def failed(error: RequestRefused) -> Json:
    """Return an error's answer."""
    return {"status": error.status, "error": dict(error.body)}


def finish(venue: Venue, request: Request, answer: Json) -> Json:
    """Put the request's id and the limits around an answer."""
    whole = {"id": request.id, **answer}
    if request.limits:
        operation = WEBSOCKET.get(request.method)
        orders = bool(operation and operation.places)
        whole["rateLimits"] = venue.limits.rows(venue.exchange.now, orders=orders)
    return whole


def _run(venue: Venue, request: Request, hub: Hub, listener: Listener) -> Any:
    method = request.method.removeprefix("v3/")
    if method in METHODS:
        venue.limits.count(venue.exchange.now, SESSION_WEIGHT)
        return METHODS[method](venue, request.params, hub, listener)
    operation = WEBSOCKET.get(method)
    if operation is None:
        raise RequestRefused(-1000, f"Unknown method: {request.method}.")
    return _operate(venue, request, operation, listener)


def _operate(venue: Venue, request: Request, operation: Operation, listener: Listener) -> Any:
    params = Params(request.params)
    venue.limits.count(venue.exchange.now, operation.weighs(params))
    if operation.signed:
        params = Params(admit(venue, request.params, listener))
    operation.check(params, KEYED if operation.signed else NOTHING)
    return perform(venue, operation, params)


def _text(value: Any) -> str:
    """Return a value as REST would have it; null is nothing, and a list a list of symbols."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))

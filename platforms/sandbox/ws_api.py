"""The WebSocket API: requests as JSON messages, answers with the limits beside them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from platforms.sandbox.errors import ApiError, illegal, mandatory
from platforms.sandbox.gateway import perform
from platforms.sandbox.hub import Hub, Listener
from platforms.sandbox.operations import WEBSOCKET, Operation
from platforms.sandbox.params import Params
from platforms.sandbox.security import check_time, unsigned_message
from platforms.sandbox.venue import Venue

Json = dict[str, Any]
SUBSCRIBE = "userDataStream.subscribe.signature"
UNSUBSCRIBE = "userDataStream.unsubscribe"
_SESSION = frozenset({"session.logon", "session.logout", "userDataStream.subscribe"})


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
        value = json.loads(text, parse_float=str)
    except ValueError:
        raise ApiError(-1135, "JSON Request is invalid") from None
    if not isinstance(value, dict) or not isinstance(value.get("method"), str):
        raise ApiError(-1135, "JSON Request is invalid")
    params = value.get("params") or {}
    if not isinstance(params, dict):
        raise illegal("params", "object")
    limits = params.pop("returnRateLimits", True)
    return Request(
        value.get("id"), value["method"], {k: _text(v) for k, v in params.items()}, limits is not False
    )


def answer(venue: Venue, request: Request, *, hub: Hub, listener: Listener) -> Json:
    """Answer one request. The exchange has been advanced to the present."""
    with venue.exchange.lock:
        try:
            told: Json = {"status": 200, "result": _run(venue, request, hub, listener)}
        except ApiError as error:
            told = failed(error)
        return finish(venue, request, told)


def failed(error: ApiError) -> Json:
    """Return an error's answer."""
    return {"status": error.status, "error": dict(error.body)}


def finish(venue: Venue, request: Request, told: Json) -> Json:
    """Put the request's id and the limits around an answer."""
    whole = {"id": request.id, **told}
    if request.limits:
        operation = WEBSOCKET.get(request.method)
        orders = bool(operation and operation.places)
        whole["rateLimits"] = venue.limits.rows(venue.exchange.now, orders=orders)
    return whole


def _run(venue: Venue, request: Request, hub: Hub, listener: Listener) -> Any:
    params = Params({name: text for name, text in request.params.items() if name != "apiKey"})
    if request.method in _SESSION:
        raise ApiError(-4056, "HMAC_SHA256 API key is not supported.")
    if request.method == "session.status":
        return {"apiKey": None, "authorizedSince": None, "connectedSince": venue.exchange.time}
    if request.method == UNSUBSCRIBE:
        return _unsubscribe(params, listener)
    if request.method == SUBSCRIBE:
        venue.limits.count(venue.exchange.now, 2)
        _admit(venue, request)
        return {"subscriptionId": hub.join_user(listener)}
    operation = WEBSOCKET.get(request.method)
    if operation is None:
        raise ApiError(-1000, f"Unknown method: {request.method}.")
    return _operate(venue, request, operation, params)


def _operate(venue: Venue, request: Request, operation: Operation, params: Params) -> Any:
    venue.limits.count(venue.exchange.now, operation.weighs(params))
    if operation.signed:
        _admit(venue, request)
    return perform(venue, operation, params)


def _admit(venue: Venue, request: Request) -> None:
    params = request.params
    if not params.get("apiKey"):
        raise mandatory("apiKey")
    venue.credentials.check_key(params["apiKey"])
    if not params.get("signature"):
        raise mandatory("signature")
    check_time(params.get("timestamp"), params.get("recvWindow"), venue.exchange.time)
    venue.credentials.check_signature(unsigned_message(params), params["signature"])


def _unsubscribe(params: Params, listener: Listener) -> Json:
    number = params.integer("subscriptionId")
    if number is None:
        listener.users.clear()
    elif number in listener.users:
        listener.users.remove(number)
    return {}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))

"""From bytes to an operation and back: the REST protocol without the sockets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from platforms.sandbox.exchange.errors import UNAUTHORISED, UNKNOWN, UNKNOWN_STATUS, RequestRefused, mandatory
from platforms.sandbox.requests.operations import REST, Operation
from platforms.sandbox.requests.params import Params
from platforms.sandbox.requests.security import check_time, unsigned
from platforms.sandbox.requests.venue import Venue

KEY_HEADER = "x-mbx-apikey"
JSON = "application/json;charset=UTF-8"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class HttpRequest:
    """One request as it came; header names are lower-case."""

    method: str
    path: str
    query: bytes = b""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HttpReply:
    """An HTTP reply."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON


def reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpReply:
    """Return a value as a JSON reply."""
    return HttpReply(status, json.dumps(value, separators=(",", ":")).encode(), headers or {})


def refusal(error: RequestRefused, headers: Mapping[str, str] | None = None) -> HttpReply:
    """Return an error as a JSON reply."""
    return reply(error.body, error.status, {**(headers or {}), **error.headers})


def read(asked: HttpRequest) -> Params:
    """Return the parameters of query and form; of one in both the query's counts.

    A body that is no form, or that of a GET, is not read. Raises ApiError -1101 for one sent twice in a part.
    """
    values: dict[str, str] = {}
    form = asked.method != "GET" and asked.headers.get("content-type", "").startswith(FORM)
    for part in (asked.body if form else b"", asked.query):
        pairs = parse_qsl(part.decode("utf-8", "replace"), keep_blank_values=True)
        result = dict(pairs)
        if len(result) < len(pairs):
            raise RequestRefused(-1101, "Duplicate values for a parameter detected.")
        values |= result
    return Params(values)


def serve(venue: Venue, asked: HttpRequest) -> HttpReply:
    """Answer one request as Binance would. The exchange has been advanced to the present."""
    operation = REST.get((asked.method, asked.path))
    if operation is None:
        message = f"Path {asked.path}, Method {asked.method} is invalid"
        return refusal(RequestRefused(-5000, message, 404))
    with venue.exchange.lock:
        try:
            report = reply(_run(venue, asked, operation))
        except RequestRefused as error:
            report = refusal(error)
        counts = venue.limits.headers(venue.exchange.now, orders=operation.places)
        return HttpReply(report.status, report.body, {**counts, **report.headers})


def _run(venue: Venue, asked: HttpRequest, operation: Operation) -> Any:
    venue.limits.check_ban(venue.exchange.now)
    params = read(asked)
    venue.limits.count(venue.exchange.now, operation.weighs(params))
    if operation.signed:
        venue.credentials.check_key(asked.headers.get(KEY_HEADER))
        signature = params.raw("signature")
        if not signature:
            raise mandatory("signature")
        check_time(params.raw("timestamp"), params.raw("recvWindow"), venue.exchange.time)
        venue.credentials.check_signature(unsigned(asked.query, asked.body), signature)
    operation.check(params)
    return perform(venue, operation, params)


def perform(venue: Venue, operation: Operation, params: Params) -> Any:
    """Run an operation that may be run; counts orders asked for by client id."""
    if operation.places:
        if not venue.rights.trading:
            raise RequestRefused(-2015, "Invalid API-key, IP, or permissions for action.", UNAUTHORISED)
        for name in params.names:
            if name.endswith("ClientOrderId") and (client_id := params.raw(name)):
                venue.exchange.asked_for(client_id)
    if venue.defer:
        venue.defer(partial(operation.run, venue, params))
        raise RequestRefused(-1007, UNKNOWN[-1007], UNKNOWN_STATUS[-1007])
    return operation.run(venue, params)

"""The OpenAPI 3.1 document of the table: every route, its scope, what it takes and what it answers.

Schemas come from the structs themselves, so the document says what is decoded and encoded.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, get_args

import msgspec

from agent.answers.refusal import RefusalAnswer
from agent.answers.stream import AgentNews, Dropped, Gap, Hello, LiveState, StreamEvent
from agent.answers.work import WorkRow
from agent.reports.shelf import NAME as REPORT
from agent.serve.access.door import COOKIE
from agent.serve.access.scope import Scope
from agent.serve.guard.bodies import MOST_BYTES
from agent.serve.stream.cursor import PATTERN
from agent.serve.table import EVENTS, JSON, Route
from agent.settings.home import NAME
from agent.settings.version import VERSION

Plain = dict[str, Any]
REF = "#/components/schemas/{name}"
SENT = (StreamEvent, Hello, LiveState, AgentNews, WorkRow, Gap, Dropped)
TOLD = (RefusalAnswer, *SENT)
"""Structs that stand in the document whether a route answers with them or not."""

ABOUT = f"""The agents of one home: read what they see and why they did what they did, and steer them.

**Token.** Every route but health and login takes `Authorization: Bearer TOKEN`; the token that may trade is
in `HOME/api.token`, the one that may only read in `HOME/api-read.token`. A browser logs in once and has a
cookie.

**Amounts** are exact decimal texts, never numbers; **times** are in UTC and end in Z.

**Pages** of a list hold `next`, the cursor to ask for those before with `?cursor=`; null where there are
none.

**Errors** have one form, `{{"error": {{"kind", "message", "field"?, "value"?, "limit"?}}}}`.

**Commands** take a `reason` and a `key`: the same key again is the same command, and is not done twice. A
body is JSON (`Content-Type: application/json`) of at most {MOST_BYTES} bytes.

**Stream.** `/api/v1/events` sends each journal row as an event whose `id` is its number in the journal; who
reconnects with `Last-Event-ID` (or `?after=`) misses and doubles none."""

PLACES: dict[str, Plain] = {
    "agent": {
        "description": "Name of an agent: that of its journal.",
        "schema": {"type": "string", "pattern": f"^{NAME.pattern}$"},
    },
    "cycle": {
        "description": "Number of a cycle, or `last`.",
        "schema": {"type": "string", "pattern": "^([0-9]{1,12}|last)$"},
    },
    "id": {
        "description": "Id of a piece of work.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"},
    },
    "report": {
        "description": "Name of a kept report: the end of its period, and its days.",
        "schema": {"type": "string", "pattern": f"^{REPORT.pattern}$"},
    },
    "job": {
        "description": "Name of a job.",
        "schema": {"type": "string", "pattern": "^[a-z-]{1,40}$"},
    },
}
"""Parameters of paths."""

HEADERS = {"Last-Event-ID": {"type": "string", "pattern": PATTERN}}
"""Forms of headers."""

STATUSES = {
    "400": "What was sent is not JSON.",
    "401": "There is no token, or it is none of this home.",
    "403": "The token's scope, the Host or the Origin is not enough.",
    "404": "There is none of that name.",
    "408": "The body came too slowly.",
    "409": "That cannot be done as things stand.",
    "412": "The evidence is not enough.",
    "413": "The body is too long.",
    "415": "The body is not JSON.",
    "422": "A value cannot be meant: `field`, `value` and `limit` say which and why.",
    "429": "Too many attempts: `Retry-After` says when again.",
}


def document(table: Iterable[Route]) -> Plain:
    """Return the document of a table, as plain values."""
    routes = list(table)
    answers = [route.answer for route in routes if route.media == JSON]
    taken = [kind for route in routes for kind in (route.query, route.body) if kind is not None]
    kinds = [*answers, *taken, *TOLD]
    shown, components = msgspec.json.schema_components(kinds, ref_template=REF)
    schemas = dict(zip(map(repr, kinds), shown, strict=True))
    for kind in structs(kinds):
        _with_times(kind, components)
    for route in routes:
        if route.body is not None:
            components[route.body.__name__]["additionalProperties"] = False
    paths: dict[str, Plain] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas, components)
    asked_by_query = {route.query.__name__ for route in routes if route.query}
    for name in asked_by_query:
        del components[name]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Boyd", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"token": ["read"]}, {"login": ["read"]}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {status: _refusal(text) for status, text in STATUSES.items()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "login": {"type": "apiKey", "in": "cookie", "name": f"{COOKIE}_PORT"},
            },
        },
    }


def _operation(route: Route, schemas: dict[str, Plain], components: dict[str, Plain]) -> Plain:
    names = [*re.findall(r"[a-z0-9]+", route.path.removeprefix("/api/v1"))]
    operation: Plain = {
        "operationId": "_".join([route.method.lower(), *names]),
        "tags": [route.tag],
        "summary": route.summary,
        "security": _security(route.scope),
        "parameters": _parameters(route, components),
        "responses": _responses(route, schemas),
    }
    if route.description:
        operation["description"] = route.description
    if route.body is not None:
        content = {JSON: {"schema": schemas[repr(route.body)]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _security(scope: Scope) -> list[dict[str, list[str]]]:
    return [] if scope is Scope.OPEN else [{"token": [scope.value]}, {"login": [scope.value]}]


def _parameters(route: Route, components: dict[str, Plain]) -> list[Plain]:
    named = re.findall(r"{(\w+)}", route.path)
    rows: list[Plain] = [{"name": name, "in": "path", "required": True, **PLACES[name]} for name in named]
    if route.query is not None:
        schema = components[route.query.__name__]
        required = schema.get("required", [])
        for name, each in schema.get("properties", {}).items():
            rows.append({"name": name, "in": "query", "required": name in required, **_described(each)})
    for name, text in route.headers.items():
        rows.append(
            {
                "name": name,
                "in": "header",
                "description": text,
                "schema": HEADERS.get(name, {"type": "string"}),
            }
        )
    return rows


def _described(schema: Plain) -> Plain:
    """Return a query's field as a parameter: what is left out is null there, and cannot be given so here."""
    kept = {name: value for name, value in schema.items() if name != "default" or value not in (None, [])}
    choices = [each for each in kept.pop("anyOf", ()) if each != {"type": "null"}]
    kept |= choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {}
    text = kept.pop("description", "")
    return {"schema": kept} | ({"description": text} if text else {})


def _responses(route: Route, schemas: dict[str, Plain]) -> Plain:
    schema = schemas[repr(route.answer)] if route.media == JSON else {"type": "string"}
    if route.media == EVENTS:
        schema = _event()
    good = {"description": route.summary, "content": {route.media: {"schema": schema}}}
    return {"200": good} | {
        status: {"$ref": f"#/components/responses/{status}"} for status in _statuses(route)
    }


def _statuses(route: Route) -> list[str]:
    named, open_ = "{" in route.path, route.scope is Scope.OPEN
    takes = named or route.query is not None
    rows = ["403", *([] if open_ and route.body is None else ["401"]), *(["404"] if takes else [])]
    if route.body is not None:
        rows += ["400", "408", "413", "415", "422", "429" if open_ else "412", "409"]
    elif takes or route.headers:
        rows += ["409", "422"]
    return sorted(rows)


def _event() -> Plain:
    """Return the schema of one server-sent event; its data are JSON."""
    kinds = [{"$ref": REF.format(name=each.__name__)} for each in SENT]
    text = {"type": "string"}
    data = {**text, "contentMediaType": JSON, "contentSchema": {"anyOf": kinds}}
    return {"type": "object", "properties": {"id": text, "event": text, "data": data}}


def _refusal(text: str) -> Plain:
    return {"description": text, "content": {JSON: {"schema": {"$ref": REF.format(name="RefusalAnswer")}}}}


def structs(kinds: Iterable[Any]) -> Iterator[type[msgspec.Struct]]:
    """Yield every struct that types are made of, each once."""
    known: set[Any] = set()
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        if kind in known:
            continue
        known.add(kind)
        waiting += get_args(kind)
        origin = getattr(kind, "__origin__", kind)
        if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
            waiting += [field.type for field in msgspec.structs.fields(origin)]
            yield origin


def _with_times(kind: type[msgspec.Struct], components: dict[str, Plain]) -> None:
    """Say of each field that holds an instant that it is one, which msgspec leaves out."""
    times = [each.encode_name for each in msgspec.structs.fields(kind) if _is_time(each.type)]
    for name, schema in components.items():
        if name == kind.__name__ or name.startswith(f"{kind.__name__}_"):
            for field in times:
                given = schema["properties"].get(field, {})
                for each in (given, *given.get("anyOf", ())):
                    if each.get("type") == "string":
                        each["format"] = "date-time"


def _is_time(kind: Any) -> bool:
    return kind is datetime or any(map(_is_time, get_args(kind)))

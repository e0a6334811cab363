"""Input: a body of JSON and no other form, of bounded length, and a query, each as its struct."""

import asyncio
import json
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect, Request

from agent.serve.table import JSON, TurnedAway
from edge.strict_json import parse, shallow

MOST_BYTES = 60_000
"""Largest body: what the control socket of an agent takes in one line, less what we add."""
SECONDS = 10.0
LONGEST_QUERY = 4_000
INSTANT = "an instant such as 2026-11-28T00:00:00Z"
MISSING = re.compile("Object missing required field `(.*)`")


async def body_of(request: Request, kind: type[msgspec.Struct]) -> Any:
    """Return a request's body as a struct. Raises TurnedAway for another form, length or content."""
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != JSON:
        raise TurnedAway(
            415,
            "media",
            "a body is JSON: Content-Type: application/json",
            field="Content-Type",
            value=given[:100],
        )
    try:
        async with asyncio.timeout(SECONDS):
            content = await _read(request)
    except TimeoutError:
        raise TurnedAway(
            408, "slow", f"the body did not come within {SECONDS:g} s", headers={"connection": "close"}
        ) from None
    return as_struct(content, kind)


async def exit_of(request: Request, kind: type[msgspec.Struct]) -> Any:
    """Return the body of a kill, a flatten or a close, however odd it is: no form of it keeps anybody in.

    What is no JSON, too long or too slow counts as no body, and what nobody knows is left out; a reason and a
    key are texts, whatever came. A login's cookie still needs JSON, as only pages of ours send it. Raises
    TurnedAway for a body that was cut off, and for what is to be sold where that cannot be meant.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != JSON and "authorization" not in request.headers:
        raise TurnedAway(415, "media", "a body is JSON: Content-Type: application/json", value=given[:100])
    plain = _lenient(await _whatever(request))
    known = {name: plain[name] for name in kind.__struct_encode_fields__ if plain.get(name) is not None}
    texts = {name: str(known[name]) for name in ("reason", "key") if name in known}
    return converted(known | texts, kind, strict=False)


async def _whatever(request: Request) -> bytes:
    try:
        async with asyncio.timeout(SECONDS):
            return await _read(request)
    except TimeoutError:
        return b""
    except TurnedAway as refused:
        if refused.kind == "gone":
            raise
        return b""


def _lenient(content: bytes) -> dict[str, Any]:
    try:
        plain = json.loads(shallow(content.decode(errors="replace")))
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}


async def _read(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > MOST_BYTES:
                raise TurnedAway(
                    413,
                    "too_large",
                    "the body is too long",
                    value=f"more than {MOST_BYTES} bytes",
                    limit=f"{MOST_BYTES} bytes",
                    headers={"connection": "close"},
                )
            parts.append(part)
    except ClientDisconnect:
        raise TurnedAway(400, "gone", "the body was cut off") from None
    return b"".join(parts)


def as_struct(content: bytes, kind: type[msgspec.Struct]) -> Any:
    """Return JSON as a struct. Raises TurnedAway: 400 for what is no JSON, 422 for what cannot be meant."""
    try:
        plain = parse(content.decode())
    except ValueError as error:
        raise TurnedAway(400, "json", f"the body is not JSON: {error}") from None
    return converted(plain, kind, strict=True)


def query_of(text: str, kind: type[msgspec.Struct]) -> Any:
    """Return a query as a struct: a name may be repeated where it takes several. Raises TurnedAway."""
    if len(text) > LONGEST_QUERY:
        raise TurnedAway(422, "bad_input", "the query is too long", limit=f"{LONGEST_QUERY} characters")
    several = {
        name for name, hint in get_type_hints(kind).items() if get_origin(hint) in (list, tuple, frozenset)
    }
    plain: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in several:
            plain.setdefault(name, []).extend(value.split(","))
        elif name in plain:
            raise TurnedAway(422, "bad_input", f"{name} is given twice", field=name)
        else:
            plain[name] = value
    return converted(plain, kind, strict=False)


def converted(plain: Any, kind: type[msgspec.Struct], *, strict: bool) -> Any:
    """Return plain values as a struct; a field nobody knows is refused, so that no typing error is silent."""
    if isinstance(plain, dict):
        known = kind.__struct_encode_fields__
        for name in plain:
            if name not in known:
                names = ", ".join(known) or "none"
                raise TurnedAway(
                    422, "bad_input", f"{_short(name)} is not known; there are: {names}", field=_short(name)
                )
    try:
        return msgspec.convert(plain, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise _unfit(str(error), plain, kind) from None


def _unfit(text: str, plain: Any, kind: type[msgspec.Struct]) -> TurnedAway:
    """Return the refusal of a value, by what msgspec says of it, with the field and what it may be."""
    message, _, where = text.partition(" - at `$")
    field = where.rstrip("`").lstrip(".") or None
    missing = MISSING.fullmatch(message)
    if missing:
        return TurnedAway(422, "bad_input", f"{missing[1]} is needed", field=missing[1])
    value = plain.get(field) if isinstance(plain, dict) and field else None
    return TurnedAway(
        422,
        "bad_input",
        message,
        field=field,
        value=None if value is None else _short(value),
        limit=_limit(message, field, kind),
    )


def _limit(message: str, field: str | None, kind: type[msgspec.Struct]) -> str | None:
    """Return what a field may be: its bounds, a form, or the words there are; None where that is said."""
    if message.startswith("Expected ") and ", got" not in message:
        return message.removeprefix("Expected ").replace("`", "")
    if message.startswith("Invalid RFC3339"):
        return INSTANT
    if message.startswith("Invalid enum value") and field in kind.__struct_fields__:
        return ", ".join(map(str, _words(get_type_hints(kind)[field])))
    return None


def _words(hint: Any) -> Iterator[Any]:
    """Yield the values of an enumeration, or of one among several types."""
    if isinstance(hint, type) and issubclass(hint, Enum):
        yield from (each.value for each in hint)
    elif get_origin(hint) is Literal:
        yield from get_args(hint)
    else:
        for each in get_args(hint):
            yield from _words(each)


def _short(value: Any) -> str:
    return str(value)[:100]

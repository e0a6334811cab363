"""Replies of the model server: a prepared answer in a vendor's shape, bent by its faults. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from edge.typed_json import typed
from platforms.sandbox.faults.faults import Fault
from platforms.sandbox.model import shapes
from platforms.sandbox.model.script import Prepared
from platforms.sandbox.model.shapes import ModelRefusal, ModelRequest, Plain

JSON = "application/json"
PAGE = b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>502</h1></body></html>\n"
DICTATED = re.compile(r'\{[^{}]*"vote"[^{}]*"probability"[^{}]*\}')
"""An answer within a text; what a question says of the rules has votes too, and no probability."""

TOO_MUCH = 1_000_000_000
DEPTH = 100_000


class Reply(NamedTuple):
    """A status, a body and its type, and what else stands in the head."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


class ModelShape(NamedTuple):
    """A vendor's shape: how its requests are read and its answers, usages and errors are written."""

    read: Callable[[bytes, Mapping[str, str]], ModelRequest]
    body: Callable[[ModelRequest, str, Plain | None, str, int], Plain]
    usage: Callable[[Any, Any], Plain]
    error: Callable[[str, str], Plain]


SHAPES: dict[str, ModelShape] = {
    "/v1/chat/completions": ModelShape(
        shapes.read_openai, shapes.openai_body, shapes.openai_usage, shapes.openai_error
    ),
    "/v1/messages": ModelShape(
        shapes.read_anthropic, shapes.anthropic_body, shapes.anthropic_usage, shapes.anthropic_error
    ),
}
"""The shapes by the path they are asked at."""


def refusal(shape: ModelShape, error: ModelRefusal) -> Reply:
    """Return a refusal in the vendor's words."""
    return plain(shape.error(error.kind, str(error)), error.status)


def plain(value: Any, status: int = 200) -> Reply:
    """Return a value as JSON."""
    return Reply(status, msgspec.json.encode(value))


def reply(shape: ModelShape, request: ModelRequest, prepared: Prepared, number: int) -> Reply:
    """Return what is sent for one question: a refusal where a fault says so, else an answer, sound or not."""
    instead = prepared.fault("throttle", "error", "html")
    return _instead(shape, instead) if instead else _answer(shape, request, prepared, number)


def _instead(shape: ModelShape, fault: Fault) -> Reply:
    if fault.kind == "html":
        return Reply(fault["status"], PAGE, "text/html")
    if fault.kind == "error":
        return plain(shape.error("api_error", "Internal server error"), fault["status"])
    envelope = plain(shape.error("rate_limit_error", "Rate limit reached"), 429)
    return envelope._replace(headers=(("Retry-After", f"{fault['seconds']:g}"),))


def _answer(shape: ModelShape, request: ModelRequest, prepared: Prepared, number: int) -> Reply:
    text, finish = _text(request, prepared), _finish(prepared)
    if finish == "length":
        text = text[: len(text) // 2]
    if request.limit and shapes.tokens_of(text.encode()) > request.limit:
        finish = "length"
        text = text.encode()[: request.limit * shapes.BYTES_PER_TOKEN].decode(errors="ignore")
    usage = _usage(shape, request, text, prepared)
    envelope = shape.body(request, text, usage, finish, number)
    envelope = _mistyped(envelope, prepared.fault("wrong_type"))
    body = msgspec.json.encode(envelope)
    if prepared.fault("nested"):
        return Reply(200, b'{"choices":' + b"[" * DEPTH + b"]" * DEPTH + b"}")
    doubled = prepared.fault("doubled")
    if doubled and doubled["where"] == "envelope":
        body = b'{"model":"other",' + body[1:]
    if huge := prepared.fault("huge"):
        body += b" " * huge["bytes"]
    return Reply(200, body)


def _finish(prepared: Prepared) -> str:
    unfinished = prepared.fault("unfinished")
    return unfinished["why"] if unfinished else ""


def _text(request: ModelRequest, prepared: Prepared) -> str:
    text = prepared.text
    if prepared.fault("obeys"):
        text = dictated(request.prompt) or text
    doubled = prepared.fault("doubled")
    if doubled and doubled["where"] == "answer":
        text = '{"vote":-1,' + text[1:]
    if prepared.fault("unknown_field"):
        text = '{"stop":0.5,' + text[1:]
    if prepared.fault("prose"):
        text = f"Sure! Here is my answer:\n```json\n{text}\n```\nGood luck!"
    fault = prepared.fault("wrong_type")
    return _mistyped_text(text, fault["field"]) if fault else text


def dictated(prompt: str) -> str | None:
    """Return the answer that a text in the question dictates, where one does."""
    match = DICTATED.search(prompt.replace("\\\\", "\\").replace('\\"', '"'))
    return match.group() if match else None


_AS_TEXT: dict[str, Any] = {"vote": "1", "probability": "0.99", "reasons": "a text"}


def _mistyped_text(text: str, field: str) -> str:
    if field not in _AS_TEXT:
        return text
    try:
        return msgspec.json.encode(typed(text, dict[str, Any]) | {field: _AS_TEXT[field]}).decode()
    except (msgspec.DecodeError, msgspec.ValidationError):
        return text


def _mistyped(envelope: Plain, fault: Fault | None) -> Plain:
    field = fault["field"] if fault else ""
    if field not in ("content", "choices"):
        return envelope
    if "content" in envelope:  # Anthropic has no choices: its content is what they hold
        return envelope | {"content": 7}
    return envelope | {
        "choices": {"0": 7} if field == "choices" else [{"index": 0, "message": {"content": 7}}]
    }


def _usage(shape: ModelShape, request: ModelRequest, text: str, prepared: Prepared) -> Plain | None:
    fault = prepared.fault("usage")
    if not fault:
        return shape.usage(request.tokens_in, shapes.tokens_of(text.encode()))
    if fault["tells"] == "nothing":
        return None
    value: Any = {"too much": TOO_MUCH, "below zero": -5, "a fraction": 1.5, "a text": "12", "zero": 0}[
        fault["tells"]
    ]
    return shape.usage(value, value)

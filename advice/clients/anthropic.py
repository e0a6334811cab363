"""Anthropic's messages: bodies out, envelopes in. The answer is the input of a tool it must use. Pure."""

import json
from typing import Any

from advice.answer import EnvelopeContent, count
from advice.question import SCHEMA, Prompt
from advice.settings import ModelSettings
from domain.advice import Usage
from edge.strict_json import Json

PATH = "/messages"
VERSION = "2023-06-01"
TOOL = "advise"
ENDED = ("tool_use", "end_turn")


def body(prompt: Prompt, model: ModelSettings) -> str:
    """Return the body of a request; the same prompt gives the same text."""
    asked: dict[str, Any] = {
        "model": model.model,
        "max_tokens": model.max_tokens,
        "system": prompt.system,
        "messages": [{"role": "user", "content": prompt.user}],
        "tools": [{"name": TOOL, "description": "Gives the advice.", "input_schema": SCHEMA}],
        "tool_choice": {"type": "tool", "name": TOOL},
    }
    if model.temperature is not None:
        asked["temperature"] = model.temperature
    return json.dumps(asked, separators=(",", ":"), allow_nan=False)


def headers(key: str | None) -> dict[str, str]:
    """Return the headers beside those of every request."""
    return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})


def content(envelope: dict[str, Json]) -> EnvelopeContent:
    """Return what an envelope holds; what is missing or odd is said, and never raised."""
    usage = _usage(envelope.get("usage"))
    if envelope.get("stop_reason") not in ENDED:
        return EnvelopeContent("", usage, f"the answer ended with {str(envelope.get('stop_reason'))[:40]!r}")
    content = envelope.get("content")
    blocks = content if isinstance(content, list) else []
    used = [each for each in blocks if isinstance(each, dict) and each.get("type") == "tool_use"]
    if len(used) != 1 or used[0].get("name") != TOOL or not isinstance(used[0].get("input"), dict):
        return EnvelopeContent("", usage, "the answer does not use the tool once")
    return EnvelopeContent(json.dumps(used[0]["input"]), usage)


def _usage(value: Json) -> Usage | None:
    """Return the usage; what was read from a cache or put into one counts as read at the full price."""
    if not isinstance(value, dict):
        return None
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    parts = [count(value.get(name) or 0) for name in names]
    out = count(value.get("output_tokens"))
    if "input_tokens" not in value or out is None or None in parts:
        return None
    return Usage(sum(each or 0 for each in parts), out)

"""OpenAI's chat completions, as most vendors and local servers speak them: bodies out, envelopes in. Pure."""

import json
from typing import Any

from advice.answer import EnvelopeContent, count
from advice.question import SCHEMA, Prompt
from advice.settings import ModelSettings
from domain.advice import Usage
from edge.strict_json import Json

PATH = "/chat/completions"
ENDED = ("stop",)


def body(prompt: Prompt, model: ModelSettings) -> str:
    """Return the body of a request; the same prompt gives the same text."""
    asked: dict[str, Any] = {
        "model": model.model,
        "messages": [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ],
        model.max_tokens_field: model.max_tokens,
    }
    if model.temperature is not None:
        asked["temperature"] = model.temperature
    if model.output == "schema":
        schema = {"name": "advice", "strict": True, "schema": SCHEMA}
        asked["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif model.output == "object":
        asked["response_format"] = {"type": "json_object"}
    return json.dumps(asked, separators=(",", ":"), allow_nan=False)


def headers(key: str | None) -> dict[str, str]:
    """Return the headers beside those of every request."""
    return {"authorization": f"Bearer {key}"} if key else {}


def content(envelope: dict[str, Json]) -> EnvelopeContent:
    """Return what an envelope holds; what is missing or odd is said, and never raised."""
    usage = _usage(envelope.get("usage"))
    choices = envelope.get("choices")
    choice = choices[0] if isinstance(choices, list) and len(choices) == 1 else None
    if not isinstance(choice, dict):
        return EnvelopeContent("", usage, "the answer has not one choice")
    if choice.get("finish_reason") not in ENDED:
        return EnvelopeContent("", usage, f"the answer ended with {str(choice.get('finish_reason'))[:40]!r}")
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else None
    if not isinstance(text, str):
        return EnvelopeContent("", usage, "the answer has no text")
    return EnvelopeContent(text, usage)


def _usage(value: Json) -> Usage | None:
    if not isinstance(value, dict):
        return None
    into, out = count(value.get("prompt_tokens")), count(value.get("completion_tokens"))
    if into is None or out is None:
        return None
    total = count(value.get("total_tokens", into + out))
    return None if total is None else Usage(into, max(out, total - into))

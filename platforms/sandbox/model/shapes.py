"""The two shapes of a model's API: requests read as strictly as vendors do, answers as they come.

OpenAI-compatible: `POST /v1/chat/completions`. Anthropic: `POST /v1/messages`. Where a request offers
tools the answer is a call of the first of them; else it is text.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from edge.strict_json import Json, Unsound, parse, shallow

Plain = dict[str, Any]

BYTES_PER_TOKEN = 4
"""A token is so many bytes, as a rule of thumb has it; never less than one."""


class ModelRefusal(Exception):
    """A request that a vendor would refuse: its status and the vendor's name for it."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


class ModelRequest(NamedTuple):
    """The parts of a request that decide its answer: `limit` in tokens (0: none), `tool` to be called."""

    model: str
    prompt: str
    tokens_in: int
    limit: int
    tool: str


def read_openai(body: bytes, headers: Mapping[str, str]) -> ModelRequest:
    """Read a chat completion. Raises ModelRefusal."""
    del headers
    table = _table(body)
    limits = {name: _limit(table, name) for name in ("max_tokens", "max_completion_tokens")}
    tools = _list(table, "tools", optional=True)
    return ModelRequest(
        _model(table),
        _prompt(table),
        tokens_of(body),
        max(limits.values()),
        _name(tools[0].get("function")) if tools else "",
    )


def read_anthropic(body: bytes, headers: Mapping[str, str]) -> ModelRequest:
    """Read a message. Raises ModelRefusal."""
    if not headers.get("anthropic-version"):
        raise ModelRefusal(400, "invalid_request_error", "anthropic-version: header is required")
    table = _table(body)
    limit = _limit(table, "max_tokens")
    if not limit:
        raise ModelRefusal(400, "invalid_request_error", "max_tokens: Field required")
    tools = _list(table, "tools", optional=True)
    return ModelRequest(
        _model(table), _prompt(table), tokens_of(body), limit, _name(tools[0]) if tools else ""
    )


def openai_body(request: ModelRequest, text: str, usage: Plain | None, finish: str, number: int) -> Plain:
    """Return a chat completion as it is sent. `finish` is "" (as usual), "length" or "refusal"."""
    message: Plain = {"role": "assistant", "content": text}
    reason = "stop"
    if request.tool:
        call = {"name": request.tool, "arguments": text}
        message["content"] = None
        message["tool_calls"] = [{"id": f"call_{number}", "type": "function", "function": call}]
        reason = "tool_calls"
    reason = {"length": "length", "refusal": "content_filter"}.get(finish, reason)
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 0,
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
    } | ({} if usage is None else {"usage": usage})


def anthropic_body(request: ModelRequest, text: str, usage: Plain | None, finish: str, number: int) -> Plain:
    """Return a message as it is sent. `finish` is "" (as usual), "length" or "refusal"."""
    part: Plain = {"type": "text", "text": text}
    reason = "end_turn"
    if request.tool:
        part = {"type": "tool_use", "id": f"toolu_{number}", "name": request.tool, "input": _object(text)}
        reason = "tool_use"
    reason = {"length": "max_tokens", "refusal": "refusal"}.get(finish, reason)
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": [part],
        "stop_reason": reason,
        "stop_sequence": None,
    } | ({} if usage is None else {"usage": usage})


def openai_usage(tokens_in: Any, tokens_out: Any) -> Plain:
    """Return the account of tokens as a chat completion tells it."""
    whole = isinstance(tokens_in, int) and isinstance(tokens_out, int)
    total = tokens_in + tokens_out if whole else tokens_out
    return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": total}


def anthropic_usage(tokens_in: Any, tokens_out: Any) -> Plain:
    """Return the account of tokens as a message tells it."""
    return {"input_tokens": tokens_in, "output_tokens": tokens_out}


def openai_error(kind: str, message: str) -> Plain:
    """Return a refusal as an OpenAI-compatible server words it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def anthropic_error(kind: str, message: str) -> Plain:
    """Return a refusal as Anthropic words it."""
    return {"type": "error", "error": {"type": kind, "message": message}}


def tokens_of(text: bytes) -> int:
    """Return the tokens of a text: a quarter of its bytes, rounded up."""
    return -(-len(text) // BYTES_PER_TOKEN)


def _table(body: bytes) -> Plain:
    table: Json = None
    try:
        table = parse(body.decode())
    except Unsound as error:
        raise ModelRefusal(400, "invalid_request_error", f"the body {error}") from None
    except ValueError:
        pass
    if not isinstance(table, dict):
        raise ModelRefusal(400, "invalid_request_error", "the body is not a JSON object")
    if table.get("stream"):
        raise ModelRefusal(400, "invalid_request_error", "stream: this server answers whole")
    return table


def _model(table: Plain) -> str:
    name = table.get("model")
    if not isinstance(name, str) or not name:
        raise ModelRefusal(400, "invalid_request_error", "model: a name is required")
    return name


def _limit(table: Plain, name: str) -> int:
    value = table.get(name)
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ModelRefusal(400, "invalid_request_error", f"{name}: {value!r} must be a whole number from 1")
    return value


def _list(table: Plain, name: str, *, optional: bool = False) -> list[Plain]:
    rows = table.get(name)
    if rows is None and optional:
        return []
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise ModelRefusal(400, "invalid_request_error", f"{name}: a list of objects is required")
    return rows


def _prompt(table: Plain) -> str:
    """Return all the text of the messages."""
    parts: list[str] = []
    for row in _list(table, "messages"):
        content = row.get("content")
        if not isinstance(row.get("role"), str) or not isinstance(content, str | list):
            raise ModelRefusal(400, "invalid_request_error", "messages: each has a role and a content")
        blocks = [content] if isinstance(content, str) else [_block(each) for each in content]
        parts += blocks
    return "\n".join(parts)


def _block(block: Any) -> str:
    text = block.get("text") if isinstance(block, dict) else None
    if not isinstance(text, str):
        raise ModelRefusal(400, "invalid_request_error", "messages: each part of a content has a text")
    return text


def _name(tool: Any) -> str:
    name = tool.get("name") if isinstance(tool, dict) else None
    if not isinstance(name, str) or not name:
        raise ModelRefusal(400, "invalid_request_error", "tools: each has a name")
    return name


def _object(text: str) -> Any:
    """Return a tool's input; a text that is no JSON comes as a text, which no input may be."""
    try:
        return msgspec.json.decode(shallow(text))
    except ValueError:
        return text

"""WebSocket connections: market streams, and the WebSocket API with its user data."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from edge.strict_json import shallow
from platforms.sandbox.streams.hub import CLOSE, CUT, Hub, Listener
from platforms.sandbox.streams.names import parse

Handle = Callable[[Listener, str], Awaitable[None]]
MESSAGES_A_SECOND = 5
MOST_STREAMS = 1024
GOING_AWAY, POLICY = 1001, 1008


def asked_streams(path: str, query: str) -> tuple[list[str], bool] | None:
    """Return the streams that a URL names and whether they come combined, or None for another URL."""
    if path == "/stream":
        names = dict(part.partition("=")[::2] for part in query.split("&")).get("streams", "")
        return [name for name in names.split("/") if name], True
    if path == "/ws" or path.startswith("/ws/"):
        return [name for name in path.removeprefix("/ws").split("/") if name], False
    return None


async def converse(
    socket: WebSocket, wire: asyncio.Transport, hub: Hub, listener: Listener, handle: Handle
) -> None:
    """Accept and pass messages both ways until either side ends; `wire` is what a fault cuts.

    The listener has joined the hub before: what happens once the client is connected must reach it.
    """
    try:
        await socket.accept()
    except BaseException:
        hub.leave(listener)
        raise
    writing = asyncio.create_task(_write(socket, wire, listener))
    reading = asyncio.create_task(_read(socket, listener, handle))
    try:
        await asyncio.wait((writing, reading), return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.leave(listener)
        for task in (writing, reading):
            task.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await task


async def _write(socket: WebSocket, wire: asyncio.Transport, listener: Listener) -> None:
    while True:
        item = await listener.queue.get()
        if item is CUT:
            wire.abort()
            return
        if item is CLOSE:
            await socket.close(GOING_AWAY)
            return
        await socket.send_text(item)


async def _read(socket: WebSocket, listener: Listener, handle: Handle) -> None:
    while True:
        await handle(listener, await socket.receive_text())


class StreamRequests:
    """Answers SUBSCRIBE, UNSUBSCRIBE and their kin on one connection of market streams."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._times: list[float] = []

    async def __call__(self, listener: Listener, text: str) -> None:
        """Answer one message; hang up on a client that sends more than five a second."""
        now = listener.loop.time()
        self._times = [*(time for time in self._times if now - time < 1), now]
        if len(self._times) > MESSAGES_A_SECOND:
            listener.close()
            return
        listener.send(self._answer(listener, text))

    def _answer(self, listener: Listener, text: str) -> dict[str, Any]:
        try:
            asked = json.loads(shallow(text))
            method, number = asked["method"], asked.get("id")
        except (ValueError, TypeError, KeyError, AttributeError):
            return {
                "error": {"code": 3, "msg": "Invalid JSON: expected an object with method, params and id"}
            }
        params = asked.get("params") or []
        match method:
            case "SUBSCRIBE" if wrong := _wrong(listener, params):
                return {"error": {"code": 2, "msg": f"Invalid request: {wrong}"}, "id": number}
            case "SUBSCRIBE":
                self._hub.join(listener, params)
            case "UNSUBSCRIBE":
                self._hub.drop(listener, params)
            case "LIST_SUBSCRIPTIONS":
                return {"result": list(listener.streams), "id": number}
            case "SET_PROPERTY" if params[:1] == ["combined"]:
                listener.combined = bool(params[1:] and params[1])
            case _:
                return {
                    "error": {"code": 2, "msg": f"Invalid request: unknown variant {method!r}"},
                    "id": number,
                }
        return {"result": None, "id": number}


def _wrong(listener: Listener, params: Any) -> str | None:
    if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
        return "params must be a list of stream names"
    if len(listener.streams) + len(params) > MOST_STREAMS:
        return f"at most {MOST_STREAMS} streams on a connection"
    unknown = [name for name in params if parse(name) is None]
    return f"unknown stream {unknown[0]!r}" if unknown else None

"""Answers on the socket: whole, in drops, cut short, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from platforms.sandbox.requests.gateway import HttpReply

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def transport_of(send: Send) -> asyncio.Transport:
    """Return the socket's transport: ASGI cannot hang up, but uvicorn's `send` is bound to who can."""
    result = send.__self__.transport  # type: ignore[attr-defined]
    if not isinstance(result, asyncio.Transport):
        raise TypeError(f"server gives {type(result).__name__} where a transport is needed")
    return result


async def hang_up(receive: Receive, send: Send) -> None:
    """Close the connection without another byte."""
    transport_of(send).abort()
    # Until the server has noticed it would answer 500 for us.
    while (await receive())["type"] != "http.disconnect":
        pass


async def answer(report: HttpReply, send: Send) -> None:
    """Send a whole answer."""
    await _head(report, send)
    await send({"type": "http.response.body", "body": report.body})


async def drip(report: HttpReply, send: Send, seconds: float) -> None:
    """Send the body one byte at a time."""
    await _head(report, send)
    for position in range(len(report.body)):
        if transport_of(send).is_closing():
            return
        part = report.body[position : position + 1]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(seconds)
    await send({"type": "http.response.body", "body": b""})


async def cut_short(report: HttpReply, receive: Receive, send: Send, keep: int) -> None:
    """Announce the whole body, send a part of it and hang up."""
    await _head(report, send)
    await send({"type": "http.response.body", "body": report.body[:keep], "more_body": True})
    transport_of(send).close()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _head(report: HttpReply, send: Send) -> None:
    headers = {"content-type": report.content_type, "content-length": str(len(report.body)), **report.headers}
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": report.status, "headers": pairs})

"""The ASGI shell around the venue: sockets in, bytes out, nothing decided here."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from domain.ports import Clock
from domain.times import millis
from platforms.sandbox import control, gateway
from platforms.sandbox.gateway import Asked, Reply
from platforms.sandbox.venue import Venue

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
TICK_SECONDS = 0.05
"""How often the market is looked at when nobody asks."""


class SandboxApp:
    """One venue on the wire."""

    def __init__(self, venue: Venue, clock: Clock) -> None:
        self.venue = venue
        self._clock = clock
        self._ticking: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's worth of ASGI."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    def catch_up(self) -> None:
        """Let the exchange go on to the present."""
        self.venue.exchange.advance(millis(self._clock.now()))

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        headers = {name: value for name, value in request.headers.items()}
        path = str(scope["path"])
        asked = Asked(request.method, path, bytes(scope["query_string"]), await request.body(), headers)
        self.catch_up()
        if path.startswith("/sandbox/"):
            told = control.serve(self.venue, asked, control.ROUTES)
        else:
            told = gateway.serve(self.venue, asked)
        await _response(told)(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._ticking = asyncio.create_task(self._tick())
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._ticking:
                    self._ticking.cancel()
                    with suppress(asyncio.CancelledError):
                        await self._ticking
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _tick(self) -> None:
        while True:
            self.catch_up()
            await asyncio.sleep(TICK_SECONDS)


def _response(told: Reply) -> Response:
    return Response(told.body, told.status, dict(told.headers), told.content_type)

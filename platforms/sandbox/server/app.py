"""The ASGI shell around the venue: sockets in, bytes out; what is asked is decided elsewhere."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.websockets import WebSocket, WebSocketDisconnect

from domain.ports import Clock
from domain.times import millis
from edge.strict_json import shallow
from platforms.sandbox.exchange.errors import RequestRefused
from platforms.sandbox.faults.plan import FaultPlan
from platforms.sandbox.requests import control, gateway
from platforms.sandbox.requests.control import Json
from platforms.sandbox.requests.gateway import HttpReply, HttpRequest
from platforms.sandbox.requests.venue import Venue
from platforms.sandbox.server import admission, wire
from platforms.sandbox.server.conductor import Conductor
from platforms.sandbox.server.effects import Effect, effect_of
from platforms.sandbox.server.wire import Receive, Scope, Send
from platforms.sandbox.streams import ws_api
from platforms.sandbox.streams.hub import Hub, Listener
from platforms.sandbox.streams.sockets import StreamRequests, asked_streams, converse

TICK_SECONDS = 0.02
"""How often the market is looked at when nobody asks."""
WS_API = ("/ws-api/v3", "/ws-api/v3/")

T = TypeVar("T")


class HungUp(Exception):
    """The answer is not to be given; the connection is closed instead."""


class SandboxApp:
    """One venue on the wire, with the faults in force."""

    def __init__(self, venue: Venue, clock: Clock, seed: int = 0) -> None:
        self.venue = venue
        self.plan = FaultPlan(seed)
        self.hub = Hub(venue.exchange, self.plan)
        self.conductor = Conductor(venue, self.plan, self.hub)
        self._clock = clock
        self._ticking: asyncio.Task[None] | None = None
        self._routes = control.ROUTES | {
            ("GET", "/sandbox/faults"): self._tell_faults,
            ("POST", "/sandbox/faults"): self._load_faults,
            ("DELETE", "/sandbox/faults"): self._clear_faults,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        match scope["type"]:
            case "lifespan":
                await self._live(receive, send)
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                with suppress(WebSocketDisconnect):
                    await self._websocket(WebSocket(scope, receive, send), wire.transport_of(send))

    def catch_up(self) -> None:
        """Let the exchange go on to the present, and do what is due by then."""
        with self.venue.exchange.lock:
            self.venue.exchange.advance(millis(self._clock.now()))
            self.conductor.run()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        path = str(scope["path"])
        headers = dict(request.headers.items())
        if (refused := admission.objection(request.method, path, headers)) is not None:
            await wire.answer(refused, send)
            return
        try:
            body = await admission.body_of(receive, headers)
        except admission.TooLarge:
            await wire.answer(admission.too_large(), send)
            return
        asked = HttpRequest(request.method, path, bytes(scope["query_string"]), body, headers)
        self.catch_up()
        if path.startswith("/sandbox/"):
            await wire.answer(control.serve(self.venue, asked, self._routes), send)
            return
        effect = self._effect(request.method, path)
        try:
            report = await self._through(effect, partial(gateway.serve, self.venue, asked), _as_it_is)
        except HungUp:
            await wire.hang_up(receive, send)
            return
        if effect.truncate is not None:
            await wire.cut_short(report, receive, send, effect.truncate)
        elif effect.drip is not None:
            await wire.drip(report, send, effect.drip)
        else:
            await wire.answer(report, send)

    def _effect(self, method: str, path: str) -> Effect:
        with self.venue.exchange.lock:
            return effect_of(self.plan.for_request(method, path, self.venue.exchange.now), self.venue)

    async def _through(self, effect: Effect, execute: Callable[[], T], put: Callable[[HttpReply], T]) -> T:
        """Execute a request under its faults. Raises HungUp when no answer is to be given."""
        await asyncio.sleep(effect.delay_before) if effect.delay_before else None
        if effect.lost is not None:
            await asyncio.sleep(effect.lost)
        if effect.lost is not None or effect.drop_before:
            raise HungUp
        if effect.instead:
            return put(effect.instead)
        self.catch_up()
        defer = None if effect.late is None else partial(self.conductor.later, effect.late)
        with self.venue.handling(effect.take, defer):
            report = execute()
        await asyncio.sleep(effect.delay_after) if effect.delay_after else None
        if effect.drop_after:
            raise HungUp
        return put(effect.afterwards) if effect.afterwards else report

    async def _websocket(self, socket: WebSocket, transport: asyncio.Transport) -> None:
        path = socket.url.path
        if admission.objection("GET", path, socket.headers) is not None:
            await socket.close()
            return
        listener = Listener(asyncio.get_running_loop())
        if path in WS_API:
            self.hub.join(listener)
            await converse(socket, transport, self.hub, listener, _InTasks(self._ask))
            return
        result = asked_streams(path, socket.url.query)
        if result is None:
            await socket.close()
            return
        names, listener.combined = result
        self.hub.join(listener, names)
        await converse(socket, transport, self.hub, listener, StreamRequests(self.hub))

    async def _ask(self, listener: Listener, text: str) -> None:
        """Answer one message of the WebSocket API."""
        self.catch_up()
        try:
            request = ws_api.read(text)
        except RequestRefused as error:
            listener.send({"id": None, **ws_api.failed(error)})
            return
        effect = self._effect("WS", request.method)
        execute = partial(ws_api.answer, self.venue, request, hub=self.hub, listener=listener)
        try:
            report = await self._through(effect, execute, partial(self._as_message, request))
        except HungUp:
            listener.close(abruptly=True)
            return
        body = json.dumps(report, separators=(",", ":")) if isinstance(report, dict) else report
        if effect.drip is not None:
            await asyncio.sleep(effect.drip * len(body))
        if effect.truncate is not None:
            listener.send_text(body[: effect.truncate])
            listener.close(abruptly=True)
        else:
            listener.send_text(body)

    def _as_message(self, request: ws_api.Request, report: HttpReply) -> Any:
        if report.content_type != gateway.JSON:
            return report.body.decode()
        error = json.loads(shallow(report.body))
        return ws_api.finish(self.venue, request, {"status": report.status, "error": error})

    def _tell_faults(self, venue: Venue, body: Json) -> Json:
        del venue, body
        return {"faults": self.plan.told()}

    def _load_faults(self, venue: Venue, body: Json) -> Json:
        self.conductor.load(body)
        self.conductor.run()
        return self._tell_faults(venue, body)

    def _clear_faults(self, venue: Venue, body: Json) -> Json:
        self.conductor.clear()
        return self._tell_faults(venue, body)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._ticking = asyncio.create_task(self._tick())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._ticking.cancel()
        with suppress(asyncio.CancelledError):
            await self._ticking
        await send({"type": "lifespan.shutdown.complete"})

    async def _tick(self) -> None:
        while True:
            self.catch_up()
            await asyncio.sleep(TICK_SECONDS)


class _InTasks:
    """Handles messages side by side: one that is held up must not hold up the next."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, listener: Listener, text: str) -> None:
        task = asyncio.create_task(self._handle(listener, text))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _as_it_is(report: HttpReply) -> HttpReply:
    return report

"""The gate: every request passes it, and every answer leaves by it with the headers all answers have."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers

from agent.host import log
from agent.serve.guard.answers import HEADERS, refusal_of, refused
from agent.serve.guard.audit import Audit
from agent.serve.guard.places import Places
from agent.serve.table import TurnedAway

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

ALWAYS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
SOCKET = "boyd.send"
"""Under this name a streaming answer finds the server's own `send`."""

ROUTE = "boyd.route"
"""Under this name stands the route's path in the table, once one was found: a closed set."""

OTHERS = "other"


class Gatekeeper:
    """Checks Host and Origin before anything else, and turns whatever fails into the one form."""

    def __init__(self, app: App, places: Places, audit: Audit) -> None:
        self.app = app
        self.places = places
        self.audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope; a WebSocket is none of ours."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope[SOCKET] = send
        leaving = _Leaving(send)
        try:
            self.places.check(scope["method"], Headers(scope=scope))
            await self.app(scope, receive, leaving)
        except Exception as error:
            if leaving.ended:  # it was answered, and noted with that
                return
            if leaving.status:
                raise
            await refused(self.note(scope, error))(scope, receive, leaving)
        finally:
            # A stream writes by itself, and is counted when it ends.
            self.audit.count(scope.get(ROUTE, OTHERS), leaving.status or 200)

    def note(self, scope: Scope, error: Exception) -> TurnedAway:
        """Return an error as a refusal, noted."""
        refusal = refusal_of(error)
        if refusal.kind == "fault":
            log.say("error", "fault of the server", path=scope["path"][:200], exc_info=error)
        self.audit.note(scope["method"], scope["path"], address_of(scope), refusal)
        return refusal


class _Leaving:
    """Adds the headers that every answer has, unless it says otherwise itself."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.status = 0
        self.ended = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            given = list(message.get("headers", []))
            names = {name for name, _ in given}
            message["headers"] = given + [each for each in ALWAYS if each[0] not in names]
        self.ended = message["type"] == "http.response.body" and not message.get("more_body")
        await self.send(message)


def address_of(scope: Scope) -> str:
    """Return the address a request came from."""
    client = scope.get("client")
    return str(client[0]) if client else ""

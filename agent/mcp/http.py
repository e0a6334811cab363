"""The server over HTTP, on this machine alone: whoever asks has the token, and is no page of a browser."""

from collections.abc import Callable
from pathlib import Path

from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.mcp.server import Toolbox
from agent.serve.access.attempts import Attempts
from agent.serve.access.tokens import TRADE_FILE, same, token_at
from agent.serve.listening import Listening, bound, configured, quiet
from agent.settings.home import Home
from domain.errors import BadInput
from domain.ports import Clock

HOST, PATH = "127.0.0.1", "/mcp"
TOKEN_FILE = "mcp.token"  # noqa: S105 -- a file's name
MOST_BODY = 256 * 1024
MOST_SESSIONS = 32
MOST_WRONG, WRONG_SECONDS = 10, 60.0
NOT_FOUND_OUT = {"error": "token", "message": "send Authorization: Bearer with what the token file holds"}
LATER = {"error": "token", "message": "too many wrong tokens; wait a minute"}


Ready = Callable[[str, Callable[[], None]], None]
"""Takes the address of a server that listens, and its end on demand."""


def serve_http(toolbox: Toolbox, port: int, token: str, clock: Clock, ready: Ready) -> None:
    """Serve until a signal asks for the end. Raises BadInput where the port cannot be used."""
    quiet("mcp")
    with bound(HOST, port) as listener:
        port = listener.getsockname()[1]
        names = [f"{HOST}:{port}", f"localhost:{port}"]
        app = toolbox.server().streamable_http_app(
            streamable_http_path=PATH,
            max_request_body_size=MOST_BODY,
            max_sessions=MOST_SESSIONS,
            transport_security=TransportSecuritySettings(allowed_hosts=names),
        )
        config = configured(TokenGate(app, token, clock))
        url = f"http://{HOST}:{port}{PATH}"
        server = Listening(config, lambda: None, lambda: ready(url, server.end))
        server.run(sockets=[listener])


class TokenGate:
    """Lets nobody in without the token; Host and Origin are looked at behind it."""

    def __init__(self, app: ASGIApp, token: str, clock: Clock) -> None:
        self.app = app
        self.token = token
        self.clock = clock
        self.wrong = Attempts(MOST_WRONG, WRONG_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "http" or self._known(scope):
            await self.app(scope, receive, send)
            return
        now = self.clock.monotonic()
        if self.wrong.wait("", now):
            await JSONResponse(LATER, 429)(scope, receive, send)
            return
        self.wrong.note("", now)
        headers = {"WWW-Authenticate": "Bearer"}
        await JSONResponse(NOT_FOUND_OUT, 401, headers)(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        kind, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and same(given.strip(), self.token)


def token_of(home: Home, file: Path | None) -> str:
    """Return the token of a file, HOME/mcp.token if none is named, made where there is none.

    Raises BadInput for a file that is unfit, or that holds the token that may trade.
    """
    path = file or home.root / TOKEN_FILE
    token = token_at(path)
    trading = home.root / TRADE_FILE
    if trading.is_file() and same(token, trading.read_text(errors="replace").strip()):
        raise BadInput(f"token: {path} holds the token of agent serve that may trade; name another file")
    return token

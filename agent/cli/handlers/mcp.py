"""The work of `agent mcp`."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agent.answers.checks import McpAnswer
from agent.cli.options import home_of
from agent.cli.output.streams import mention, say, say_json_line
from agent.host import log
from agent.host.clock import SystemClock
from agent.settings.home import Home
from agent.space.logs import turnover
from domain.errors import BadInput
from domain.extras import lacking

if TYPE_CHECKING:  # an extra
    from agent.mcp.server import Toolbox

LOG_NAME = "mcp.log"
USUAL_PORT = 8502
LIBRARIES = ("mcp", "mcp_types", "anyio", "starlette", "uvicorn")


class McpRequest(NamedTuple):
    """The options of the command line."""

    home: Path | None
    journal: str | None
    port: int | None
    token_file: Path | None
    http: bool
    allow_kill: bool
    json: bool


def serve_mcp(request: McpRequest) -> None:
    """Serve until the client leaves, or over HTTP until Ctrl-C or a signal to end."""
    if not request.http:
        given = {"--port": request.port, "--token-file": request.token_file, "--json": request.json or None}
        for name, value in given.items():
            if value is not None:
                raise BadInput(f"{name} goes with --http: without it, input and output are the client's")
    home = home_of(request.home)
    if request.journal is not None:
        home.latest(request.journal)
    home.make()
    try:
        from agent.mcp.server import Toolbox
    except ModuleNotFoundError as missing:
        if str(missing.name).partition(".")[0] not in LIBRARIES:
            raise
        raise BadInput(lacking("agent mcp", "mcp")) from None
    toolbox = Toolbox(home, SystemClock(), request.journal, allow_kill=request.allow_kill)
    if request.http:
        _over_http(request, home, toolbox)
    else:
        _over_stdio(home, toolbox)


def _over_stdio(home: Home, toolbox: "Toolbox") -> None:
    from agent.mcp.stdio import serve_stdio

    log.start(home.root, (), LOG_NAME, turnover=turnover(home))
    if sys.stdin.isatty():
        mention("agent mcp speaks a protocol over its input and output; an assistant's program starts it")
    serve_stdio(toolbox)


def _over_http(request: McpRequest, home: Home, toolbox: "Toolbox") -> None:
    from agent.mcp.http import TOKEN_FILE, serve_http, token_of

    file = request.token_file or home.root / TOKEN_FILE
    token = token_of(home, file)
    log.start(home.root, (token,), LOG_NAME, turnover=turnover(home))

    def ready(url: str, _end: Callable[[], None]) -> None:
        if request.json:
            answer = McpAnswer(url=url, token_file=str(file), home=str(home.root), pid=os.getpid())
            say_json_line(answer)
            return
        say(f"serving   {url} (home {home.root})")
        say(f"programs  Authorization: Bearer $(cat {file})")
        say("end       Ctrl-C")

    serve_http(toolbox, USUAL_PORT if request.port is None else request.port, token, SystemClock(), ready)

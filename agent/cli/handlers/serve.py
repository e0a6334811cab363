"""The work of `agent serve`."""

import os
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agent.answers.checks import BesideAnswer, ServeAnswer
from agent.cli.options import home_of
from agent.cli.output.streams import mention, say, say_json_line
from agent.host.clock import SystemClock
from agent.settings.home import Home
from domain.errors import BadInput
from domain.extras import lacking

if TYPE_CHECKING:  # an extra
    from agent.serve.process import Announced


class ServeRequest(NamedTuple):
    """The options of the command line."""

    home: Path | None
    host: str
    port: int
    tls_cert: Path | None
    tls_key: Path | None
    without_tls: bool
    names: tuple[str, ...]
    paper: bool
    browse: bool
    json: bool
    without_http: bool = False


def serve_command(request: ServeRequest) -> None:
    """Serve until Ctrl-C or a signal to end; say where, once it listens."""
    if request.without_http:
        _without_http(request)
    else:
        _with_http(request)


def _without_http(request: ServeRequest) -> None:
    from agent.serve.headless import serve_without_http

    if request.paper or request.browse:
        raise BadInput("--without-http has no page: --paper and --open go with a server that has one")
    home = home_of(request.home)

    def ready() -> None:
        if request.json:
            say_json_line(BesideAnswer(home=str(home.root), pid=os.getpid()))
        else:
            say(f"serving   the jobs of home {home.root}, without HTTP; agent jobs list shows them")

    _go_on(serve_without_http(home, SystemClock(), ready))


def _go_on(running: list[str]) -> None:
    for name in running:
        mention(f"goes on   {name}; end it with: agent stop --journal {name}")


def _with_http(request: ServeRequest) -> None:
    try:
        from agent.serve import process
    except ModuleNotFoundError as missing:
        if str(missing.name).partition(".")[0] not in ("jinja2", "prometheus_client", "starlette", "uvicorn"):
            raise
        raise BadInput(lacking("agent serve", "serve")) from None
    home = home_of(request.home)
    options = process.Serving(
        host=request.host,
        port=request.port,
        names=request.names,
        tls_cert=request.tls_cert,
        tls_key=request.tls_key,
        without_tls=request.without_tls,
        paper=request.paper,
    )

    def ready(where: "Announced") -> None:
        _announce(home, where, json=request.json)
        if request.browse:
            webbrowser.open(where.login)

    running = process.serve(home, options, SystemClock(), ready)
    _go_on(running)
    if request.paper and not running:
        mention("ended     no agent that this began goes on")


def _announce(home: Home, where: "Announced", *, json: bool) -> None:
    if json:
        say_json_line(
            ServeAnswer(
                url=where.url,
                login=where.login,
                docs=f"{where.url}/docs",
                token_file=str(home.root / "api.token"),
                home=str(home.root),
                pid=os.getpid(),
            )
        )
        return
    say(f"serving   {where.url} (home {home.root})")
    say(f"log in    {where.login}")
    say("          (once, within ten minutes; later by the token of the file below)")
    say(f"programs  Authorization: Bearer $(cat {home.root / 'api.token'}), reference at {where.url}/docs")
    say("end       Ctrl-C; the agents go on")

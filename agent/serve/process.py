"""The process of `agent serve`: its socket, its server, how it begins and how it ends."""

import gc
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from agent.host import log
from agent.serve.access.door import Door
from agent.serve.access.tokens import tokens_of
from agent.serve.app import Server
from agent.serve.fleet.paper import begin_paper
from agent.serve.guard.places import Places
from agent.serve.keeping import LOG_NAME, HomeKeeper, alone, folder, mind_manners
from agent.serve.keys import UsedKeys
from agent.serve.listening import Listening, bound, configured, quiet
from agent.serve.stream.relay import Relay
from agent.serve.table import Asking
from agent.serve.work.workshop import Workshop
from agent.settings.home import Home
from agent.space.logs import turnover
from domain.errors import BadInput
from domain.ports import Clock
from edge.urls import is_loopback

HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*")
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 -- what it says where others are told of it


class Serving(NamedTuple):
    """The address to serve at, and how. `names` are more names that this server goes by.

    With `paper` a paper agent of our own is begun beside.
    """

    host: str = "127.0.0.1"
    port: int = 8501
    names: tuple[str, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    without_tls: bool = False
    paper: bool = False


class Announced(NamedTuple):
    """A server that listens: its address, a login (for one browser, once), and its end on demand."""

    url: str
    login: str
    end: Callable[[], None]
    server: Server


Ready = Callable[[Announced], None]


def serve(home: Home, options: Serving, clock: Clock, ready: Ready) -> list[str]:
    """Be the server of a home until a signal asks for the end; raises as `run` does.

    Returns the agents of our own that go on.
    """
    check(options)
    home.make()
    tokens = tokens_of(home.root)
    log.start(home.root, (tokens.trade, tokens.read), LOG_NAME, turnover=turnover(home))
    quiet()
    return run(home, options, clock, ready, nice=True)


def run(home: Home, options: Serving, clock: Clock, ready: Ready, *, nice: bool = False) -> list[str]:
    """Serve in whatever thread this is; return the agents of our own that go on.

    Where it is `nice` the agents of this machine come first; those it begins itself are as all others.
    Raises BadInput for what cannot be meant, Busy where another process serves this home.
    """
    check(options)
    home.make()
    with alone(home), bound(options.host, options.port) as listener:
        port = listener.getsockname()[1]
        door = Door(tokens_of(home.root), folder(home) / "logins.json", clock, port)
        keeper = HomeKeeper(home, clock, door.tokens)
        fleet, supervisor = keeper.fleet, keeper.supervisor
        if nice:  # behind the thread that begins agents: they would inherit it
            mind_manners()
            fleet.once_ready = _keep_what_is_there
        stream = Relay(fleet)
        work = Workshop(home, clock, lambda row: stream.tell("work", None, row))
        work.start()
        asking = Asking(
            home=home, fleet=fleet, door=door, clock=clock, stream=stream,
            keys=UsedKeys(folder(home) / "keys.json"), supervisor=supervisor, work=work, jobs=keeper.jobs,
            chat=keeper.chat,
        )  # fmt: skip
        server = Server(asking, Places(options.host, options.names))
        keeper.start()
        try:
            if options.paper:
                begin_paper(home, supervisor)
            _run(server, options, listener, ready)
            return supervisor.running()
        finally:
            work.close()
            keeper.close()


def _keep_what_is_there() -> None:
    """Leave out of every later search for garbage what was imported and folded until now: it stays.

    A search through all of it held up whoever asked just then by 25 ms.
    """
    gc.collect()
    gc.freeze()


def check(options: Serving) -> None:
    """Raise BadInput for an address others reach without TLS, and for half of a certificate."""
    if (options.tls_cert is None) != (options.tls_key is None):
        raise BadInput("--tls-cert and --tls-key: a certificate and its key go together")
    for name in options.names:
        if not HOST_NAME.fullmatch(name):
            raise BadInput(f"--allow-host {name[:100]}: a name alone is meant, without scheme and port")
    for flag, path in (("--tls-cert", options.tls_cert), ("--tls-key", options.tls_key)):
        if path is not None and not path.is_file():
            raise BadInput(f"{flag} {path}: there is no such file")
    if not is_loopback(options.host) and options.tls_cert is None and not options.without_tls:
        raise BadInput(
            f"--host {options.host} can be reached from other machines, and the token would travel in the "
            "clear: give --tls-cert and --tls-key, or --without-tls where a proxy or a tunnel sees to it"
        )


def _where(options: Serving, listener: socket.socket) -> str:
    scheme = "https" if options.tls_cert else "http"
    host = options.host
    if not is_loopback(host):
        host = next(iter(options.names), "localhost" if host in EVERYWHERE else host)
    named = f"[{host}]" if ":" in host else host
    return f"{scheme}://{named}:{listener.getsockname()[1]}"


def _run(server: Server, options: Serving, listener: socket.socket, ready: Ready) -> None:
    config = configured(server.asgi, options.tls_cert, options.tls_key)
    url = _where(options, listener)

    def listening() -> None:
        ready(Announced(url, f"{url}/login#code={server.asking.door.code()}", ending.end, server))

    ending = Listening(config, server.close, listening)
    try:
        ending.run(sockets=[listener])
    except OSError as error:  # a certificate that is none
        raise BadInput(f"--tls-cert {options.tls_cert}: {error.strerror or error}") from None

"""The table of routes as data: what each takes, needs and answers, and who answers it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from agent.serve.access.door import Door
from agent.serve.access.scope import NOBODY, Scope, Who
from agent.serve.fleet.fleet import Fleet
from agent.serve.keys import UsedKeys
from agent.serve.stream.relay import Relay
from agent.settings.home import Home
from domain.errors import BoydError
from domain.ports import Clock

API = "/api/v1"
JSON, HTML, EVENTS = "application/json", "text/html", "text/event-stream"


class TurnedAway(BoydError):
    """A request that is not answered: the status, the kind in one word, and what was wrong with it."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        field: str | None = None,
        value: str | None = None,
        limit: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.field = field
        self.value = value
        self.limit = limit
        self.headers = dict(headers or {})


def unknown(what: str) -> TurnedAway:
    """Return the refusal of what there is not."""
    return TurnedAway(404, "unknown", what)


class Content(NamedTuple):
    """An answer that is not JSON of a struct: its bytes, or its parts as they come.

    `policy` is a Content-Security-Policy of its own.
    """

    body: bytes | Iterable[bytes]
    media: str = JSON
    headers: Mapping[str, str] = {}
    policy: str | None = None


class Streamed(NamedTuple):
    """An answer that goes on: called with ASGI's `scope`, `receive` and `send`."""

    run: Callable[[Any, Any, Any], Awaitable[None]]


class With(NamedTuple):
    """An answer with headers of its own, such as a cookie."""

    answer: Any
    headers: Mapping[str, str]


class Asking(NamedTuple):
    """All that a handler may use: the home, its agents, the door, the clock; who asks, and from where."""

    home: Home
    fleet: Fleet
    door: Door
    clock: Clock
    stream: Relay
    keys: UsedKeys
    supervisor: Any = None
    work: Any = None
    jobs: Any = None
    chat: Any = None
    refusals: Mapping[str, int] = {}
    metrics: Callable[[str], tuple[bytes, str]] = lambda _accept: (b"", "text/plain")
    who: Who = NOBODY
    address: str = ""
    secure: bool = False
    headers: Mapping[str, str] = {}


class Lane(StrEnum):
    """Threads of their own, so that none waits for another's: a read for no venue, a kill for nobody.

    What comes in the lanes of exits is taken however odd its body is; see `agent.serve.guard.bodies`.
    """

    READ = "read"
    SLOW = "slow"
    STEER = "steer"
    EXIT = "exit"
    KILL = "kill"


EXITS = frozenset({Lane.EXIT, Lane.KILL})

Handler = Callable[[Asking, dict[str, str], Any, Any], Any]


class Route(NamedTuple):
    """One route. `answer` is the type of what it answers, `query` and `body` the structs of what it takes.

    `headers` are those it minds, with what each is for.

    `handler(asking, path, query, body)` runs in a thread; it returns an answer, a Content, a With or a
    Streamed, and raises BadInput, TurnedAway or any other BoydError.
    """

    method: str
    path: str
    scope: Scope
    summary: str
    answer: Any
    handler: Handler
    tag: str
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    media: str = JSON
    description: str = ""
    headers: Mapping[str, str] = {}
    lane: Lane | None = None

    @property
    def way(self) -> Lane:
        """The lane its handler runs in."""
        return self.lane or (Lane.STEER if self.scope is Scope.TRADE else Lane.READ)

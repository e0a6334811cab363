"""The live stream as a route: agents, kinds and a last to go on from."""

import asyncio
from contextlib import suppress
from typing import Annotated, Any, get_args

from msgspec import Meta, Struct, inspect

from agent.answers.stream import StreamEvent
from agent.serve.access.scope import Scope
from agent.serve.guard.gate import SOCKET
from agent.serve.mirror.mirror import Unready
from agent.serve.stream.cursor import PATTERN, parsed
from agent.serve.stream.serving import OpenStream, Subscription
from agent.serve.table import API, EVENTS, Asking, Route, Streamed, TurnedAway
from domain.events import Event

UNNUMBERED = ("state", "agent", "work")
KINDS = (*sorted(str(each.tag) for each in map(inspect.type_info, get_args(Event))), *UNNUMBERED)  # type: ignore[attr-defined]


class EventsQuery(Struct, frozen=True, kw_only=True):
    """The rows that a stream covers, and the one after which it goes on."""

    agent: Annotated[
        list[str], Meta(description="Only of these agents; all of the home where none is named.")
    ] = []
    kind: Annotated[
        list[Annotated[str, Meta(extra_json_schema={"enum": list(KINDS)})]],
        Meta(
            description="Only events of these kinds: those of the journal, and `state`, `agent` and `work`. "
            "`hello`, `gap` and `dropped` always come."
        ),
    ] = []
    after: Annotated[
        str | None,
        Meta(
            description="The id of the last event one has; 0 begins with the first row. Only what is new "
            "where none is given. The header Last-Event-ID, which a browser sends by itself, goes before it.",
            extra_json_schema={"pattern": PATTERN},
        ),
    ] = None


def events(asking: Asking, _path: dict[str, str], query: EventsQuery, _body: Any) -> Streamed:
    """Return a stream. Raises Unknown for an agent there is not, BadInput for a place that is none."""
    for name in query.agent:
        with suppress(Unready):  # it is waited for: any status but 200 ends an EventSource for good
            asking.fleet.get(name)
    for kind in query.kind:
        if kind not in KINDS:
            raise TurnedAway(
                422,
                "bad_input",
                "there is no such kind of event",
                field="kind",
                value=kind[:100],
                limit=", ".join(KINDS),
            )
    last = asking.headers.get("last-event-id") or query.after
    wanted = Subscription(
        agents=frozenset(query.agent),
        kinds=frozenset(query.kind),
        after=parsed(last) if last else None,
        trusted=asking.who.scope.allows(Scope.TRADE),
        allowed=lambda: not asking.who.session or asking.door.logins.find(asking.who.session) is not None,
    )

    async def run(scope: Any, receive: Any, send: Any) -> None:
        transport = getattr(getattr(scope[SOCKET], "__self__", None), "transport", None)
        known = transport if isinstance(transport, asyncio.Transport) else None
        await OpenStream(asking.stream, wanted, scope[SOCKET], known).run(receive)
        del send

    return Streamed(run)


ROUTES = (
    Route(
        "GET",
        f"{API}/events",
        Scope.READ,
        "The live stream: journal rows as server-sent events, from history into the present",
        StreamEvent,
        events,
        "stream",
        query=EventsQuery,
        media=EVENTS,
        headers={"Last-Event-ID": "The id of the last event one has; goes before `after`."},
        description="`id` is the row's number in the journal while the stream covers one journal, else "
        "`name=number,name=number` of all it covers; `event` is the kind of row, `data` a StreamEvent.\n\n"
        "Without a number come `hello` (Hello: where the stream begins), `state` (LiveState), `agent` "
        "(AgentNews), `work` (WorkRow), `gap` (Gap: rows that are not told) and `dropped` (Dropped: the "
        "server closes the stream). A comment comes every ten seconds in which nothing else does.",
    ),
)

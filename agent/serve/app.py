"""The application: the table of routes behind the gate, the pages beside it."""

import importlib
import pkgutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property, partial
from typing import Any

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.routing import Route as Path

from agent.serve import routes
from agent.serve.access.scope import Scope
from agent.serve.guard.answers import answer_of, refused
from agent.serve.guard.audit import Audit
from agent.serve.guard.bodies import body_of, exit_of, query_of
from agent.serve.guard.gate import ROUTE, Gatekeeper, address_of
from agent.serve.guard.places import Places
from agent.serve.metrics.exposition import Exposition
from agent.serve.metrics.look import Look, Traffic
from agent.serve.openapi.document import document
from agent.serve.openapi.reference import shown
from agent.serve.pages import is_page, pages, shell, templates, to_login
from agent.serve.table import EXITS, HTML, Asking, Content, Lane, Route, Streamed, TurnedAway
from domain.errors import BoydError

THREADS = {Lane.READ: 6, Lane.SLOW: 2, Lane.STEER: 16, Lane.EXIT: 16, Lane.KILL: 8}
"""Threads of each lane: commands may wait for a venue, and no kill waits for a read or for them."""


def table() -> tuple[Route, ...]:
    """Return every route: those of each module of `agent.serve.routes`."""
    names = sorted(each.name for each in pkgutil.iter_modules(routes.__path__))
    modules = [importlib.import_module(f"{routes.__name__}.{name}") for name in names]
    return tuple(route for module in modules for route in module.ROUTES)


class Server:
    """The application in being: its table, what its handlers may use, and what was refused."""

    def __init__(self, asking: Asking, places: Places) -> None:
        self.audit = Audit(asking.clock)
        look = Look(asking.fleet, self._traffic(asking))
        self.asking = asking._replace(refusals=self.audit.counts, metrics=Exposition(look).text)
        self.table = (*table(), *self._of_documents())
        self._limits: dict[Lane, anyio.CapacityLimiter] = {}
        app = Starlette(
            routes=[*self._paths(), *pages(asking.door)],
            lifespan=self._live,
            exception_handlers={
                HTTPException: self._no_route,
                BoydError: self._refused,
                Exception: self._refused,
            },
        )
        self.asgi = Gatekeeper(app, places, self.audit)

    def _traffic(self, asking: Asking) -> Traffic:
        """Return where the server's own counts are read."""
        relay, work = asking.stream, asking.work
        return Traffic(
            self.audit.answered,
            self.audit.counts,
            stream=lambda: (len(relay.clients), relay.dropped),
            work=lambda: [row.state for row in work.rows()] if work else [],
        )

    @asynccontextmanager
    async def _live(self, _app: Starlette) -> AsyncIterator[None]:
        self._limits = {lane: anyio.CapacityLimiter(count) for lane, count in THREADS.items()}
        self.asking.stream.start()
        yield

    def _of_documents(self) -> tuple[Route, ...]:
        """Return the routes of the document itself and of the page made of it."""
        return (
            Route(
                "GET", "/openapi.json", Scope.READ, "This document", dict[str, Any], self._document, "server"
            ),
            Route(
                "GET",
                "/docs",
                Scope.READ,
                "The reference of this API",
                str,
                self._reference,
                "server",
                media=HTML,
            ),
        )

    @cached_property
    def _described(self) -> dict[str, Any]:
        return document(self.table)

    def _document(self, *_asked: Any) -> Any:
        return self._described

    def _reference(self, *_asked: Any) -> Content:
        page = templates().get_template("reference.html.j2").render(shown(self._described))
        return Content(page.encode(), HTML)

    def close(self) -> None:
        """End the streams: the server is about to end."""
        self.asking.stream.close()

    def _paths(self) -> list[BaseRoute]:
        """Return a path for each of the table's, with every method it has there."""
        methods: dict[str, dict[str, Route]] = {}
        for route in self.table:
            methods.setdefault(route.path, {})[route.method] = route
        return [
            Path(path, partial(self._endpoint, each), methods=list(each)) for path, each in methods.items()
        ]

    async def _endpoint(self, methods: dict[str, Route], request: Request) -> Response:
        route = methods["GET" if request.method == "HEAD" else request.method]
        request.scope[ROUTE] = route.path
        try:
            asking = self._asking(route, request)
        except TurnedAway as error:
            if error.status == 401 and route.media == HTML and _browses(request):
                return to_login(request)
            raise
        query = query_of(request.url.query, route.query) if route.query else None
        read = exit_of if route.way in EXITS else body_of
        body = await read(request, route.body) if route.body else None
        given = await self._in_thread(
            partial(route.handler, asking, dict(request.path_params), query, body), route.way
        )
        if isinstance(given, Streamed) and request.method != "HEAD":
            return _Streaming(given)
        return Response() if isinstance(given, Streamed) else answer_of(given)

    async def _in_thread(self, work: Callable[[], Any], lane: Lane) -> Any:
        return await anyio.to_thread.run_sync(work, limiter=self._limits[lane])

    def _asking(self, route: Route, request: Request) -> Asking:
        """Return what the handler may use. Raises TurnedAway for whoever may not ask this."""
        who = self.asking.door.who(request.headers, request.cookies)
        if route.scope is not Scope.OPEN:
            if who is None or who.scope is Scope.OPEN:
                raise TurnedAway(
                    401,
                    "token",
                    "this needs a token: Authorization: Bearer, with what api.token or api-read.token holds",
                    headers={"www-authenticate": "Bearer"},
                )
            if not who.scope.allows(route.scope):
                raise TurnedAway(403, "scope", f"this token may {who.scope}, and not {route.scope}")
        return self.asking._replace(
            who=who or self.asking.who,
            address=address_of(request.scope),
            secure=request.url.scheme == "https",
            headers=request.headers,
        )

    async def _no_route(self, request: Request, error: Exception) -> Response:
        """Answer for a path that is none, or a method it has not; a browser gets a page."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 404 and request.method == "GET" and _browses(request) and is_page(request.url.path):
            return shell(404)
        kind, text = ("method", "cannot be asked so") if status == 405 else ("unknown", "is not here")
        headers = getattr(error, "headers", None)
        refusal = TurnedAway(
            status, kind, f"{request.method} {request.url.path[:200]} {text}", headers=headers
        )
        return await self._refused(request, refusal)

    async def _refused(self, request: Request, error: Exception) -> Response:
        return refused(self.asgi.note(request.scope, error))


class _Streaming(Response):
    """An answer that goes on; it writes to the server's own `send`."""

    def __init__(self, given: Streamed) -> None:
        super().__init__()
        self.given = given

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.given.run(scope, receive, send)


def _browses(request: Request) -> bool:
    """Say whether a browser asks, which has a use of the page to log in."""
    return HTML in request.headers.get("accept", "")

"""The pages: one shell for all of them, which asks the API; its files are open, for they hold no data."""

from functools import cache
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from agent.serve.access.door import Door
from agent.serve.access.scope import Scope
from dashboard import STATIC, TEMPLATES

LOGIN = "/login"
ICON = "/favicon.ico"
"""Asked for by every browser, also beside an answer that is no page."""

PAGES = (
    "/",
    "/agents/{agent}",
    "/decisions",
    "/trades",
    "/research",
    "/parameters",
    "/worth",
    "/journal",
    "/settings",
    "/jobs",
    "/log",
    "/alerts",
    "/doctor",
)


@cache
def templates() -> Environment:
    """Return the page's templates; whatever is put into them is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )


def pages(door: Door) -> list[BaseRoute]:
    """Return the routes of the pages and of their files."""

    async def page(request: Request) -> Response:
        who = door.who(request.headers, request.cookies)
        if who is None or not who.scope.allows(Scope.READ):
            return to_login(request)
        return shell()

    async def login(_request: Request) -> Response:
        return shell()

    async def icon(_request: Request) -> Response:
        return FileResponse(STATIC / "icon.svg")

    shown: list[BaseRoute] = [Route(path, page, methods=["GET"]) for path in PAGES]
    return [
        *shown,
        Route(LOGIN, login, methods=["GET"]),
        Route(ICON, icon),
        Mount("/static", _Files(directory=STATIC)),
    ]


def to_login(request: Request) -> Response:
    """Send a browser without a login to it; the page comes back to where it was asked for."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{LOGIN}?next={quote(wanted, safe='/')}", status_code=303)


def is_page(path: str) -> bool:
    """Say whether a path lies where pages do: none of the API's and no file."""
    return not path.startswith(("/api/", "/static/", "/openapi", "/metrics", "/docs"))


def shell(status: int = 200) -> Response:
    """Return the one page; it holds no data, and says itself where there is none such."""
    return Response(templates().get_template("shell.html.j2").render(), status, media_type="text/html")


class _Files(StaticFiles):
    """The page's files: kept by the browser, and asked for again each time."""

    def file_response(self, *args: object, **given: object) -> Response:
        """Return a file, or that it has not changed."""
        answer = super().file_response(*args, **given)  # type: ignore[arg-type]
        answer.headers["cache-control"] = "no-cache"
        return answer

"""Logging in and out: a token or a one-time code becomes a cookie that no script can read."""

from typing import Any

import msgspec

from agent.answers.refusal import LoggedIn, LoggedOut
from agent.serve.access.logins import LASTS
from agent.serve.access.scope import Scope
from agent.serve.table import API, Asking, Route, TurnedAway, With


class LoginAsked(msgspec.Struct, frozen=True):
    """A login by a `token` of the home, or by the `code` that `agent serve` prints."""

    token: str | None = None
    code: str | None = None


class LogoutAsked(msgspec.Struct, frozen=True):
    """Nothing: the cookie says which login ends."""


def login(asking: Asking, _path: dict[str, str], _query: Any, body: LoginAsked) -> With:
    """Begin a login. Raises TurnedAway for a wrong token or code, and for too many of them."""
    door, now = asking.door, asking.clock.monotonic()
    wait = door.wrong.wait(asking.address, now)
    if wait > 0:
        raise TurnedAway(
            429,
            "too_many",
            f"too many wrong logins: try again in {wait:.0f} s",
            limit=f"{door.wrong.most} in {door.wrong.seconds:g} s",
            headers={"retry-after": f"{wait + 1:.0f}"},
        )
    scope = door.scope_of(body.token, body.code)
    if scope is None:
        door.wrong.note(asking.address, now)
        raise TurnedAway(
            401,
            "login",
            "no such token, or a code that was used or is older than ten minutes",
            headers=CHALLENGE,
        )
    until = asking.clock.now() + LASTS
    cookie = _cookie(asking, door.logins.begin(scope), int(LASTS.total_seconds()))
    return With(LoggedIn(scope=scope, until=until), {"set-cookie": cookie})


def logout(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> With:
    """End the login of the cookie, if there is one."""
    asking.door.logins.end(asking.who.session)
    return With(LoggedOut(), {"set-cookie": _cookie(asking, "", 0)})


def _cookie(asking: Asking, name: str, seconds: int) -> str:
    secure = "; Secure" if asking.secure else ""
    return f"{asking.door.cookie}={name}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


CHALLENGE = {"www-authenticate": "Bearer"}

ROUTES = (
    Route(
        "POST",
        f"{API}/login",
        Scope.OPEN,
        "Log a browser in by a token or a one-time code",
        LoggedIn,
        login,
        "server",
        body=LoginAsked,
    ),
    Route(
        "POST",
        f"{API}/logout",
        Scope.OPEN,
        "Log a browser out",
        LoggedOut,
        logout,
        "server",
        body=LogoutAsked,
    ),
)

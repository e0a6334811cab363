"""The door: who asks by a header or a cookie, and logins by a token or a one-time code."""

import secrets
import threading
from collections.abc import Mapping
from pathlib import Path

from agent.serve.access.attempts import Attempts
from agent.serve.access.logins import Logins
from agent.serve.access.scope import NOBODY, Scope, Who
from agent.serve.access.tokens import Tokens, same
from domain.ports import Clock

COOKIE = "boyd_session"
"""The login's cookie; behind it stands the port, for a browser sends it to every port of a name."""

CODE_SECONDS = 600.0
MOST_WRONG, WRONG_SECONDS = 10, 60.0


class Door:
    """Knows who may come in."""

    def __init__(self, tokens: Tokens, kept: Path, clock: Clock, port: int = 0) -> None:
        self.cookie = f"{COOKIE}_{port}"
        self.tokens = tokens
        self.clock = clock
        self.logins = Logins(kept, clock, tokens.trade)
        self.wrong = Attempts(MOST_WRONG, WRONG_SECONDS)
        self._codes: dict[str, float] = {}
        self._lock = threading.Lock()

    def who(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Who | None:
        """Return who asks, NOBODY without token and login, None where a token was given that is none."""
        given = headers.get("authorization")
        if given is not None:
            kind, _, token = given.partition(" ")
            scope = self.tokens.scope_of(token.strip()) if kind.lower() == "bearer" else None
            return Who(scope, "api") if scope else None
        return self._of_cookie(cookies.get(self.cookie, ""))

    def _of_cookie(self, name: str) -> Who:
        login = self.logins.find(name) if name else None
        if login is None:
            return NOBODY
        left = (login.until - self.clock.now()).total_seconds()
        return Who(login.scope, "page", name, self.clock.monotonic() + left)

    def code(self) -> str:
        """Return a code that lets one browser in, once, within ten minutes."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = self.clock.monotonic() + CODE_SECONDS
        return code

    def scope_of(self, token: str | None, code: str | None) -> Scope | None:
        """Return what a login by a token or a code allows, None where it is neither; a code is used up."""
        if token:
            return self.tokens.scope_of(token)
        return Scope.TRADE if code and self._used(code) else None

    def _used(self, given: str) -> bool:
        now = self.clock.monotonic()
        with self._lock:
            self._codes = {code: due for code, due in self._codes.items() if due > now}
            match = next((code for code in self._codes if same(given, code)), None)
            if match is not None:
                del self._codes[match]
            return match is not None

"""Logins of browsers: a random name in a cookie, what it allows, and until when.

They outlive a restart of the server: a page that was open goes on. The file holds digests of the names, so
who reads it cannot use them.
"""

import secrets
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from agent.serve.access.scope import Scope
from agent.serve.access.tokens import digest
from domain.ports import Clock
from edge.files import write_whole
from edge.typed_json import typed

LASTS = timedelta(hours=12)
MOST = 100


class Login(msgspec.Struct, frozen=True):
    """A login: its scope and its end. `token` is the digest of the token it rests on."""

    scope: Scope
    until: datetime
    token: str


class Logins:
    """The logins of a home; safe in any thread."""

    def __init__(self, path: Path, clock: Clock, token: str) -> None:
        self.path = path
        self.clock = clock
        self.token = digest(token)
        self._lock = threading.Lock()
        self._known = self._read()

    def begin(self, scope: Scope) -> str:
        """Begin a login and return its name for the cookie."""
        name = secrets.token_urlsafe(32)
        with self._lock:
            self._known[digest(name)] = Login(scope, self.clock.now() + LASTS, self.token)
            self._keep()
        return name

    def find(self, name: str) -> Login | None:
        """Return the login of a cookie, None where it has ended or never was."""
        with self._lock:
            known = self._known.get(digest(name))
        return known if known and known.until > self.clock.now() else None

    def end(self, name: str) -> None:
        """End a login."""
        with self._lock:
            if self._known.pop(digest(name), None):
                self._keep()

    def _read(self) -> dict[str, Login]:
        """Return the logins of a former process; those that rest on another token are void."""
        kept: dict[str, Login] = {}
        with suppress(OSError, msgspec.MsgspecError):
            kept = typed(self.path.read_bytes(), dict[str, Login])
        return {name: each for name, each in kept.items() if each.token == self.token}

    def _keep(self) -> None:
        """Write down what still holds; where that cannot be, a restart asks for another login."""
        now = self.clock.now()
        alive = [(name, each) for name, each in self._known.items() if each.until > now]
        self._known = dict(alive[-MOST:])
        with suppress(OSError):
            write_whole(self.path, msgspec.json.encode(self._known), durable=False)

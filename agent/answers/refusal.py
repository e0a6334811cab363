"""The one form in which a request over HTTP is refused, and the answers on logins."""

from datetime import datetime

from msgspec import Struct


class Refusal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The reason for a refusal: its `kind` in one word, and where something given was wrong, what and why.

    `field` is what was given, `value` the text of it, `limit` what it may be.
    """

    kind: str
    message: str
    field: str | None = None
    value: str | None = None
    limit: str | None = None


class RefusalAnswer(Struct, frozen=True, kw_only=True):
    """Every answer of a status from 400 up."""

    error: Refusal


class LoggedIn(Struct, frozen=True, kw_only=True):
    """A login: what it allows, and when it ends."""

    scope: str
    until: datetime


class LoggedOut(Struct, frozen=True, kw_only=True):
    """The end of a login."""

    ok: bool = True


class VersionAnswer(Struct, frozen=True, kw_only=True):
    """The running code, and the scope of who asked."""

    version: str
    scope: str

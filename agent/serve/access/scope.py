"""Scopes, and an asker with one."""

from enum import StrEnum
from typing import NamedTuple


class Scope(StrEnum):
    """The right that a route asks for, each containing those before it."""

    OPEN = "open"
    READ = "read"
    TRADE = "trade"

    def allows(self, needed: "Scope") -> bool:
        """Say whether who has this scope may do what needs another."""
        order = list(Scope)
        return order.index(self) >= order.index(needed)


class Who(NamedTuple):
    """An asker: the scope, the `name` that the journal is told (`api` for a token, `page` for a login).

    `until` is when a login ends, in seconds of the server's monotonic clock; None for a token.
    """

    scope: Scope
    name: str
    session: str = ""
    until: float | None = None


NOBODY = Who(Scope.OPEN, "")

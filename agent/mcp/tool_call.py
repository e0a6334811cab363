"""A call of a tool: the home that is served, the arguments, who calls, and whom to tell of progress."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from anyio import CapacityLimiter

from agent.settings.home import Home
from domain.ports import Clock

Tell = Callable[[float, float | None, str], Awaitable[None]]
"""Tells who asks how far it is: done, of how much where that is known, and in words."""


class ServedHome(NamedTuple):
    """The home that is served, whose journal is meant where none is named, and how much goes on at once."""

    home: Home
    clock: Clock
    journal: str | None
    reading: CapacityLimiter
    working: CapacityLimiter


class ToolCall(NamedTuple):
    """One call of a tool: arguments already read, `client` as it names itself, made fit for a journal."""

    served: ServedHome
    arguments: Any
    client: str
    tell: Tell

    @property
    def journal(self) -> str | None:
        """The journal that is meant, None for the one run last."""
        return getattr(self.arguments, "journal", None) or self.served.journal

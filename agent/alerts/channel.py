"""The port of a channel, the message it sends, and how a send fails."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from agent.answers.alerts import AlertKind, Severity
from domain.errors import VenueFault

__all__ = ["AlertKind", "Channel", "Gone", "Later", "Message", "Never", "Severity"]


class Message(Struct, frozen=True, kw_only=True):
    """One thing that is told.

    `id` is "journalid8-seq" of the row it tells of, or "notice-seq"; it stands in every text as #id, so that
    a message that came twice is seen as one. `title` is one line, `lines` are more of them. `agent` is None
    for what concerns the home. One that is `acknowledgeable` is told again until somebody says `agent alerts
    acknowledge ID`. `runbook` is a file and a heading of this repository, "" where nothing is to be done.
    """

    id: str
    at: datetime
    kind: AlertKind
    severity: Severity
    agent: str | None
    title: str
    lines: tuple[str, ...] = ()
    acknowledgeable: bool = False
    runbook: str = ""


class Later(VenueFault):
    """A send that failed and may succeed after some seconds: `seconds`, None where nobody said how long."""

    def __init__(self, seconds: float | None, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds


class Never(VenueFault):
    """A send that cannot succeed, however often it is tried: the message goes to the dead letters."""


class Gone(Never):
    """A send that failed because of the channel itself: its address is gone, its key is refused.

    The message waits and is tried again, seldom; the channel counts as dead at once.
    """


class Channel(Protocol):
    """A way to people. Each has a thread of its own, so a send may wait, within a deadline of its own."""

    @property
    def name(self) -> str:
        """The channel's name in the settings."""
        ...

    def send(self, message: Message) -> None:
        """Send one message; it has arrived on return, and may have on an error.

        Raises Never where trying again is of no use, Gone where the channel itself is of none, Later where it
        is; any other error counts as Later, by the usual backoff. No error's text holds a secret.
        """
        ...

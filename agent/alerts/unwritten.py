"""The one thing that is told without being written down: that nothing can be written down.

On a disk that is full, gone or read-only no notice can be kept, so none would be told. This says so over
every channel, once for as long as it lasts, and once more when it is over. It is in memory alone.
"""

from collections.abc import Callable
from datetime import datetime

from agent.alerts.channel import AlertKind, Message, Severity
from agent.alerts.table import BY_KIND, runbook

SECONDS = 60.0
"""How long it must last: another process's transaction may hold a file for a while."""


class Unwritten:
    """Counts how long the notices cannot be written, and tells of it; used by one thread."""

    def __init__(self, tell: Callable[[Message], None]) -> None:
        self.tell = tell
        self._since: float | None = None
        self._told = False

    def failed(self, why: str, now: datetime, monotonic: float) -> None:
        """Take note that the notices could not be written."""
        if self._since is None:
            self._since = monotonic
        if not self._told and monotonic - self._since >= SECONDS:
            self._told = True
            lines = (why, "until they can be, nothing else of the home is told")
            row = BY_KIND[AlertKind.DISK]
            self._say("the home's notices cannot be written", lines, row.severity, now)

    def works(self, now: datetime) -> None:
        """Take note that they can be written."""
        if self._told:
            self._say("over: the home's notices can be written again", (), Severity.INFO, now)
        self._since, self._told = None, False

    def _say(self, title: str, lines: tuple[str, ...], severity: Severity, now: datetime) -> None:
        help_ = "" if severity is Severity.INFO else runbook(AlertKind.DISK)
        self.tell(
            Message(
                id=f"unwritten-{now:%Y%m%dT%H%M%S}", at=now, kind=AlertKind.DISK, severity=severity,
                agent=None, title=title, lines=lines, runbook=help_,
            )
        )  # fmt: skip

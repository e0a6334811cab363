"""Notes on the agent's own process, once an hour: memory and lost connections, which no other row tells."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from agent.host.process import memory
from domain.events import ProcessNoted
from domain.ports import Clock

EVERY_SECONDS = 3600.0


class Connection(Protocol):
    """The counts of a stream since the session began."""

    @property
    def reconnects(self) -> int:
        """Connections after the first."""
        ...

    @property
    def dropped(self) -> int:
        """Messages that were lost."""
        ...


class ProcessNotes:
    """The hours of one session by the clock nobody sets; `streams` are its market's."""

    def __init__(self, clock: Clock, streams: Callable[[], Mapping[str, Connection]]) -> None:
        self.clock = clock
        self.streams = streams
        self.began = clock.monotonic()
        self.due = self.began + EVERY_SECONDS

    def note(self, at: datetime) -> ProcessNoted | None:
        """Return a note when an hour is over, None before."""
        now = self.clock.monotonic()
        if now < self.due:
            return None
        self.due = now + EVERY_SECONDS
        streams = self.streams()
        return ProcessNoted(
            at=at,
            seconds=round(now - self.began, 3),
            memory=memory(),
            reconnects={name: each.reconnects for name, each in streams.items()},
            dropped={name: each.dropped for name, each in streams.items() if each.dropped},
        )

"""Headlines new to the loop: asked for now and then, each delivered once."""

from collections import deque
from datetime import datetime, timedelta
from typing import Protocol

from domain.observation import Headline

Key = tuple[datetime, str]


class NewsSource(Protocol):
    """A news provider behind its guard, as the chain needs it."""

    def headlines(
        self, symbol: str, since: datetime, limit: int, deadline_seconds: float | None = None
    ) -> tuple[Headline, ...]:
        """Return headlines published after `since`, newest first, within the deadline. Raises VenueFault."""
        ...


class Headlines:
    """Asks for a symbol's headlines at most every `every_seconds` and remembers which were delivered.

    Each question covers the whole window, for some articles are indexed late.
    """

    def __init__(
        self, source: NewsSource, *, every_seconds: float = 300.0, window_hours: float = 24.0, limit: int = 50
    ) -> None:
        self._source = source
        self._every = timedelta(seconds=every_seconds)
        self._window = timedelta(hours=window_hours)
        self._limit = limit
        self._asked: dict[str, datetime] = {}
        self._delivered: dict[str, deque[Key]] = {}

    def due(self, symbol: str, now: datetime) -> bool:
        """Tell whether it is time to ask; also when the clock was set back."""
        asked = self._asked.get(symbol)
        return asked is None or not timedelta() <= now - asked < self._every

    def new(self, symbol: str, now: datetime, deadline_seconds: float | None = None) -> tuple[Headline, ...]:
        """Return the headlines of the window that were not returned before, newest first.

        Raises VenueFault; the next question then waits its time all the same.
        """
        self._asked[symbol] = now
        result = self._source.headlines(symbol, now - self._window, self._limit, deadline_seconds)
        # Twice the answer: what still may come again lies in the window, and more than that never comes.
        delivered = self._delivered.setdefault(symbol, deque(maxlen=2 * self._limit))
        new: dict[Key, Headline] = {}
        for headline in result[: self._limit]:
            key = (headline.published_at, headline.title)
            if key not in delivered:
                new.setdefault(key, headline)
        delivered.extend(new)
        return tuple(new.values())

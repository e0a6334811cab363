"""The audit of calls: how each was answered, and a line in the log of a refused one while they are few."""

import threading
from collections import Counter

from agent.host import log
from agent.serve.access.attempts import Attempts
from agent.serve.table import TurnedAway
from domain.ports import Clock

MOST_LINES, SECONDS = 30, 60.0
WATCHED = frozenset({"token", "scope", "host", "origin", "login", "too_many", "media", "too_large", "slow"})
"""What somebody did who may not; the rest are mistakes of who may, which are counted too."""


class Audit:
    """Counts calls and notes refused ones. Routes and kinds are closed sets, so the counts are bounded."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.counts: Counter[str] = Counter()
        self.answered: Counter[tuple[str, str]] = Counter()
        self._lines = Attempts(MOST_LINES, SECONDS)
        self._left_out = 0
        self._lock = threading.Lock()

    def count(self, route: str, status: int) -> None:
        """Count an answer by its route and its class of status; called by the server's one thread."""
        self.answered[route, f"{status // 100}xx"] += 1

    def note(self, method: str, path: str, address: str, error: TurnedAway) -> None:
        """Note a refused call: what was asked, from where and why not; never what was given with it."""
        with self._lock:
            self.counts[error.kind] += 1
            if error.kind not in WATCHED:
                return
            now = self.clock.monotonic()
            if self._lines.wait("", now):
                self._left_out += 1
                return
            self._lines.note("", now)
            left_out, self._left_out = self._left_out, 0
        log.say(
            "warning",
            "call refused",
            why=error.kind,
            status=error.status,
            method=method[:20],
            path=path[:200],
            address=address,
            **({"left_out_before": left_out} if left_out else {}),
        )

"""The rows a session did not fold, looked at while it runs: it began at a checkpoint, and they lie before it.

A byte that was changed in an old row is found here, or by `agent journal verify`. A thread takes a few rows
at a time and pauses for far longer than that took, so that no cycle notices. Where the chain is broken the
kill switch is thrown: what is held can still be protected and sold, and nothing is bought by books in doubt.
"""

import threading
import time
from collections.abc import Callable

from agent.host import log
from domain.errors import JournalFault
from journal.chain import genesis, link
from journal.history import History

ROWS = 64
PAUSE_SECONDS = 0.02
SHARE = 20
"""A pause is this many times as long as the look before it: five percent of one processor's time."""


class OldRows:
    """Checks the chain of a journal's first rows, up to row `until`; `report` is told what is wrong, once."""

    def __init__(
        self, journal: History | None, until: int, report: Callable[[str], None], over: Callable[[], bool]
    ) -> None:
        self.until = until if journal else 0
        self.report = report
        self.over = over
        self.seq = 0
        """The last row that was looked at."""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(journal,), name="boyd-old-rows", daemon=True)

    def start(self) -> None:
        """Begin, where there is anything to look at."""
        if self.until:
            self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until it has looked at all, or so long."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    def close(self) -> None:
        """End it, wherever it is."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self, journal: History) -> None:
        previous = genesis(journal.journal_id)
        while self.seq < self.until and not self._closing.is_set() and not self.over():
            began = time.monotonic()
            try:
                previous = self._look(journal, previous)
            except JournalFault as fault:
                if not self.over():
                    self._tell(str(fault))
                return
            self._closing.wait(max(PAUSE_SECONDS, SHARE * (time.monotonic() - began)))
        if self.seq >= self.until:
            log.say("info", "old rows are what was written", rows=self.until)

    def _look(self, journal: History, previous: bytes) -> bytes:
        """Look at the next rows and return the hash of the last. Raises JournalFault where they break."""
        rows = journal.page(self.seq, min(ROWS, self.until - self.seq))
        if not rows:
            raise JournalFault(f"row {self.seq + 1} is missing")
        for row in rows:
            payload: object = row.payload  # whatever somebody wrote there by hand
            whole = isinstance(payload, bytes) and row.seq == self.seq + 1
            if not whole or link(previous, row.seq, row.payload) != row.hash:
                raise JournalFault(f"the journal breaks at row {self.seq + 1}: it is not what was written")
            self.seq, previous = row.seq, row.hash
        return previous

    def _tell(self, what: str) -> None:
        log.say("error", "old rows are broken", why=what)
        self.report(f"{what}: run agent journal verify and restore it from a backup")

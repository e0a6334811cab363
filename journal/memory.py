"""A journal in memory: same chain, same port, gone when the process ends. For quicktest and benchmarks."""

from collections.abc import Sequence
from threading import Lock

from domain.errors import JournalFault
from domain.events import Event
from journal.chain import checked_id, genesis
from journal.codec import SESSION_STARTED
from journal.history import History
from journal.stored import Stored, chained


class MemoryJournal(History):
    """Rows in a list, or with `keep=False` the head alone, so that memory stays flat for ever.

    Rows are kept as bytes and decoded when read, so what comes back is what a file would give.
    Raises BadInput for a journal id that is not twelve hex digits.
    """

    def __init__(self, journal_id: str, *, keep: bool = True) -> None:
        self._id = checked_id(journal_id)
        self._keep = keep
        self._rows: list[Stored] = []
        self._seq = 0
        self._hash = genesis(journal_id)
        self._last_cycle: int | None = None
        self._lock = Lock()
        self._closed = False

    @property
    def journal_id(self) -> str:
        """Twelve hex digits given at creation."""
        return self._id

    def append(self, *events: Event) -> None:
        """Append events, all or none. Raises JournalFault."""
        with self._lock:
            if self._closed:
                raise JournalFault("the journal is closed")
            rows = chained(self._seq, self._hash, events)
            if not rows:
                return
            self._seq, self._hash = rows[-1].seq, rows[-1].hash
            for row in rows:
                if row.cycle_id is not None:
                    self._last_cycle = max(row.cycle_id, self._last_cycle or row.cycle_id)
            if self._keep:
                self._rows.extend(rows)

    def head(self) -> tuple[int, str]:
        """Return sequence and hash (hex) of the last row; (0, the genesis hash) when empty."""
        with self._lock:
            return self._seq, self._hash.hex()

    def page(self, after: int, limit: int) -> Sequence[Stored]:
        """Return at most `limit` rows with a sequence above `after`. Raises JournalFault if none are kept."""
        start = max(0, after)  # sequences have no gaps: row n lies at n - 1
        return self._kept()[start : start + limit]

    def cycle_rows(self, cycle_id: int) -> Sequence[int]:
        """Return the sequences of a cycle's rows."""
        return [row.seq for row in self._kept() if row.cycle_id == cycle_id]

    def session_rows(self) -> Sequence[int]:
        """Return the sequences of the rows that start a session."""
        return [row.seq for row in self._kept() if row.kind == SESSION_STARTED]

    def _kept(self) -> list[Stored]:
        if not self._keep and self._seq:
            raise JournalFault("this journal keeps no rows, only its head")
        return self._rows

    def last_cycle(self) -> int | None:
        """Return the highest cycle id there is, or None before the first cycle."""
        return self._last_cycle

    def close(self) -> None:
        """Refuse further appends; rows can still be read."""
        self._closed = True

    def reopen(self) -> None:
        """Take appends again, as the next process that opens the same file would."""
        self._closed = False

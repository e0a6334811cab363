"""A journal that cannot be opened, as far as a checkpoint knows it: an emergency stop does without."""

from collections.abc import Collection, Iterator, Sequence

from domain.errors import JournalFault
from domain.events import Event
from domain.ports import Row


class Lost:
    """Stands for a journal that cannot be opened, at the row to which a checkpoint knows it."""

    def __init__(self, journal_id: str, seq: int, head: str, why: str) -> None:
        self.journal_id = journal_id
        self._head = (seq, head)
        self.why = why

    def append(self, *events: Event) -> None:
        """Refuse. Raises JournalFault."""
        raise JournalFault(f"{self.why} ({len(events)} events)")

    def head(self) -> tuple[int, str]:
        """Return the row that is known."""
        return self._head

    def hash_at(self, seq: int) -> str:
        """Return the hash of the one row that is known. Raises JournalFault for others."""
        if seq != self._head[0]:
            raise JournalFault(self.why)
        return self._head[1]

    def rows(self, after: int = 0, without: tuple[bytes, ...] = ()) -> Iterator[Row]:
        """Refuse. Raises JournalFault."""
        del without
        raise JournalFault(f"{self.why} (rows after {after})")

    def sessions(self) -> Iterator[Row]:
        """Refuse. Raises JournalFault."""
        return self.rows()

    def last_session(self) -> Row | None:
        """Refuse. Raises JournalFault."""
        raise JournalFault(self.why)

    def last_cycle(self) -> int | None:
        """Refuse. Raises JournalFault."""
        raise JournalFault(self.why)

    def find_cycle(self, cycle_id: int) -> Sequence[Row]:
        """Refuse. Raises JournalFault."""
        raise JournalFault(f"{self.why} (cycle {cycle_id})")

    def session_of(self, seq: int) -> Row | None:
        """Refuse. Raises JournalFault."""
        raise JournalFault(f"{self.why} (row {seq})")

    def mentions(self, after: int, texts: Collection[bytes], until: int | None = None) -> Iterator[Row]:
        """Refuse. Raises JournalFault."""
        del texts, until
        return self.rows(after)

    def close(self) -> None:
        """Hold nothing."""

"""Reading a journal, whatever holds it: every row is checked against the chain before it is given."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from domain.errors import JournalFault
from domain.ports import Row
from journal.chain import genesis, link
from journal.stored import Broken, Stored, believed

PAGE = 512
"""Rows fetched at a time: few enough to keep memory flat, and no read stays open between them."""


NEAR = 64
"""Rows that are read at once where some of them are wanted, a cycle's for instance."""


class History(ABC):
    """The readable side of a journal. Concrete journals give pages of stored rows."""

    @property
    @abstractmethod
    def journal_id(self) -> str:
        """Twelve hex digits given at creation."""

    @abstractmethod
    def head(self) -> tuple[int, str]:
        """Return sequence and hash (hex) of the last row; (0, the genesis hash) when empty."""

    @abstractmethod
    def page(self, after: int, limit: int) -> Sequence[Stored]:
        """Return at most `limit` rows with a sequence above `after`, oldest first, unchecked."""

    @abstractmethod
    def cycle_rows(self, cycle_id: int) -> Sequence[int]:
        """Return the sequences of a cycle's rows, by the index."""

    @abstractmethod
    def session_rows(self) -> Sequence[int]:
        """Return the sequences of the rows that start a session, by the index."""

    @abstractmethod
    def last_cycle(self) -> int | None:
        """Return the highest cycle id there is, or None before the first cycle."""

    @abstractmethod
    def close(self) -> None:
        """Release what is held."""

    def storage_flaw(self) -> str | None:
        """Return what the store itself finds wrong with its file, or None."""
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def rows(self, after: int = 0, without: tuple[bytes, ...] = ()) -> Iterator[Row]:
        """Return rows with a sequence above `after` up to the head as it is now, oldest first.

        Rows whose payload begins with one of `without` are left out, and not decoded. The chain is checked on
        the way, of those too. Raises JournalFault naming the row where it breaks, and at
        once when there is no row `after`: whoever remembers it has seen rows that are gone.
        """
        return (row for _, row in self._checked(after, without))

    def tail(self, count: int) -> list[Row]:
        """Return the last `count` rows, oldest first. Raises JournalFault."""
        last, _ = self.head()
        return list(self.rows(max(0, last - max(0, count))))

    def find_cycle(self, cycle_id: int) -> list[Row]:
        """Return the rows of one cycle, oldest first; empty when there is none. Raises JournalFault."""
        return list(self._at(self.cycle_rows(cycle_id)))

    def mentions(self, after: int, texts: Collection[bytes], until: int | None = None) -> Iterator[Row]:
        """Return rows above `after`, up to `until`, whose payload holds one of `texts`, oldest first.

        No other is decoded. The chain is checked on the way, where it takes no more to find them. Raises
        JournalFault naming the row where it breaks.
        """
        last = self._limit(until)
        previous = self._hash_of(after)
        while after < last and texts:
            page = self.page(after, min(PAGE, last - after))
            if not page:
                raise JournalFault(f"row {after + 1} is missing: the journal had {last} rows")
            for stored in page:
                if any(text in stored.payload for text in texts):
                    yield _sure(believed(stored, after + 1, previous))
                else:
                    _linked(stored, after + 1, previous)
                after, previous = stored.seq, stored.hash

    def _limit(self, until: int | None) -> int:
        last, _ = self.head()
        return last if until is None else min(last, until)

    def session_of(self, seq: int) -> Row | None:
        """Return the row that starts the session row `seq` belongs to, None where none was started before."""
        before = [number for number in self.session_rows() if number < seq]
        return next(self._at(before[-1:]), None)

    def last_session(self) -> Row | None:
        """Return the row that starts the last session, None before the first. Raises JournalFault."""
        return next(self._at(self.session_rows()[-1:]), None)

    def sessions(self) -> Iterator[Row]:
        """Return the rows that start a session, oldest first. Raises JournalFault."""
        return self._at(self.session_rows())

    def export(self, out: BinaryIO, after: int = 0) -> int:
        """Write rows as JSON lines {"seq", "hash", "event"} and return their number. Raises JournalFault.

        `event` is the stored payload to the byte, so that anyone can check the chain.
        """
        count = 0
        for stored, row in self._checked(after):
            event = msgspec.Raw(stored.payload)
            out.write(msgspec.json.encode({"seq": row.seq, "hash": row.hash, "event": event}) + b"\n")
            count += 1
        return count

    def _checked(self, after: int, without: tuple[bytes, ...] = ()) -> Iterator[tuple[Stored, Row]]:
        last, _ = self.head()
        if not 0 <= after <= last:
            raise JournalFault(f"row {after} is missing: the journal ends at row {last}")
        return self._stream(after, last, without)

    def _stream(self, after: int, last: int, without: tuple[bytes, ...]) -> Iterator[tuple[Stored, Row]]:
        previous = self._hash_of(after)
        while after < last:
            page = self.page(after, min(PAGE, last - after))
            if not page:
                raise JournalFault(f"row {after + 1} is missing: the journal had {last} rows")
            for stored in page:
                if without and type(stored.payload) is bytes and stored.payload.startswith(without):
                    _linked(stored, after + 1, previous)
                else:
                    yield stored, _sure(believed(stored, after + 1, previous))
                after, previous = stored.seq, stored.hash

    def _at(self, sequences: Iterable[int]) -> Iterator[Row]:
        """Yield rows, those that stand near one another out of one page."""
        wanted = sorted(sequences)
        known: dict[int, Stored] = {}
        for index, seq in enumerate(wanted):
            if seq not in known:
                last = max(each for each in wanted[index : index + NEAR] if each < seq + NEAR)
                known = self._near(seq, last)
            if seq not in known:
                raise JournalFault(f"row {seq} is missing")
            yield _sure(believed(known[seq], seq, self._hash_before(seq, known)))

    def _near(self, seq: int, last: int) -> dict[int, Stored]:
        """Return row `seq`, the one before it, and what follows up to `last`; a page may end before it."""
        before = max(0, seq - 2)
        rows = list(self.page(before, last - before))
        if rows and rows[-1].seq == seq - 1:
            rows += self.page(seq - 1, last - seq + 1)
        return {each.seq: each for each in rows}

    def _hash_before(self, seq: int, known: Mapping[int, Stored]) -> bytes:
        result = known[seq - 1].hash if seq - 1 in known else self._hash_of(seq - 1)
        if type(result) is not bytes:
            raise JournalFault(f"row {seq - 1} is missing or has no hash")
        return result

    def hash_at(self, seq: int) -> str:
        """Return a row's hash (hex), of row 0 the genesis hash. Raises JournalFault without such a row."""
        return self._hash_of(seq).hex()

    def _hash_of(self, seq: int) -> bytes:
        if seq == 0:
            return genesis(self.journal_id)
        page = self.page(seq - 1, 1)
        if not page or page[0].seq != seq or type(page[0].hash) is not bytes:
            raise JournalFault(f"row {seq} is missing or has no hash")
        return page[0].hash


def _linked(stored: Stored, seq: int, previous: bytes) -> None:
    """Check that a row is the next of the chain without decoding it. Raises JournalFault where it is not."""
    if stored.seq != seq or link(previous, stored.seq, stored.payload) != stored.hash:
        _sure(believed(stored, seq, previous))


def _sure(row: Row | Broken) -> Row:
    if isinstance(row, Broken):
        raise JournalFault(f"the journal breaks at row {row.seq}: {row.what}")
    return row

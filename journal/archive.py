"""Archived rows of a journal's file: its oldest rows, packed in segments beside it.

    journals/NAME.db                            rows K+1 and later
    journals/NAME.segments/ID/FIRST-LAST.seg    rows 1 to K of the journal ID (`journal.segment`)

Rows are in the file, in segments, or for a moment in both; readers take those of the file where it has them.
The first row that is left in the file is chained to the last that is archived, so what is missing or was
changed shows as it does in the file itself. Segments are written once, and a reader needs no lock for them.
"""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from domain.errors import JournalFault
from journal.segment import (
    DamagedSegment,
    SegmentHeader,
    header_of,
    name_of,
    path_through,
    span_of,
    unpacked,
)
from journal.stored import Stored

SUFFIX = ".segments"
_HEADER_BYTES = 64 * 1024
_IN_MEMORY = 2
"""Segments kept unpacked: whoever reads on meets the same one again and again."""


def folder_of(journal: Path) -> Path:
    """Return the folder of a file's segments."""
    return journal.with_name(journal.name.removesuffix(".db") + SUFFIX)


class Segments(ABC):
    """The archived rows of one journal, wherever its segments lie; from any thread.

    Methods raise JournalFault, naming the segment.
    """

    def __init__(self, journal_id: str) -> None:
        self.journal_id = journal_id
        self._lock = Lock()
        self._headers: dict[tuple[int, int], SegmentHeader] = {}
        self._rows: OrderedDict[tuple[int, int], list[Stored]] = OrderedDict()

    @property
    @abstractmethod
    def place(self) -> str:
        """Where the segments lie, for messages."""

    @abstractmethod
    def spans(self) -> list[tuple[int, int]]:
        """Return the segments there are, each by its first and last row, whatever is missing between them."""

    @abstractmethod
    def named(self, span: tuple[int, int]) -> str:
        """Return what a segment is called in messages."""

    @abstractmethod
    def _read(self, span: tuple[int, int], most: int = -1) -> bytes:
        """Return a segment's bytes, at most so many."""

    def path(self) -> list[tuple[int, int]]:
        """Return the segments that lead from row 1 as far as they go."""
        return path_through(self.spans())

    def refuse_gap(self, before: int) -> None:
        """Raise JournalFault where a row below row `before` is in no segment: nobody knows what it held."""
        last = self._reach()
        if last < before - 1:
            raise self._missing(last + 1)

    def _reach(self) -> int:
        """Return the last row before the first that is missing."""
        path = self.path()
        return path[-1][1] if path else 0

    def _missing(self, seq: int) -> JournalFault:
        return JournalFault(
            f"row {seq} is archived, and no segment in {self.place} has it; restore it from a backup"
        )

    def page(self, after: int, limit: int) -> list[Stored]:
        """Return at most `limit` rows above `after`, oldest first; fewer at the end of a segment."""
        after = max(after, 0)
        holding = [span for span in self.spans() if span[0] <= after + 1 <= span[1]]
        if not holding:
            raise self._missing(after + 1)
        span = max(holding, key=lambda each: each[1])  # as `path_through` has it
        begin = after + 1 - span[0]
        return self.segment(span)[begin : begin + limit]

    def cycle_rows(self, cycle_id: int, before: int) -> list[int]:
        """Return the sequences of a cycle's rows below row `before`."""
        result: list[int] = []
        for span in self.spans():
            cycles = self.header(span).cycles
            if span[0] < before and cycles is not None and cycles[0] <= cycle_id <= cycles[1]:
                rows = self.segment(span)
                result += [row.seq for row in rows if row.cycle_id == cycle_id and row.seq < before]
        return result

    def session_rows(self, before: int, later: Sequence[int]) -> list[int]:
        """Return the sequences of the rows below row `before` that start a session; `later` are those behind.

        Raises JournalFault where the last of all may be in a segment that is missing: an account must not be
        taken for one with the settings of an earlier session.
        """
        known = {seq for span in self.spans() for seq in self.header(span).sessions if seq < before}
        last = self._reach()
        if last < before - 1 and max((*known, *later), default=0) <= last:
            raise self._missing(last + 1)
        return sorted(known)

    def last_cycle(self, before: int) -> int | None:
        """Return the highest cycle id there is below row `before`, None where there is none."""
        known = [self.header(span).cycles for span in self.spans() if span[0] < before]
        return max((each[1] for each in known if each is not None), default=None)

    def header(self, span: tuple[int, int]) -> SegmentHeader:
        """Return a segment's header."""
        with self._lock:
            known = self._headers.get(span)
        if known is None:
            known = self._checked(span, self._read(span, _HEADER_BYTES))
            with self._lock:
                self._headers[span] = known
        return known

    def segment(self, span: tuple[int, int]) -> list[Stored]:
        """Return a segment's rows, all of them checked."""
        with self._lock:
            rows = self._rows.get(span)
            if rows is not None:
                self._rows.move_to_end(span)
                return rows
        content = self._read(span)
        self._checked(span, content)
        try:
            _, rows = unpacked(content)
        except DamagedSegment as error:
            raise self._damaged(span, str(error)) from None
        with self._lock:
            self._rows[span] = rows
            while len(self._rows) > _IN_MEMORY:
                self._rows.popitem(last=False)
        return rows

    def _checked(self, span: tuple[int, int], content: bytes) -> SegmentHeader:
        try:
            header = header_of(content)
        except DamagedSegment as error:
            raise self._damaged(span, str(error)) from None
        if (header.journal_id, header.first, header.last) != (self.journal_id, *span):
            what = f"rows {header.first} to {header.last} of journal {header.journal_id}"
            raise self._damaged(span, f"it is another one under this name, of {what}")
        return header

    def _damaged(self, span: tuple[int, int], what: str) -> JournalFault:
        rows = f"rows {span[0]} to {span[1]}"
        return JournalFault(f"{self.named(span)}, which holds {rows}: {what}; restore it from a backup")


class Archive(Segments):
    """The archived rows of one journal's file, in a folder beside it."""

    def __init__(self, journal: Path, journal_id: str) -> None:
        super().__init__(journal_id)
        self.folder = folder_of(journal) / journal_id

    @property
    def place(self) -> str:
        """Where the segments lie, for messages."""
        return str(self.folder)

    @property
    def begun(self) -> bool:
        """True where anything was archived."""
        return self.folder.is_dir()

    def spans(self) -> list[tuple[int, int]]:
        """Return the segments there are, each by its first and last row, whatever is missing between them."""
        try:
            names = [each.name for each in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JournalFault(f"{self.folder} cannot be read: {error.strerror}") from None
        return sorted(span for name in names if (span := span_of(name)) is not None)

    def file(self, span: tuple[int, int]) -> Path:
        """Return the file of a segment."""
        return self.folder / name_of(*span)

    def named(self, span: tuple[int, int]) -> str:
        """Return what a segment is called in messages."""
        return str(self.file(span))

    def _read(self, span: tuple[int, int], most: int = -1) -> bytes:
        try:
            with self.file(span).open("rb") as file:
                return file.read(most)
        except OSError as error:
            raise self._damaged(span, f"it cannot be read: {error.strerror}") from None


def joined(archived: Sequence[int], in_file: Sequence[int]) -> list[int]:
    """Return row numbers of both, ascending, each once."""
    return sorted({*archived, *in_file})

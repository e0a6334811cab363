"""Lines of segments: one for each journal, and another where a journal was put back and went on differently.

A line is a folder `journals/NAME/ID` or `journals/NAME/ID.N`, ID being the journal's. Rows of a line follow
one another from the first; a journal that does not go on with a line's last row begins a new one, and the old
one keeps what only it has.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from agent.backup.vault import DamagedFile, Vault
from domain.errors import JournalFault
from journal.chain import genesis
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

FOLDER = "journals"


class End(NamedTuple):
    """The end of a line: its last row, that row's hash and its time in ms."""

    seq: int
    hash: bytes
    until: int


class SegmentLine(NamedTuple):
    """A line of a vault: the journal's name, and the line's own."""

    vault: Vault
    journal: str
    name: str

    @property
    def folder(self) -> str:
        """Folder of its segments in the vault."""
        return f"{FOLDER}/{self.journal}/{self.name}"

    @property
    def journal_id(self) -> str:
        """Id of the journal whose rows it has."""
        return self.name.partition(".")[0]

    def spans(self) -> list[tuple[int, int]]:
        """Return the rows of each segment there is, by their names."""
        return [span for each in self.vault.names(self.folder) if (span := span_of(each)) is not None]

    def path(self, last: int | None = None) -> list[tuple[int, int]]:
        """Return the segments that lead from the first row as far as they go, or to row `last`."""
        return path_through(self.spans(), last)

    def file(self, span: tuple[int, int]) -> str:
        """Return the name of a segment's file in the vault."""
        return f"{self.folder}/{name_of(*span)}"

    def segment(self, span: tuple[int, int]) -> tuple[SegmentHeader, list[Stored]]:
        """Return a segment's header and rows. Raises DamagedFile where they are not those it is named for."""
        file = self.file(span)
        try:
            header, rows = unpacked(self.vault.read(file))
        except DamagedSegment as error:
            raise DamagedFile(self.vault.folder / file, str(error)) from None
        if (header.journal_id, header.first, header.last) != (self.journal_id, *span):
            what = f"it holds rows {header.first} to {header.last} of journal {header.journal_id}"
            raise DamagedFile(self.vault.folder / file, what)
        return header, rows

    def header(self, span: tuple[int, int]) -> SegmentHeader:
        """Return a segment's header. Raises DamagedFile."""
        try:
            return header_of(self.vault.read(self.file(span)))
        except DamagedSegment as error:
            raise DamagedFile(self.vault.folder / self.file(span), str(error)) from None

    def end(self) -> End:
        """Return where the line ends, its last segment checked; a damaged one counts as not there."""
        path = self.path()
        while path:
            try:
                header, rows = self.segment(path[-1])
            except DamagedFile:
                path.pop()
                continue
            return End(header.last, rows[-1].hash, rows[-1].at)
        return End(0, genesis(self.journal_id), 0)

    def rows(
        self, until: Callable[[Stored], bool] = lambda _row: False, last: int | None = None
    ) -> Iterator[Stored]:
        """Yield the line's rows, each checked, up to row `last` or the first of which `until` is true.

        Raises Cut where a segment is damaged or missing: it says which, and up to which row there are some.
        """
        at, previous, time = 0, genesis(self.journal_id), 0
        for span in self.path(last):
            try:
                header, rows = self.segment(span)
                self._follows(span, header, at, previous, rows)
            except DamagedFile as damaged:
                raise Cut(damaged, self.journal, at, time) from None
            for row in rows[at + 1 - header.first :]:
                if until(row) or (last is not None and row.seq > last):
                    return
                yield row
                at, previous, time = row.seq, row.hash, row.at
        if last is not None and at < last:
            missing = DamagedFile(
                self.vault.folder / self.folder, f"the segment with row {at + 1} is missing"
            )
            raise Cut(missing, self.journal, at, time)

    def _follows(
        self, span: tuple[int, int], header: SegmentHeader, at: int, previous: bytes, rows: list[Stored]
    ) -> None:
        before = header.previous if at + 1 == header.first else rows[at - header.first].hash.hex()
        if before != previous.hex():
            raise DamagedFile(self.vault.folder / self.file(span), f"it does not follow row {at}")


class Cut(JournalFault):
    """A line that cannot be read to its end: what is damaged, and the last row before that with its time."""

    def __init__(self, damaged: DamagedFile, journal: str, seq: int, until: int) -> None:
        self.damaged = damaged
        self.seq = seq
        self.until = until
        rest = (
            f"rows 1 to {seq} of journal {journal} can be restored: --seq {seq}"
            if seq
            else "nothing before it"
        )
        super().__init__(f"{damaged}; {rest}")


def lines_of(vault: Vault, journal: str, journal_id: str) -> list[SegmentLine]:
    """Return the lines of a journal by its id, the latest last."""
    result = []
    for name in vault.names(f"{FOLDER}/{journal}"):
        own, _, number = name.partition(".")
        if own == journal_id and (not number or number.isdecimal()):
            result.append((int(number or 1), SegmentLine(vault, journal, name)))
    return [line for _, line in sorted(result, key=lambda each: each[0])]


def next_line(vault: Vault, journal: str, journal_id: str) -> SegmentLine:
    """Return a line that is not there yet."""
    known = lines_of(vault, journal, journal_id)
    number = int(known[-1].name.partition(".")[2] or 1) + 1 if known else 1
    return SegmentLine(vault, journal, journal_id if number == 1 else f"{journal_id}.{number}")

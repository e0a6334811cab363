"""Archiving: the oldest rows of a journal's file go into segments, and then out of the file.

Order is all: a segment is on the disk, read back and held against the journal before a row leaves the file,
and a file is replaced whole. So a crash at any step leaves each row in one of the two, or in both, which
readers know.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from domain.errors import JournalFault
from domain.private import private_folder
from edge.files import sync_folder, write_whole
from journal.archive import Archive
from journal.history import PAGE, History
from journal.rebuild import add, rebuild, take_place
from journal.segment import MOST, DamagedSegment, packed, unpacked
from journal.stored import Stored

DRAFT = ".archiving"
Reach = Callable[[str], None]
"""Told of each step that is done: where a test may let the process die."""


def ignore(step: str) -> None:
    """Tell nobody."""
    del step


def pack(journal: History, archive: Archive, upto: int, reach: Reach = ignore, size: int = MOST) -> int:
    """Write rows up to `upto` into segments as far as they fill whole ones; return the last that is archived.

    Segments there are already stay, where they are of this very journal; others are put aside. Raises
    JournalFault.
    """
    at = _archived(journal, archive)
    try:
        while at + size <= upto:
            _write(journal, archive, at, at + size, reach)
            at += size
    except OSError as error:
        raise JournalFault(f"{archive.folder} cannot be written: {error.strerror}") from error
    return at


def _archived(journal: History, archive: Archive) -> int:
    """Return the last row that is archived; segments that do not lead to the journal's own rows go aside."""
    at, last = 0, journal.head()[0]
    for span in archive.path():
        if span[1] > last or archive.header(span).hash != journal.hash_at(span[1]):
            file = archive.file(span)
            file.rename(file.with_name(f"{file.name}.stale"))
            return _archived(journal, archive)
        at = span[1]
    return at


def _write(journal: History, archive: Archive, after: int, last: int, reach: Reach) -> None:
    rows = list(between(journal, after, last))
    previous = bytes.fromhex(journal.hash_at(after))
    content = packed(journal.journal_id, previous, rows)
    file = archive.file((rows[0].seq, rows[-1].seq))
    if not file.parent.is_dir():
        private_folder(file.parent)
        sync_folder(file.parent.parent)
        sync_folder(file.parent.parent.parent)
    write_whole(file, content, settled=True)
    reach("segment written")
    try:
        _, back = unpacked(file.read_bytes())
    except DamagedSegment as error:
        raise JournalFault(f"{file}: {error}") from None
    if back != rows:
        raise JournalFault(f"{file} does not give back what was written; nothing left the journal")


def between(journal: History, after: int, last: int) -> Iterator[Stored]:
    """Yield the rows above `after` up to row `last`. Raises JournalFault where one is missing."""
    while after < last:
        page = journal.page(after, min(PAGE, last - after))
        if not page or page[0].seq != after + 1:
            raise JournalFault(f"row {after + 1} is missing")
        yield from page
        after = page[-1].seq


def drafted(journal: History, path: Path, upto: int, reach: Reach = ignore) -> Path:
    """Write a file beside a journal's that lacks its rows up to `upto`, which are archived; return its path.

    No lock is needed: rows that come meanwhile are added by `swapped`. Raises JournalFault.
    """
    draft = path.with_name(path.name + DRAFT)
    last, _ = journal.head()
    if rebuild(draft, journal.journal_id, between(journal, upto, last)) != last:
        raise JournalFault(f"{draft} has not all rows; nothing left the journal")
    reach("file rebuilt")
    return draft


def swapped(journal: History, draft: Path, path: Path, reach: Reach = ignore) -> None:
    """Add to a draft what it lacks, put it in the place of the file, and close the journal.

    The caller holds the account's lock, and `journal` is the file opened where it lies. Raises JournalFault;
    then the file is as it was.
    """
    last, _ = journal.head()
    add(draft, lambda after: between(journal, after, last))
    journal.close()
    log = path.with_name(path.name + "-wal")
    try:
        if log.exists() and log.stat().st_size:
            raise JournalFault(f"{log} is not in its file; nothing left the journal, try again")
        take_place(draft, path)
    except OSError as error:
        raise JournalFault(f"{path} cannot be replaced: {error.strerror}") from error
    reach("file replaced")

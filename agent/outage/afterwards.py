"""The outage file: events while the journal could not be written, kept aside and journaled afterwards.

The file is HOME/journals/NAME.afterwards.jsonl: a header, then one event a line as the journal would have
it; append-only, synced before anything is sent, 0600. Rules:

1. Whatever opens the journal to write takes the file in before anything else, in one transaction that begins
   with `JournaledAfterwards`, which names the file. A file whose name the journal holds was taken in: it is
   removed. So a crash at any point takes it in exactly once.
2. The append that failed may have been committed all the same. Its events stand first in the file
   (`in_doubt`); where the journal goes on with exactly these, they are not written twice.
3. A file that does not fit the journal (another journal, or rows it builds on are not there) is never
   guessed at: it is put aside under another name, and the account is compared with the venue, as ever.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from agent.outage.lost import Lost
from domain.errors import JournalFault
from domain.events import Event, JournaledAfterwards
from domain.ports import Journal
from edge.files import sync_folder
from edge.typed_json import typed
from journal.codec import decode, encode


class OutageHeader(msgspec.Struct, frozen=True):
    """On which row of which journal the events build, the file's own id, and why it was begun."""

    journal_id: str
    seq: int
    hash: str
    file: str
    why: str
    in_doubt: int = 0


class Damaged(JournalFault):
    """The file is not what was written."""


class OutageFile(NamedTuple):
    """A file that was found: its header and its events."""

    header: OutageHeader
    events: tuple[Event, ...]


class Afterwards:
    """The file of one journal."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def found(self) -> OutageFile | None:
        """Return what the file holds, None where there is none. A line cut off was never acted upon."""
        try:
            lines = self.path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return None
        except OSError as error:
            raise JournalFault(f"{self.path} cannot be read: {error.strerror}") from error
        try:
            header = typed(lines[0], OutageHeader) if lines else None
            return None if header is None else OutageFile(header, tuple(decode(line) for line in lines[1:]))
        except (ValueError, JournalFault) as error:
            raise Damaged(f"{self.path} is damaged: {error}") from error

    def begin(self, header: OutageHeader) -> None:
        """Begin a new file. Raises OSError."""
        self._write(msgspec.json.encode(header) + b"\n", os.O_CREAT | os.O_TRUNC)
        sync_folder(self.path.parent)

    def add(self, events: Sequence[Event]) -> None:
        """Add events, durable on return. Raises OSError; the file is then as it was."""
        self._write(b"".join(encode(event) + b"\n" for event in events), 0)

    def _write(self, lines: bytes, how: int) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | how, 0o600)
        try:
            before = os.fstat(descriptor).st_size
            try:
                while lines:
                    lines = lines[os.write(descriptor, lines) :]
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, before)
                raise
        finally:
            os.close(descriptor)

    def remove(self) -> None:
        """Remove the file: the journal has it."""
        self.path.unlink(missing_ok=True)

    def put_aside(self) -> Path:
        """Give a file that does not fit another name and return it."""
        number = 1
        while (kept := self.path.with_name(f"{self.path.name}.{number}.kept")).exists():
            number += 1
        self.path.rename(kept)
        return kept


def fits(result: OutageFile, journal: Journal) -> bool:
    """Say whether a file builds on rows of this journal, as far as the journal can be read."""
    header = result.header
    last, _ = journal.head()
    if isinstance(journal, Lost):
        return header.journal_id == journal.journal_id
    return (
        header.journal_id == journal.journal_id
        and header.seq <= last
        and journal.hash_at(header.seq) == header.hash
    )


def missing(result: OutageFile, journal: Journal) -> tuple[Event, ...]:
    """Return the events of a fitting file that the journal does not hold yet; none when it was taken in."""
    header, events = result
    after = [row.event for row in journal.rows(header.seq)]
    if any(isinstance(event, JournaledAfterwards) and event.file == header.file for event in after):
        return ()
    doubtful = events[: header.in_doubt]
    committed = bool(doubtful) and [*map(encode, after[: len(doubtful)])] == [*map(encode, doubtful)]
    return events[len(doubtful) :] if committed else events

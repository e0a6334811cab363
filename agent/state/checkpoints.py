"""The checkpoints of one journal's name in a home: files named by journal, row and key, and a log.

A file is a checkpoint (`agent.state.checkpoint`); the log beside is what is settled (`agent.state.settled`),
of which each checkpoint knows how far it goes. The same rows, folded by the same program, come to the same
log, so whoever adds to it writes the same bytes at the same places, and two processes do no harm to each
other. Nothing here waits for the disk: what a power cut tears does not fit its digest and is folded anew.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from agent.state.checkpoint import Checkpoint, TakenCheckpoint, decoded
from agent.state.key import PROGRAM
from agent.state.settled import RECORD, Mark, Settled
from domain.ports import Records
from domain.private import private_folder
from edge.files import write_whole

MOST = 1024
"""Files kept of a program, spread evenly over its rows: `agent why` begins at the nearest before a cycle."""

LATEST = 4
"""The latest of them, which stay however near they are to each other: the last cycle is told from one."""

_NAME = re.compile(r"([0-9a-f]{12})\.([0-9]{12})\.([0-9a-f]{12,64})")


class CheckpointName(NamedTuple):
    """Of what a file is the checkpoint, as its name says."""

    journal_id: str
    seq: int
    key: str

    @property
    def name(self) -> str:
        """Name of the file."""
        return f"{self.journal_id}.{self.seq:012d}.{self.key}"

    @property
    def log(self) -> str:
        """Name of the log beside it."""
        return f"{self.journal_id}.{self.key[:PROGRAM]}.settled"


class Checkpoints:
    """Files in a folder, which may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._logged: dict[str, int] = {}
        """Bytes of each log that this process knows to be right."""

    def save(self, taken: TakenCheckpoint) -> None:
        """Keep a checkpoint, and drop what there are too many of, or of another journal. Raises OSError."""
        header = taken.header
        entry = CheckpointName(header.journal_id, header.seq, header.key)
        private_folder(self.folder)
        self._log(entry.log, taken)
        write_whole(self.folder / entry.name, taken.packed(), durable=False)
        program = header.key[:PROGRAM]
        places = self.places()
        mine = [each for each in places if each.key.startswith(program)]
        spare = Counter(superfluous([each.seq for each in mine]))
        spare.subtract(each.seq for each in mine)
        self._drop(*(each.name for each in mine if spare[each.seq] >= 0))
        self._drop(*(each.name for each in places if each.journal_id != header.journal_id))

    def _log(self, name: str, taken: TakenCheckpoint) -> None:
        """Bring a log up to a mark; where it was taken away it is written anew."""
        handle = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            known = self._logged.get(name, 0)
            if os.fstat(handle).st_size < known:
                known = 0
            rest = memoryview(bytes(taken.log[known : taken.mark.records * RECORD]))
            while rest:
                written = os.pwrite(handle, rest, known)
                known, rest = known + written, rest[written:]
                self._logged[name] = known
        finally:
            os.close(handle)

    def settled(self, entry: CheckpointName, mark: Mark) -> Settled | None:
        """Return what is settled up to a mark, None where it is not to be had."""
        try:
            with (self.folder / entry.log).open("rb") as file:
                content = file.read(mark.records * RECORD)
            result = Settled.of(content, mark)
        except FileNotFoundError:
            return None if mark.records else Settled()
        except (OSError, ValueError):
            return None
        self._logged[entry.log] = max(len(content), self._logged.get(entry.log, 0))
        return result

    def places(self) -> list[CheckpointName]:
        """Return of what there are checkpoints, by rows ascending."""
        try:
            names = [each.name for each in self.folder.iterdir()]
        except OSError:
            return []
        matching = [
            CheckpointName(match[1], int(match[2]), match[3])
            for match in map(_NAME.fullmatch, names)
            if match
        ]
        return sorted(matching, key=lambda each: each.seq)

    def sequences(self) -> list[int]:
        """Return the rows of which there is a checkpoint, ascending."""
        return [each.seq for each in self.places()]

    def nearest(self, journal: Records, key: str, before: int | None = None) -> Checkpoint | None:
        """Return the checkpoint of the latest row that the journal has too, below row `before` if given.

        None where there is none that can be believed: of another key, or of a row that is another there. Of a
        `key` that is "" any program's will do. Files that cannot be read are removed.
        """
        last, _ = journal.head()
        limit = last if before is None else min(last, before - 1)
        for entry in reversed(self.places()):
            if entry.seq > limit or entry.journal_id != journal.journal_id or not entry.key.startswith(key):
                continue
            result = self.read(entry)
            if result is None:
                self._drop(entry.name)
            elif result.settled is not None and journal.hash_at(entry.seq) == result.header.hash:
                return result
        return None

    def latest(self) -> Checkpoint | None:
        """Return the latest checkpoint that can be read, whatever its journal says: for an emergency."""
        for entry in reversed(self.places()):
            result = self.read(entry)
            if result is not None:
                # Nothing sells worse for not knowing every order there ever was.
                return result._replace(settled=result.settled or Settled.some(result.mark, (), ()))
        return None

    def read(self, entry: CheckpointName) -> Checkpoint | None:
        """Return the checkpoint of a file with what is settled, None where it cannot be read."""
        try:
            result = decoded((self.folder / entry.name).read_bytes())
        except OSError:
            return None
        if result is None or (result.header.journal_id, result.header.seq, result.header.key) != entry:
            return None
        return result._replace(settled=self.settled(entry, result.mark))

    def keep_only(self, program: str) -> None:
        """Drop the checkpoints of other programs, but for the latest one, and logs that belong to none."""
        others = [each for each in self.places() if not each.key.startswith(program)]
        self._drop(*(each.name for each in others[:-1]))
        needed = {each.log for each in self.places()}
        with suppress(OSError):
            names = [each.name for each in self.folder.iterdir()]
            old = [name for name in names if name.isdigit()]  # of a former form
            self._drop(*old, *(name for name in names if name.endswith(".settled") and name not in needed))

    def drop(self, places: Iterable[CheckpointName]) -> None:
        """Drop checkpoints that turned out to be wrong."""
        self._drop(*(each.name for each in places))

    def _drop(self, *names: str) -> None:
        for name in names:
            with suppress(OSError):  # what cannot be removed is passed over again
                (self.folder / name).unlink(missing_ok=True)


def superfluous(sequences: list[int], most: int = MOST) -> list[int]:
    """Return which checkpoints to drop so that `most` are left, spread evenly, the latest among them."""
    kept, dropped = list(sequences), []
    while len(kept) > most:
        # The one whose neighbours are nearest to each other is missed least.
        gaps = [kept[index + 1] - (kept[index - 1] if index else 0) for index in range(len(kept) - LATEST)]
        dropped.append(kept.pop(gaps.index(min(gaps))))
    return dropped

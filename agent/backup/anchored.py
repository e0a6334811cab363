"""Anchors that a restored journal is held against, and those that tell of rows which it gives up.

A journal that was put back to an earlier row goes on with other rows under the same id. An anchor of a row
behind that one would call everything that follows a forgery, and refuse the next restore: it is put aside
under another name, where nobody reads it, and never removed.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from agent.backup.points import Point
from agent.backup.vault import DamagedFile, Vault
from agent.settings.home import Home, aside
from domain.errors import BadInput, JournalFault
from edge.typed_json import typed
from journal.anchor import Anchor, read_anchor
from journal.stored import Stored

FOLDER = "anchors"


class KnownAnchor(NamedTuple):
    """An anchor and where it is written."""

    anchor: Anchor
    source: str


class Anchors:
    """The anchors of one journal, each held against its row as rows go by."""

    def __init__(self, known: Iterable[KnownAnchor], journal: str) -> None:
        self.journal = journal
        self.matched = 0
        self._due: dict[int, list[KnownAnchor]] = {}
        for each in known:
            self._due.setdefault(each.anchor.seq, []).append(each)

    def hold(self, row: Stored) -> None:
        """Hold a row against its anchors. Raises JournalFault where it is not the one that was anchored."""
        due = self._due.pop(row.seq, ())
        for each in due:
            if each.anchor.hash != row.hash.hex():
                raise JournalFault(
                    f"journal {self.journal}: row {row.seq} is not the one that was anchored in "
                    f"{each.source}: the backup was changed, or the anchor, or it is of rows that an earlier "
                    f"restore gave up (then put it aside). --seq {row.seq - 1} restores what is before it"
                )
        self.matched += bool(due)


def named_anchors(files: Iterable[Path], journal_id: str) -> list[KnownAnchor]:
    """Return the anchors of a journal that a person named. Raises BadInput for a file that is none."""
    return _of(journal_id, (KnownAnchor(read_anchor(path), str(path)) for path in files))


def known_anchors(
    vault: Vault, home: Home, point: Point, files: Iterable[Path], journal_id: str
) -> list[KnownAnchor]:
    """Return what is known of a journal's anchors: by the files named, the home and the backup.

    Raises BadInput for a named file that is none.
    """
    result = named_anchors(files, journal_id)
    result += _of(journal_id, (KnownAnchor(anchor, str(path)) for path, anchor in _of_home(home)))
    for each in point.files:
        if each.path.startswith(f"{FOLDER}/"):
            with suppress(DamagedFile, msgspec.MsgspecError, ValueError):
                anchor = typed(vault.read(each.content), Anchor)
                result += _of(journal_id, [KnownAnchor(anchor, f"the backup's {each.path}")])
    return result


def _of(journal_id: str, known: Iterable[KnownAnchor]) -> list[KnownAnchor]:
    return [each for each in known if each.anchor.journal_id == journal_id and each.anchor.seq > 0]


def put_aside(home: Home, last: Mapping[str, int], now: datetime) -> Iterator[str]:
    """Put anchors of rows after the `last` of a journal's id aside; yield each new name, or why it stays."""
    for path, anchor in _of_home(home):
        if anchor.seq > last.get(anchor.journal_id, anchor.seq):
            kept = aside(path, now)
            try:
                path.rename(kept)
            except OSError as error:
                yield f"{path} cannot be put aside: {error.strerror}; do it, or it refuses the next restore"
            else:
                yield str(kept)


def _of_home(home: Home) -> Iterator[tuple[Path, Anchor]]:
    for path in sorted((home.root / FOLDER).glob("*.json")):
        with suppress(BadInput):
            yield path, read_anchor(path)

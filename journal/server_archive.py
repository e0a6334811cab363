"""Archived rows of a journal on a server: the segments of a file's archive, in a table beside its rows.

    NAMESPACE.rows        rows K+1 and later
    NAMESPACE.segments    rows 1 to K, the bytes of a segment in each row (`journal.segment`)

They lie in the database, not in a home, because whoever reads the journal, on whichever host, needs them, and
so that a dump or a rename of the namespace takes them along. A segment comes in and its rows go out in one
transaction, so each row is in one of the two, for every reader and after any crash. Rows only ever move from
the one to the other: a reader that looks at the rows first and at the segments afterwards misses none.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from journal.archive import Segments
from journal.reader import SqlReader

TABLE = (
    "CREATE TABLE segments (first_row bigint PRIMARY KEY, last_row bigint NOT NULL, hash bytea NOT NULL, "
    "content bytea NOT NULL)"
)
PLAIN = "ALTER TABLE segments ALTER content SET STORAGE EXTERNAL"
"""It is packed already, and so a header is read without the rest."""

THERE = sa.text("SELECT to_regclass('segments') IS NOT NULL")
_SPANS = sa.text("SELECT first_row, last_row FROM segments ORDER BY first_row")
_CONTENT = sa.text("SELECT content FROM segments WHERE first_row = :first AND last_row = :last")
_BEGIN = sa.text(
    "SELECT substring(content FROM 1 FOR :most) FROM segments WHERE first_row = :first AND last_row = :last"
)

Read = Callable[[sa.Executable, dict[str, Any]], Sequence[Sequence[Any]]]


class ServerArchive(Segments):
    """The archived rows of one journal on a server, read through its reader's connection."""

    def __init__(self, where: object, journal_id: str, read: Read) -> None:
        super().__init__(journal_id)
        self._where = where
        self._ask = read

    @property
    def place(self) -> str:
        """The journal, as messages call it."""
        return f"the table segments of {self._where}"

    def spans(self) -> list[tuple[int, int]]:
        """Return the segments there are, each by its first and last row, whatever is missing between them."""
        there = self._ask(THERE, {})[0][0]
        return [(first, last) for first, last in self._ask(_SPANS, {})] if there else []

    def named(self, span: tuple[int, int]) -> str:
        """Return what a segment is called in messages."""
        return f"segment {span[0]} of {self._where}"

    def _read(self, span: tuple[int, int], most: int = -1) -> bytes:
        values: dict[str, Any] = {"first": span[0], "last": span[1]}
        rows = self._ask(_CONTENT, values) if most < 0 else self._ask(_BEGIN, values | {"most": most})
        if not rows:
            raise self._damaged(span, "it is gone")
        return bytes(rows[0][0])


class ServerReader(SqlReader):
    """The readable side of a journal on a server, whose rows may leave for the archive at any moment."""

    def _look(self) -> None:
        archive = self._archive or ServerArchive(self._where, self._id, self._read)
        spans = archive.spans()
        if spans:
            self._first, self._archive = spans[-1][1] + 1, archive

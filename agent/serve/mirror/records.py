"""A mirror read as a journal is: for `why`, for verifying and for exporting."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence

from agent.serve.mirror.folding import whole
from agent.state.checkpoint import Checkpoint, TakenCheckpoint
from agent.state.checkpoints import Checkpoints
from domain.ports import Records, Row
from journal.history import History
from journal.stored import Stored

FEW = 48
"""Rows of a page: most who read here want no more than those behind a checkpoint."""

_PAGE = "SELECT seq, at, kind, cycle_id, payload, hash FROM rows WHERE seq > ? ORDER BY seq LIMIT ?"


class MirroredRecords(History):
    """The rows of a mirror as one connection sees them."""

    def __init__(self, connection: sqlite3.Connection, journal_id: str, head: tuple[int, bytes]) -> None:
        self._connection = connection
        self._id = journal_id
        self._head = head

    @property
    def journal_id(self) -> str:
        """Id of the journal."""
        return self._id

    def head(self) -> tuple[int, str]:
        """Return sequence and hash (hex) of the last row."""
        return self._head[0], self._head[1].hex()

    def page(self, after: int, limit: int) -> Sequence[Stored]:
        """Return at most `limit` rows with a sequence above `after`, unchecked; never many at once."""
        return [Stored._make(row) for row in self._connection.execute(_PAGE, (after, min(limit, FEW)))]

    def cycle_rows(self, cycle_id: int) -> Sequence[int]:
        """Return the sequences of a cycle's rows."""
        return self._numbers("SELECT seq FROM rows WHERE cycle_id = ? ORDER BY seq", cycle_id)

    def session_rows(self) -> Sequence[int]:
        """Return the sequences of the rows that start a session."""
        return self._numbers("SELECT seq FROM rows WHERE kind = 'session_started' ORDER BY seq")

    def last_cycle(self) -> int | None:
        """Return the highest cycle id there is."""
        return self._numbers("SELECT max(cycle_id) FROM rows")[0]

    def mentions(self, after: int, texts: Collection[bytes], until: int | None = None) -> Iterator[Row]:
        """Return rows above `after` that name one of some orders, by the index: `texts` are quoted ids.

        Rows that hold another text are not found so: they are looked for one by one.
        """
        names = [text.decode().strip('"') for text in texts]
        marks = ", ".join("?" * len(names))
        known = self._numbers(f"SELECT count(*) FROM orders WHERE client_id IN ({marks})", *names)[0]  # noqa: S608
        if known < len(names):
            return super().mentions(after, texts, until)
        query = (
            f"SELECT DISTINCT seq FROM mentions WHERE client_id IN ({marks}) "  # noqa: S608
            "AND seq > ? AND seq <= ? ORDER BY seq"
        )
        return self._at(self._numbers(query, *names, after, self._limit(until)))

    def close(self) -> None:
        """Hold nothing: the connection is whoever opened it."""

    def _numbers(self, query: str, *values: object) -> list[int]:
        return [row[0] for row in self._connection.execute(query, values)]


class MirroredCheckpoints(Checkpoints):
    """The checkpoints of a mirror; they are written when rows are taken in, and never here."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def save(self, taken: TakenCheckpoint) -> None:
        """Keep nothing: this only reads."""

    def nearest(self, journal: Records, key: str, before: int | None = None) -> Checkpoint | None:
        """Return the checkpoint of the latest row below `before`, made whole for the rows up to it."""
        last = journal.head()[0] + 1 if before is None else before
        query = "SELECT seq, body FROM checkpoints WHERE seq < ? ORDER BY seq DESC LIMIT 1"
        row = self._connection.execute(query, (last,)).fetchone()
        if row is None or self._retuned(row[0], last):
            return None
        result = whole(row[1], *self._known(row[0], last))
        if result is None or result.header.key != key or journal.hash_at(row[0]) != result.header.hash:
            return None
        return result

    def _retuned(self, seq: int, until: int) -> bool:
        """Say whether a mind may be warmed anew on the way: that takes candles that are not kept here."""
        query = (
            "SELECT 1 FROM rows WHERE seq > ? AND seq < ? AND "
            "kind IN ('parameters_set', 'grid_changed', 'session_started') LIMIT 1"
        )
        return self._connection.execute(query, (seq, until)).fetchone() is not None

    def resumption(self) -> Checkpoint | None:
        """Return the checkpoint from which the fold goes on, whole for whatever may follow."""
        row = self._connection.execute("SELECT seq, body FROM resumption").fetchone()
        if row is None:
            return None
        done = self._connection.execute("SELECT client_id, status FROM orders WHERE done_seq <= ?", row[:1])
        fills = self._connection.execute("SELECT client_id, trade_id FROM fills WHERE seq <= ?", row[:1])
        return whole(row[1], done.fetchall(), fills.fetchall())

    def _known(self, seq: int, until: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Return of the orders that rows behind a checkpoint name what the checkpoint must know."""
        named = "SELECT client_id FROM mentions WHERE seq > ? AND seq <= ?"
        done = self._connection.execute(
            f"SELECT client_id, status FROM orders WHERE done_seq <= ? AND client_id IN ({named})",  # noqa: S608
            (seq, seq, until),
        )
        fills = self._connection.execute(
            f"SELECT client_id, trade_id FROM fills WHERE seq <= ? AND client_id IN ({named})",  # noqa: S608
            (seq, seq, until),
        )
        return done.fetchall(), fills.fetchall()

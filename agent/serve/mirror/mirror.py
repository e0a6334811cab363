"""A mirror: what the server knows of one journal, for any number of readers and one writer.

Theory of operation. Rows come from the agent's feed or from a copy of its journal, in order. Each is checked
against the chain, folded by the agent's own code, and written with all that follows from it, in one
transaction a batch; then whoever subscribed is told. So what is read here never says more than the journal
and never half a row. Rules, each with its reason:

1. Only `take`, `begin`, `anew` and `close` write, and one thread calls them. Readers have connections of
   their own.
2. No row is kept in memory. The fold is, one state and one mind, while somebody asks for it; its checkpoints
   are in the file.
3. The file is a cache. Where its journal id, its program or a row's hash does not fit it is made anew; so it
   is where it turns out damaged or gone while we read (`flaw`). Until then who asks is told to ask again.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from agent.host.listeners import Listeners
from agent.host.log import say
from agent.serve.mirror.folded import FoldedMirror, Misfit
from agent.serve.mirror.folding import EVERY, WHOLE_EVERY, MirrorFold, checkpoint
from agent.serve.mirror.ingest import Ingest, StreamLine
from agent.serve.mirror.records import MirroredCheckpoints, MirroredRecords
from agent.serve.mirror.store import Store, Unfit, made
from agent.state.checkpoints import Checkpoints
from domain.errors import JournalFault
from domain.events import Event, SessionStarted
from journal.chain import genesis, link
from journal.codec import decode, index
from journal.stored import Stored

ANEW = frozenset(("parameters_set", "grid_changed", "session_started"))
"""Kinds of rows that may warm a mind anew by its last candles."""

DAMAGED = frozenset(
    (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
)
Listener = Callable[[Sequence[StreamLine]], None]


class RawRow(NamedTuple):
    """A row as it is handed on: its number, its payload and its hash, unchecked."""

    seq: int
    payload: bytes
    hash: bytes


class Unready(JournalFault):
    """The mirror has not read its journal yet, or is being made anew: the same question will be answered."""


class Mirror(FoldedMirror):
    """The mirror of the journal `name`, in a file."""

    def __init__(self, path: Path, name: str, spare: Checkpoints | None = None) -> None:
        super().__init__(spare)
        self.path = path
        self.name = name
        self.flaw = ""
        """What is wrong with the file; then the writer makes it anew."""
        self.target = 0
        """The last row there is, as far as anybody said."""
        self._store: Store | None = None
        self._kept = self._resumable = 0
        self._listeners = Listeners[Sequence[StreamLine]](agent=name)

    @property
    def journal_id(self) -> str:
        """Id of the journal, "" before anything is known of it."""
        return self._store.journal_id if self._store else ""

    @property
    def head(self) -> int:
        """The last row that is mirrored."""
        return self._head[0]

    @property
    def head_hash(self) -> str:
        """Hash (hex) of the last row that is mirrored."""
        return self._head[1].hex()

    @property
    def behind(self) -> int:
        """Rows still to be read."""
        return max(0, self.target - self.head)

    def rest(self) -> None:
        """Let go of what only a writer at work needs; for the writer's own thread."""
        if self._store is not None:
            self._store.trim()

    def begin(self, journal_id: str) -> None:
        """Open the mirror of a journal, as it was left or empty."""
        store: Store | None = None
        if self.path.exists():
            with suppress(Unfit, sqlite3.Error):
                store = Store(self.path)
        if store is not None and store.journal_id != journal_id:
            store.close()
            store = None
        self._open(store or made(self.path, journal_id))

    def anew(self, journal_id: str) -> None:
        """Begin an empty mirror in place of one that does not fit."""
        self._open(made(self.path, journal_id))

    @property
    def sound(self) -> bool:
        """False while the file is damaged or gone."""
        return self._store is None or not (self.flaw or self._store.moved)

    def mend(self) -> bool:
        """Make the mirror anew where its file is damaged or gone, and say whether it was."""
        if self.sound:
            return False
        say("warning", "a mirror is made anew", agent=self.name, why=self.flaw or "its file is gone")
        self.anew(self.journal_id)
        return True

    def _open(self, store: Store) -> None:
        former, self._store = self._store, store
        self.flaw = ""
        if former is not None:
            former.close()
        self._head = store.head()
        self._set(None)
        self._kept = self._resumable = self.head
        self.target = max(self.head, 0)

    def take(self, rows: Sequence[RawRow]) -> None:
        """Take in rows that follow the head. Raises Misfit where they do not, JournalFault for odd ones."""
        checked = list(self._checked(rows))
        while checked:
            # A session may fold by other settings: what comes before it is written first.
            cut = next(
                (at for at, (_, event) in enumerate(checked) if isinstance(event, SessionStarted) and at),
                len(checked),
            )
            self._write(checked[:cut])
            checked = checked[cut:]

    def _checked(self, rows: Sequence[RawRow]) -> Iterator[tuple[Stored, Event]]:
        seq, previous = self._head
        for row in rows:
            if type(row.payload) is not bytes or type(row.hash) is not bytes:  # written to by hand
                raise JournalFault(f"row {row.seq}: its payload or its hash is not binary")
            if row.seq != seq + 1 or link(previous, row.seq, row.payload) != row.hash:
                raise Misfit(f"row {row.seq} does not follow row {seq}")
            event = decode(row.payload)
            seq, previous = row.seq, row.hash
            yield Stored(row.seq, *index(event), row.payload, row.hash), event

    def _write(self, rows: Sequence[tuple[Stored, Event]]) -> None:
        store = self._store
        if store is None:
            raise Misfit("nothing is known of the journal yet")
        first = rows[0][1]
        fold = self._folded()
        if isinstance(first, SessionStarted) and not fold.fits(first):
            fold = self._resumed(first)
        lines: list[StreamLine] = []
        try:
            with store.writing() as cursor:
                ingest = Ingest(self.name, fold, cursor)
                for row, event in rows:
                    lines.append(ingest.take(row, event))
                    self._keep(cursor, fold, row)
        except BaseException:
            self._set(None)  # it was ahead of what is written
            raise
        self._set(fold)
        self._head = rows[-1][0].seq, rows[-1][0].hash
        self.target = max(self.target, self.head)
        self._listeners.tell(lines)

    def _keep(self, cursor: sqlite3.Cursor, fold: MirrorFold, row: Stored) -> None:
        """Keep a checkpoint now and then, between cycles, and after what takes more than a brief one."""
        if fold.state.open_cycle is not None:
            return
        due = row.kind in ANEW or row.seq - self._kept >= EVERY
        if due:
            self._kept = row.seq
            body = checkpoint(fold, self.journal_id, row.seq, row.hash, brief=True)
            if body is not None:
                cursor.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?)", (row.seq, body))
        if row.seq - self._resumable >= WHOLE_EVERY:
            self._resumable = row.seq
            body = checkpoint(fold, self.journal_id, row.seq, row.hash, brief=False)
            if body is not None:
                cursor.execute("INSERT OR REPLACE INTO resumption VALUES (1, ?, ?)", (row.seq, body))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have a listener told of each batch once it is written, in the writer's thread; it must not wait.

        Returns what ends it.
        """
        return self._listeners.subscribe(listener)

    def events(
        self,
        after: int,
        limit: int,
        kinds: frozenset[str] = frozenset(),
        *,
        most_bytes: int | None = None,
    ) -> list[StreamLine]:
        """Return at most `limit` rows above `after` as the stream tells them, of some kinds where named.

        With `most_bytes` it is the first few of them that have so many together, one at least.
        """
        marks = f"AND kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        query = f"SELECT seq, kind, body FROM events WHERE seq > ? {marks} ORDER BY seq LIMIT ?"  # noqa: S608
        with self.reading() as connection:
            rows = connection.execute(query, (after, *sorted(kinds), limit))
            return list(_few(map(StreamLine._make, rows), most_bytes))

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection that reads the file. Raises Unready where it is not made yet, or made anew."""
        store = self._store
        if store is None:
            raise Unready(f"journal {self.name} was not read yet; ask again in a moment")
        try:
            with store.reading() as connection:
                yield connection
        except (Unfit, sqlite3.DatabaseError) as error:
            if not self.damaged(error):
                raise
            raise Unready(f"the mirror of journal {self.name} is made anew; ask again in a moment") from error
        except JournalFault as fault:  # the chain was whole when it was read in
            self.flaw = str(fault)
            raise

    def damaged(self, error: Exception) -> bool:
        """Say whether an error tells of a damaged file, and take note of it."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        missing = code == sqlite3.SQLITE_ERROR and str(error).startswith("no such table")
        if isinstance(error, Unfit) or missing or code in DAMAGED:
            self.flaw = str(error)
        return bool(self.flaw)

    @contextmanager
    def records(self) -> Iterator[MirroredRecords]:
        """Yield the mirror as a journal to read, as it stands now."""
        with self.reading() as connection:
            yield _records(connection, self.journal_id)

    @contextmanager
    def checkpointed(self) -> Iterator[tuple[MirroredRecords, MirroredCheckpoints]]:
        """Yield the mirror as a journal to read, with its checkpoints."""
        with self.reading() as connection:
            yield _records(connection, self.journal_id), MirroredCheckpoints(connection)

    def close(self) -> None:
        """Close the file."""
        if self._store is not None:
            self._store.close()


def _few(lines: Iterable[StreamLine], most_bytes: int | None) -> Iterator[StreamLine]:
    size = 0
    for line in lines:
        yield line
        size += len(line.body)
        if most_bytes is not None and size >= most_bytes:
            return


def _records(connection: sqlite3.Connection, journal_id: str) -> MirroredRecords:
    row = connection.execute("SELECT seq, hash FROM rows ORDER BY seq DESC LIMIT 1").fetchone()
    return MirroredRecords(
        connection, journal_id, (0, genesis(journal_id)) if row is None else (row[0], row[1])
    )

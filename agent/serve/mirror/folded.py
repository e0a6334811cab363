"""The fold of a mirror: in memory while somebody asks for it, made again from its checkpoint after that."""

import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager

from agent import wiring
from agent.serve.mirror.folding import MirrorFold
from agent.serve.mirror.records import MirroredCheckpoints, MirroredRecords
from agent.settings.settings import Options
from agent.state.checkpoints import Checkpoints
from agent.state.state import State
from agent.views.latest import Latest
from domain.errors import BadInput
from domain.events import SessionStarted
from domain.instrument import Instrument

RECENT = 200
"""Rows that tell again what the latest cycles saw, when a mirror is opened."""


class Misfit(Exception):
    """Rows do not follow what the mirror holds: it is of another journal, or one that was changed."""


class FoldedMirror(ABC):
    """The fold of a mirror's rows, and all it tells. `spare` are the agent's own checkpoints."""

    def __init__(self, spare: Checkpoints | None) -> None:
        self.spare = spare
        self.used = 0.0
        """When the fold was asked for last, by the monotonic clock."""
        self._head: tuple[int, bytes] = (0, b"")
        self._fold: MirrorFold | None = None
        self._loading = threading.Lock()

    @property
    @abstractmethod
    def journal_id(self) -> str:
        """Id of the journal, "" before anything is known of it."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Yield a connection that reads. Raises Unready where there is none to be had."""

    @abstractmethod
    def records(self) -> AbstractContextManager[MirroredRecords]:
        """Yield the mirror as a journal to read, as it stands now."""

    @property
    def state(self) -> State:
        """The fold of all rows up to the head; read it under its lock."""
        return self._folded().state

    @property
    def latest(self) -> Latest:
        """What the latest cycles saw and judged."""
        return self._folded().latest

    @property
    def started(self) -> SessionStarted | None:
        """The last session's start."""
        return self._folded().started

    @property
    def options(self) -> Options | None:
        """Options of the last session; None before the first, or where they are another version's."""
        return self._folded().options

    @property
    def grid(self) -> dict[str, Instrument]:
        """Grids by symbol, of all that was ever traded."""
        return self._folded().instruments

    @property
    def parts(self) -> wiring.Parts | None:
        """The fold as the parts of a session, None where its options are not known."""
        fold = self._folded()
        if fold.options is None or fold.mind is None:
            return None
        return wiring.Parts(fold.options, dict(fold.instruments), fold.state, fold.mind)

    @property
    def problem(self) -> str | None:
        """Why only the account could be folded, None where all was."""
        return self._folded().problem

    @property
    def loaded(self) -> bool:
        """True while the fold is in memory."""
        return self._fold is not None

    def release(self) -> None:
        """Let the fold go from memory; whoever asks next has it made again from its checkpoint."""
        with self._loading:
            self._fold = None

    def _folded(self) -> MirrorFold:
        """Return the fold of every row that is mirrored."""
        self.used = time.monotonic()
        fold = self._fold
        if fold is not None:
            return fold
        with self._loading:
            if self._fold is None:
                self._fold = self._resumed(self._last_session()) if self.journal_id else MirrorFold(None)
            return self._fold

    def _set(self, fold: MirrorFold | None) -> None:
        with self._loading:
            self._fold = fold

    def _last_session(self) -> SessionStarted | None:
        with self.records() as records:
            row = records.last_session()
        return row.event if row is not None and isinstance(row.event, SessionStarted) else None

    def _resumed(self, started: SessionStarted | None) -> MirrorFold:
        """Return the fold of every row there is, as a session folds them."""
        fold = MirrorFold(started)
        if started is None:
            return fold
        with self.reading() as connection:
            records = MirroredRecords(connection, self.journal_id, self._head)
            after = self._go_on(fold, connection, records)
            for row in records.rows(max(0, after - RECENT)) if after else ():
                if row.seq <= after:
                    fold.latest.apply(row.event)
            for row in records.rows(after):
                fold.apply(row.event)
        fold.started = started
        return fold

    def _go_on(self, fold: MirrorFold, connection: sqlite3.Connection, records: MirroredRecords) -> int:
        """Bring a fold to the latest checkpoint that fits, and return its row; 0 where none does."""
        result = MirroredCheckpoints(connection).resumption()
        if (result is None or result.header.key != fold.key) and self.spare is not None and fold.key:
            result = self.spare.nearest(records, fold.key)
        if result is None or result.header.key != fold.key or fold.mind is None:
            return 0
        try:
            result.give(fold.state, fold.mind)
        except (ValueError, BadInput):
            raise Misfit("its checkpoint does not fit") from None
        return result.header.seq

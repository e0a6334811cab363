"""The writers of checkpoints: a running agent now and then, and whoever folds a long journal."""

import threading
from contextlib import suppress

from agent.host import log
from agent.settings.folding import FoldSettings
from agent.state.checkpoint import FORMAT, Header, Resumed, TakenCheckpoint, taken
from agent.state.checkpoints import Checkpoints
from agent.state.key import fold_key
from agent.state.state import State
from domain.errors import JournalFault
from domain.events import SessionStarted
from domain.ports import Clock, Records, Row
from reasoning.minds import StrategyRunner

ROWS = 2_000
"""Rows after which another checkpoint is worth it: they are folded in a tenth of a second."""

SHARE = 200
"""A checkpoint waits for this many times as long as the last one took: half a percent of the time."""

FOLDS = 1024
"""How many checkpoints a whole fold of a long journal leaves behind: `agent why` begins at the nearest."""


class Keeper:
    """Takes checkpoints of one running fold. Never raises: what cannot be kept is a cache less."""

    def __init__(self, checkpoints: Checkpoints, options: FoldSettings, clock: Clock) -> None:
        self.checkpoints = checkpoints
        self.key = fold_key(options)
        self.clock = clock
        self.seq = self.intended = 0
        self.due_at = 0.0
        self._writing: threading.Thread | None = None

    def look(self, journal: Records, state: State, mind: StrategyRunner, started: SessionStarted) -> None:
        """Take a checkpoint after an order, for an emergency may have nothing else, and now and then.

        Only between cycles, when the state is the fold of every row.
        """
        due = state.ledger.intended != self.intended or journal.head()[0] - self.seq >= ROWS
        if due and self.clock.monotonic() >= self.due_at:
            self.take(journal, state, mind, started)

    def take(self, journal: Records, state: State, mind: StrategyRunner, started: SessionStarted) -> None:
        """Take a checkpoint now; the file is written by another thread, unless one is still being written."""
        if mind.stands_in or (self._writing is not None and self._writing.is_alive()):
            return
        began = self.clock.monotonic()
        header = Header(FORMAT, journal.journal_id, *journal.head(), self.key, started)
        result: TakenCheckpoint | None = None
        try:
            result = taken(header, state, mind)
        except (JournalFault, TypeError, ValueError, OverflowError) as error:
            log.say("warning", "no checkpoint", error=str(error))
        self.seq, self.intended = header.seq, state.ledger.intended
        self.due_at = self.clock.monotonic() + SHARE * (self.clock.monotonic() - began)
        if result is not None:
            self._writing = threading.Thread(target=self._write, args=(result,), name="boyd-checkpoint")
            self._writing.start()

    def _write(self, result: TakenCheckpoint) -> None:
        try:
            self.checkpoints.save(result)
        except OSError as error:
            log.say("warning", "no checkpoint", error=error.strerror)

    def close(self) -> None:
        """Wait for what is being written."""
        if self._writing is not None:
            self._writing.join()


class FoldKeeper:
    """Leaves checkpoints behind while a journal is folded from its beginning."""

    def __init__(
        self, checkpoints: Checkpoints, journal: Records, options: FoldSettings, fold: Resumed
    ) -> None:
        self.checkpoints = checkpoints
        self.journal_id = journal.journal_id
        self.key = fold_key(options)
        self.fold = fold
        self.started = fold.started
        self.last, _ = journal.head()
        self.pace = max(ROWS, (self.last - fold.seq) // FOLDS)
        self.next = fold.seq + self.pace

    def taken(self, row: Row) -> None:
        """Take note of a folded row, and keep a checkpoint when it is due or the last of many."""
        if isinstance(row.event, SessionStarted):
            self.started = row.event
        if row.seq >= self.next or (row.seq == self.last and row.seq >= self.next - self.pace + ROWS):
            self.take(row)

    def take(self, row: Row) -> None:
        """Keep a checkpoint of the fold up to a row."""
        self.next = row.seq + self.pace
        if self.started is not None and not self.fold.mind.stands_in:
            header = Header(FORMAT, self.journal_id, row.seq, row.hash, self.key, self.started)
            with suppress(OSError, JournalFault, TypeError, ValueError, OverflowError):
                self.checkpoints.save(taken(header, self.fold.state, self.fold.mind))

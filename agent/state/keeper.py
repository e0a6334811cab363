"""The writers of checkpoints: a running agent now and then, and whoever folds a long journal."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

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

SECONDS = 300.0
"""After so long any row is worth a checkpoint: one that is killed is told from the last minutes."""

FEW = 200
"""Rows behind a checkpoint that are folded in a hundredth of a second."""

FOLDS = 1024
"""How many checkpoints a whole fold of a long journal leaves behind: `agent why` begins at the nearest."""


class _Held(NamedTuple):
    """A checkpoint in memory, and the last cycle it is the fold of."""

    cycle: int
    taken: TakenCheckpoint


class Keeper:
    """Takes checkpoints of one running fold. Never raises: what cannot be kept is a cache less.

    Whoever asks why the last cycle came out as it did needs the fold before it, and when a session ends that
    is over. So the two latest folds are held in memory, and the one before the last cycle is written with it.
    """

    def __init__(self, checkpoints: Checkpoints, options: FoldSettings, clock: Clock) -> None:
        self.checkpoints = checkpoints
        self.key = fold_key(options)
        self.clock = clock
        self.seq = self.intended = 0
        self.due_at = self.late_at = 0.0
        self._held: tuple[_Held, ...] = ()
        """Of two cycles at most, the later one last."""
        self._writing: threading.Thread | None = None

    def look(self, journal: Records, state: State, mind: StrategyRunner, started: SessionStarted) -> None:
        """Take a checkpoint after an order, for an emergency may have nothing else, and now and then.

        Only between cycles, when the state is the fold of every row. One that is not due is held in memory.
        """
        now, grown = self.clock.monotonic(), journal.head()[0] - self.seq
        if now < self.due_at:
            return
        if state.ledger.intended != self.intended or grown >= ROWS or (grown and now >= self.late_at):
            self.take(journal, state, mind, started)
        else:
            self._take(journal, state, mind, started)

    def take(self, journal: Records, state: State, mind: StrategyRunner, started: SessionStarted) -> None:
        """Take a checkpoint now; the file is written by another thread, unless one is still being written."""
        if mind.stands_in or (self._writing is not None and self._writing.is_alive()):
            return
        result = self._take(journal, state, mind, started)
        self.seq, self.intended = journal.head()[0], state.ledger.intended
        self._begin(result)

    def last(self, journal: Records, state: State, mind: StrategyRunner, started: SessionStarted) -> None:
        """Keep the fold before the last cycle and the one there is now, and wait until both are written."""
        self.close()
        before = [each.taken for each in self._held if each.cycle < state.cycle_id]
        unwritten = [each for each in before[-1:] if each.header.seq > self.seq]
        self._begin(*unwritten, self._take(journal, state, mind, started))
        self.close()

    def _take(
        self, journal: Records, state: State, mind: StrategyRunner, started: SessionStarted
    ) -> TakenCheckpoint | None:
        """Take a checkpoint into memory; none while a mind stands in for another."""
        if mind.stands_in:
            return None
        began = self.clock.monotonic()
        header = Header(FORMAT, journal.journal_id, *journal.head(), self.key, started)
        result: TakenCheckpoint | None = None
        try:
            result = taken(header, state, mind)
        except (JournalFault, TypeError, ValueError, OverflowError) as error:
            log.say("warning", "no checkpoint", error=str(error))
        self.due_at = self.clock.monotonic() + SHARE * (self.clock.monotonic() - began)
        if result is not None:
            former = [each for each in self._held if each.cycle != state.cycle_id]
            self._held = (*former[-1:], _Held(state.cycle_id, result))
        return result

    def _begin(self, *results: TakenCheckpoint | None) -> None:
        """Have what was taken written by another thread."""
        files = [each for each in results if each is not None]
        self.late_at = self.clock.monotonic() + SECONDS
        if files:
            self._writing = threading.Thread(target=self._write, args=(files,), name="boyd-checkpoint")
            self._writing.start()

    def _write(self, results: Sequence[TakenCheckpoint]) -> None:
        try:
            for each in results:
                self.checkpoints.save(each)
        except OSError as error:
            log.say("warning", "no checkpoint", error=error.strerror)

    def close(self) -> None:
        """Wait for what is being written."""
        if self._writing is not None:
            self._writing.join()


class FoldKeeper:
    """Leaves checkpoints behind while a journal is folded, to its end or up to row `before` near that.

    Who asks why after an agent was killed folds what lies behind its last checkpoint; the next one does not.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        journal: Records,
        options: FoldSettings,
        fold: Resumed,
        before: int | None = None,
    ) -> None:
        self.checkpoints = checkpoints
        self.journal_id = journal.journal_id
        self.key = fold_key(options)
        self.fold = fold
        self.started = fold.started
        self.last, _ = journal.head()
        self.least = ROWS
        if before is not None and self.last - before < ROWS:
            self.last, self.least = before - 1, FEW
        self.pace = max(ROWS, (self.last - fold.seq) // FOLDS)
        self.next = fold.seq + self.pace

    def taken(self, row: Row) -> None:
        """Take note of a folded row, and keep a checkpoint when it is due or the last of many."""
        if isinstance(row.event, SessionStarted):
            self.started = row.event
        if row.seq >= self.next or (row.seq == self.last and row.seq >= self.next - self.pace + self.least):
            self.take(row)

    def take(self, row: Row) -> None:
        """Keep a checkpoint of the fold up to a row."""
        self.next = row.seq + self.pace
        if self.started is not None and not self.fold.mind.stands_in:
            header = Header(FORMAT, self.journal_id, row.seq, row.hash, self.key, self.started)
            with suppress(OSError, JournalFault, TypeError, ValueError, OverflowError):
                self.checkpoints.save(taken(header, self.fold.state, self.fold.mind))

"""Folding a long journal in slices, so that nobody who stops an account waits for who reads it.

Whoever opens an account begins at a checkpoint. Where none fits any more, after an upgrade or with other
settings, all rows are folded once: a minute for a million cycles. Meanwhile the account is nobody's: the fold
takes the journal for half a second at a time and lets go of it in between, so a kill and an exit from another
terminal get in, and what they write is folded with the rest. What it comes to is kept as checkpoints, at
which whoever waits for it begins.
"""

from collections.abc import Callable
from contextlib import suppress

from agent.account.where_it_lies import where_it_lies
from agent.host import log
from agent.settings.folding import FoldSettings
from agent.settings.home import Busy, Home
from agent.state.checkpoint import Checkpoint, resumed
from agent.state.checkpoints import Checkpoints
from agent.state.keeper import FoldKeeper
from agent.state.key import fold_key, one_way_cost_ppm
from domain.errors import BadInput, JournalFault
from domain.ports import Clock
from journal.history import History

LONG = 50_000
"""Rows that are folded at once: about two seconds."""

SLICE_SECONDS = 0.5
GAP_SECONDS = 0.15
"""Longer than anybody takes between two looks at a lock."""

BUSY_SECONDS = 120.0
"""How long a command that came in between may take before the fold is given up."""

ROWS = 64
"""Rows between two looks at the clock."""

SHORT_BYTES = 16 * 1024 * 1024
"""Size of a journal that is folded in a second: nobody looks whether a checkpoint of it fits."""

Progress = Callable[[int, int], None]
"""Told the rows that are folded, and how many are to be."""


def long(home: Home, name: str) -> bool:
    """Say whether a journal may be so long that it is not folded while its account is held."""
    path = home.journal(name)
    return bool(home.server) or (path.is_file() and path.stat().st_size > SHORT_BYTES)


def ignore(done: int, total: int) -> None:
    """Tell nobody."""
    del done, total


class Ahead:
    """The fold of a journal by some settings, below row `before` where that is given, from slice to slice."""

    def __init__(
        self, home: Home, name: str, settings: FoldSettings, clock: Clock, before: int | None = None
    ) -> None:
        self.home = home
        self.name = name
        self.settings = settings
        self.clock = clock
        self.before = before
        self.checkpoints = Checkpoints(home.checkpoints(name))
        self.keeper: FoldKeeper | None = None
        self.seq = 0
        self.hash = ""

    def run(self, progress: Progress = ignore) -> None:
        """Fold until little is left; give up in silence where whoever opens the journal will be told why."""
        with suppress(Busy, BadInput, JournalFault, OSError):
            left = self._slice(progress, LONG)
            if left:
                why = "no checkpoint near its end fits this program and these settings"
                log.say("info", "folding the journal", journal=self.name, rows=left, why=why)
            due = self.clock.monotonic() + BUSY_SECONDS
            while left and self.clock.monotonic() < due:
                self.clock.sleep(GAP_SECONDS)
                with suppress(Busy):
                    left = self._slice(progress)
                    due = self.clock.monotonic() + BUSY_SECONDS

    def _slice(self, progress: Progress, enough: int = 0) -> int:
        """Fold for a while, where there are more than `enough` rows to fold; return how many are left."""
        with where_it_lies(self.home, self.name) as journal:
            last, _ = journal.head()
            last = last if self.before is None else min(last, self.before - 1)
            nearest = None
            if self.keeper is None or not self._follows(journal):
                self.keeper = None
                nearest = self.checkpoints.nearest(journal, fold_key(self.settings), self.before)
                self.seq = nearest.header.seq if nearest else 0
            if last - self.seq <= enough:  # and a checkpoint that is near is not made a fold of
                return 0
            keeper = self.keeper or self._begin(journal, nearest)
            self._go_on(journal, keeper, last)
            progress(self.seq, last)
            return last - self.seq

    def _follows(self, journal: History) -> bool:
        return journal.head()[0] >= self.seq and journal.hash_at(self.seq) == self.hash

    def _begin(self, journal: History, nearest: Checkpoint | None) -> FoldKeeper:
        fold = resumed(nearest, self.settings, one_way_cost_ppm(self.settings))
        self.seq, self.hash = fold.seq, journal.hash_at(fold.seq)
        self.keeper = FoldKeeper(self.checkpoints, journal, self.settings, fold)
        return self.keeper

    def _go_on(self, journal: History, keeper: FoldKeeper, last: int) -> None:
        due = self.clock.monotonic() + SLICE_SECONDS
        for row in journal.rows(self.seq):
            keeper.fold.state.apply(row.event)
            self.seq, self.hash = row.seq, row.hash
            keeper.taken(row)
            if row.seq >= last:
                keeper.take(row)
                return
            if row.seq % ROWS == 0 and self.clock.monotonic() >= due:
                return

"""The mirror of one journal, kept: the journal is followed while its agent runs, and read again at rest.

A thread of its own keeps the mirror. It takes rows from the link; what the link has not, because it came
before, was too much or the agent died in the midst, comes from the journal itself. So rows reach the
mirror in order and none is left out, whatever becomes of agent and link.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum

from agent.account.at_hand import AtHand
from agent.answers.agents import Supervised
from agent.answers.stream import LiveState
from agent.host.log import say
from agent.serve.fleet.link import Link, Unlinked
from agent.serve.fleet.turns import taken
from agent.serve.mirror.folded import Misfit
from agent.serve.mirror.mirror import Mirror, RawRow
from agent.settings.home import Home
from agent.state.checkpoints import Checkpoints
from domain.errors import BadInput, BoydError
from domain.ports import Clock
from journal.copying import OpenHere
from journal.history import PAGE, History
from journal.reader import open_reader

LOOK_SECONDS = 0.5

ON_SERVER_SECONDS = 3.0
"""Pause between two looks at a journal on a server, which says nothing of its own accord."""

AGAIN_SECONDS = 5.0
"""Pause after a journal could not be read, or its mirror not be written."""

COPY_SHARE = 10
"""A journal that changes without a feed is opened again after so many times as long as that last took."""

FEW = 20_000
"""Rows that a running agent is asked for, a few at a time; more come from a copy of its file."""

SHARE = 12
"""Beside an agent at full speed one part of so many is spent on taking its rows in: the loop comes first."""

WAY_SECONDS = 0.1

COPYING = threading.Semaphore(1)
"""One journal at rest is read at a time; those of running agents wait for none."""


class News(StrEnum):
    """The news of an agent: its journal found or gone, itself come, ended or dead, its live state."""

    FOUND = "found"
    REMOVED = "removed"
    CAME = "came"
    GONE = "gone"
    DIED = "died"
    STATE = "state"


class MirrorKeeper:
    """Keeps the mirror of one journal. `tell` is told of its agent's coming, going and live state."""

    def __init__(self, home: Home, name: str, clock: Clock, tell: Callable[[News], None]) -> None:
        self.home = home
        self.name = name
        self.clock = clock
        self._tell = tell
        self.supervised: Supervised | None = None
        spare = Checkpoints(home.checkpoints(name))
        self.mirror = Mirror(home.root / "serve" / "mirrors" / f"{name}.db", name, spare)
        self.problem: str | None = None
        self._said: str | None = None
        """Why the journal cannot be read, None where it can."""
        self.looked = threading.Event()
        """Set once the journal was read for the first time, or could not be."""
        self._link: Link | None = None
        self._latest: LiveState | None = None
        self._held = False
        self._ending = False
        """True from an end in order until its last rows are read."""
        self._mark: object = None
        self._copy_due = 0.0
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"boyd-mirror {name}", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self) -> None:
        """End it; the agent goes on."""
        self._closing = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(30)
        self.mirror.close()

    @property
    def running(self) -> bool:
        """True while an agent has the account."""
        return self._followed or self._held

    @property
    def _followed(self) -> bool:
        return self._link is not None and not self._link.over

    def _run(self) -> None:
        while not self._closing:
            pause = ON_SERVER_SECONDS if self.home.server else LOOK_SECONDS
            try:
                self._look()
            except BoydError as fault:
                pause = self._missed(fault)
            except Exception as fault:  # noqa: BLE001 -- one journal that cannot be read is no end of the others
                text, pause = f"{type(fault).__name__}: {fault}", AGAIN_SECONDS
                if text != self._said:  # the same again and again would fill a disk that is full
                    self._said = text
                    say("error", "a journal cannot be mirrored", agent=self.name, why=text)
                self.problem = text
                if isinstance(fault, sqlite3.DatabaseError) and self.mirror.damaged(fault):
                    pause = LOOK_SECONDS
            self.looked.set()
            self._wait(pause)

    def _missed(self, fault: BoydError) -> float:
        """Take note why the journal could not be read, and return the pause until the next look.

        One that is open here for a command is no problem; neither is one that is not there yet, or not whole,
        while an agent of our own begins it.
        """
        if isinstance(fault, OpenHere):
            return LOOK_SECONDS
        own = None if self.mirror.journal_id else self.supervised
        if own is not None and (own.pid or isinstance(fault, BadInput)):
            self.problem = None
            return LOOK_SECONDS
        self.problem = str(fault)
        return AGAIN_SECONDS

    def _wait(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _look(self) -> None:
        self._mend()
        link = self._linked()
        if link is None:
            self._at_rest()
            return
        self._link = link
        self._latest = link.live
        self._ending = False
        self._tell(News.CAME)
        if link.over:  # it was faster
            self._heard(link)
        try:
            self._follow(link)
        finally:
            link.close()

    def _linked(self) -> Link | None:
        """Return a link to the agent that runs, None where none does or it cannot be followed."""
        path = self.home.control(self.name)
        self._held = path.exists() and self.home.held(self.name)
        if self._held:
            with suppress(Unlinked):
                return Link(path, self.home.owner(self.name), self.mirror.head, self._heard)
        return None

    def _heard(self, link: Link) -> None:
        """Let the writer go on; tell of the live state and of the end at once."""
        if link.over:
            self._held, self._ending = False, not link.died
            self._tell(News.DIED if link.died else News.GONE)
        elif link.live != self._latest:
            self._latest = link.live
            self._tell(News.STATE)
        self._wake.set()

    def _follow(self, link: Link) -> None:
        """Take rows until the agent is gone, from its feed and where that lacks some from the journal."""
        self._begin(link.journal_id)
        while not self._closing:
            self._mend()
            over, last = link.over, link.last  # before the rows are taken
            rows = [row for row in link.take(PAGE) if row.seq > self.mirror.head]
            self.mirror.target = max(self.mirror.target, last)
            lacking = rows[0].seq - 1 if rows else last
            if self.mirror.head < lacking:
                self._fill(lacking)
            elif rows:
                with self._making_way(link):
                    self._take(rows, link.journal_id)
            elif over:
                return
            else:
                self.problem = None
                self.looked.set()
                self._wait(LOOK_SECONDS)

    @contextmanager
    def _making_way(self, link: Link | None) -> Iterator[None]:
        """Leave the processor to an agent at full speed for a while after some work; what waits is told late.

        Two processors may be two threads of one core: as much as we take of it, the loop lacks.
        """
        began = time.monotonic()
        yield
        if link is not None and link.fast:  # it is looked at, and caught up with when it goes slower
            self.looked.set()
        due = time.monotonic() + (SHARE - 1) * (time.monotonic() - began)
        while link is not None and link.fast and not self._closing and time.monotonic() < due:
            time.sleep(min(WAY_SECONDS, max(0.0, due - time.monotonic())))

    def _mend(self) -> None:
        if self.mirror.mend():
            self._mark, self._copy_due = None, 0.0

    def _fill(self, until: int) -> None:
        """Take from the journal what the link has left out; where that fails it is tried again."""
        try:
            self._caught_up(until)
        except BoydError as fault:
            self._missed(fault)
            self._wait(LOOK_SECONDS)

    def _begin(self, journal_id: str) -> None:
        if self.mirror.journal_id != journal_id:
            self.mirror.begin(journal_id)

    def _take(self, rows: list[RawRow], journal_id: str) -> None:
        """Take rows in; where they do not follow, the mirror is made anew."""
        try:
            self.mirror.take(rows)
        except Misfit as why:
            say("warning", "a mirror is made anew", agent=self.name, why=str(why))
            self.mirror.anew(journal_id)

    def _at_rest(self) -> None:
        """Read what was written since the last look, if anything was."""
        mark = self._marked()
        if mark is not None and mark == self._mark:
            self.problem, self._ending = None, False
            return
        if time.monotonic() < self._copy_due or taken(self.name):
            return
        with COPYING:
            self._caught_up()
            self.mirror.rest()
        self._mark, self.problem, self._ending = mark, None, False

    def _marked(self) -> object:
        """Return what changes when the journal's file does, None where there is no file."""
        if self.home.server:
            return None
        path = self.home.journal(self.name)
        stats = []
        for each in (path, path.with_name(path.name + "-wal")):
            with suppress(OSError):
                stat = each.stat()
                stats.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
        return tuple(stats)

    def _opened(self, until: int | None) -> History:
        """Open the journal where it is at hand; of a running agent that has much more it is copied."""
        if until is not None and until - self.mirror.head > FEW:
            return open_reader(self.home.journal_location(self.name), account=self.name)
        return AtHand(self.home, self.name)

    def _caught_up(self, until: int | None = None) -> None:
        """Take in what the journal has more; a mirror that does not fit is made anew."""
        began = time.monotonic()
        with self._opened(until) as opened:
            self._copy_due = time.monotonic() + COPY_SHARE * (time.monotonic() - began)
            self._begin(opened.journal_id)
            last, _ = opened.head()
            head = self.mirror.head
            if head > last or opened.hash_at(head) != self.mirror.head_hash:
                self.mirror.anew(opened.journal_id)
            self.mirror.target = max(last, until or 0)
            while self.mirror.head < last and not self._closing:
                with self._making_way(self._link):
                    page = opened.page(self.mirror.head, PAGE)
                    if until is None and isinstance(opened, AtHand) and opened.taken:
                        self._held = True  # it began meanwhile: one without an end is no dead one
                        self._wake.set()
                    self.mirror.take([RawRow(row.seq, row.payload, row.hash) for row in page])

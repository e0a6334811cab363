"""Sessions to measure: the product's own wiring, on paper, at full speed, with the journal asked for."""

import gc
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from agent import wiring
from agent.host.clock import SystemClock
from agent.loop.inbox import Inbox
from agent.loop.session import Session
from agent.settings.home import Home
from agent.settings.settings import Options
from benchmarks.candles import SYMBOL
from domain.ports import Journal, Pacer
from journal.memory import MemoryJournal

JOURNAL_ID = "be4c0be4c0be"


class Ready(NamedTuple):
    """A session that has not begun and what paces it."""

    session: Session
    pacer: Pacer


class Ran(NamedTuple):
    """The costs of a run: cycles done, seconds by the wall clock and of the processor, outcomes by kind."""

    cycles: int
    wall: float
    processor: float
    outcomes: dict[str, int]


def journal_of(folder: Path | None) -> Journal:
    """Return a durable journal in `folder`, or one in memory that keeps its head only."""
    if folder is None:
        return MemoryJournal(JOURNAL_ID, keep=False)
    return wiring.open_account(folder / "bench.db", "bench", 0)


def options_of(data: Path | None, cycles: int, home: Path) -> Options:
    """Return the settings of a paper session on a recording, or on the simulated market if there is none."""
    if data is None:
        return Options(home=home, provider="simulated", symbols=(SYMBOL,), speed="max", cycles=cycles)
    return Options(
        home=home, provider="recorded", symbols=(SYMBOL,), data=(data,), speed="max", cycles=cycles
    )


def ready(options: Options, journal: Journal) -> Ready:
    """Return a session as `agent run` would wire it."""
    clock = SystemClock()
    made = wiring.parts(options, journal)
    if options.data:
        source = wiring.recorded(made, {SYMBOL: options.data[0]})
    else:
        source = wiring.market(made, clock, Home(options.home))
    inbox = Inbox(clock)
    platform = wiring.paper_platform(made)
    session = wiring.session(made, journal, source.observer, platform, inbox, at=clock.now())
    return Ready(session, wiring.pacer(options, source, clock, inbox.wait))


def run(each: Ready) -> Ran:
    """Run a session to its end and say what it took, begin and end of the session included."""
    gc.collect()
    processor, wall = time.process_time(), time.perf_counter()
    each.session.run(each.pacer)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    outcomes: Counter[str] = each.session.state.outcomes
    return Ran(each.session.done, wall, processor, dict(sorted(outcomes.items())))


class Marked:
    """A pacer that calls `mark` with the number of cycles done before every `every`-th cycle."""

    def __init__(self, pacer: Pacer, every: int, mark: Callable[[int], None]) -> None:
        self._pacer = pacer
        self._every = every
        self._mark = mark
        self._done = 0

    def next(self) -> datetime | None:
        """Return the next cycle's instant."""
        if self._done % self._every == 0:
            self._mark(self._done)
        self._done += 1
        return self._pacer.next()

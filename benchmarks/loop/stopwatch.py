"""Where a cycle's time goes: a stopwatch wrapped around the stages from outside.

The loop knows nothing of it. `timed` takes a session apart and puts it together with the same parts,
each behind a wrapper that switches the stopwatch on the way in and back on the way out. Time is
exclusive: what runs inside a stage but belongs to another (the journal inside `place`) is that
other's.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from agent.loop.cycle import Cycle
from agent.loop.machine import LoopMachine
from benchmarks.loop.floors import per_call
from benchmarks.loop.sessions import Ready
from domain.events import CycleEnded, Event, Failure
from domain.ports import Journal, Pacer, Row
from domain.verdict import Approved

PACE, OBSERVE, DECIDE, JUDGE, PLACE, REFLECT, JOURNAL, MACHINE, REST = STAGES = (
    "pace", "observe", "decide", "judge", "place", "reflect", "journal", "machine", "rest",
)  # fmt: skip


class Stopwatch:
    """Nanoseconds by stage; exactly one stage runs at any time, from the first switch to the last."""

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self.spent = dict.fromkeys(STAGES, 0)
        self._clock = clock
        self.switches = 0
        self._stage = REST
        self._since = 0

    def switch(self, stage: str) -> str:
        """Let `stage` run from now on; return the one that ran until now."""
        now = self._clock()
        before = self._stage
        if self.switches:
            self.spent[before] += now - self._since
        self.switches += 1
        self._stage, self._since = stage, now
        return before


def switch_us() -> float:
    """Return what one switch costs, call included."""
    watch = Stopwatch()
    return per_call(lambda: watch.switch(OBSERVE), calls=1000)


class _TimedMachine(LoopMachine):
    def __init__(self, watch: Stopwatch) -> None:
        super().__init__()
        self.watch = watch

    def fire(self, trigger: str) -> None:
        before = self.watch.switch(MACHINE)
        try:
            super().fire(trigger)
        finally:
            self.watch.switch(before)


class _TimedJournal:
    """Implements `Journal` with another one; only appending is timed, for cycles do nothing else."""

    def __init__(self, journal: Journal, watch: Stopwatch) -> None:
        self.inner = journal
        self.watch = watch

    @property
    def journal_id(self) -> str:
        return self.inner.journal_id

    def rows(self, after: int = 0) -> Iterator[Row]:
        return self.inner.rows(after)

    def sessions(self) -> Iterator[Row]:
        return self.inner.sessions()

    def last_session(self) -> Row | None:
        return self.inner.last_session()

    def last_cycle(self) -> int | None:
        return self.inner.last_cycle()

    def find_cycle(self, cycle_id: int) -> Sequence[Row]:
        return self.inner.find_cycle(cycle_id)

    def mentions(self, after: int, texts: Collection[bytes]) -> Iterator[Row]:
        return self.inner.mentions(after, texts)

    def hash_at(self, seq: int) -> str:
        return self.inner.hash_at(seq)

    def head(self) -> tuple[int, str]:
        return self.inner.head()

    def append(self, *events: Event) -> None:
        before = self.watch.switch(JOURNAL)
        try:
            self.inner.append(*events)
        finally:
            self.watch.switch(before)

    def close(self) -> None:
        self.inner.close()


class _TimedPacer:
    def __init__(self, pacer: Pacer, watch: Stopwatch) -> None:
        self.inner = pacer
        self.watch = watch

    def next(self) -> datetime | None:
        before = self.watch.switch(PACE)
        try:
            return self.inner.next()
        finally:
            self.watch.switch(before)


class _TimedCycle(Cycle):
    """The cycle with its stages timed; a turn is passed on untouched."""

    watch: Stopwatch

    def _look(self, turn: Any) -> Exception | None:
        before = self.watch.switch(OBSERVE)
        try:
            return super()._look(turn)
        finally:
            self.watch.switch(before)

    def _take_in(self, turn: Any, failure: Exception | None) -> None:
        before = self.watch.switch(OBSERVE)
        try:
            super()._take_in(turn, failure)
        finally:
            self.watch.switch(before)

    def _decide(self, turn: Any) -> None:
        before = self.watch.switch(DECIDE)
        try:
            super()._decide(turn)
        finally:
            self.watch.switch(before)

    def _judge(self, turn: Any) -> None:
        before = self.watch.switch(JUDGE)
        try:
            super()._judge(turn)
        finally:
            self.watch.switch(before)

    def _place(self, turn: Any, approved: Sequence[Approved]) -> None:
        before = self.watch.switch(PLACE)
        try:
            super()._place(turn, approved)
        finally:
            self.watch.switch(before)

    def _end(self, turn: Any, outcome: str, error: Failure | None = None) -> CycleEnded:
        before = self.watch.switch(REFLECT)
        try:
            return super()._end(turn, outcome, error)
        finally:
            self.watch.switch(before)


def timed(each: Ready, watch: Stopwatch) -> Ready:
    """Return the session with every stage of its cycle, its journal, machine and pacer under the watch."""
    session = each.session
    plain = session.cycle
    plain.record.journal = _TimedJournal(plain.record.journal, watch)
    cycle = _TimedCycle(
        symbols=plain.symbols,
        machine=_TimedMachine(watch),
        record=plain.record,
        observer=plain.observer,
        platform=plain.platform,
        reasoning=plain.reasoning,
        policy=plain.policy,
        trading_lock=plain.trading_lock,
        clock=plain.executor.clock,
        pending_kill=plain.pending_kill,
    )
    cycle.watch = watch
    session.cycle = cycle
    return Ready(session, _TimedPacer(each.pacer, watch))

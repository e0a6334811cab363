"""The time of a cycle by stage: a stopwatch that listens to the machine and stands before the ports.

The loop knows nothing of it, and nothing of the loop is overridden. `timed` puts a listening machine in the
session's cycle and a wrapper before its journal and its pacer; each state the machine enters begins a stage.
Time is exclusive: what runs inside a stage but belongs to another (the journal in `place`) is the other's.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from agent.loop.machine import EXECUTION, IDLE, LEARNING, PERCEPTION, REASONING, RISK_CHECK, LoopMachine
from benchmarks.loop.floors import per_call
from benchmarks.loop.sessions import Ready
from domain.events import Event
from domain.ports import Journal, Pacer

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


STAGE_OF = {
    IDLE: REST, PERCEPTION: OBSERVE, REASONING: DECIDE,
    RISK_CHECK: JUDGE, EXECUTION: PLACE, LEARNING: REFLECT,
}  # fmt: skip  # the stage that runs while the machine is in a state


class _TimedMachine(LoopMachine):
    """The machine as it is, listened to: each state it enters begins the stage of its name."""

    def __init__(self, watch: Stopwatch) -> None:
        super().__init__()
        self.watch = watch

    def fire(self, trigger: str) -> None:
        self.watch.switch(MACHINE)
        try:
            super().fire(trigger)
        finally:
            self.watch.switch(STAGE_OF[self.state])


class _TimedJournal:
    """Implements `Journal` with another one; only appending is timed, for cycles do nothing else."""

    def __init__(self, journal: Journal, watch: Stopwatch) -> None:
        self.inner = journal
        self.watch = watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def append(self, *events: Event) -> None:
        before = self.watch.switch(JOURNAL)
        try:
            self.inner.append(*events)
        finally:
            self.watch.switch(before)


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


def timed(each: Ready, watch: Stopwatch) -> Ready:
    """Return the session with its machine, its journal and its pacer under the watch."""
    cycle = each.session.cycle
    cycle.machine = _TimedMachine(watch)
    cycle.record.journal = cast("Journal", _TimedJournal(cycle.record.journal, watch))
    return Ready(each.session, _TimedPacer(each.pacer, watch))

"""Time up and down, in the market's own time: a gap is where cycles were due and none ended.

On a driven market, recorded or simulated, time passes with the candles, so there is no gap: what was not
recorded was not due.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import NamedTuple

from agent import wiring
from agent.settings.schedule import Schedule
from agent.settings.settings import Options
from agent.state.changes import Changed
from agent.views.alarms import LATE, LEAST_SECONDS
from domain.commands import Command, Pause, Unpause

MOST = 200
"""Gaps that are told one by one, the longest; of the others only the time counts."""

PAUSED, STOPPED, SILENT = "paused", "stopped", "no cycle"


class CycleGap(NamedTuple):
    """A time without a cycle, and why."""

    begin: datetime
    end: datetime
    why: str

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.begin).total_seconds()

    def within(self, since: datetime, until: datetime) -> "CycleGap":
        """Return the part of it in a period."""
        return self._replace(begin=max(self.begin, since), end=min(self.end, until))


class Up(NamedTuple):
    """Seconds up, the longest of them without a gap, and of the time not paused the share that was up."""

    seconds: float
    longest: float
    share: float | None
    gaps: list[CycleGap]
    left_out: int


class Uptime:
    """The cycles' instants, as they come; `last` is the last one before."""

    def __init__(self, last: datetime | None) -> None:
        self.lived = last is not None
        self.first = self.last = last
        self.interval: float | None = None
        self.schedule: Schedule | None = None
        self.paused = self.rested = self.stopped = False
        self.gaps: list[CycleGap] = []

    def begin(self, options: Options | None, changed: Mapping[str, Changed]) -> None:
        """Take note that a session began: nothing is paused."""
        self.paused = self.rested = False
        self.pace(options, changed)

    def pace(self, options: Options | None, changed: Mapping[str, Changed]) -> None:
        """Take note of how long the loop waits between two cycles."""
        self.schedule = None if options is None else wiring.schedule_of(options)
        if options is None or options.driven:
            self.interval = None
        else:
            self.interval = wiring.pause_seconds(wiring.options_in_force(options, changed))

    def asked(self, command: Command) -> None:
        """Take note of a pause and its end."""
        if isinstance(command, Pause | Unpause):
            self.paused = isinstance(command, Pause)
            self.rested = True

    def ended(self) -> None:
        """Take note that a session ended."""
        self.stopped = True

    def cycle(self, at: datetime) -> None:
        """Take note of a cycle."""
        self.first = self.first or at
        if self.last is not None:
            self.gaps += self._gap(self.last, at)
        self.last, self.stopped, self.rested = at, False, self.paused

    def _gap(self, begin: datetime, end: datetime) -> list[CycleGap]:
        """Return the gap between two cycles where the second is later than it may be."""
        interval, seconds = self.interval, (end - begin).total_seconds()
        if interval is None or seconds <= max(LATE * interval, LEAST_SECONDS):
            return []
        why = PAUSED if self.rested else STOPPED if self.stopped else SILENT
        return [CycleGap(begin + timedelta(seconds=interval), end, why)]

    def told(self, since: datetime, until: datetime) -> Up:
        """Return what the period from `since` to `until` came to.

        It counts from the journal's first cycle on, and on a driven market to the last one.
        """
        if self.first is None or self.last is None:
            return Up(0.0, 0.0, None, [], 0)
        begin = since if self.lived else max(since, self.first)
        end = until if self.interval is not None else min(until, self.last)
        every = [each.within(begin, end) for each in (*self.gaps, *self._gap(self.last, end))]
        gaps = [each for each in every if each.seconds > 0]
        down = [each for each in gaps if each.why != PAUSED]
        due = max(0.0, (end - begin).total_seconds()) - sum(each.seconds for each in gaps if each not in down)
        up = max(0.0, due - sum(each.seconds for each in down))
        kept = sorted(sorted(gaps, key=lambda each: -each.seconds)[:MOST])
        longest = _longest(begin, end, down)
        return Up(up, longest, up / due if due > 0 else None, kept, len(gaps) - len(kept))


def cycles_due(up: Up, uptime: Uptime, since: datetime, until: datetime) -> int | None:
    """Return the cycles that were due in a period: the schedule's instants, else the time in intervals.

    Those of a pause were not. None on a driven market.
    """
    if uptime.interval is None or not up.share:
        return None if not uptime.interval else 0
    if uptime.schedule is None:
        return int(up.seconds / up.share / uptime.interval)
    first = since if uptime.lived or uptime.first is None else max(since, uptime.first)
    instants = takewhile(lambda each: each < until, uptime.schedule.after(first))
    paused = [each for each in up.gaps if each.why == PAUSED]
    return sum(not any(gap.begin <= each < gap.end for gap in paused) for each in instants)


def _longest(begin: datetime, end: datetime, down: list[CycleGap]) -> float:
    """Return the longest time without a gap, in seconds."""
    starts = [begin, *(each.end for each in down)]
    stops = [*(each.begin for each in down), end]
    return max(0.0, *((stop - start).total_seconds() for start, stop in zip(starts, stops, strict=True)))

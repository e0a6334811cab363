"""The plan of a rodage: what happens when, in minutes from its beginning, whatever the agent does."""

from enum import StrEnum
from typing import NamedTuple

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY = 24 * 60

SUNDAY_MS = 1_792_886_400_000
"""2026-10-25 00:00 UTC: clocks in Berlin are set back an hour in its first night."""


class Stroke(StrEnum):
    """One thing that happens."""

    KILL = "kill -9"
    DEPLOY = "deploy"
    RESTORE = "restore"
    OUTAGE = "outage begins"
    BACK = "outage ends"
    FILTER = "filter change"
    DISK = "disk full"


class Planned(NamedTuple):
    """A stroke and its minute."""

    minute: int
    stroke: Stroke


class Plan(NamedTuple):
    """The days of a rodage and what happens in them."""

    days: int
    start_ms: int
    strokes: tuple[Planned, ...]

    @property
    def minutes(self) -> int:
        """Length in minutes."""
        return self.days * DAY

    def outage(self, minute: int) -> bool:
        """Say whether the exchange is out at a minute."""
        state = False
        for each in self.strokes:
            if each.minute <= minute and each.stroke in (Stroke.OUTAGE, Stroke.BACK):
                state = each.stroke is Stroke.OUTAGE
        return state


def plan_of(days: int) -> Plan:
    """Return the plan: all of it within a day, or spread over seven; the Sunday lies in either."""
    if days == 1:
        minutes = {
            Stroke.KILL: (97, 251, 437, 901, 1207),
            Stroke.RESTORE: (333, 1111),
            Stroke.DEPLOY: (600,),
            Stroke.OUTAGE: (720,),
            Stroke.BACK: (840,),
            Stroke.FILTER: (511,),
            Stroke.DISK: (1003,),
        }
        start = SUNDAY_MS
    else:
        minutes = {
            Stroke.KILL: (611, 2_503, 4_441, 7_007, 9_133),
            Stroke.RESTORE: (3_333, 8_111),
            Stroke.DEPLOY: (5_000,),
            Stroke.OUTAGE: (6_000,),
            Stroke.BACK: (6_120,),
            Stroke.FILTER: (1_711,),
            Stroke.DISK: (7_777,),
        }
        start = SUNDAY_MS - 3 * DAY * MINUTE_MS
    found = [Planned(at, stroke) for stroke, times in minutes.items() for at in times if at < days * DAY]
    return Plan(days, start, tuple(sorted(found)))

"""Schedules: the instants a cron rule names in a time zone, each once, computed in UTC.

Where clocks are set, a rule of fixed hours is kept as Debian's cron keeps it: what falls into the hour that
is left out happens when it is over, what falls into the hour that comes twice happens in the first. A rule
with a star for its minutes or hours goes by the time that passes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise, takewhile
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from domain.times import utc

FIELDS = "five fields: minute, hour, day of the month, month, day of the week"
NO_SCHEDULE = f'is no schedule such as "30 2 * * *": {FIELDS}'
LIMITS = (
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31 or L, the last"),
    ("month", "1 to 12 or JAN to DEC"),
    ("day of the week", "0 (Sunday) to 7 or SUN to SAT"),
)
"""Each field in its place, and what it may be."""

FORMS = ", or *, 1-5, 1,3 and */2 of it"
NO_ZONE = "is no time zone such as UTC or Europe/Berlin"
FIRST_LOOK = timedelta(minutes=2)
WIDER = 6
WEEK = utc(1_704_067_200_000)
"""A Monday with no change of a clock near it."""


class Schedule(NamedTuple):
    """A rule of five fields as cron has them, in a time zone."""

    rule: str
    zone: str = "UTC"

    def after(self, at: datetime) -> Iterator[datetime]:
        """Yield every instant of the rule behind `at`, in UTC and in order."""
        last = at
        for local in CronSim(self.rule, at.astimezone(zone_of(self.zone))):
            instant = local.astimezone(UTC)
            if instant > last:
                last = instant
                yield instant

    def next(self, at: datetime) -> datetime:
        """Return the first instant of the rule behind `at`."""
        return next(self.after(at))

    def longest_gap(self) -> timedelta:
        """Return the longest time between two instants of a week; of the first two where it has fewer."""
        return _longest_gap(self)

    def latest(self, since: datetime, at: datetime) -> datetime | None:
        """Return the last instant of the rule from `since` to `at`, None where there is none."""
        look = FIRST_LOOK
        before = since - timedelta(milliseconds=1)
        while True:
            start = max(before, at - look)
            instants = list(takewhile(lambda each: each <= at, self.after(start)))
            if instants or start == before:
                return instants[-1] if instants else None
            look *= WIDER


@lru_cache(maxsize=64)
def _longest_gap(schedule: Schedule) -> timedelta:
    instants = [schedule.next(WEEK)]
    for instant in schedule.after(instants[0]):
        instants.append(instant)
        if instant > WEEK + timedelta(days=8):
            break
    return max(later - each for each, later in pairwise(instants))


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(NO_ZONE) from None


def checked_rule(text: str) -> str:
    """Return a rule that names instants. Raises ValueError, which names the field that is wrong."""
    fields = text.split()
    if len(fields) != len(LIMITS):
        raise ValueError(f"{NO_SCHEDULE}, and here are {len(fields)}")
    for number, (name, limit) in enumerate(LIMITS):
        alone = ["*"] * len(LIMITS)
        alone[number] = fields[number]
        if not _names_instants(" ".join(alone)):
            raise ValueError(
                f"is no schedule: its {name} is {fields[number][:40]}, allowed is {limit}{FORMS}"
            )
    if not _names_instants(text):
        raise ValueError(f"is no schedule: no month {fields[3]} has a day {fields[2]}")
    return text


def _names_instants(rule: str) -> bool:
    try:
        next(CronSim(rule, utc(0)))
    except (CronSimError, StopIteration):
        return False
    return True


def checked_zone(text: str) -> str:
    """Return the name of a time zone there is. Raises ValueError."""
    zone_of(text)
    return text

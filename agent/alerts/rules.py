"""The rules: which message goes over which channel, and when. Pure; time and zone come in as values."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from agent.alerts.channel import AlertKind, Message, Severity

Sent = Literal["now", "digest", "never"]
ALWAYS = frozenset({AlertKind.TEST})


class SendRule(NamedTuple):
    """A rule: messages of some kinds, from a severity on, of some agents, go over some channels.

    What is empty means all. `send` is when: now, with the next digest, or never.
    """

    kinds: frozenset[AlertKind] = frozenset()
    least: Severity = Severity.INFO
    agents: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    send: Sent = "now"

    def fits(self, message: Message) -> bool:
        """Say whether the rule is about a message."""
        return (
            (not self.kinds or message.kind in self.kinds)
            and message.severity.reaches(self.least)
            and (not self.agents or message.agent in self.agents)
        )


EVERYTHING = SendRule()
"""What no other rule is about goes over every channel, now."""


class Quiet(NamedTuple):
    """The hours of a day, in a zone, in which only what is as grave as `passes` is sent.

    They begin and end by the clock on the wall there, whatever summer time does; they may span midnight.
    """

    begin: time
    end: time
    zone: ZoneInfo
    passes: Severity = Severity.CRITICAL

    def until(self, now: datetime) -> datetime | None:
        """Return when the quiet hours end in which `now` lies, None where it lies in none."""
        local = now.astimezone(self.zone)
        here = local.time().replace(tzinfo=None)
        over_midnight = self.end <= self.begin
        inside = (here >= self.begin or here < self.end) if over_midnight else self.begin <= here < self.end
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and here >= self.begin else 0)
        end = datetime.combine(day, self.end, self.zone).astimezone(now.tzinfo)
        # Where the clock is put back, the hour of the end comes twice: the second one counts.
        return (
            end
            if end > now
            else datetime.combine(day, self.end.replace(fold=1), self.zone).astimezone(now.tzinfo)
        )


class SendRules(NamedTuple):
    """The rules in force; of those that fit a message the first decides."""

    rules: Sequence[SendRule] = ()
    quiet: Quiet | None = None
    digest: timedelta = timedelta(hours=1)
    repeat: timedelta = timedelta(minutes=10)
    collapse: int = 20
    dead: timedelta = timedelta(hours=1)

    def of(self, message: Message) -> SendRule:
        """Return the rule that decides of a message."""
        if message.kind in ALWAYS:
            return EVERYTHING
        return next((each for each in self.rules if each.fits(message)), EVERYTHING)

    def takes(self, channel: str, message: Message, dead: Mapping[str, bool]) -> SendRule | None:
        """Return the rule by which a channel sends a message, None where it does not.

        `dead` has every channel. Where all that should send a critical message are dead, the others do.
        """
        rule = self.of(message)
        if rule.send == "never":
            return None
        meant = rule.channels or frozenset(dead)
        if channel in meant:
            return rule
        lost = all(dead.get(each, True) for each in meant)
        return rule if lost and message.severity is Severity.CRITICAL else None

    def due(self, rule: SendRule, message: Message, now: datetime) -> datetime | None:
        """Return when a message is sent that is not sent now, None where it is."""
        due = None
        if rule.send == "digest":
            due = _next(self.digest, now)
        if self.quiet is not None and not message.severity.reaches(self.quiet.passes):
            until = self.quiet.until(due or now)
            due = until or due
        return due


def _next(every: timedelta, now: datetime) -> datetime:
    """Return the next full period: with an hour, the full hour."""
    seconds = every.total_seconds()
    passed = now.timestamp() % seconds
    return now + timedelta(seconds=seconds - passed)

"""The records of the home's notices."""

from datetime import datetime

from msgspec import Struct

from agent.answers.alerts import AlertKind, Severity


class NoticeRow(Struct, frozen=True, kw_only=True):
    """One notice. `incident` is the key of what began or ended with it, "" where it is of an instant.

    `over` says that it tells of the incident's end.
    """

    seq: int
    key: str
    kind: AlertKind
    severity: Severity
    agent: str | None
    title: str
    body: str
    at: datetime
    incident: str = ""
    over: bool = False


class Incident(Struct, frozen=True, kw_only=True):
    """A state of things that lasts: when it began, the notice that says so; `ended` is None while it does."""

    key: str
    kind: AlertKind
    severity: Severity
    agent: str | None
    title: str
    began: datetime
    seq: int
    ended: datetime | None = None


class Acknowledged(Struct, frozen=True, kw_only=True):
    """A message that somebody took note of, and will see to."""

    id: str
    by: str
    at: datetime


class ChannelState(Struct, frozen=True, kw_only=True):
    """A channel's health: failed attempts in a row, since when, the next try, the last error and success.

    `dead` says since when it counts as dead, None while it lives.
    """

    name: str
    attempts: int = 0
    failing_since: datetime | None = None
    next_try: datetime | None = None
    error: str = ""
    sent: int = 0
    sent_at: datetime | None = None
    dead: datetime | None = None


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A message that a channel could not send, and never will: which, and why."""

    number: int
    channel: str
    id: str
    kind: AlertKind
    severity: Severity
    agent: str | None
    title: str
    why: str
    at: datetime


class Held(Struct, frozen=True, kw_only=True):
    """A message that waits for its hour: the source and number it is read from again, and when it is due."""

    source: str
    seq: int
    part: int
    due: datetime


class Concern(Struct, frozen=True, kw_only=True):
    """Something that somebody has to see to: the message that told of it, and how often it was told again.

    `about` says what it is, and so when it is resolved by itself: "kill", "order/ID", "incident/KEY" or
    "notice/SEQ".
    """

    id: str
    agent: str | None
    kind: AlertKind
    title: str
    about: str
    at: datetime
    times: int = 0

"""Rows of the notices' file, read into its records."""

from collections.abc import Sequence
from typing import Any

from agent.answers.alerts import AlertKind, Severity
from agent.notices.records import Concern, DeadLetter, Incident, NoticeRow
from domain.times import utc

NOTICE = "SELECT seq, key, kind, severity, agent, title, body, at, incident, over FROM notices"
INCIDENT = "SELECT key, kind, severity, agent, title, began, seq, ended FROM incidents"
CONCERN = "SELECT id, agent, kind, title, about, at, times FROM concerns"
LETTER = "SELECT number, channel, id, kind, severity, agent, title, why, at FROM dead_letters"

KINDS = frozenset(each.value for each in AlertKind)


def _kind(text: str) -> AlertKind:
    """Return a kind; one that a newer program wrote is a notice like any other."""
    return AlertKind(text) if text in KINDS else AlertKind.NOTICE


def notice_of(row: Sequence[Any]) -> NoticeRow:
    """Return a notice of `NOTICE`."""
    seq, key, kind, severity, agent, title, body, at, incident, over = row
    return NoticeRow(
        seq=seq,
        key=key,
        kind=_kind(kind),
        severity=Severity(severity),
        agent=agent,
        title=title,
        body=body,
        at=utc(at),
        incident=incident,
        over=bool(over),
    )


def incident_of(row: Sequence[Any]) -> Incident:
    """Return an incident of `INCIDENT`."""
    key, kind, severity, agent, title, began, seq, ended = row
    return Incident(
        key=key,
        kind=_kind(kind),
        severity=Severity(severity),
        agent=agent,
        title=title,
        began=utc(began),
        seq=seq,
        ended=None if ended is None else utc(ended),
    )


def concern_of(row: Sequence[Any]) -> Concern:
    """Return a concern of `CONCERN`."""
    identity, agent, kind, title, about, at, times = row
    return Concern(
        id=identity, agent=agent, kind=_kind(kind), title=title, about=about, at=utc(at), times=times
    )


def letter_of(row: Sequence[Any]) -> DeadLetter:
    """Return a dead letter of `LETTER`."""
    number, channel, identity, kind, severity, agent, title, why, at = row
    return DeadLetter(
        number=number,
        channel=channel,
        id=identity,
        kind=_kind(kind),
        severity=Severity(severity),
        agent=agent,
        title=title,
        why=why,
        at=utc(at),
    )

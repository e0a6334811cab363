"""A notice of the home as the message that tells of it."""

from agent.alerts.channel import AlertKind, Message, Severity
from agent.alerts.rows import Telling
from agent.alerts.table import runbook
from agent.notices import NoticeRow

NOTICES = "notices"
"""The source that the home's notices are."""

ONWARD = "escalation/"
"""How the key of a notice begins that tells again of what nobody acknowledged; then its id follows."""

UNASKED = frozenset({AlertKind.ESCALATION, AlertKind.DIGEST, AlertKind.TEST, AlertKind.CHANNEL_DEAD})
"""Kinds that nobody is asked to acknowledge for themselves."""


def noted(row: NoticeRow) -> Telling:
    """Return the message of a notice. A critical one is a concern, for as long as its incident is open."""
    asks = row.severity is Severity.CRITICAL and not row.over and row.kind not in UNASKED
    message = Message(
        id=f"notice-{row.seq}",
        at=row.at,
        kind=row.kind,
        severity=row.severity,
        agent=row.agent,
        title=row.title,
        lines=tuple(row.body.splitlines()),
        acknowledgeable=asks or row.kind is AlertKind.ESCALATION,
        runbook="" if row.over or row.severity is Severity.INFO else runbook(row.kind),
    )
    concern = (f"incident/{row.incident}" if row.incident else f"notice/{row.seq}") if asks else ""
    return Telling(message, NOTICES, row.seq, 0, concern)

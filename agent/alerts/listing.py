"""The alerts of a home as they stand, and the word that somebody sees to one, whoever asks."""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec

from agent.alerts.table import runbook
from agent.answers.alerts import (
    AcknowledgedRow,
    AlertsAnswer,
    ChannelRow,
    ConcernRow,
    DeadLetterRow,
    IncidentRow,
    NoticeLine,
)
from agent.notices import Concern, Incident, NoticeRow, Notices
from domain.errors import BadInput

ENDED, LETTERS, LINES = 20, 100, 50


def listing(path: Path, names: Sequence[str]) -> AlertsAnswer:
    """Return the alerts of the home whose notices lie at a path; `names` are its channels.

    Raises NoticesFault where they cannot be read.
    """
    with closing(Notices(path)) as notices:
        return AlertsAnswer(
            incidents=[_incident(each) for each in notices.incidents(ended=ENDED)],
            unacknowledged=[
                _concern(each) for each in notices.concerns() if notices.acknowledged(each.id) is None
            ],
            channels=[
                msgspec.convert(notices.channels.state(each), ChannelRow, from_attributes=True)
                for each in names
            ],
            dead_letters=[
                msgspec.convert(each, DeadLetterRow, from_attributes=True)
                for each in notices.channels.dead_letters(LETTERS)
            ],
            notices=[_line(each) for each in notices.latest(LINES)],
        )


def acknowledge(path: Path, identities: Sequence[str], by: str, now: datetime) -> list[AcknowledgedRow]:
    """Note that somebody will see to messages, to all that wait where none is named.

    Raises BadInput for an id under which nobody was told of anything.
    """
    with closing(Notices(path)) as notices:
        named = [each.removeprefix("#") for each in identities] or [each.id for each in notices.concerns()]
        unknown = [each for each in named if not notices.known(each)]
        if unknown:
            waiting = ", ".join(each.id for each in notices.concerns()) or "nothing"
            raise BadInput(
                f"alert {unknown[0][:80]}: nobody was told of anything under this id; waiting: {waiting}"
            )
        with notices.together():
            return [
                msgspec.convert(notices.acknowledge(each, by, now), AcknowledgedRow, from_attributes=True)
                for each in named
            ]


def _incident(each: Incident) -> IncidentRow:
    return IncidentRow(
        id=f"notice-{each.seq}",
        kind=each.kind,
        severity=each.severity,
        agent=each.agent,
        title=each.title,
        began=each.began,
        ended=each.ended,
        runbook=runbook(each.kind),
    )


def _concern(each: Concern) -> ConcernRow:
    return ConcernRow(
        id=each.id,
        kind=each.kind,
        agent=each.agent,
        title=each.title,
        at=each.at,
        reminders=each.times,
        runbook=runbook(each.kind),
    )


def _line(row: NoticeRow) -> NoticeLine:
    return NoticeLine(
        id=f"notice-{row.seq}",
        kind=row.kind,
        severity=row.severity,
        agent=row.agent,
        title=row.title,
        at=row.at,
    )

"""The work of `agent meta drift`."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.answers.alerts import AlertKind, Severity
from agent.answers.models import DriftRow
from agent.cli.options import home_of
from agent.cli.output.streams import answer
from agent.host.clock import SystemClock
from agent.models.drifted import drift_of
from agent.notices import FILE, Notices
from domain.commands import DemoteModel

ALARM = 1
NEXT = "agent meta drift --demote lets it only lower entries"


def drift_command(
    home: Path | None, journal: str | None, *, demote: bool, notify: bool = False, json: bool
) -> None:
    """Print what speaks against models in force; demote those promoted, and tell people, if asked.

    Exit 1 on an alarm that nobody is told of.
    """
    agent_home = home_of(home)
    client = AccountClient(agent_home, journal)
    sets = client.folded().state.models
    with client.journal() as opened:
        rows, journal_id = drift_of(opened, sets), opened.journal_id
    if demote:
        rows = [_demoted(row, home, journal) for row in rows]
    if notify:
        notified(client, journal_id, rows)
    answer(rows, _lines, json=json)
    if any(row.alarms for row in rows) and not notify:
        sys.exit(ALARM)


def notified(client: AccountClient, journal_id: str, rows: Sequence[DriftRow]) -> None:
    """Tell people of models that drift, and of those that do no more."""
    notices, now = Notices(client.home.root / FILE), SystemClock().now()
    try:
        for row in rows:
            key = f"drift/{journal_id}/{row.name}"
            if row.alarms:
                title = f"model {row.name} version {row.version} drifts"
                done = "it only lowers entries now" if row.demoted or not row.promoted else NEXT
                body = "\n".join([*row.alarms, done])
                notices.open(key, AlertKind.DECAY, Severity.WARNING, client.name, title, body, now)
            else:
                notices.end(key, f"model {row.name} drifts no more", now)
    finally:
        notices.close()


def _demoted(row: DriftRow, home: Path | None, journal: str | None) -> DriftRow:
    """Demote a model that something speaks against; nothing is ever promoted here."""
    if not (row.alarms and row.promoted):
        return row
    agent_home = home_of(home)
    command = DemoteModel(
        model=row.name, reason="; ".join(row.alarms)[:500], evidence=msgspec.to_builtins(row)
    )
    dispatch(agent_home, agent_home.latest(journal), command)
    return msgspec.structs.replace(row, demoted=True, promoted=False)


def _lines(rows: Sequence[DriftRow]) -> Iterator[str]:
    if not rows:
        yield "no model is in force"
    for row in rows:
        stands = "demoted now" if row.demoted else "promoted" if row.promoted else "only lowers entries"
        yield f"model {row.name} version {row.version}, {stands}"
        if row.entries < row.entries_needed:
            yield f"  inputs    {row.entries} of {row.entries_needed} entries: too few to say anything"
        else:
            yield f"  inputs    {len(row.moved)} moved over {row.entries} entries"
        if row.outcomes < row.outcomes_needed:
            yield f"  chances   {row.outcomes} of {row.outcomes_needed} outcomes: too few to say anything"
        else:
            yield f"  chances   {row.behind:.1f} behind, an alarm from {row.behind_limit:.1f} on"
        yield from (f"  against   {each}" for each in row.alarms)

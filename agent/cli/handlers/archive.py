"""`agent journal archive`."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from agent.account.at_hand import AtHand
from agent.account.client import AccountClient
from agent.account.control import TrimRequest
from agent.answers.space import ArchiveAnswer
from agent.cli.handlers.backup import megabytes
from agent.cli.output.streams import answer
from agent.host.clock import SystemClock
from agent.settings.home import Home
from agent.settings.upkeep.reading import upkeep
from agent.space.archive import KeptRows, checked_keep, limit, made_anew, packed
from domain.errors import BadInput, LocalFault
from journal.archive import Archive
from journal.segment import MOST

ROUNDS = 10_000
"""How often a running agent is asked to go on, ten seconds each time."""


def archive_journal(home: Home, name: str | None, keep: str | None, *, dry_run: bool, json: bool) -> None:
    """Archive the oldest rows of a journal; nothing is done to one on a server."""
    if home.server:
        raise BadInput("a journal on a server is not archived: its rows stay in the database")
    kept = checked_keep(keep) if keep is not None else KeptRows(days=upkeep(home).retention.journal_days)
    client = AccountClient(home, name)
    report = archived(client, kept, SystemClock().now(), dry_run=dry_run)
    answer(report, _archived, json=json)


def archived(
    client: AccountClient, keep: KeptRows, now: datetime, *, dry_run: bool = False, size: int = MOST
) -> ArchiveAnswer:
    """Archive a journal as far as may be, whether its agent runs or not. Raises JournalFault, Busy."""
    path, before = client.path, client.path.stat().st_size
    with AtHand(client.home, client.name) as opened:
        chosen = limit(client.home, client.name, opened, keep, now)
        row = 0 if dry_run else packed(client.home, client.name, opened, chosen.row, size)
        running = client.home.held(client.name)
        first = _out_of_file(client, opened, row, running=running) if row else 1
        store = Archive(path, opened.journal_id)
        spans = store.path()
        return ArchiveAnswer(
            journal=client.name,
            rows=opened.head()[0],
            archived=chosen.row // size * size if dry_run else row,
            first_in_file=first,
            segments=len(spans),
            segment_bytes=sum(store.file(span).stat().st_size for span in spans),
            file_bytes=_size(path),
            file_bytes_before=before,
            running=running,
            why=chosen.why if chosen.row >= size else f"{chosen.why}; a segment takes {size:,} rows",
        )


def _size(path: Path) -> int:
    return path.stat().st_size


def _out_of_file(client: AccountClient, opened: AtHand, row: int, *, running: bool) -> int:
    """Let archived rows leave the file: by the agent that has it, or by making it anew."""
    if not running:
        return made_anew(client.home, client.name, opened, row)
    first = 1
    for _ in range(ROUNDS):
        live = client.running.ask(TrimRequest(row))
        if not isinstance(live, int):
            raise LocalFault(f"the agent of journal {client.name} ended meanwhile: archive it again")
        if live > row or live == first:
            return live
        first = live
    return first


def _archived(report: ArchiveAnswer) -> Iterator[str]:
    what = (
        f"rows 1 to {report.archived:,} of {report.rows:,} archived"
        if report.archived
        else "nothing is archived"
    )
    yield f"{report.journal}: {what}; {report.why}"
    yield f"{report.segments} segments, {megabytes(report.segment_bytes)}"
    yield f"file: {megabytes(report.file_bytes)}, {megabytes(report.file_bytes_before)} before"

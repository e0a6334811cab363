"""`agent journal archive`."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from agent.account.at_hand import AtHand
from agent.account.client import AccountClient
from agent.account.requests import TrimRequest
from agent.answers.space import ArchiveAnswer
from agent.cli.handlers.backup import megabytes
from agent.cli.output.streams import answer
from agent.host.clock import SystemClock
from agent.settings.home import Home
from agent.settings.upkeep.reading import upkeep
from agent.space.archive import KeptRows, Limit, checked_keep, limit, made_anew, packed
from domain.errors import LocalFault
from journal.archive import Archive
from journal.segment import MOST

ROUNDS = 10_000
"""How often a running agent is asked to go on, ten seconds each time."""


def archive_journal(home: Home, name: str | None, keep: str | None, *, dry_run: bool, json: bool) -> None:
    """Archive the oldest rows of a journal, in a file or on a server."""
    kept = checked_keep(keep) if keep is not None else KeptRows(days=upkeep(home).retention.journal_days)
    client, now = AccountClient(home, name), SystemClock().now()
    report = archived(client, kept, now, dry_run=dry_run)
    answer(report, _on_server if home.server else _archived, json=json)


def archived(
    client: AccountClient, keep: KeptRows, now: datetime, *, dry_run: bool = False, size: int = MOST
) -> ArchiveAnswer:
    """Archive a journal as far as may be, whether its agent runs or not. Raises JournalFault, Busy."""
    if client.home.server:
        return _archived_there(client, client.home.server, keep, now, 0 if dry_run else size)
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
            why=_why(chosen, size),
        )


def _why(chosen: Limit, size: int) -> str:
    return chosen.why if chosen.row >= size else f"{chosen.why}; a segment takes {size:,} rows"


def _archived_there(
    client: AccountClient, url: str, keep: KeptRows, now: datetime, size: int
) -> ArchiveAnswer:
    """Archive a journal on a server, whether its agent runs or not; size 0 only tells what would be done."""
    from journal.accounts import holder
    from journal.server_archiving import sizes

    before, _, _ = sizes(url, client.name)
    with AtHand(client.home, client.name) as opened:
        chosen = limit(client.home, client.name, opened, keep, now)
        row = packed(client.home, client.name, opened, chosen.row, size) if size else 0
        table, packed_bytes, segments = sizes(url, client.name)
        return ArchiveAnswer(
            journal=client.name,
            rows=opened.head()[0],
            archived=row if size else chosen.row // MOST * MOST,
            first_in_file=row + 1,
            segments=segments,
            segment_bytes=packed_bytes,
            file_bytes=table,
            file_bytes_before=before,
            running=holder(url, client.name) is not None,
            why=_why(chosen, size or MOST),
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
    yield from _told(report)
    yield f"file: {megabytes(report.file_bytes)}, {megabytes(report.file_bytes_before)} before"


def _on_server(report: ArchiveAnswer) -> Iterator[str]:
    yield from _told(report)
    yield (
        f"table of rows: {megabytes(report.file_bytes)}, {megabytes(report.file_bytes_before)} before; "
        "the server uses its room again for new rows"
    )


def _told(report: ArchiveAnswer) -> Iterator[str]:
    what = (
        f"rows 1 to {report.archived:,} of {report.rows:,} archived"
        if report.archived
        else "nothing is archived"
    )
    yield f"{report.journal}: {what}; {report.why}"
    yield f"{report.segments} segments, {megabytes(report.segment_bytes)}"

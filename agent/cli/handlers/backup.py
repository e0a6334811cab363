"""`agent backup`: into a folder, the points it holds, and whether it can be read."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from textwrap import shorten
from typing import NamedTuple

from agent.answers.alerts import AlertKind, Severity
from agent.answers.backups import BackupAnswer, BackupCheck, PointRow
from agent.backup import check as checking
from agent.backup.shipping import Report
from agent.backup.take import Keep, backup
from agent.backup.vault import begun, lies_in, opened
from agent.cli.output.progress import progress_bar
from agent.cli.output.streams import answer
from agent.host.clock import SystemClock
from agent.host.secret_file import read_secret
from agent.notices import FILE, Notices
from agent.settings.home import Home
from agent.settings.upkeep.backup import BackupSettings
from agent.settings.upkeep.reading import upkeep
from agent.space.last import LastBackup, remember
from domain.errors import BadInput, BoydError

INCIDENT = "backup"
MUCH = 20_000
"""Rows that take more than a moment."""

MINUTE = "%Y-%m-%d %H:%M"
TITLE = 160


class BackupRequest(NamedTuple):
    """The words of an `agent backup`."""

    home: Home
    out: Path | None
    journals: tuple[str, ...]
    key_file: Path | None
    listing: bool = False
    checking: bool = False


def backup_command(request: BackupRequest, *, json: bool) -> None:
    """Take a backup, or show or check one. Exits with 1 where something is lost or failed."""
    settings = upkeep(request.home).backup
    folder, key = folder_of(request.out, settings), key_of(request.key_file, settings)
    if request.listing:
        answer(checking.rows_of(opened(folder, key)), _points, json=json)
    elif request.checking:
        report = checking.check(opened(folder, key))
        answer(report, _checked, json=json)
        sys.exit(0 if report.intact else 1)
    else:
        _take(request, folder, key, Keep(settings.keep_days, settings.keep_points), json=json)


def folder_of(out: Path | None, settings: BackupSettings) -> Path:
    """Return where backups go. Raises BadInput where nobody says."""
    folder = out or settings.folder
    if folder is None:
        raise BadInput("--out: name the backup's folder, or set [backup] folder; best on another disk")
    return folder.expanduser().absolute()


def key_of(file: Path | None, settings: BackupSettings) -> str | None:
    """Return the key, None where the backup is not to be encrypted. Raises BadInput."""
    return read_secret("--key-file", file.expanduser()) if file is not None else settings.secret()


def _take(request: BackupRequest, folder: Path, key: str | None, keep: Keep, *, json: bool) -> None:
    """Take a backup; a failure is told by exit code and as a notice, and the next success ends that."""
    now = SystemClock().now()
    try:
        _refuse_within(request.home, folder)
        vault = begun(folder, key)
        with reported("backing up") as progress:
            names = request.journals or sorted(request.home.all_names())
            report = backup(request.home, vault, names, now, keep, progress)
    except (BoydError, OSError) as error:
        why = str(error) if isinstance(error, BoydError) else f"{folder}: {error.strerror or error}"
        _tell(request.home, why, now)
        raise BadInput(why) if isinstance(error, OSError) else error from None
    rows = {each.journal: each.rows for each in report.journals}
    remember(request.home.root, LastBackup(report.folder, report.point, report.at, rows, report.total_bytes))
    failed = [f"{each.journal}: {each.problem}" for each in report.journals if each.problem]
    failed += [f"left out: {each}" for each in report.left_out]
    _tell(request.home, "; ".join(failed), now)
    answer(report, _taken, json=json)
    sys.exit(1 if failed else 0)


@contextmanager
def reported(what: str) -> Iterator[Report]:
    """Show how far each journal is of which there is much to do; what takes a moment shows nothing."""
    with ExitStack() as shown:
        current = ""
        advance: Callable[[int], None] = ignore

        def told(journal: str, done: int, rows: int) -> None:
            nonlocal current, advance
            if journal != current:
                shown.close()
                current, advance = journal, ignore
                if rows - done >= MUCH:
                    advance = shown.enter_context(progress_bar(f"{what} {journal}", rows, step=1))
            advance(done)

        yield told


def ignore(done: int) -> None:
    """Show nothing."""
    del done


def _refuse_within(home: Home, folder: Path) -> None:
    """Raise BadInput for a folder in which the home lies, or that lies in it: both would be lost together."""
    if lies_in(home.root, folder):
        raise BadInput(f"--out {folder}: the home lies in it; name a folder of its own, best on another disk")
    if lies_in(folder, home.root):
        why = f"it lies in the home {home.root}, and would be lost with it"
        raise BadInput(f"--out {folder}: {why}; name a folder outside of it, best on another disk")


def _tell(home: Home, why: str, now: datetime) -> None:
    """Open the incident of failing backups, or end it; where that cannot be written the exit code says it."""
    with suppress(BoydError, OSError):
        notices = Notices(home.root / FILE)
        try:
            if why:
                title = shorten(f"the backup failed: {why}", TITLE, placeholder=" ...")
                body = why if title.endswith(" ...") else ""
                notices.open(INCIDENT, AlertKind.BACKUP_FAILED, Severity.CRITICAL, None, title, body, now)
            else:
                notices.end(INCIDENT, "backups succeed again", now)
        finally:
            notices.close()


def _taken(report: BackupAnswer) -> Iterator[str]:
    for each in report.journals:
        until = f", the last of {each.until:{MINUTE}}" if each.until else ""
        yield f"{each.journal}: {each.rows:,} rows, {each.new_rows:,} new{until}"
        if each.note:
            yield f"  note: {each.note}"
        if each.problem:
            yield f"  FAILED: {each.problem}"
    for text in report.left_out:
        yield f"left out: {text}"
    sealed = "encrypted" if report.encrypted else "not encrypted"
    size = f"{megabytes(report.new_bytes)} new, {megabytes(report.total_bytes)} in all, {sealed}"
    yield f"point {report.point} in {report.folder}: {report.files} files, {size}"
    if report.dropped_points:
        yield f"{report.dropped_points} older points dropped"


def _points(rows: Sequence[PointRow]) -> Iterator[str]:
    if not rows:
        yield "no point yet"
    for each in rows:
        held = ", ".join(f"{name} {seq:,}" for name, seq in each.journals.items())
        what = each.problem or f"rows: {held or 'none'}; {each.files} files"
        yield f"{each.point:>6}  {each.at:%Y-%m-%dT%H:%M:%SZ}  {what}"


def _checked(report: BackupCheck) -> Iterator[str]:
    held = ", ".join(f"{name} {seq:,} rows" for name, seq in report.rows.items())
    yield f"{'intact' if report.intact else 'DAMAGED'}: {report.points} points, {held or 'no journal'}"
    yield from report.problems


def megabytes(size: int) -> str:
    """Return a size in words."""
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"

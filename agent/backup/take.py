"""Taking a backup: rows first, then files, and last the point that names them: what it names is there."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from msgspec import structs

from agent.answers.backups import BackupAnswer, JournalBackup
from agent.backup import points
from agent.backup.files import content_of, kept
from agent.backup.lines import SegmentLine
from agent.backup.points import FilePoint, JournalPoint
from agent.backup.shipping import Report, Shipped, ship, silent
from agent.backup.thinning import thin
from agent.backup.vault import Vault
from agent.settings.home import PUT_ASIDE, Home
from agent.settings.version import code_version
from domain.errors import BoydError, JournalFault
from domain.times import utc


class Keep(NamedTuple):
    """The points that are kept: every one of so many days, and this many whatever their age."""

    days: float
    points: int


class _Journal(NamedTuple):
    point: JournalPoint | None
    answer: JournalBackup
    bytes: int = 0


def backup(
    home: Home,
    vault: Vault,
    names: Iterable[str],
    now: datetime,
    keep: Keep,
    report: Report = silent,
) -> BackupAnswer:
    """Back up journals of a home and the files beside them, and drop what there is too much of.

    A journal that fails keeps no other from being backed up: the answer says which and why. Raises Busy where
    another backup is being written there, OSError where the folder cannot be written.
    """
    with vault.held():
        before = points.latest(vault)
        known = {each.name: each for each in before.journals} if before else {}
        done = [_journal(home, vault, name, known.get(name), report) for name in names]
        files, size, left_out = _files(home, vault, before.files if before else ())
        # A journal that is gone, or was not asked for, stays in the point as it was.
        taken = {each.answer.journal: each.point for each in done if each.point is not None}
        parts = points.PointParts(tuple({**known, **taken}.values()), files)
        point, own = points.write(vault, now, code_version(), parts)
        dropped = thin(vault, now, keep.days, keep.points)
    return BackupAnswer(
        folder=str(vault.folder),
        point=point.number,
        at=point.at,
        encrypted=vault.encrypted,
        journals=[each.answer for each in done],
        files=len(files),
        new_bytes=sum(each.bytes for each in done) + size + own,
        total_bytes=vault.size(),
        dropped_points=dropped,
        left_out=left_out,
    )


def _journal(home: Home, vault: Vault, name: str, before: JournalPoint | None, report: Report) -> _Journal:
    try:
        shipped = ship(vault, home, name, report)
    except (BoydError, OSError) as error:
        known = _end_now(vault, before) if before else None
        answer = JournalBackup(journal=name, rows=known.seq if known else 0)
        return _Journal(known, _failed(answer, error))
    result = _of(name, shipped)
    return result if shipped.fault is None else result._replace(answer=_failed(result.answer, shipped.fault))


def _failed(answer: JournalBackup, error: Exception) -> JournalBackup:
    """Return what became of a journal with what kept the rest of its rows from being backed up."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if isinstance(error, JournalFault) and PUT_ASIDE.search(answer.journal):
        # Often it was put aside for that: it is no news each hour until somebody removes it.
        return structs.replace(answer, note=f"it was put aside, and {why}")
    return structs.replace(answer, problem=why)


def _of(name: str, shipped: Shipped) -> _Journal:
    end = shipped.end
    point = JournalPoint(name, shipped.line.name, shipped.line.journal_id, end.seq, end.hash.hex(), end.until)
    answer = JournalBackup(
        journal=name,
        rows=end.seq,
        new_rows=shipped.rows,
        until=utc(end.until) if end.seq else None,
        note=shipped.note or None,
    )
    return _Journal(point, answer, shipped.bytes)


def _end_now(vault: Vault, before: JournalPoint) -> JournalPoint:
    """Return a journal that failed as far as its line goes: some of its rows may be new all the same."""
    end = SegmentLine(vault, before.name, before.line).end()
    return JournalPoint(before.name, before.line, before.journal_id, end.seq, end.hash.hex(), end.until)


def _files(
    home: Home, vault: Vault, before: tuple[FilePoint, ...]
) -> tuple[tuple[FilePoint, ...], int, list[str]]:
    """Keep the home's files, each content once; return them, the bytes written, what was left out and why.

    Of one that cannot be read now the point before is followed: else what it has would go with that point.
    """
    result, written, left_out = [], 0, []
    known, earlier = {each.content for each in before}, {each.path: each for each in before}
    for path in kept(home.root):
        try:
            content = content_of(home.root, path)
        except (OSError, ValueError) as error:
            why = f"{path}: {error.strerror if isinstance(error, OSError) else error}"
            old = earlier.get(str(path))
            left_out.append(f"{why}; what the backup before has of it stays" if old else why)
            result += [old] if old else []
            continue
        name = vault.content_name(content)
        if name not in known or not (vault.folder / name).exists():
            written += vault.write(name, content)
        result.append(FilePoint(str(path), name, len(content)))
    return tuple(result), written, left_out

"""Reading a backup whole: is everything there, what is not, and up to where each journal can be restored."""

from agent.answers.backups import BackupCheck, PointRow
from agent.backup import points
from agent.backup.lines import Cut, SegmentLine
from agent.backup.points import Point
from agent.backup.vault import DamagedFile, Vault


def check(vault: Vault) -> BackupCheck:
    """Read every point, every file a point names and every row."""
    problems: list[str] = []
    there = [
        point for each in points.listed(vault) if (point := _point(vault, each.name, problems)) is not None
    ]
    for name in sorted({file.content for point in there for file in point.files}):
        try:
            vault.read(name)
        except DamagedFile as damaged:
            problems.append(f"{damaged}; it is a file of the home, and no journal lacks anything")
    rows: dict[str, int] = {}
    for line, last in _lines(vault, there).items():
        rows[line.journal] = _rows(line, last, problems)
    return BackupCheck(
        folder=str(vault.folder),
        intact=not problems,
        encrypted=vault.encrypted,
        points=len(there),
        rows=rows,
        total_bytes=vault.size(),
        problems=problems,
    )


def _point(vault: Vault, name: str, problems: list[str]) -> Point | None:
    try:
        return points.read(vault, name)
    except DamagedFile as damaged:
        problems.append(f"{damaged}; the points beside it can be restored")
        return None


def _lines(vault: Vault, there: list[Point]) -> dict[SegmentLine, int]:
    """Return each line that a point names, with the last row that any has of it; the latest line last."""
    last: dict[SegmentLine, int] = {}
    for point in there:
        for each in point.journals:
            line = SegmentLine(vault, each.name, each.line)
            last[line] = max(each.seq, last.pop(line, 0))
    return last


def _rows(line: SegmentLine, last: int, problems: list[str]) -> int:
    count = 0
    try:
        for row in line.rows(last=last):
            count = row.seq
    except Cut as cut:
        problems.append(str(cut))
    return count


def rows_of(vault: Vault) -> list[PointRow]:
    """Return the points of a backup, oldest first."""
    result = []
    for each in points.listed(vault):
        try:
            point = points.read(vault, each.name)
        except DamagedFile as damaged:
            result.append(PointRow(point=each.number, at=each.at, journals={}, files=0, problem=str(damaged)))
            continue
        journals = {one.name: one.seq for one in point.journals}
        result.append(PointRow(point=point.number, at=point.at, journals=journals, files=len(point.files)))
    return result

"""`agent restore`."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from agent.answers.backups import RestoreAnswer
from agent.backup.restore import restore
from agent.backup.vault import opened
from agent.backup.wanted import Restoration
from agent.cli.handlers.backup import MINUTE, key_of, reported
from agent.cli.output.streams import answer
from agent.host.clock import SystemClock
from agent.settings.home import Home
from agent.settings.upkeep.backup import BackupSettings
from agent.settings.upkeep.reading import upkeep
from domain.errors import BadInput, BoydError

KEY_VARIABLE = "AGENT_BACKUP__KEY"


class RestoreRequest(NamedTuple):
    """The words of an `agent restore`."""

    home: Home
    folder: Path
    at: str | None
    seq: int | None
    journals: tuple[str, ...]
    anchors: tuple[Path, ...]
    key_file: Path | None
    put_aside: bool = False


def restore_command(request: RestoreRequest, *, json: bool) -> None:
    """Restore into a home. Exits with 1 where a file could not be put back; raises what the restore does."""
    if request.at is not None and request.seq is not None:
        raise BadInput(f"--at {request.at} and --seq {request.seq}: give one of them")
    at = None if request.at is None else instant(request.at)
    vault = opened(request.folder.expanduser().absolute(), key_of(request.key_file, _settings(request.home)))
    wanted = Restoration(request.journals, at, request.seq, request.put_aside, request.anchors)
    with reported("restoring") as progress:
        report = restore(vault, request.home, wanted, SystemClock().now(), progress)
    answer(report, _restored, json=json)
    sys.exit(1 if report.left_out else 0)


def _settings(home: Home) -> BackupSettings:
    """Return the home's settings of backups; those of a home that is to be mended may be unreadable."""
    try:
        return upkeep(home).backup
    except BoydError:
        key = os.environ.get(KEY_VARIABLE)
        return BackupSettings(key=SecretStr(key) if key else None)


def instant(text: str) -> datetime:
    """Return a time that a person wrote, of UTC where no zone is said. Raises BadInput."""
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(f"--at {text[:60]}: no time such as 2026-11-29T03:00Z or 2026-11-29 (UTC)") from None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)


def _restored(report: RestoreAnswer) -> Iterator[str]:
    yield from _journals(report)
    if report.files:
        yield f"files: {', '.join(report.files)}"
    for name in report.stayed:
        yield f"stayed as it was: {name} (--put-aside restores it)"
    for text in report.anchors_aside:
        yield f"anchor of rows that were given up: {text}"
    for text in report.left_out:
        yield f"NOT restored: {text}"
    yield f"from point {report.point} of {report.at:{MINUTE}} in {report.folder}"
    for text in report.to_do:
        yield f"to do: {text}"


def _journals(report: RestoreAnswer) -> Iterator[str]:
    for each in report.journals:
        until = f", the last of {each.until:{MINUTE}}" if each.until else ""
        checked = f", {each.anchors} anchors fit" if each.anchors else ""
        yield f"{each.journal}: {each.rows:,} of {each.of_rows:,} rows{until}{checked}, in {each.where}"
        if each.of_market:
            yield "  the time was taken as its market's own, which its rows carry"
        if each.as_of:
            yield f"  the time was taken as the machine's: as it was at the backup of {each.as_of:{MINUTE}}"
        if each.put_aside:
            yield f"  what was there is kept as {each.put_aside}"
    for text in report.not_yet:
        yield f"not there yet: {text}"

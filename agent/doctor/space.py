"""The doctor's look at the room a home takes, how long its disk lasts, and its last backup."""

import shutil
from collections.abc import Iterator
from datetime import timedelta

from agent.answers.space import Growth, PartRow
from agent.doctor.check import CheckResult
from agent.settings.home import Home
from agent.settings.upkeep.reading import upkeep
from agent.settings.upkeep.sections import Upkeep
from agent.space.growth import growth, measure
from agent.space.last import LastBackup, last_backup
from agent.space.parts import sizes
from domain.errors import BadInput
from domain.ports import Clock

WARN_DAYS, FAIL_DAYS = 30.0, 3.0
OLD = timedelta(days=2)


def findings(home: Home, clock: Clock) -> Iterator[CheckResult]:
    """Tell the sizes of a home's parts, their growth and the last backup; nothing where it is not there."""
    if not home.root.is_dir():
        return
    try:
        settings = upkeep(home)
    except BadInput:  # told with the configuration
        settings = Upkeep()
    parts = sizes(home, settings.retention)
    total, free, now = sum(each.bytes for each in parts), shutil.disk_usage(home.root).free, clock.now()
    yield CheckResult("space", "ok", _parts(parts, total))
    yield _growth(growth(home.root, total, free, now))
    measure(home.root, total, now)
    yield _backup(last_backup(home.root), settings, clock)


def _parts(parts: list[PartRow], total: int) -> str:
    largest = sorted(parts, key=lambda each: -each.bytes)
    return f"{_size(total)}: {', '.join(f'{each.part} {_size(each.bytes)}' for each in largest)}"


def _size(count: float) -> str:
    return f"{count / 1e6:,.1f} MB" if abs(count) >= 1e5 else f"{count / 1e3:,.1f} kB"


def _growth(report: Growth | None) -> CheckResult:
    if report is None:
        return CheckResult("growth", "ok", "not known yet: it takes two looks, half a day apart")
    answer = f"{_size(report.bytes_a_day)} a day over {report.days:.1f} days"
    left = report.days_left
    if left is None:
        return CheckResult("growth", "ok", answer)
    words = f"{answer}: the disk lasts {left:,.0f} days"
    remedy = "agent retain, bounds under [retention], or a larger disk"
    return CheckResult(
        "growth", "fail" if left < FAIL_DAYS else "warn" if left < WARN_DAYS else "ok", words, remedy
    )


def _backup(last: LastBackup | None, settings: Upkeep, clock: Clock) -> CheckResult:
    if last is None:
        where = settings.backup.folder or "FOLDER"
        return CheckResult(
            "backup", "warn", "there was none yet", f"agent backup --out {where}, on another disk"
        )
    age = clock.now() - last.at
    words = f"point {last.point} of {last.at:%Y-%m-%dT%H:%M:%SZ} in {last.folder}, {_size(last.bytes)}"
    if age > OLD:
        return CheckResult(
            "backup", "warn", f"{words}: {age.days} days old", f"agent backup --out {last.folder}"
        )
    return CheckResult("backup", "ok", words)

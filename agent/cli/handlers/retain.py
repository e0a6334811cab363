"""`agent retain`."""

import shutil
import sys
from collections.abc import Iterator

from agent.answers.space import RetainAnswer
from agent.cli.handlers.backup import megabytes
from agent.cli.output.streams import answer
from agent.host.clock import SystemClock
from agent.settings.home import Home
from agent.settings.upkeep.reading import upkeep
from agent.space.growth import growth, measure
from agent.space.notices import trim_notices
from agent.space.parts import sizes
from agent.space.retain import retain
from domain.errors import BadInput


def retain_command(home: Home, *, dry_run: bool, json: bool) -> None:
    """Keep the bounds of a home; exit 1 where something could not be removed."""
    if not home.root.is_dir():
        raise BadInput(f"home {home.root}: not there; name one with --home or AGENT_HOME")
    settings, now = upkeep(home).retention, SystemClock().now()
    gone = retain(home, settings, now, dry_run=dry_run)
    gone += trim_notices(home, settings.notices_days, now, dry_run=dry_run)
    parts = sizes(home, settings)
    total, free = sum(each.bytes for each in parts), shutil.disk_usage(home.root).free
    if not dry_run:
        measure(home.root, total, now)
    report = RetainAnswer(
        home=str(home.root),
        at=now,
        dry_run=dry_run,
        gone=gone,
        freed=sum(each.bytes for each in gone if each.problem is None),
        parts=parts,
        free=free,
        growth=growth(home.root, total, free, now),
    )
    answer(report, _retained, json=json)
    sys.exit(1 if any(each.problem for each in gone) else 0)


def _retained(report: RetainAnswer) -> Iterator[str]:
    verb = "would go" if report.dry_run else "gone"
    for each in report.gone:
        text = f"NOT removed: {each.problem}" if each.problem else verb
        yield f"{text}: {each.path} ({megabytes(each.bytes)}): {each.why}"
    if not report.gone:
        yield "nothing is beyond its bound"
    else:
        yield f"{megabytes(report.freed)} {'would be freed' if report.dry_run else 'freed'}"
    for part in report.parts:
        yield f"{part.part:<12} {megabytes(part.bytes):>12}  {part.files:>6} files  bound: {part.bound}"
    yield f"{'free':<12} {megabytes(report.free):>12}"
    if report.growth is not None:
        left = report.growth.days_left
        rest = "" if left is None else f", the disk lasts {left:,.0f} days"
        rate = megabytes(int(report.growth.bytes_a_day))
        yield f"growth: {rate} a day over {report.growth.days:.1f} days{rest}"

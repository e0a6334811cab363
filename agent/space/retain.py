"""Keeping the bounds of a home: what is too old goes, then the oldest of what is too much."""

import shutil
from collections.abc import Iterator
from datetime import datetime

from agent.answers.space import GoneRow
from agent.settings.home import Home
from agent.settings.upkeep.retention import FolderBound, RetentionSettings
from agent.space.parts import PARTS, Item, Part

DAY_SECONDS = 86_400


def retain(home: Home, settings: RetentionSettings, now: datetime, *, dry_run: bool) -> list[GoneRow]:
    """Remove what is beyond a bound, or with `dry_run` only say it. What cannot be removed says why."""
    gone = []
    for part in PARTS:
        bound = getattr(settings, part.name, part.bound)
        if isinstance(bound, FolderBound):
            gone += [
                _gone(home, part, each, why, dry_run=dry_run) for each, why in beyond(home, part, bound, now)
            ]
    return gone


def beyond(home: Home, part: Part, bound: FolderBound, now: datetime) -> Iterator[tuple[Item, str]]:
    """Yield the items of a part that are beyond its bound, the oldest first, and why."""
    items = sorted(part.may_go(home), key=lambda each: each.changed)
    left = sum(each.bytes for each in items)
    for each in items:
        age = (now.timestamp() - each.changed) / DAY_SECONDS
        if bound.days is not None and age > bound.days:
            why = f"{age:.0f} days old, the bound is {bound.days:g}"
        elif bound.megabytes is not None and left > bound.megabytes * 1e6:
            why = f"{left / 1e6:.1f} MB of {part.name} may go, the bound is {bound.megabytes:g}"
        else:
            continue
        left -= each.bytes
        yield each, why


def _gone(home: Home, part: Part, each: Item, why: str, *, dry_run: bool) -> GoneRow:
    problem = None
    if not dry_run:
        try:
            _remove(each)
        except OSError as error:
            problem = error.strerror or str(error)
    path = str(each.path.relative_to(home.root))
    return GoneRow(part=part.name, path=path, bytes=each.bytes, why=why, problem=problem)


def _remove(each: Item) -> None:
    if each.path.is_dir():
        shutil.rmtree(each.path)
        return
    for file in each.files:
        file.unlink(missing_ok=True)

"""The parts of a home that grow: where each lies, what in it stands alone, and what of it may go."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from agent.answers.space import PartRow
from agent.settings.home import PUT_ASIDE, Home
from agent.settings.upkeep.retention import FolderBound, LogBound, RetentionSettings
from agent.state.checkpoints import Checkpoints
from edge.files import DRAFT
from journal.archive import SUFFIX as SEGMENTS

_LATEST = 2
"""Checkpoints of a journal that stay whatever the bound: the next start, or an emergency, begins at one."""


class Item(NamedTuple):
    """Something that stays or goes as one: its files, their bytes, and when it was changed last (seconds)."""

    path: Path
    files: tuple[Path, ...]
    bytes: int
    changed: float


class Part(NamedTuple):
    """A part of a home: its name, its paths, those items that may go, and a bound that no setting moves."""

    name: str
    paths: Callable[[Home], Iterable[Path]]
    may_go: Callable[[Home], Iterable[Item]] = lambda _home: ()
    bound: FolderBound = FolderBound()


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that paths are or hold; links are not followed."""
    for path in paths:
        if path.is_symlink():
            continue
        if path.is_dir():
            with suppress(OSError):
                yield from files_of(sorted(path.iterdir()))
        elif path.is_file():
            yield path


def item(path: Path, *more: Path) -> Item:
    """Return what stands or falls with a path."""
    files, size, changed = [], 0, 0.0
    for file in files_of((path, *more)):
        with suppress(OSError):
            stat = file.stat()
            files.append(file)
            size += stat.st_size
            changed = max(changed, stat.st_mtime)
    return Item(path, tuple(files), size, changed)


def _put_aside(home: Home) -> Iterator[Item]:
    """Yield journals that were put aside, with their logs; one that is in use stays."""
    for path in sorted(home.journals.glob("*.db")):
        if PUT_ASIDE.search(path.stem) and not home.held(path.stem):
            logs = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
            yield item(path, *logs, home.segments(path.stem))
    for folder in sorted(home.journals.glob(f"*{SEGMENTS}")):  # of a put-aside that was cut off
        if PUT_ASIDE.search(folder.stem) and not home.journal(folder.stem).exists():
            yield item(folder)
    for pattern in ("*.stale", "*.kept", "*.restoring", f"*{SEGMENTS}/*/*.stale"):
        yield from (item(path) for path in sorted(home.journals.glob(pattern)))
    for folder in (home.root, home.root / "anchors"):
        yield from (item(path) for path in sorted(folder.glob("*")) if PUT_ASIDE.search(path.name))


def _is_put_aside(home: Home) -> list[Path]:
    return [file for each in _put_aside(home) for file in each.files]


def _journals(home: Home) -> list[Path]:
    aside = set(_is_put_aside(home))
    return [path for path in files_of([home.journals]) if path not in aside]


def _checkpoints(home: Home) -> Iterator[Item]:
    """Yield checkpoints but for the latest of each journal; all of them where the journal is gone."""
    known = set(home.names())
    for folder in sorted(path for path in (home.root / "checkpoints").glob("*") if path.is_dir()):
        if folder.name not in known and not home.server:
            yield item(folder)
            continue
        names = [each.name for each in Checkpoints(folder).places()]
        yield from (item(folder / name) for name in names[:-_LATEST])


def _mirrors(home: Home) -> Iterator[Item]:
    """Yield mirrors of journals that are gone from the home."""
    known = set(home.names())
    for path in sorted((home.root / "serve" / "mirrors").glob("*.db")):
        if path.stem not in known and not home.server:
            yield item(path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm")))


def _anchors(home: Home) -> Iterator[Item]:
    """Yield anchors but for the latest of each journal."""
    by_journal: dict[str, list[Path]] = {}
    for path in sorted((home.root / "anchors").glob("*.json")):
        by_journal.setdefault(path.stem.rpartition("-")[0], []).append(path)
    for paths in by_journal.values():
        yield from (item(path) for path in paths[:-1])


def _drafts(home: Home) -> list[Path]:
    return [path for path in files_of([home.root]) if DRAFT.fullmatch(path.name)]


def _folders(*names: str) -> Callable[[Home], list[Path]]:
    return lambda home: [home.root / name for name in names]


def _each_in(name: str, pattern: str = "*") -> Callable[[Home], Iterator[Item]]:
    return lambda home: (item(path) for path in sorted((home.root / name).glob(pattern)))


def _logs(home: Home) -> list[Path]:
    return sorted(home.root.glob("*.log*"))


def _complaints(home: Home) -> list[Path]:
    return sorted((home.root / "serve").glob("*.err"))


PARTS = (
    Part("journals", _journals),
    Part("put_aside", _is_put_aside, _put_aside),
    Part("checkpoints", _folders("checkpoints"), _checkpoints),
    Part("logs", _logs),
    Part("mirrors", _folders("serve/mirrors"), _mirrors),
    Part("anchors", _folders("anchors"), _anchors),
    Part("work", _folders("work"), _each_in("work")),
    Part("reports", _folders("reports"), _each_in("reports")),
    Part("notices", lambda home: sorted(home.root.glob(f"{home.notices.name}*"))),
    Part("job_outputs", _folders("jobs")),
    Part("studies", _folders("studies"), _each_in("studies")),
    Part("complaints", _complaints, lambda home: map(item, _complaints(home))),
    Part("candles", _folders("data")),
    Part("drafts", _drafts, lambda home: map(item, _drafts(home)), FolderBound(days=1)),
)
"""Every part, in the order in which they are told; what is in none is told as `else`."""


def sizes(home: Home, settings: RetentionSettings) -> list[PartRow]:
    """Return the parts of a home with their sizes, those that take nothing left out."""
    rows, counted = [], set()
    for part in PARTS:
        files = [path for path in files_of(part.paths(home)) if path not in counted]
        counted.update(files)
        rows.append(_row(part.name, files, bound_words(settings, part.name)))
    rest = [path for path in files_of([home.root]) if path not in counted]
    rows.append(_row("else", rest, "none needed"))
    return [row for row in rows if row.files]


def _row(name: str, files: list[Path], bound: str) -> PartRow:
    total = 0
    for path in files:
        with suppress(OSError):
            total += path.stat().st_size
    return PartRow(part=name, files=len(files), bytes=total, bound=bound)


def bound_words(settings: RetentionSettings, name: str) -> str:
    """Return the bound of a part in words."""
    bound = getattr(settings, name, None)
    if isinstance(bound, LogBound):
        return f"{bound.files + 1} files of {bound.megabytes:g} MB for each process"
    if isinstance(bound, FolderBound):
        days = f"{bound.days:g} days" if bound.days else ""
        size = f"{bound.megabytes:g} MB" if bound.megabytes else ""
        return ", ".join(filter(None, (days, size))) or "none set"
    return {
        "journals": f"{settings.journal_days:g} days, then archived",
        "notices": f"{settings.notices_days:g} days",
        "job_outputs": "the latest 20 runs of each job",
        "drafts": "1 day",
    }.get(name, "yours")

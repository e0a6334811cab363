"""Files as facts: all that an agent leaves in its home and state, found by looking, and ways to spoil each.

The journal itself is another matter: without it a start is refused, and the emergency stop goes by a
checkpoint (tests/agent/test_unjournaled.py).
"""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.law.scenario import LIFE, Start, World


def _folder(path: Path) -> None:
    path.unlink()
    (path / "within").mkdir(parents=True)


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere" / "at all")


WAYS: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "noise": lambda path: path.write_bytes(bytes(range(256)) * 8),
    "not text": lambda path: path.write_bytes(b'{"until": 1e999, "\xff'),
    "a folder": _folder,
    "dangling": _dangling,
}
"""How a file is spoilt."""

BAN = "budgets/exchange-127.0.0.1-1.ban"
"""What an exchange's silence leaves; there is none in a life without faults."""


class Spoilt(NamedTuple):
    """Every file of one kind, spoilt in one way."""

    kind: str
    way: str

    def __str__(self) -> str:
        return f"file {self.kind} {self.way}"

    def put(self, world: World) -> None:
        """Spoil the files that are there."""
        ban = world.home / BAN
        if self.kind == BAN and not (ban.exists() or ban.is_symlink()):
            ban.parent.mkdir(exist_ok=True)
            ban.write_text("1\n")
        for path in list(_files(world.home)):
            if _kind(world.home, path) == self.kind:
                WAYS[self.way](path)

    def move_away(self, world: World) -> None:
        """Take away what is no file, as a person does whom a message tells to."""
        for path in list(world.home.rglob("*")):
            if _kind(world.home, path) != self.kind:
                continue
            if path.is_symlink():
                path.unlink()
            elif path.is_dir():
                shutil.rmtree(path)


def _kind(home: Path, path: Path) -> str:
    return re.sub(r"[0-9a-f]{12,}", "N", str(path.relative_to(home)))


def _files(home: Path) -> Iterator[Path]:
    return (path for path in home.rglob("*") if path.is_file() and not path.is_symlink())


def kinds(start: Start, folder: Path) -> list[str]:
    """Return every kind of file that a life leaves, but for the journal, and what a ban leaves."""
    world = World(start, folder / "files")
    world.run(LIFE)
    world.flatten()
    found = {_kind(world.home, path) for path in _files(world.home)}
    return sorted({each for each in found if not each.startswith("journals/law.db")} | {BAN})

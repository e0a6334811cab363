"""The identity of the running code: version and a digest of the project's own sources."""

import hashlib
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

VERSION = "0.1.0"
ROOMS = ("advice", "agent", "domain", "journal", "learning", "perception", "platforms", "reasoning", "risk")

FOLD = (
    "advice/__init__.py",
    "advice/ledger.py",
    "agent/state",
    "domain",
    "journal/codec.py",
    "journal/words.py",
    "learning",
    "perception/pairs",
    "platforms/fills.py",
    "platforms/impact.py",
    "reasoning",
)
"""The sources that make a state of a journal's rows: no other file of ours has a part in it."""

LIBRARIES = ("msgspec", "textblob")
"""Libraries that have a part in it: what a row's bytes say, and how a headline sounds."""

_ROOT = Path(__file__).resolve().parents[2]


@cache
def code_version() -> str:
    """Return `version+digest`; the digest changes with any source file of the rooms."""
    return f"{VERSION}+{_digest(ROOMS).hexdigest()[:12]}"


@cache
def fold_version() -> str:
    """Return a digest (hex) of all that makes a state of rows, so that equal ones come to the same state."""
    from importlib import metadata  # noqa: PLC0415  # who tells what was left needs none of it

    digest = _digest(FOLD)
    digest.update(f"Python {sys.version_info[:2]}\n".encode())
    for name in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            digest.update(f"{name} {metadata.version(name)}\n".encode())
    return digest.hexdigest()


def program_stamp() -> str:
    """Return a digest of path, size and time of change of the rooms' sources: for caches, told in no time."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for folder, folders, files in os.walk(_ROOT / room):
            folders[:] = sorted(each for each in folders if each != "__pycache__")
            for name in sorted(each for each in files if each.endswith(".py")):
                try:
                    known = os.stat(f"{folder}/{name}")  # noqa: PTH116 -- of a thousand files: paths take longer
                except OSError:  # an editor's lock, or gone while we walk: no source of the program
                    continue
                digest.update(f"{folder}/{name} {known.st_size} {known.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _digest(names: Iterable[str]) -> "hashlib._Hash":
    digest = hashlib.sha256()
    for name in names:
        source = _ROOT / name
        for path in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
            digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return digest

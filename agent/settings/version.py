"""The identity of the running code: version and a digest of the project's own sources."""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
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

_ROOT = str(Path(__file__).resolve().parents[2])


@cache
def code_version() -> str:
    """Return `version+digest`; the digest changes with any source file of the rooms."""
    return f"{VERSION}+{_digest(ROOMS).hexdigest()[:12]}"


@cache
def fold_version() -> str:
    """Return a digest (hex) of all that makes a state of rows, so that equal ones come to the same state."""
    digest = _digest(FOLD)
    digest.update(f"Python {sys.version_info[:2]}\n".encode())
    for name in LIBRARIES:
        version = installed(name)
        if version:
            digest.update(f"{name} {version}\n".encode())
    return digest.hexdigest()


def installed(name: str) -> str:
    """Return the version of a library that is installed, "" where it is not.

    The name of its folder of metadata says it; importlib.metadata, which takes as long to import as the rest
    of what is asked here, is asked only where that does not.
    """
    begin, end = f"{name}-", ".dist-info"
    for folder in sys.path:
        with suppress(OSError):
            versions = [
                each[len(begin) : -len(end)]
                for each in os.listdir(folder or ".")  # noqa: PTH208 -- as below
                if each.startswith(begin) and each.endswith(end)
            ]
            if len(versions) == 1:
                return versions[0]
            if versions:
                break
    from importlib import metadata  # noqa: PLC0415  # as said

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def program_stamp() -> str:
    """Return a digest of path, size and time of change of the rooms' sources: for caches, told in no time."""
    digest = hashlib.sha256()
    for path in _sources(ROOMS):
        try:
            known = os.stat(path)  # noqa: PTH116 -- of a thousand files: paths take longer
        except OSError:  # an editor's lock, or gone while we walk: no source of the program
            continue
        digest.update(f"{path} {known.st_size} {known.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _digest(names: Iterable[str]) -> "hashlib._Hash":
    digest = hashlib.sha256()
    for path in _sources(names):
        digest.update(path[len(_ROOT) + 1 :].encode() + b"\0")
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 -- as above
            digest.update(file.read() + b"\0")
    return digest


def _sources(names: Iterable[str]) -> Iterator[str]:
    """Yield the files below rooms, and single files, in the order their paths have."""
    for name in names:
        source = f"{_ROOT}/{name}"
        yield from [source] if source.endswith(".py") else _below(source)


def _below(folder: str) -> Iterator[str]:
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda each: each.name)
    for each in entries:
        if each.name.endswith(".py"):
            yield each.path
        elif each.name != "__pycache__" and each.is_dir(follow_symlinks=False):
            yield from _below(each.path)

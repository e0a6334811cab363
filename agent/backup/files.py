"""The files of a home that a backup keeps beside the journals, and what it never keeps.

Kept: the configuration with its secrets blotted out, the user's strategies, anchors, budgets, what was done
while a journal could not be written, the agents that the server begins, and the home's own small databases.
Never: tokens, keys, logins and locks. What is a cache or can be had again (checkpoints, mirrors, candle
files, results of research) is left out: parameters and all that was learned are in the journals.
"""

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from agent.settings.load import CONFIG_NAME

KEPT = (
    CONFIG_NAME, "strategies/**/*.py", "strategies/**/*.toml", "anchors/*.json", "budgets/*",
    "journals/*.afterwards*", "journals/.latest", "serve/agents.json", "*.db",
)  # fmt: skip
NEVER = re.compile(
    r"(\.(token|lock|key|sock|pem|secret)|-(wal|shm|journal)|~)$|^\.(?!latest$)", re.IGNORECASE
)
"""File names that are never kept, wherever they lie."""

SECRET = re.compile(r"(^|_)(key|secret|token|password|passphrase|urls?|db_url)s?$", re.IGNORECASE)
"""Names of settings whose value may be a secret; an address may hold a password."""

_COMMENTED = re.compile(r"^\s*#.*?([A-Za-z0-9_]+)\s*=\s*[\"'\[]")
BLOTTED = "left out of the backup: set it again"
_ADDRESSES = frozenset({"base_url", "ws_api_url"})
"""Addresses that are checked to hold no password."""

MOST_BYTES = 64 * 1024 * 1024


def kept(home: Path) -> Iterator[Path]:
    """Yield the files of a home that belong to a backup, by their path in it, in order."""
    result = {path.relative_to(home) for pattern in KEPT for path in home.glob(pattern) if _plain(path)}
    yield from sorted(path for path in result if not any(NEVER.search(part) for part in path.parts))


def _plain(path: Path) -> bool:
    with suppress(OSError):
        return path.is_file() and not path.is_symlink()
    return False


def content_of(home: Path, path: Path) -> bytes:
    """Return what a backup keeps of a file. Raises OSError or ValueError that says why it cannot."""
    file = home / path
    if path.name == CONFIG_NAME:
        return without_secrets(file.read_text(encoding="utf-8")).encode()
    if path.suffix == ".db":
        return _database(file)
    if file.stat().st_size > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES // 2**20} MiB")
    return file.read_bytes()


def without_secrets(text: str) -> str:
    """Return a configuration without the values that may be secrets. Raises ValueError for no TOML."""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ValueError(f"it is no valid TOML, so nobody can say where its secrets are: {error}") from None
    _blot(document)
    lines = tomlkit.dumps(document).split("\n")
    return "\n".join(line for line in lines if not _tells(line))


def _blot(table: object) -> None:
    if not isinstance(table, dict):
        return
    for name in list(table):
        value = table[name]
        if isinstance(value, AoT | list):
            for each in value:
                _blot(each)
        if SECRET.search(name) and name not in _ADDRESSES and not isinstance(value, Table | AoT):
            del table[name]
            if isinstance(table, Table | tomlkit.TOMLDocument):
                table.add(tomlkit.comment(f"{name}: {BLOTTED}"))
        else:
            _blot(value)


def _tells(line: str) -> bool:
    """Say whether a comment gives a value to a setting that may be a secret."""
    match = _COMMENTED.match(line)
    return match is not None and SECRET.search(match[1]) is not None and match[1] not in _ADDRESSES


def _database(file: Path) -> bytes:
    """Return a database of the home as one file, whoever writes it meanwhile. Raises OSError.

    On a disk that takes no writing SQLite opens none that has a log: nobody writes it there, so it is copied.
    """
    with tempfile.TemporaryDirectory(prefix="boyd-backup-") as folder:
        if not os.access(file.parent, os.W_OK):
            file = _copied(file, Path(folder) / "source")
        copy = Path(folder) / file.name
        try:
            with (
                closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=10)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE").close()
        except sqlite3.Error as error:
            raise OSError(0, f"it cannot be read: {error}") from None
        return copy.read_bytes()


def _copied(file: Path, folder: Path) -> Path:
    """Copy a database with its log, and return the copy. Raises OSError."""
    folder.mkdir()
    for each in (file, file.with_name(f"{file.name}-wal")):
        with suppress(FileNotFoundError):
            shutil.copyfile(each, folder / each.name)
    return folder / file.name

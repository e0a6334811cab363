"""Points: what a backup held at a time. Rows and files are kept once; a point only names them."""

import hashlib
import re
from datetime import datetime
from typing import NamedTuple

import msgspec

from agent.backup.vault import DamagedFile, Vault
from domain.times import millis, utc
from edge.typed_json import typed

FOLDER = "points"
NAME = re.compile(r"([0-9]{8,12})-([0-9]{1,14})\.json")
"""A point's file: its number and its time in ms; whatever else lies there is none."""


class JournalPoint(msgspec.Struct, frozen=True):
    """A journal as far as it was backed up: its line of segments, its last row and that row's time in ms.

    `latest` are the rows it had then where that is more, because something failed.
    """

    name: str
    line: str
    journal_id: str
    seq: int
    hash: str
    until: int
    latest: int | None = None


class FilePoint(msgspec.Struct, frozen=True):
    """A file of the home: its path in it, where its content lies in the backup, and its size."""

    path: str
    content: str
    size: int


class Point(msgspec.Struct, frozen=True):
    """A point in time. `previous` is the digest (hex) of the point before, "" for the first."""

    number: int
    at: datetime
    program: str
    previous: str
    journals: tuple[JournalPoint, ...] = ()
    files: tuple[FilePoint, ...] = ()


class ListedPoint(NamedTuple):
    """A point's file: its number, its time and its name in the vault."""

    number: int
    at: datetime
    name: str


def listed(vault: Vault) -> list[ListedPoint]:
    """Return the points there are, oldest first, by their names alone."""
    result = []
    for name in vault.names(FOLDER):
        match = NAME.fullmatch(name)
        if match is not None:
            result.append(ListedPoint(int(match[1]), utc(int(match[2])), f"{FOLDER}/{name}"))
    return sorted(result)


def read(vault: Vault, name: str) -> Point:
    """Return a point. Raises DamagedFile."""
    try:
        return typed(vault.read(name), Point)
    except (msgspec.MsgspecError, ValueError) as error:
        raise DamagedFile(vault.folder / name, f"it is no point of this program: {error}") from None


def latest(vault: Vault, at: datetime | None = None) -> Point | None:
    """Return the last point that can be read, of those not later than `at` if given, or None.

    One that is damaged is passed over: the one before names all the same rows but the newest.
    """
    for each in reversed(listed(vault)):
        if at is None or each.at <= at:
            try:
                return read(vault, each.name)
            except DamagedFile:
                continue
    return None


def write(vault: Vault, at: datetime, program: str, parts: "PointParts") -> tuple[Point, int]:
    """Write the next point and return it with its size. Raises OSError."""
    before = listed(vault)
    number = before[-1].number + 1 if before else 1
    point = Point(number, at, program, _digest_of(vault, before), *parts)
    return point, vault.write(f"{FOLDER}/{number:08d}-{millis(at)}.json", msgspec.json.encode(point))


class PointParts(NamedTuple):
    """The journals and files of a point."""

    journals: tuple[JournalPoint, ...]
    files: tuple[FilePoint, ...]


def _digest_of(vault: Vault, before: list[ListedPoint]) -> str:
    try:
        return hashlib.sha256(vault.read(before[-1].name)).hexdigest() if before else ""
    except DamagedFile:
        return "damaged"

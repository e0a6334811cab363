"""Answers on backups: what one took, which points there are, what a restore put back."""

from datetime import datetime

from msgspec import Struct


class JournalBackup(Struct, frozen=True, kw_only=True):
    """A journal in a backup: the rows it has now, those that were new, and the time of the last.

    `problem` says what failed; what had been backed up before stays. `note` says what a person should know.
    """

    journal: str
    rows: int
    new_rows: int = 0
    until: datetime | None = None
    problem: str | None = None
    note: str | None = None


class BackupAnswer(Struct, frozen=True, kw_only=True):
    """`agent backup`: the point that was written, and what is in it. `left_out` are files and why."""

    folder: str
    point: int
    at: datetime
    encrypted: bool
    journals: list[JournalBackup]
    files: int
    new_bytes: int
    total_bytes: int
    dropped_points: int
    left_out: list[str]


class PointRow(Struct, frozen=True, kw_only=True):
    """A point in time of a backup: the rows of each journal, and how many files."""

    point: int
    at: datetime
    journals: dict[str, int]
    files: int
    problem: str | None = None


class BackupCheck(Struct, frozen=True, kw_only=True):
    """`agent backup --check`: every file read. Each problem says which file, and what is left to restore."""

    folder: str
    intact: bool
    encrypted: bool
    points: int
    rows: dict[str, int]
    total_bytes: int
    problems: list[str]


class JournalRestore(Struct, frozen=True, kw_only=True):
    """A journal that was restored: its rows, the time of the last, those the backup has, where it lies.

    `put_aside` is where the journal lies that was there before; `anchors` how many rows were held against an
    anchor. `halts` says that it is of an account at an exchange, which must be adopted first. Where a time
    was wanted of a market that says itself what time it is, `of_market` says that it was taken as its own,
    and `as_of` is the backup that was chosen by the machine's.
    """

    journal: str
    rows: int
    of_rows: int
    halts: bool
    until: datetime | None
    where: str
    put_aside: str | None = None
    anchors: int = 0
    of_market: bool = False
    as_of: datetime | None = None


class RestoreAnswer(Struct, frozen=True, kw_only=True):
    """`agent restore`: what was put back from which point, what stayed as it was, what to do.

    `anchors_aside` are anchors of rows that the restored journals have no more, under their new names.
    `left_out` are files that could not be put back and why, `not_yet` journals that were not there then.
    """

    folder: str
    home: str
    point: int
    at: datetime
    journals: list[JournalRestore]
    files: list[str]
    stayed: list[str]
    left_out: list[str]
    to_do: list[str]
    anchors_aside: list[str] = []
    not_yet: list[str] = []

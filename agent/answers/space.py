"""Answers on the room a home takes: its parts, its growth, and what went because of a bound."""

from datetime import datetime

from msgspec import Struct


class PartRow(Struct, frozen=True, kw_only=True):
    """A part of the home: its files, its bytes, and its bound in words."""

    part: str
    files: int
    bytes: int
    bound: str


class GoneRow(Struct, frozen=True, kw_only=True):
    """A file or folder that goes, or would: of which part, its bytes, and why."""

    part: str
    path: str
    bytes: int
    why: str
    problem: str | None = None


class Growth(Struct, frozen=True, kw_only=True):
    """The growth of a home in bytes a day, over `days` of measuring; how long the disk lasts at that."""

    bytes_a_day: float
    days: float
    days_left: float | None


class RetainAnswer(Struct, frozen=True, kw_only=True):
    """`agent retain`: what went, or would with --dry-run, and the parts of the home after that."""

    home: str
    at: datetime
    dry_run: bool
    gone: list[GoneRow]
    freed: int
    parts: list[PartRow]
    free: int
    growth: Growth | None


class ArchiveAnswer(Struct, frozen=True, kw_only=True):
    """`agent journal archive`: up to which row a journal is archived, the first in its file, sizes in bytes.

    `why` says what keeps the next row in the file; `running` that an agent had the journal meanwhile.
    """

    journal: str
    rows: int
    archived: int
    first_in_file: int
    segments: int
    segment_bytes: int
    file_bytes: int
    file_bytes_before: int
    running: bool
    why: str

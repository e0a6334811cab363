"""A segment: rows of one journal that follow one another, packed into the bytes of one file.

    line 1    SegmentHeader as JSON, then a line feed
    rest      zlib of MessagePack: of each row (at, kind, cycle_id, payload)

Numbers and hashes of rows are not kept: the header says the first number and the hash before it, and the
chain gives the rest, so what is unpacked is checked to its last byte or refused. A segment is written once
and never changed. Pure: no file is touched here.
"""

import zlib
from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec

from domain.errors import JournalFault
from edge.typed_json import typed
from journal.chain import link
from journal.codec import SESSION_STARTED
from journal.stored import Stored

FORMAT = 1
LEVEL = 6
MOST = 8_192
"""Rows of one segment: about six megabytes of payload, packed and unpacked in a moment."""

SUFFIX = ".seg"

_Rows = list[tuple[int, str, int | None, bytes]]
_decode_rows = msgspec.msgpack.Decoder(_Rows)


class SegmentHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The head of a segment: its rows `first` to `last`, and all that finds a row without unpacking.

    `previous` is the hash (hex) of the row before the first, `hash` that of the last; `since` and `until` are
    the least and the greatest time of its rows in ms, `cycles` its lowest and highest cycle, `sessions` the
    rows that start one. `digest` is SHA-256 (hex) of the packed rows.
    """

    format: int
    journal_id: str
    first: int
    last: int
    previous: str
    hash: str
    since: int
    until: int
    cycles: tuple[int, int] | None
    sessions: tuple[int, ...]
    digest: str


class DamagedSegment(JournalFault):
    """The bytes are not those of a segment that was written."""


def packed(journal_id: str, previous: bytes, rows: Sequence[Stored]) -> bytes:
    """Return rows as a segment's bytes; `previous` is the hash of the row before them.

    Raises JournalFault naming the first row that does not follow: what is packed can be unpacked.
    """
    before = previous
    for index, row in enumerate(rows):
        seq = rows[0].seq + index
        if row.seq != seq or type(row.payload) is not bytes or link(before, seq, row.payload) != row.hash:
            raise JournalFault(f"the journal breaks at row {seq}: it does not follow the row before")
        before = row.hash
    numbers = [row.cycle_id for row in rows if row.cycle_id is not None]
    body = zlib.compress(
        msgspec.msgpack.encode([(row.at, row.kind, row.cycle_id, row.payload) for row in rows]), LEVEL
    )
    header = SegmentHeader(
        format=FORMAT,
        journal_id=journal_id,
        first=rows[0].seq,
        last=rows[-1].seq,
        previous=previous.hex(),
        hash=before.hex(),
        since=min(row.at for row in rows),
        until=max(row.at for row in rows),
        cycles=(min(numbers), max(numbers)) if numbers else None,
        sessions=tuple(row.seq for row in rows if row.kind == SESSION_STARTED),
        digest=sha256(body).hexdigest(),
    )
    return msgspec.json.encode(header) + b"\n" + body


def header_of(content: bytes) -> SegmentHeader:
    """Return a segment's header; its first line is enough. Raises DamagedSegment."""
    line, end, _ = content.partition(b"\n")
    try:
        header = typed(line, SegmentHeader)
    except (msgspec.MsgspecError, ValueError) as error:
        raise DamagedSegment(f"its header cannot be read: {error}") from None
    if not end or header.format != FORMAT or not 0 < header.first <= header.last:
        raise DamagedSegment(f"its header is none of format {FORMAT}")
    return header


def unpacked(content: bytes) -> tuple[SegmentHeader, list[Stored]]:
    """Return a segment's header and its rows, every one checked. Raises DamagedSegment."""
    header = header_of(content)
    body = content[content.index(b"\n") + 1 :]
    if sha256(body).hexdigest() != header.digest:
        raise DamagedSegment("its rows are not those that were written (their digest differs)")
    try:
        fields = _decode_rows.decode(zlib.decompress(body))
        previous = bytes.fromhex(header.previous)
    except (zlib.error, msgspec.MsgspecError, ValueError) as error:
        raise DamagedSegment(f"its rows cannot be unpacked: {error}") from None
    rows = list(_numbered(fields, header.first, previous))
    if len(rows) != header.last - header.first + 1 or rows[-1].hash.hex() != header.hash:
        raise DamagedSegment("its rows do not lead to the hash that its header names")
    return header, rows


def _numbered(
    fields: Iterable[tuple[int, str, int | None, bytes]], seq: int, previous: bytes
) -> Iterable[Stored]:
    for at, kind, cycle_id, payload in fields:
        previous = link(previous, seq, payload)
        yield Stored(seq, at, kind, cycle_id, payload, previous)
        seq += 1


def name_of(first: int, last: int) -> str:
    """Return the name of the file that holds rows `first` to `last`."""
    return f"{first:012d}-{last:012d}{SUFFIX}"


def span_of(name: str) -> tuple[int, int] | None:
    """Return the rows that a segment's file name tells of, None for another name."""
    first, dash, last = name.removesuffix(SUFFIX).partition("-")
    if not (name.endswith(SUFFIX) and dash and first.isdecimal() and last.isdecimal()):
        return None
    return (int(first), int(last)) if 0 < int(first) <= int(last) else None


def path_through(spans: Iterable[tuple[int, int]], last: int | None = None) -> list[tuple[int, int]]:
    """Return the spans that lead from row 1 without a gap as far as they go, or to row `last`.

    Where several cover the next row the longest is taken: a merged one stands beside its parts for a moment.
    """
    result: list[tuple[int, int]] = []
    at, left = 0, sorted(spans)
    while last is None or at < last:
        covering = [span for span in left if span[0] <= at + 1 <= span[1]]
        if not covering:
            break
        result.append(max(covering, key=lambda span: span[1]))
        at = result[-1][1]
    return result

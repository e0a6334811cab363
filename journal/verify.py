"""Is the journal what was written? Says which row broke and how; an anchor also shows a lost tail."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from domain.errors import JournalFault
from journal.anchor import Anchor
from journal.chain import genesis, link
from journal.history import PAGE, History
from journal.stored import Broken, Stored, believed

__all__ = ["Broken", "Verified", "verify"]

_BEFORE_ALL = -(2**63)  # so that rows someone numbered below 1 are seen too


class Verified(NamedTuple):
    """Every row is what was written: how many there are, and the hash of the last (hex)."""

    rows: int
    head: str


def verify(
    journal: History | Path | str, anchor: Anchor | None = None, *, account: str = ""
) -> Verified | Broken:
    """Check every row, the store and the anchor; a path is read through a copy, whoever holds it.

    A `postgresql://` URL is read without the lease of `account`.

    `Broken.seq` is the first row that is not what was written, 0 when it is the journal as a whole.
    Without an anchor a cut tail, and a chain rewritten from some row to its end, cannot be told from
    the truth. Raises BadInput for a missing file, JournalFault for one that is no journal at all.
    """
    if isinstance(journal, History):
        return _verified(journal, anchor)
    from journal.reader import open_reader  # noqa: PLC0415 - SQLAlchemy takes 0.2 s to import; memory needs none

    with open_reader(journal, account=account) as reader:
        return _verified(reader, anchor)


def _verified(journal: History, anchor: Anchor | None) -> Verified | Broken:
    if anchor is not None and anchor.journal_id != journal.journal_id:
        return Broken(0, f"this is journal {journal.journal_id}, the anchor is of {anchor.journal_id}")
    seq, previous = 0, genesis(journal.journal_id)
    at_anchor = previous
    for stored in _walk(journal):
        if isinstance(stored, Broken):
            return stored
        row = believed(stored, seq + 1, previous)
        if isinstance(row, Broken):
            return _diagnosed(journal, stored, row, previous)
        seq, previous = row.seq, stored.hash
        if anchor is not None and seq == anchor.seq:
            at_anchor = previous
    flaw = journal.storage_flaw()
    if flaw is not None:
        return Broken(0, f"the store is damaged: {flaw}")
    if anchor is not None:
        broken = _off_anchor(anchor, seq, at_anchor)
        if broken is not None:
            return broken
    return Verified(seq, previous.hex())


def _walk(journal: History) -> Iterator[Stored | Broken]:
    """Give every stored row; where a page of rows cannot be read, go on row by row to the one at fault."""
    after, limit = _BEFORE_ALL, PAGE
    while True:
        try:
            page = journal.page(after, limit)
        except JournalFault as fault:
            if limit == 1:
                yield Broken(max(after, 0) + 1, f"it cannot be read: {fault}")
                return
            limit = 1
            continue
        if not page:
            return
        yield from page
        after = page[-1].seq


def _diagnosed(journal: History, stored: Stored, broken: Broken, previous: bytes) -> Broken:
    """Say whether payload or hash was changed, which the next row's hash remembers."""
    if stored.seq != broken.seq or type(stored.payload) is not bytes or type(stored.hash) is not bytes:
        return broken
    computed = link(previous, stored.seq, stored.payload)
    if computed != stored.hash:
        if _continues(journal, stored.seq, computed):
            return Broken(stored.seq, "its hash was changed; its payload is what was written")
        if _continues(journal, stored.seq, stored.hash):
            changed = "its payload, or the journal's id," if stored.seq == 1 else "its payload"
            return Broken(stored.seq, f"{changed} was changed")
    return broken


def _continues(journal: History, seq: int, digest: bytes) -> bool:
    """Say whether the row after `seq` was chained to `digest`."""
    try:
        page = journal.page(seq, 1)
    except JournalFault:
        return False
    if not page or page[0].seq != seq + 1 or type(page[0].payload) is not bytes:
        return False
    return link(digest, seq + 1, page[0].payload) == page[0].hash


def _off_anchor(anchor: Anchor, seq: int, at_anchor: bytes) -> Broken | None:
    if seq < anchor.seq:
        return Broken(
            seq + 1, f"the tail is cut: the anchor has seen row {anchor.seq}, the last row is {seq}"
        )
    if at_anchor.hex() != anchor.hash:
        return Broken(anchor.seq, "the chain was rewritten: this row's hash is not the anchor's")
    return None

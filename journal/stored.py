"""A row as it lies in the store, and whether to believe it."""

from collections.abc import Iterable
from typing import NamedTuple

from domain.errors import JournalFault
from domain.events import Event
from domain.ports import Row
from journal.chain import link
from journal.codec import decode, encode, index
from journal.words import kind_of


class Stored(NamedTuple):
    """One stored row; `at`, `kind` and `cycle_id` only serve to find it and repeat what the payload says."""

    seq: int
    at: int
    kind: str
    cycle_id: int | None
    payload: bytes
    hash: bytes


class Broken(NamedTuple):
    """The first row of a journal that is not what was written: its sequence and what is wrong with it."""

    seq: int
    what: str


def chained(seq: int, previous: bytes, events: Iterable[Event]) -> list[Stored]:
    """Return the rows of events that follow row `seq` with hash `previous`. Raises JournalFault."""
    rows = []
    for event in events:
        seq += 1
        payload = encode(event)
        previous = link(previous, seq, payload)
        at, kind, cycle_id = index(event)
        rows.append(Stored(seq, at, kind, cycle_id, payload, previous))
    return rows


def believed(stored: Stored, seq: int, previous: bytes) -> Row | Broken:
    """Return the row when it is row `seq` after the row with hash `previous`, else what is wrong."""
    if stored.seq != seq:
        return Broken(seq, _sequence(stored.seq, seq))
    # The store may hold anything in these columns once someone has written to the file by hand.
    if type(stored.payload) is not bytes or type(stored.hash) is not bytes:
        return Broken(seq, "its payload or its hash is not binary")
    if link(previous, seq, stored.payload) != stored.hash:
        return Broken(seq, "its hash does not fit its payload and the row before")
    try:
        event = decode(stored.payload)
        found_by = index(event)
    except JournalFault as fault:
        return Broken(seq, str(fault))
    if (stored.at, kind_of(stored.kind), stored.cycle_id) != found_by:
        return Broken(seq, f"its columns {stored[1:4]} differ from its payload's {tuple(found_by)}")
    return Row(seq, event, stored.hash.hex())


def _sequence(result: int, expected: int) -> str:
    if result < expected:
        return f"row {result} stands where row {expected} is due"
    if result == expected + 1:
        return f"row {expected} is missing; row {result} follows"
    return f"rows {expected} to {result - 1} are missing; row {result} follows"

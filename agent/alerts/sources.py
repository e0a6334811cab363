"""The sources of messages, as a delivery reads them: the journals of a home, and its notices."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol

from agent.alerts.bookmark import Bookmark
from agent.alerts.rows import Telling

FAR = 500
"""Rows a channel passes over before its place is kept: to read them again after a restart costs nothing."""


class Batch(NamedTuple):
    """The messages of a source's rows up to number `covered`: behind the last of them nothing is told."""

    told: Sequence[Telling]
    covered: int


class Outbox(Protocol):
    """The sources of messages: the journals of the home by their ids, and its notices."""

    def heads(self) -> Mapping[str, int]:
        """Return the last number of each source that is read to its end."""
        ...

    def beginning(self, source: str, *, new: bool) -> int:
        """Return where a channel begins in a source it has never read; a `new` channel with the present."""
        ...

    def cut(self, source: str, seq: int) -> bool:
        """Say whether a source ends before a number for certain, as a journal restored from a backup does."""
        ...

    def read(self, source: str, after: int) -> Batch:
        """Return what is told behind a number, of some rows at most."""
        ...

    def one(self, source: str, seq: int, part: int) -> Telling | None:
        """Return one message again, None where its source is gone."""
        ...


def merged(batches: Mapping[str, Batch]) -> Iterator[Telling]:
    """Yield the messages of all sources by their time; a clock that was set back parts none of a source's."""
    timed = []
    for batch in batches.values():
        times = accumulate((each.message.at for each in batch.told), max)
        timed.append([(at, each) for at, each in zip(times, batch.told, strict=True)])
    return (each for _, each in heapq.merge(*timed, key=lambda pair: pair[0]))


def take_places(outbox: Outbox, bookmark: Bookmark, read: dict[str, int]) -> None:
    """Take a place in sources that are new, and go back in those that were cut.

    `read` is how far each was read since, which a source that was cut is to be read again from.
    """
    new = bookmark.new
    for source, head in outbox.heads().items():
        present = bookmark.cursors.get(source)
        if present is None:
            bookmark.move(source, outbox.beginning(source, new=new))
        elif present > head and outbox.cut(source, present):
            bookmark.move(source, head, back=True)
            read.pop(source, None)

"""The journal of a session: written first, as ever, but never in the way of an exit.

An append that fails halts the agent: no entry is sent without its intent in the journal. What reduces or
protects (exits, stops, what a venue answered, the kill switch, the emergency stop) goes on without it: those
events go into a file instead (`agent.outage.afterwards`), and where even that cannot be written they are only
remembered. In an `emergency` everything does. Once an append has failed the journal is not tried again.
"""

import errno
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from agent.outage.afterwards import Afterwards, OutageHeader
from domain.commands import Exit
from domain.errors import JournalFault
from domain.events import (
    CommandAnswered,
    CommandReceived,
    Event,
    FlattenAsked,
    KillSwitchSet,
    OrderReported,
    OrdersIntended,
)
from domain.order import Purpose
from domain.ports import Journal, Row
from journal.codec import encode

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
RESERVE_BYTES = 1024 * 1024
"""Room kept free on the disk for what an emergency stop has to remember."""


def reduces(events: Sequence[Event]) -> bool:
    """Say whether events must not be held back by a journal that fails: they add no risk."""
    orders = [order for event in events if isinstance(event, OrdersIntended) for order in event.orders]
    asked = [event.command for event in events if isinstance(event, CommandReceived)]
    if any(order.purpose is Purpose.ENTRY for order in orders) or not all(isinstance(c, Exit) for c in asked):
        return False
    stops = any(isinstance(event, KillSwitchSet) and event.active for event in events)
    report = any(isinstance(event, OrderReported | FlattenAsked | CommandAnswered) for event in events)
    return bool(orders or asked) or stops or report


def _writable(events: Sequence[Event]) -> bool:
    """Say whether events can be written at all: one that cannot is a fault of ours, not of the journal."""
    try:
        for event in events:
            encode(event)
    except JournalFault:
        return False
    return True


class GuardedJournal:
    """A journal that lets exits pass when it fails. Satisfies the port of journals."""

    def __init__(
        self,
        inner: Journal,
        afterwards: Afterwards,
        new_id: Callable[[], str],
        *,
        emergency: bool = False,
        reserve: Path | None = None,
    ) -> None:
        self.inner = inner
        self.afterwards = afterwards
        self.new_id = new_id
        self.emergency = emergency
        self.reserve = reserve
        self.fault = self.first = ""
        self.begun = False
        self.in_doubt = 0
        self.unwritten: list[Event] = []

    def append(self, *events: Event) -> None:
        """Append events, or keep them aside when they must not wait. Raises JournalFault for all others."""
        if not self.fault:
            try:
                self.inner.append(*events)
            except JournalFault as fault:
                self.first = self.first or str(fault)
                if not self._passes(events) or not _writable(events):
                    raise
                self.fault = self.first  # what follows only says that nothing is tried again
                self.in_doubt = len(events)
            else:
                return
        elif not self._passes(events):
            raise JournalFault(self.fault)
        self._keep(events)

    @property
    def ahead(self) -> bool:
        """True once anything was let pass, or may be: what was folded is more than the rows hold."""
        return bool(self.first or self.fault)

    def go_on(self, why: str) -> None:
        """Go on with the file of an earlier stop, which could not be taken in."""
        self.fault, self.begun = why, True

    def note(self) -> str:
        """Say what became of events that could not be journaled, "" when all were."""
        if not self.fault:
            return ""
        if not self.unwritten:
            kept = f"it is kept in {self.afterwards.path} and goes into the journal before anything else"
        else:
            count = len(self.unwritten)
            kept = f"{count} events could not be kept in {self.afterwards.path} either: run agent reconcile"
        return f"nothing of this could be journaled: {self.fault}; {kept}"

    def _passes(self, events: Sequence[Event]) -> bool:
        return self.emergency or reduces(events)

    def _begin(self) -> bool:
        seq, head = self.inner.head()
        header = OutageHeader(self.inner.journal_id, seq, head, self.new_id(), self.fault, self.in_doubt)
        return self._tried(lambda: self.afterwards.begin(header))

    def _keep(self, events: Sequence[Event]) -> None:
        self.unwritten += events
        self.begun = self.begun or self._begin()
        if self.begun and self._tried(lambda: self.afterwards.add(self.unwritten)):
            self.unwritten = []

    def _tried(self, write: Callable[[], None]) -> bool:
        """Try to write; where the disk is full, once more with the room that was reserved for this."""
        try:
            write()
        except OSError as error:
            if error.errno not in FULL or self.reserve is None:
                return False
        else:
            return True
        with suppress(OSError):
            self.reserve.unlink()
            write()
            return True
        return False

    @property
    def journal_id(self) -> str:
        """Id of the journal."""
        return self.inner.journal_id

    def rows(self, after: int = 0, without: tuple[bytes, ...] = ()) -> Iterator[Row]:
        """Return the journal's rows, but for those that begin so."""
        return self.inner.rows(after, without)

    def sessions(self) -> Iterator[Row]:
        """Return the rows that start a session."""
        return self.inner.sessions()

    def last_session(self) -> Row | None:
        """Return the row that starts the last session."""
        return self.inner.last_session()

    def last_cycle(self) -> int | None:
        """Return the highest cycle id there is."""
        return self.inner.last_cycle()

    def find_cycle(self, cycle_id: int) -> Sequence[Row]:
        """Return the rows of one cycle."""
        return self.inner.find_cycle(cycle_id)

    def session_of(self, seq: int) -> Row | None:
        """Return the row that starts the session a row belongs to."""
        return self.inner.session_of(seq)

    def mentions(self, after: int, texts: Collection[bytes], until: int | None = None) -> Iterator[Row]:
        """Return rows whose payload holds one of the texts."""
        return self.inner.mentions(after, texts, until)

    def hash_at(self, seq: int) -> str:
        """Return a row's hash."""
        return self.inner.hash_at(seq)

    def head(self) -> tuple[int, str]:
        """Return sequence and hash of the last row that is in the journal."""
        return self.inner.head()

    def close(self) -> None:
        """Close the journal."""
        self.inner.close()

"""The rows of one cycle, found by the journal's index, and what later rows say of its orders."""

from collections.abc import Collection
from typing import NamedTuple

from domain.errors import BadInput
from domain.events import CycleDecided, CycleEnded, Event, OrderReported, OrdersIntended, SessionStarted
from domain.order import TERMINAL, Order, Receipt
from domain.ports import Records

STRETCH = 4096
"""Rows looked through first for what became of a cycle's orders; then twice as many, until all are done."""


class DecidedRow(NamedTuple):
    """The row in which a cycle was decided: its number, what was decided, and the session it belongs to."""

    seq: int
    decided: CycleDecided
    session: SessionStarted


def decided_row(journal: Records, cycle: int | None) -> DecidedRow:
    """Return the row of a cycle, of the last one unless told otherwise.

    Raises BadInput where the journal has no such cycle.
    """
    newest = journal.last_cycle() or 0
    first = None
    # While advisers are asked, the newest cycle has nothing but their questions.
    for number in (newest, newest - 1) if cycle is None else (cycle,):
        rows = journal.find_cycle(number)
        first = first or next((row for row in rows if isinstance(row.event, CycleDecided)), None)
    if first is None or not isinstance(first.event, CycleDecided):
        held = f"it holds 1 to {newest}" if newest else "it holds none yet"
        asked = "a cycle" if cycle is None else f"cycle {cycle}"
        raise BadInput(f"{asked} is not in the journal, {held}")
    begun = journal.session_of(first.seq)
    if begun is None or not isinstance(begun.event, SessionStarted):
        raise BadInput(f"row {first.seq} belongs to no session")
    return DecidedRow(first.seq, first.event, begun.event)


class Story:
    """The rows of one cycle, and what later rows say of its orders."""

    def __init__(self, row: DecidedRow) -> None:
        self.seq, self.decided, self.session = row
        self.ended: CycleEnded | None = None
        self.orders: list[Order] = []
        self.receipts: list[Receipt] = []

    def add(self, event: Event) -> None:
        """Take up a later row if it belongs to this cycle or to one of its orders."""
        cycle = self.decided.cycle_id
        if isinstance(event, CycleEnded) and event.cycle_id == cycle:
            self.ended = event
        elif isinstance(event, OrdersIntended) and event.cycle_id == cycle:
            self.orders.extend(event.orders)
        elif isinstance(event, OrderReported):
            self._receipt(event.receipt)
        elif isinstance(event, CycleDecided):
            for receipt in event.updates:
                self._receipt(receipt)

    @property
    def over(self) -> bool:
        """True once every order of the cycle is done, and no fill of one is missing."""
        return all(map(self._done, self.orders))

    def _done(self, order: Order) -> bool:
        mine = [each for each in self.receipts if each.client_id == order.client_id]
        lots = {fill.trade_id: fill.lots for each in mine for fill in each.fills}
        filled = max((each.filled for each in mine), default=0)
        return any(each.status in TERMINAL for each in mine) and sum(lots.values()) >= filled

    def _receipt(self, receipt: Receipt) -> None:
        if any(order.client_id == receipt.client_id for order in self.orders):
            self.receipts.append(receipt)


def story_of(journal: Records, row: DecidedRow) -> Story:
    """Gather a cycle's rows and the later fate of its orders."""
    story = Story(row)
    rows = journal.find_cycle(row.decided.cycle_id)
    for each in rows:
        story.add(each.event)
    _later(journal, story, {each.seq for each in rows})
    return story


def _later(journal: Records, story: Story, known: Collection[int]) -> None:
    """Gather what resting orders did later, from the rows of the cycles that saw it, until all are done."""
    names = {f'"{order.client_id}"'.encode() for order in story.orders}
    after, stretch, (last, _) = story.seq, STRETCH, journal.head()
    while after < last and not story.over:
        until = min(after + stretch, last)
        for row in journal.mentions(after, names, until):
            if row.seq not in known:
                story.add(row.event)
        after, stretch = until, 2 * stretch

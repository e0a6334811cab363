"""The orders a platform has sent: what they referred to, which may still change, what was told of them.

Whatever comes late, twice or out of order leads to the same: a fill is told once, a state when it is news.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from domain.order import OPEN, UNRESOLVED, Order, OrderState, OrderStatus, Receipt, measured_from
from domain.ports import Clock
from domain.regrid import Regrid

KEPT = 100_000
"""References kept of orders that are done; the oldest are forgotten first."""


@dataclass
class _Tracked:
    """An order that may still change; `lots` are those of the fills that were told."""

    order: Order
    since: float
    status: OrderStatus | None = None
    filled: int = 0
    lots: int = 0
    told: set[str] = field(default_factory=set)


class OrderTracker:
    """Our orders by client id. Used from several threads."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, _Tracked] = {}
        self._references: dict[str, int] = {}

    def note(self, order: Order) -> bool:
        """Take up an order about to be sent; False when its id was used before."""
        with self._lock:
            if order.client_id in self._references:
                return False
            self._take(order)
            while len(self._references) - len(self._open) > KEPT:
                del self._references[next(each for each in self._references if each not in self._open)]
            return True

    def remember(self, standing: OrderState) -> None:
        """Take up an order of an earlier session, told as far as it was imported then."""
        with self._lock:
            entry = self._take(standing.order)
            if standing.status not in UNRESOLVED:
                entry.status, entry.filled = standing.status, standing.imported
            entry.lots = standing.imported

    def regrid(self, change: Regrid) -> None:
        """Count the orders of a symbol that may still change on another grid."""
        with self._lock:
            for client_id, entry in self._open.items():
                if entry.order.symbol == change.new.symbol:
                    entry.order = order = change.order(entry.order)
                    entry.filled, entry.lots = change.lots(entry.filled), change.lots(entry.lots)
                    self._references[client_id] = measured_from(order)

    def _take(self, order: Order) -> _Tracked:
        self._references[order.client_id] = measured_from(order)
        entry = self._open[order.client_id] = _Tracked(order, self.clock.monotonic())
        return entry

    def unsent(self, order: Order) -> None:
        """Forget an order that was never sent: its id may be used."""
        with self._lock:
            self._open.pop(order.client_id, None)
            self._references.pop(order.client_id, None)

    def refused(self, order: Order) -> None:
        """Take in that an order does not exist; its id stays used."""
        with self._lock:
            self._open.pop(order.client_id, None)

    def reference(self, client_id: str) -> int:
        """Return what an order's slippage is measured from, in ticks; 0 for one that is not ours."""
        return self._references.get(client_id, 0)

    def open(self, symbol: str | None = None) -> list[Order]:
        """Return orders that may still change."""
        with self._lock:
            return [each.order for each in self._open.values() if symbol in (None, each.order.symbol)]

    def get(self, client_id: str) -> Order | None:
        """Return an order that may still change."""
        entry = self._open.get(client_id)
        return entry.order if entry else None

    def moved(self, resting: Iterable[Receipt]) -> list[str]:
        """Return which of our orders no longer rest as they were told to."""
        there = {each.client_id: (each.status, each.filled) for each in resting}
        with self._lock:
            return [
                name
                for name, entry in self._open.items()
                if there.get(name) != (entry.status, entry.filled) or entry.lots < entry.filled
            ]

    def missing(self, client_id: str, seconds: float) -> None:
        """Take in that the exchange knows no such order; after so many seconds it never will."""
        with self._lock:
            entry = self._open.get(client_id)
            if entry is not None and self.clock.monotonic() - entry.since > seconds:
                del self._open[client_id]

    def news(self, receipt: Receipt) -> Receipt | None:
        """Return what is new in a receipt, and count it as told; None where nothing is."""
        with self._lock:
            entry = self._open.get(receipt.client_id)
            if entry is None:
                return None
            fresh = tuple(each for each in receipt.fills if each.trade_id not in entry.told)
            if not fresh and (receipt.status, receipt.filled) == (entry.status, entry.filled):
                return None
            if receipt.filled < entry.filled:
                return None
            entry.status, entry.filled = receipt.status, receipt.filled
            entry.told.update(each.trade_id for each in fresh)
            entry.lots = max(entry.lots, sum(each.lots for each in receipt.fills))
            if receipt.status not in OPEN and entry.lots >= receipt.filled:
                del self._open[receipt.client_id]
            return msgspec.structs.replace(receipt, fills=fresh)

    def told(self, receipt: Receipt) -> None:
        """Take in that whoever asked was told that an order is done, with all of its fills."""
        complete = sum(each.lots for each in receipt.fills) >= receipt.filled
        if receipt.status not in OPEN and complete:
            with self._lock:
                self._open.pop(receipt.client_id, None)

"""Making orders of what the books hold, each under an id of its own; nothing is sent here."""

from datetime import datetime

import msgspec
from msgspec import UNSET

from agent.state.state import State
from domain.order import Order, OrderType, Purpose, Side
from domain.ports import Journal
from domain.verdict import Approved
from risk.stake import stop_below


class OrderFactory:
    """Makes exits and protection for what is held, and the ids of all orders."""

    def __init__(self, state: State, journal: Journal) -> None:
        self.state = state
        self.journal = journal

    def client_id(self, cycle_id: int, number: int | str) -> str:
        """Return the id of the cycle's order `number`: the same for ever, and of no other order."""
        return f"{self.state.prefix or self.journal.journal_id[:8]}-{cycle_id}-{number}"

    def sale(self, symbol: str, at: datetime, tag: str, lots: int = 0) -> Order:
        """Return a market order that sells so many lots of a position, by default all that can be sold."""
        cycle = self.state.cycle_id
        return Order(
            client_id=self.client_id(cycle, f"{tag}{self.state.ledger.intended}"),
            cycle_id=cycle,
            at=at,
            symbol=symbol,
            side=Side.SELL,
            type=OrderType.MARKET,
            purpose=Purpose.EXIT,
            lots=lots or self.sendable(symbol),
            reference=self._reference(symbol),
        )

    def pending_exit(self, symbol: str, at: datetime) -> Order:
        """Return an owed exit anew, under another id: the one before it is proven never to have arrived."""
        sale = self.sale(symbol, at, "x")
        return msgspec.structs.replace(
            self.state.ledger.pending_exits[symbol],
            client_id=sale.client_id,
            at=at,
            lots=sale.lots,
            reference=sale.reference,
        )

    def protection(self, approved: Approved, at: datetime, tag: str) -> tuple[Order, ...]:
        """Return the stop, measured from the actual entry, and the target of an entry that is held."""
        position = self.state.ledger.positions[approved.symbol]
        instrument = self.state.ledger.instruments[approved.symbol]
        lots = instrument.sendable(position.lots)
        if not lots:
            return ()
        units = position.bought_lots * instrument.cash_factor
        stop = approved.stop or stop_below(position.bought, units, approved.stop_ppm)
        mark = self.state.ledger.marks.get(approved.symbol)
        levels = [
            (OrderType.STOP, instrument.stop_level(stop, mark)),
            (OrderType.TAKE_PROFIT, instrument.level(approved.target)),
        ]
        wanted = [(type_, level) for type_, level in levels if level > 0]
        first = _first_number(approved)
        oco = f"{approved.order.client_id}-oco{tag}" if len(wanted) > 1 else None
        return tuple(
            Order(
                client_id=f"{self.client_id(approved.cycle_id, first + index)}{tag}",
                cycle_id=approved.cycle_id,
                at=at,
                symbol=approved.symbol,
                side=Side.SELL,
                type=type_,
                purpose=Purpose.PROTECT,
                lots=lots,
                reference=level,
                trigger=level,
                oco=oco,
                ending=approved.stop_by if type_ is OrderType.STOP else UNSET,
            )
            for index, (type_, level) in enumerate(wanted)
        )

    def first_protection(self, approved: Approved) -> str:
        """Return the client id of the first order that the cycle itself protected an entry with."""
        return self.client_id(approved.cycle_id, _first_number(approved))

    def sendable(self, symbol: str) -> int:
        """Return the lots of a position that the venue's own lot can sell."""
        return self.state.ledger.instruments[symbol].sendable(self.state.ledger.positions[symbol].lots)

    def _reference(self, symbol: str) -> int:
        """Return the last quote; where the market was never seen, what was paid."""
        ledger = self.state.ledger
        paid = ledger.positions[symbol].entry_ticks(ledger.instruments[symbol].cash_factor)
        return ledger.marks.get(symbol) or round(paid)


def target_of(stop: Order, level: int) -> Order:
    """Return the target, at `level` ticks, that goes with a stop."""
    return msgspec.structs.replace(
        stop,
        client_id=f"{stop.client_id}t",
        type=OrderType.TAKE_PROFIT,
        reference=level,
        trigger=level,
        ending=UNSET,
    )


def _first_number(approved: Approved) -> int:
    """Return the first number of an entry's protective orders, above those of the cycle's 100 symbols."""
    return 100 + 3 * int(approved.order.client_id.rsplit("-", 1)[1])

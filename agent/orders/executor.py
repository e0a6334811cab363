"""Sending orders: intent first, once, and never twice (design, "Placing an order").

An approved order is already in the journal as SENDING when `carry_out` is called. Stops and targets
that protect a new position are intended and sent the same way, so that they rest at the venue and
outlive the agent. No rule blocks an exit; it waits only while a cancel or another order of its symbol is
in doubt, because selling twice would be worse. Such an exit ends UNSENT and is owed: the reconciler
sends a new one as soon as the doubt is over.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from agent.host import log
from agent.orders import differences
from agent.orders.factory import target_of
from agent.orders.sending import OrderSender
from domain.errors import VenueFault
from domain.order import (
    NOT_TRADING,
    OPEN,
    SHARE,
    Order,
    OrderState,
    OrderStatus,
    Purpose,
    Receipt,
    sells_share,
)
from domain.verdict import Approved

LOOK_AGAIN_SECONDS = 0.1
"""Between two questions about an order that rested and is not found."""


NOT_CANCELLED = "protection is not known to be cancelled: "
"""How an exit that could not be freed begins its reason; what follows are the venue's words."""


class Executor(OrderSender):
    """Carries approved orders to the platform and their outcomes to the journal."""

    def carry_out(self, approved: Approved, at: datetime) -> None:
        """Send one approved order, then protect what it opened."""
        order = approved.order
        doubt = self._doubt(order)
        if doubt:
            self._unsent(order, doubt)
        elif sells_share(order):
            self._sell_share(order, at)
        elif order.purpose is Purpose.EXIT:
            self._exit(order, at)
        elif order.purpose is Purpose.PROTECT:
            self._raise_stop(approved, at)
        elif self._send(order).filled:
            if order.slice_of:
                self._protect_more(approved, at)
            else:
                self.protect(approved, at)

    def _protect_more(self, approved: Approved, at: datetime) -> None:
        """Put stop and target for all that is held in the place of those for what earlier slices bought.

        Where what rests is not known to be cancelled it stays, and the reconciler sees to the rest.
        """
        symbol = approved.symbol
        try:
            for standing in self.state.ledger.resting(symbol):
                self.cancel(standing.order)
        except VenueFault as fault:
            log.say("warning", "protection not renewed", symbol=symbol, error=str(fault))
            return
        entry = self.state.entries.get(symbol, approved)
        self.protect(entry, at, tag=f"a{self.state.ledger.intended}")

    def closed(self, symbol: str, at: datetime) -> str:
        """Ask whether a position could be sold now; say why not, "" when it may be tried.

        Between cycles only: in a cycle the order is intended first, so that a replay finds the answer.
        """
        lots = self.factory.sendable(symbol)
        # Less than the venue's lot is tested whole: the venue refuses it, and its lot is read again.
        asked = lots or self.state.ledger.positions[symbol].lots
        reason = self.platform.closed(symbol, self.factory.sale(symbol, at, "c", asked))
        return reason or ("" if lots else "it is less than the venue's lot")

    def exit_again(self, symbol: str, at: datetime) -> None:
        """Send an owed exit under a new id: the one before it is proven never to have arrived."""
        if not self.factory.sendable(symbol):
            return
        order = self.factory.pending_exit(symbol, at)
        self._intend((order,), at)
        doubt = self._doubt(order)
        if doubt:
            self._unsent(order, doubt)
        else:
            self._exit(order, at)

    def sell_all(self, symbol: str, at: datetime) -> None:
        """Sell all that is held of a symbol, whoever asked for it."""
        if not self.factory.sendable(symbol):
            return  # less than the venue's lot: dust
        order = self.factory.sale(symbol, at, "f")
        self._intend((order,), at)
        if self._freed(order, at):
            self._send(order)

    def sell_part(self, symbol: str, at: datetime, lots: int) -> None:
        """Sell so many lots of a position, and protect what remains as it was.

        Where the sale's own end is not known yet, the reconciler protects it when it is: a stop for more than
        is held would be refused, and what cannot be protected is sold.
        """
        order = self.factory.sale(symbol, at, SHARE, lots)
        self._intend((order,), at)
        self._sell_share(order, at)

    def _sell_share(self, order: Order, at: datetime) -> None:
        """Send an intended sale of a share; what remains is protected where its stop now belongs."""
        symbol = order.symbol
        if not self._freed(order, at):
            return
        self._send(order)
        doubtful = any(standing.order.symbol == symbol for standing in self.state.ledger.unresolved())
        if symbol in self.state.entries and not doubtful:
            self.protect(self.state.entries[symbol], at, tag=f"p{self.state.ledger.intended}")

    def cancel(self, order: Order) -> None:
        """Cancel an order and record where it stands. Raises VenueFault when that is not told."""
        receipt = self.platform.cancel(order.symbol, order.client_id)
        standing = self.state.ledger.open_orders.get(order.client_id)
        if receipt.status is OrderStatus.REJECTED:
            if standing is None or standing.status not in OPEN:
                # Not the order was refused but its cancel: that the venue does not know it proves nothing.
                raise VenueFault(f"cancel of {order.client_id} refused: {receipt.reason}")
            receipt = self.look_up(standing)
        elif standing is not None and (other := differences.mismatch(standing, receipt)):
            raise VenueFault(f"cancel of {order.client_id}: {other}")
        self.record_report(order.cycle_id, receipt)

    def look_up(self, standing: OrderState) -> Receipt:
        """Return where an order stands that rested at the venue; one it no longer knows is gone.

        It is asked several times: a venue may tell of an order a moment late. What the order did before it
        went, holdings show. Raises VenueFault unanswered.
        """
        order = standing.order
        for number in range(self.platform.certainty.not_founds):
            self.clock.sleep(LOOK_AGAIN_SECONDS if number else 0)
            result = self.platform.query(order.symbol, order.client_id)
            if result is not None and not differences.mismatch(standing, result):
                return result
        at = self.platform.time()
        gone = f"it was {standing.status}, and the venue does not know it any more"
        return Receipt(
            order.client_id, order.symbol, OrderStatus.CANCELLED, at, filled=standing.filled, reason=gone
        )

    def ours(self, report: Iterable[Receipt]) -> list[Receipt]:
        """Return the receipts that are of our orders, and not of others that bear the same id."""
        open_orders = self.state.ledger.open_orders
        results = []
        for each in report:
            standing = open_orders.get(each.client_id)
            other = standing and differences.mismatch(standing, each)
            if other:
                log.say("error", "not our order", order=each.client_id, symbol=each.symbol, reason=str(other))
            else:
                results.append(each)
        return results

    def _doubt(self, order: Order) -> str:
        """Say what must be known before this order may be sent, "" when nothing must."""
        for standing in self.state.ledger.unresolved():
            if standing.status is OrderStatus.SENDING:
                continue  # of this very cycle, and not its turn yet
            if order.purpose is not Purpose.ENTRY and standing.order.slice_of:
                continue  # what is held is sold; what a slice in doubt buys beside it is protected when known
            if order.purpose is Purpose.ENTRY or standing.order.symbol == order.symbol:
                return f"order {standing.order.client_id} is {standing.status}: {standing.reason}"
        return ""

    def _freed(self, order: Order, at: datetime) -> bool:
        """Cancel the protection that is in the way of an order; False when it cannot be sent now.

        It is not given up for an order the venue would not take: a spot exchange locks what a stop would
        sell, so the new one cannot be placed before the old one goes.
        """
        resting = self.state.ledger.resting(order.symbol)
        known = self.platform.closed(order.symbol)
        # Where nothing is given up and nothing is known against it, a test would only make the order late.
        closed = self.platform.closed(order.symbol, order) if resting or known else ""
        if closed:
            self._unsent(order, f"{NOT_TRADING}{closed}")
            return False
        try:
            for standing in resting:
                self.cancel(standing.order)
        except VenueFault as fault:
            self._unsent(order, f"{NOT_CANCELLED}{fault}")
            return False
        held = self.state.ledger.positions.get(order.symbol)
        lots = held.lots if held else 0
        if lots >= order.lots:
            return True
        reason = f"position is {lots} lots, not {order.lots}: its stop was filled first"
        absent = Receipt(order.client_id, order.symbol, OrderStatus.ABSENT, at, reason=reason)
        self.record_report(order.cycle_id, absent)
        return False

    def _raise_stop(self, approved: Approved, at: datetime) -> None:
        """Put a higher stop, with its target, in the place of the protection that rests."""
        stop = approved.order
        if not self._freed(stop, at):
            return
        receipts: Sequence[Receipt]
        if approved.target:
            target = target_of(stop, approved.target)
            self._intend((target,), at)
            receipts = self._send_oco(stop, target)
        else:
            receipts = (self._send(stop),)
        self._retreat_if_refused(receipts, at)

    def _exit(self, order: Order, at: datetime) -> None:
        """Cancel the protection, then sell what is still held; a stop that fired meanwhile has done it."""
        if not self._freed(order, at):
            return
        if self._send(order).status is OrderStatus.REJECTED and order.symbol in self.state.entries:
            # What cannot be sold now must not stand there without its stop.
            self.protect(self.state.entries[order.symbol], at, tag=f"e{self.state.ledger.intended}")

    def protect(self, approved: Approved, at: datetime, tag: str = "") -> None:
        """Place the stop, measured from the actual entry, and the target; where refused, get out again.

        `tag` keeps the ids of orders placed by a recovery apart from those of the cycle itself.
        """
        if approved.symbol not in self.state.ledger.positions:
            return  # executed, but its fills are not told yet: the reconciler protects it when they are
        orders = self.factory.protection(approved, at, tag)
        if not orders:
            return
        self._intend(orders, at)
        if len(orders) == 1:
            receipts: Sequence[Receipt] = (self._send(orders[0]),)
        else:
            receipts = self._send_oco(orders[0], orders[1])
        self._retreat_if_refused(receipts, at)

    def _retreat_if_refused(self, receipts: Sequence[Receipt], at: datetime) -> None:
        """Sell what cannot be protected, at once: an entry whose stop the venue refuses is not kept.

        Where it takes no order at all a sale would be refused too: the reconciler protects it when it can.
        """
        for each in receipts:
            refused = each.status is OrderStatus.REJECTED and not each.reason.startswith(NOT_TRADING)
            if refused and each.symbol in self.state.ledger.positions:
                self.sell_all(each.symbol, at)
                return

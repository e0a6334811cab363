"""One order on its way: intended, sent once if it is not too late, and reported."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from agent.host.stopwatch import Stopwatch
from agent.orders import differences
from agent.orders.factory import OrderFactory
from agent.state.record import Record
from domain.errors import RateLimited, VenueFault
from domain.events import OrderReported, OrdersIntended
from domain.order import NOT_TRADING, Order, OrderStatus, Receipt
from domain.ports import Clock, Platform
from domain.times import millis


class OrderSender:
    """Sends intended orders to the platform and journals what it answers."""

    def __init__(self, record: Record, platform: Platform, clock: Clock) -> None:
        self.record = record
        self.state = record.state
        self.platform = platform
        self.clock = clock
        self.factory = OrderFactory(record.state, record.journal)
        self.watch = Stopwatch()
        self._intended: dict[str, float] = {}

    def intent(self, cycle_id: int, at: datetime, orders: Sequence[Order]) -> OrdersIntended:
        """Return the intent of orders, to be committed next: their time to be sent runs from now on.

        It holds the venue's time, or None where sending takes no time.
        """
        self._intended |= dict.fromkeys((order.client_id for order in orders), self.clock.monotonic())
        sending_at = self.platform.time() if self.platform.certainty.send_ms else None
        return OrdersIntended(cycle_id, at, tuple(orders), sending_at)

    def _intend(self, orders: Sequence[Order], at: datetime) -> None:
        self.record.write(self.intent(orders[0].cycle_id, at, orders))

    def record_report(self, cycle_id: int, receipt: Receipt) -> None:
        """Record what became of an order."""
        self.record.write(OrderReported(cycle_id, receipt))

    def _unsent(self, order: Order, reason: str, at: datetime | None = None) -> Receipt:
        if at is None:
            at = self.platform.time() if self.platform.certainty.send_ms else order.at
        receipt = Receipt(order.client_id, order.symbol, OrderStatus.UNSENT, at, reason=reason)
        self.record_report(order.cycle_id, receipt)
        return receipt

    def _late(self, order: Order) -> tuple[str, datetime | None]:
        """Say why it is too late to send an order ("" when it is not), and the venue's time of saying so.

        A slow disk must not send old news. What has passed is what the slower of two clocks cannot hide:
        the venue's may be set back meanwhile, and then an old intent would look fresh.
        """
        limit = self.platform.certainty.send_ms
        sent_at = self.state.ledger.open_orders[order.client_id].sent_at
        intended = self._intended.pop(order.client_id, None)
        if not limit or sent_at is None:
            return "", None
        here = 0.0 if intended is None else self.clock.monotonic() - intended
        passed = max(millis(self.platform.time()) - millis(sent_at), round(here * 1000))
        at = sent_at + timedelta(milliseconds=passed)
        return (f"{passed} ms since its intent, the limit is {limit}" if passed > limit else ""), at

    def _hindered(self, order: Order) -> tuple[str, datetime | None]:
        """Say why an order is not to be sent any more ("" when it is), and the venue's time of saying so."""
        late, at = self._late(order)
        closed = self.platform.closed(order.symbol)
        return late or (f"{NOT_TRADING}{closed}" if closed else ""), at

    def _time(self, intended: float | None) -> None:
        """Count how long an order waited that is handed to the platform now."""
        if intended is not None:
            self.watch.since(intended, self.clock.monotonic)

    def _send(self, order: Order) -> Receipt:
        intended = self._intended.get(order.client_id)
        hindered, at = self._hindered(order)
        if hindered:
            return self._unsent(order, hindered, at)
        self._time(intended)
        try:
            receipt = self.platform.place(order)
        except RateLimited as error:
            return self._unsent(order, str(error), at)
        except VenueFault as error:
            receipt = _unknown(order, error)
        other = differences.mismatch(self.state.ledger.open_orders[order.client_id], receipt)
        if other:
            receipt = _unknown(order, VenueFault(str(other)))
        self.record_report(order.cycle_id, receipt)
        return receipt

    def _send_oco(self, stop: Order, target: Order) -> Sequence[Receipt]:
        intended = self._intended.get(stop.client_id)
        hindered, at = self._hindered(stop)
        self._intended.pop(target.client_id, None)
        if hindered:
            return self._unsent(stop, hindered, at), self._unsent(target, hindered, at)
        self._time(intended)
        try:
            receipts = self.platform.place_oco(stop, target)
        except RateLimited as error:
            return self._unsent(stop, str(error), at), self._unsent(target, str(error), at)
        except VenueFault as error:
            receipts = _unknown(stop, error), _unknown(target, error)
        for receipt in receipts:
            self.record_report(stop.cycle_id, receipt)
        return receipts


def _unknown(order: Order, error: Exception) -> Receipt:
    return Receipt(order.client_id, order.symbol, OrderStatus.UNKNOWN, order.at, reason=str(error))

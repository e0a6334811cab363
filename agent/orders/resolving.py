"""Orders whose fate is open, resolved by asking the venue, and how an account compares then."""

from datetime import datetime, timedelta
from typing import NamedTuple

from agent.host import log
from agent.orders import differences as books
from agent.orders.absence import Absence
from agent.orders.executor import Executor
from agent.settings.orders import OrderSettings
from agent.state.record import Record
from domain.errors import VenueFault
from domain.order import OrderState, OrderStatus, Receipt
from domain.ports import Clock, Platform


class Review(NamedTuple):
    """A comparison of journal and venue: orders like ours it does not know, orders in doubt, and holdings.

    `dust` is what is held and cannot be sold by itself, by asset; `odd` what the venue said that could not be
    read, by symbol: holdings may be off by as much as it left open.
    `contradictions` are what was told of orders and cannot be.
    """

    strange: tuple[Receipt, ...]
    unresolved: tuple[OrderState, ...]
    differences: tuple[books.AssetDifference, ...]
    dust: dict[str, str]
    odd: dict[str, str]
    contradictions: tuple[str, ...] = ()

    @property
    def in_line(self) -> bool:
        """True when there is nothing to take over."""
        return not (self.strange or self.unresolved or self.differences or self.contradictions)


class OrderResolver:
    """Asks for each order whose fate nobody knows, and records what is found out."""

    def __init__(
        self, record: Record, platform: Platform, executor: Executor, settings: OrderSettings, clock: Clock
    ) -> None:
        self.record = record
        self.state = record.state
        self.platform = platform
        self.executor = executor
        self.settings = settings
        self.clock = clock
        self.absence = Absence(platform.certainty, clock.monotonic, platform.time)

    def _resolve(self, at: datetime) -> None:
        for standing in self.state.ledger.unresolved():
            order = standing.order
            try:
                result = self.platform.query(order.symbol, order.client_id)
            except VenueFault as fault:
                # No answer is no "not found": nothing is counted, nothing is concluded.
                log.say(
                    "warning",
                    "order unresolved",
                    order=order.client_id,
                    symbol=order.symbol,
                    error=str(fault),
                )
                self._still_unknown(standing, at, str(fault))
                continue
            other = books.mismatch(standing, result) if result else None
            if result is not None and not other:
                self.absence.found(order.client_id)
                self.executor.record_report(order.cycle_id, result)
            elif (other is None or other.sure) and self.absence.proven(standing):
                # Of an id the venue tells the latest order: where that is another, ours is not there.
                reason = f"never reached the platform; {other}" if other else "never reached the platform"
                absent = Receipt(order.client_id, order.symbol, OrderStatus.ABSENT, at, reason=reason)
                self.absence.found(order.client_id)
                self.executor.record_report(order.cycle_id, absent)
            else:
                self._still_unknown(standing, at, str(other or "not found yet"))

    def _still_unknown(self, standing: OrderState, at: datetime, reason: str) -> None:
        """Record that an order of a session cut off is UNKNOWN, and when it needs an operator."""
        order, status = standing.order, standing.status
        if status is OrderStatus.SENDING:
            report = OrderStatus.UNKNOWN
        elif status is OrderStatus.UNKNOWN and self._overdue(standing):
            report = OrderStatus.NEEDS_OPERATOR
            log.say(
                "error", "order needs an operator", order=order.client_id, symbol=order.symbol, reason=reason
            )
        else:
            return
        self.executor.record_report(
            order.cycle_id, Receipt(order.client_id, order.symbol, report, at, reason=reason)
        )

    def _overdue(self, standing: OrderState) -> bool:
        """Say whether an order is in doubt for long; a leap of the venue's clock is no reason."""
        patience = timedelta(minutes=self.settings.operator_minutes)
        asked = self.absence.waited(standing.order.client_id) * 1000 >= self.platform.certainty.horizon_ms
        return asked and self.platform.time() - (standing.sent_at or standing.at) > patience

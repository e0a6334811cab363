"""An order's status and its executions at Binance, asked until the two agree."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
import structlog

from domain.errors import BadAnswer
from domain.instrument import Instrument
from domain.order import Fill, OrderStatus, Receipt, Side
from platforms.binance import answers, outcome
from platforms.binance.client import ApiError, Wire
from platforms.binance.listing import ExchangeInfo
from platforms.binance.tracked import OrderTracker

PAGE = 1000
MOST_PAGES = 100

log = structlog.get_logger()


class Executions:
    """Asks the exchange for orders and their trades."""

    def __init__(self, wire: Wire, listing: ExchangeInfo, orders: OrderTracker) -> None:
        self.wire = wire
        self.listing = listing
        self.orders = orders

    def find(self, symbol: str, client_id: str) -> Receipt | None:
        """Return an order with all its fills; None only for a true "does not exist". Raises VenueFault."""
        try:
            report = self.ask(symbol, client_id)
        except ApiError as error:
            if outcome.not_found(error):
                return None
            if outcome.archived(error):
                return self._archived(symbol, client_id)
            raise
        return self.receipt(report, symbol, client_id)

    def _archived(self, symbol: str, client_id: str) -> Receipt:
        at, reason = (
            self.wire.time.now(),
            "archived by the exchange: it ended without a fill over 90 days ago",
        )
        return Receipt(client_id, symbol, OrderStatus.CANCELLED, at, reason=reason)

    def ask(self, symbol: str, client_id: str) -> Any:
        """Return an order as the exchange tells it. Raises VenueFault; ApiError when there is none."""
        params = {"symbol": self.listing.native(symbol), "origClientOrderId": client_id}
        return self.wire.call("get", "order", params, signed=True, vital=True)

    def receipt(self, answer: Any, symbol: str, client_id: str) -> Receipt:
        """Return the receipt of an order as told, with the fills it lacks. Raises VenueFault."""
        try:
            return self._receipt(answer, symbol, client_id)
        except answers.OffGrid as seen:
            # Our grid is too coarse for what was executed: it is made finer before this is asked for again.
            self.listing.finer(seen)
            raise

    def _receipt(self, answer: Any, symbol: str, client_id: str) -> Receipt:
        instrument = self.listing.grid[symbol]
        bare = answers.receipt(answer, instrument, client_id=client_id, grain=self.listing.grain(symbol))
        if not bare.filled:
            return bare
        side = self._side(answer, client_id)
        fills = self._told(answer, instrument, client_id, side)
        if sum(each.lots for each in fills) != bare.filled or any(each.odd for each in fills):
            average = answers.average(answer)
            fills = self._trades(instrument, int(bare.venue_id), client_id, side, average)
        # A trade may have come between the two answers; one that is not there yet is asked for again.
        filled = max(bare.filled, sum(each.lots for each in fills))
        answers.within(answer, instrument, filled)
        return msgspec.structs.replace(bare, filled=filled, fills=tuple(fills))

    def _told(self, answer: Any, instrument: Instrument, client_id: str, side: Side) -> list[Fill]:
        """Return the fills of an answer of type FULL: of an order that took at once.

        Where one of them cannot be read there are none: the account's trades have them too.
        """
        if "transactTime" not in answer:
            return []
        reference = self.orders.reference(client_id)
        try:
            at = answers.instant(answer, "transactTime")
            rows = answers.rows(answer.get("fills", []))
            return [
                answers.fill(row, instrument, client_id, side, reference, at, maker=False) for row in rows
            ]
        except answers.OffGrid:
            raise
        except BadAnswer as fault:
            log.warning("fills of an answer not understood", order=client_id, error=str(fault))
            return []

    def _trades(
        self, instrument: Instrument, order_id: int, client_id: str, side: Side, average: Decimal | None
    ) -> list[Fill]:
        """Return every fill of an order, as the account's trades have it."""
        reference = self.orders.reference(client_id)
        return [
            answers.fill(
                row, instrument, client_id, side, reference, answers.changed(row),
                maker=row.get("isMaker") is True, average=average,
            )
            for row in self._rows(instrument.symbol, order_id)
        ]  # fmt: skip

    def _rows(self, symbol: str, order_id: int) -> list[Mapping[str, Any]]:
        result: dict[int, Mapping[str, Any]] = {}
        params = {"symbol": self.listing.native(symbol), "orderId": str(order_id), "limit": str(PAGE)}
        for _ in range(MOST_PAGES):
            page = answers.rows(self.wire.call("get", "myTrades", params, signed=True, vital=True))
            for row in page:
                if answers.whole(row, "orderId") != order_id:
                    raise BadAnswer(f"asked for trades of order {order_id}, told of {row['orderId']}")
                result[answers.whole(row, "id")] = row
            if len(page) < PAGE:
                return [result[each] for each in sorted(result)]
            params["fromId"] = str(max(result) + 1)
        raise BadAnswer(f"order {order_id} has more than {PAGE * MOST_PAGES} trades")

    def _side(self, answer: Any, client_id: str) -> Side:
        """Return the side of an order as told; where that cannot be read, as it was sent."""
        name, ours = answer.get("side"), self.orders.get(client_id)
        if name in ("BUY", "SELL"):
            return Side(name)
        if ours is None:
            raise BadAnswer(f"side {str(name)[:40]!r} is not known")
        return ours.side

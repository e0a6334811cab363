"""The checks of an order before it is sent: the clock, its id, the filters, and how it goes out."""

from collections.abc import Sequence

from domain.filters import CLIENT_ID
from domain.order import Order, Purpose
from platforms.binance import requests
from platforms.binance.clock import VenueClock
from platforms.binance.listing import ExchangeInfo
from platforms.binance.objections import Sized
from platforms.binance.settings import BinanceTradingSettings
from platforms.binance.tracked import OrderTracker


class PreSendChecks:
    """Lets orders go, or says why they are not sent. Used from several threads."""

    def __init__(
        self, settings: BinanceTradingSettings, clock: VenueClock, listing: ExchangeInfo, orders: OrderTracker
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.listing = listing
        self.orders = orders

    def admit(self, orders: Sequence[Order]) -> tuple[str | None, list[Sized]]:
        """Return orders as they will be sent and take them up, or say why they are not sent at all."""
        as_sent: list[Sized] = []
        for number, order in enumerate(orders):
            reason = self._unfit(order) or self._sized(order, orders[:number], as_sent)
            if reason:
                return reason, []
        taken: list[Order] = []
        for order in orders:
            if not self.orders.note(order):
                for each in taken:
                    self.orders.unsent(each)
                return "duplicate", []
            taken.append(order)
        return None, as_sent

    def plain(self, order: Order) -> Sized:
        """Return an order as it would be sent, whatever speaks against it."""
        grid, filters = self.listing.grid[order.symbol], self.listing.filters[order.symbol]
        return requests.sized(order, grid, filters, self.settings.stop_limit_slip)

    def _sized(self, order: Order, earlier: Sequence[Order], as_sent: list[Sized]) -> str | None:
        """Add an order as it will be sent; or say why it cannot be, as the filters have it."""
        grid, filters = self.listing.grid[order.symbol], self.listing.filters[order.symbol]
        built = requests.sized(order, grid, filters, self.settings.stop_limit_slip)
        if order.purpose is Purpose.ENTRY and built.quantity != grid.quantity(order.lots):
            step = filters.instrument.step_size
            return f"the lot of {order.symbol} changed to {step} while running: begin the session anew"
        as_sent.append(built)
        return self.listing.refusal(order, built, [*self.orders.open(), *earlier])

    def _unfit(self, order: Order) -> str | None:
        offset, limit = self.clock.offset_ms, self.settings.max_clock_offset_ms
        if order.symbol not in self.listing.grid:
            return f"unknown symbol {order.symbol}"
        if not CLIENT_ID.fullmatch(order.client_id):
            return f"client id {order.client_id!r} does not match {CLIENT_ID.pattern}"
        if order.purpose is Purpose.ENTRY and abs(offset) > limit:
            return f"our clock is {offset} ms off the exchange's, the limit is {limit}"
        if order.purpose is Purpose.ENTRY and self.clock.doubtful:
            return "the exchange found our clock wrong, and it is not measured again yet"
        return None

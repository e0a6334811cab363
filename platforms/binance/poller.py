"""Looking at our orders: all that rest now and then, and each that the account's events spoke of."""

import threading
from collections.abc import Sequence

import structlog

from domain.errors import RateLimited, Unreachable, VenueFault
from domain.order import Receipt
from domain.ports import Clock
from platforms.binance import answers
from platforms.binance.client import ApiError, Wire
from platforms.binance.executions import Executions
from platforms.binance.halts import TradingHalts
from platforms.binance.listing import ExchangeInfo
from platforms.binance.tracked import OrderTracker
from platforms.binance.user_data import UserData

CLOCK_SECONDS = 300.0
"""Age at which the exchange's time is measured again."""

log = structlog.get_logger()


class Poller:
    """Tells what is new of orders; `looked_at` is when all that rest were last asked for."""

    def __init__(
        self,
        *,
        wire: Wire,
        listing: ExchangeInfo,
        halts: TradingHalts,
        orders: OrderTracker,
        executions: Executions,
        events: UserData | None,
        clock: Clock,
    ) -> None:
        self.wire = wire
        self.listing = listing
        self.halts = halts
        self.orders = orders
        self.executions = executions
        self.events = events
        self.clock = clock
        self.looked_at = 0.0
        self._polling = threading.Lock()
        self._again: list[str] = []

    def open_orders(self) -> Sequence[Receipt]:
        """Return every order that rests in our symbols, whoever placed it, without its fills.

        What cannot be read of one symbol leaves out that symbol; raises VenueFault when nothing can be read.
        """
        ours = {each.client_id for each in self.orders.open()}
        results: list[Receipt] = []
        faults: list[VenueFault] = []
        listed = self.listing.listed()
        for symbol in listed:
            try:
                results += self._resting(symbol, ours)
            except (Unreachable, RateLimited):
                raise
            except VenueFault as fault:
                if isinstance(fault, ApiError):
                    self.halts.shut(symbol, fault)
                log.warning("open orders of a symbol not read", symbol=symbol, error=str(fault))
                faults.append(fault)
        if faults and len(faults) == len(listed):
            raise faults[0]
        return results

    def _resting(self, symbol: str, ours: set[str]) -> list[Receipt]:
        params = {"symbol": self.listing.native(symbol)}
        rows = answers.rows(self.wire.call("get", "openOrders", params, signed=True, vital=True))
        grid, grain = self.listing.grid[symbol], self.listing.grain(symbol)
        read = [(answers.resting(row, grid, grain), row) for row in rows]
        resting = [(receipt, row) for receipt, row in read if receipt is not None]
        self.listing.measures.seen(self.listing.grid[symbol], resting, ours)
        return [receipt for receipt, _ in resting]

    def poll(self) -> Sequence[Receipt]:
        """Return what is new of our orders: each fill once, a state when it changed.

        Asks for orders the event stream spoke of and, every few seconds (at once when events were missed),
        for those that no longer rest as they did. What cannot be told now is told next time.
        """
        with self._polling:
            results: list[Receipt] = []
            names = self._names()
            while names:
                try:
                    receipt = self._looked_up(names[0])
                except (Unreachable, RateLimited) as fault:
                    log.warning("orders not looked at", error=str(fault))
                    break
                except VenueFault as fault:
                    log.warning("order not understood", order=names[0], error=str(fault))
                    self._again.append(names[0])
                    receipt = None
                names.pop(0)
                results += [receipt] if receipt else []
            self._again += names
            return results

    def _names(self) -> list[str]:
        """Return the client ids to ask for now."""
        touched, missed = self.events.touched() if self.events else ([], False)
        names, self._again = self._again + [each for each in touched if self.orders.get(each)], []
        now = self.clock.monotonic()
        if missed or now - self.looked_at >= self.wire.settings.poll_seconds:
            self.looked_at = now
            names += self._changed(now)
        return [name for name in dict.fromkeys(names) if self._listed(name)]

    def _listed(self, client_id: str) -> bool:
        """Say whether anything can be asked of an order: of a symbol that is not listed nothing can."""
        order = self.orders.get(client_id)
        return order is None or order.symbol not in self.listing.states.missing

    def _changed(self, now: float) -> list[str]:
        """Look at open orders; measure the clock and read the filters again when they are old."""
        try:
            resting = self.open_orders()
            if self.wire.time.doubtful or self.wire.time.age() > CLOCK_SECONDS:
                self.wire.time.renew()
            self.listing.renew()
            return self.orders.moved(resting)
        except VenueFault as fault:
            self.looked_at = now - self.wire.settings.poll_seconds + min(1.0, self.wire.settings.poll_seconds)
            log.warning("open orders not looked at", error=str(fault))
            return []

    def _looked_up(self, client_id: str) -> Receipt | None:
        """Return what is new of an order."""
        order = self.orders.get(client_id)
        if order is None:
            return None
        receipt = self.executions.find(order.symbol, client_id)
        if receipt is None:
            self.orders.missing(client_id, self.wire.settings.certainty.horizon_ms / 1000)
            return None
        return self.orders.news(receipt)

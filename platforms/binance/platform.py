"""Binance as a platform: orders sent once with ids of our own, and what became of them.

What REST answers is believed; the account's event stream only says what to ask for. All fills of an
order are told again with each of its receipts: whoever keeps the books counts a trade id once.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import structlog

from domain.candle import Candle, Quote
from domain.errors import BadAnswer, BadInput, OutcomeUnknown, RateLimited, Unreachable, VenueFault
from domain.filters import CLIENT_ID
from domain.instrument import Instrument
from domain.order import OPEN, Balance, Order, OrderStatus, Purpose, Receipt, Side, Standing
from domain.ports import Certainty, Clock
from domain.times import millis
from platforms.binance import answers, classify, requests
from platforms.binance.client import ApiError, Wire
from platforms.binance.clock import VenueClock
from platforms.binance.filters import Filters, Market, objection, parse
from platforms.binance.settings import BinanceTradingSettings
from platforms.binance.user_data import UserData

log = structlog.get_logger()

LEAVES_OPEN = (Unreachable, BadAnswer)
"""What may befall a request that has arrived all the same."""


class BinancePlatform:
    """One account at Binance, or at an exchange that speaks as it does.

    Reads the filters and measures the clock when made. Raises VenueFault when the exchange does not
    answer then, BadInput for a symbol it does not trade.
    """

    name = "binance"

    def __init__(self, symbols: Iterable[str], settings: BinanceTradingSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.wire = Wire(settings, clock)
        self.venue_clock = VenueClock(clock, self._server_time)
        self.symbols = {symbol.replace("-", ""): symbol for symbol in symbols}
        self.filters: dict[str, Filters] = {}
        self.references: dict[str, int] = {}
        self.open: dict[str, str] = {}
        self.held: dict[str, Decimal] = {}
        self._told: dict[str, set[str]] = {}
        self._refreshed = self._polled = 0.0
        self.refresh()
        self.grid = {symbol: each.instrument for symbol, each in self.filters.items()}
        self.events: UserData | None = None
        if settings.user_data and settings.api_key is not None:
            self.events = UserData(settings, clock, lambda: millis(self.time()))
            self.events.start()

    @property
    def certainty(self) -> Certainty:
        """Return when "not found" is proof: a request cannot arrive later than its window and a margin."""
        return self.settings.certainty

    def time(self) -> datetime:
        """Return the exchange's time as last measured."""
        return self.venue_clock.now()

    def refresh(self) -> None:
        """Read filters and limits again, and measure the clock. Raises VenueFault, BadInput."""
        names = "[" + ",".join(f'"{name}"' for name in self.symbols) + "]"
        try:
            told = self.wire.call("get", "exchangeInfo", {"symbols": names}, signed=False)
        except ApiError as error:
            if error.code == -1121:
                raise BadInput(
                    f"the exchange does not trade all of {', '.join(self.symbols.values())}"
                ) from None
            raise
        rows = {str(answers.field(row, "symbol")): row for row in answers.field(told, "symbols")}
        for name, symbol in self.symbols.items():
            if name not in rows:
                raise BadInput(f"the exchange does not trade {symbol}")
            self.filters[symbol] = parse(rows[name], symbol)
        for limit in told.get("rateLimits", ()):
            if limit.get("rateLimitType") == "REQUEST_WEIGHT" and limit.get("interval") == "MINUTE":
                self.wire.weights.limit = answers.whole(limit, "limit")
        self.wire.set_offset(self.venue_clock.measure())
        self._refreshed = self.clock.monotonic()

    def remember(self, standing: Iterable[Standing]) -> None:
        """Take up the orders an earlier session left: what they referred to, and which rest."""
        for each in standing:
            self._note(each.order)

    def instrument(self, symbol: str) -> Instrument:
        """Return the grid of a symbol as it was when this began. Raises BadInput for one not traded."""
        if symbol not in self.grid:
            raise BadInput(f"symbol {symbol} is not traded here, only {', '.join(self.grid)}")
        return self.grid[symbol]

    def mark(self, symbol: str, candles: Sequence[Candle], quote: Quote | None) -> None:
        """Do nothing: the exchange has its own market."""

    def place(self, order: Order) -> Receipt:
        """Send one order, once. Raises OutcomeUnknown when it may exist, RateLimited when it was not sent."""
        refused = self._refusal((order,))
        if refused:
            return self._rejected(order, refused)
        self._note(order)
        told = self._post(
            "order",
            requests.order_params(order, self.filters[order.symbol], self.settings.stop_limit_slip),
            (order,),
        )
        return self._accepted(told, order) if isinstance(told, Mapping) else self._refused(order, str(told))

    def place_oco(self, stop: Order, target: Order) -> tuple[Receipt, Receipt]:
        """Send a stop and a target that cancel one another, once; both or neither."""
        refused = self._refusal((stop, target))
        if refused:
            return self._rejected(stop, refused), self._rejected(target, refused)
        self._note(stop)
        self._note(target)
        told = self._post(
            "orderList/oco",
            requests.pair_params(stop, target, self.filters[stop.symbol], self.settings.stop_limit_slip),
            (stop, target),
        )
        if not isinstance(told, Mapping):
            return self._refused(stop, str(told)), self._refused(target, str(told))
        try:
            reports = {row.get("clientOrderId"): row for row in answers.field(told, "orderReports")}
            first, second = (reports[each.client_id] for each in (stop, target))
        except (KeyError, AttributeError, VenueFault) as error:
            raise OutcomeUnknown(f"the answer does not name both orders: {type(error).__name__}") from None
        return self._accepted(first, stop), self._accepted(second, target)

    def cancel(self, symbol: str, client_id: str) -> Receipt:
        """Cancel an order and return where it stands, as a query tells it afterwards."""
        fault: VenueFault | None = None
        params = {"symbol": self._native(symbol), "origClientOrderId": client_id}
        try:
            self.wire.call("delete", "order", params, signed=True, vital=True)
        except RateLimited:
            raise
        except VenueFault as error:
            fault = error
        receipt = self.query(symbol, client_id)
        if receipt is None:
            at = self.time()
            return Receipt(client_id, symbol, OrderStatus.REJECTED, at, reason="unknown order")
        if fault is not None and receipt.status in OPEN:
            raise fault
        return receipt

    def query(self, symbol: str, client_id: str) -> Receipt | None:
        """Return where an order stands with all its fills; None only for a true "does not exist"."""
        params = {"symbol": self._native(symbol), "origClientOrderId": client_id}
        try:
            told = self.wire.call("get", "order", params, signed=True, vital=True)
        except ApiError as error:
            if classify.not_found(error):
                return None
            raise
        return self._receipt(told, symbol, client_id)

    def open_orders(self) -> Sequence[Receipt]:
        """Return every order that rests in our symbols, whoever placed it, without its fills."""
        found = []
        for name, symbol in self.symbols.items():
            rows = self.wire.call("get", "openOrders", {"symbol": name}, signed=True, vital=True)
            found += [answers.receipt(row, self.grid[symbol]) for row in _rows(rows)]
        return found

    def poll(self) -> Sequence[Receipt]:
        """Return where orders stand that something may have happened to.

        Those the event stream named, and every few seconds (and after each gap in the stream) all that
        no longer rest or whose executed quantity changed. What cannot be told now is told next time.
        """
        touched, missed = self.events.touched() if self.events else ([], False)
        now = self.clock.monotonic()
        names = [each for each in touched if each in self.open]
        try:
            if missed or now - self._polled >= self.settings.poll_seconds:
                self._polled = now
                names += self._moved()
            if now - self._refreshed > self.settings.refresh_minutes * 60:
                self.refresh()
            found = [each for each in map(self._where, dict.fromkeys(names)) if each is not None]
            return [self._news(each) for each in found]
        except VenueFault as fault:
            self._polled = 0.0
            log.warning("orders not looked at", error=str(fault))
            return []

    def balances(self) -> dict[str, Balance]:
        """Return holdings of the traded assets. Raises VenueFault unanswered."""
        told = self.wire.call("get", "account", {"omitZeroBalances": "false"}, signed=True)
        found = answers.balances(told, list(self.grid.values()))
        for each in self.grid.values():
            self.held[each.base] = each.quantity(found[each.base].free + found[each.base].locked)
        return found

    def account_id(self) -> str:
        """Return the account's number. Raises VenueFault unanswered."""
        return str(answers.field(self.wire.call("get", "account", signed=True), "uid"))

    def rights(self) -> Mapping[str, Any]:
        """Return what the key may do (apiRestrictions). Raises VenueFault unanswered."""
        told = self.wire.account_call("account/apiRestrictions")
        if not isinstance(told, Mapping):
            raise BadAnswer("apiRestrictions is no object")
        return told

    def pays_with_bnb(self) -> bool:
        """Say whether fees are paid in BNB, which no single account of ours can reckon."""
        return bool(answers.field(self.wire.account_call("bnbBurn"), "spotBNBBurn"))

    def close(self) -> None:
        """Stop listening and close connections; orders stay where they are."""
        if self.events is not None:
            self.events.close()
        self.wire.close()

    def _server_time(self) -> int:
        return answers.whole(self.wire.call("get", "time", signed=False, vital=True), "serverTime")

    def _native(self, symbol: str) -> str:
        self.instrument(symbol)
        return symbol.replace("-", "")

    def _note(self, order: Order) -> None:
        # Slippage of an order with a level is measured from there, of a market order from the quote.
        self.references[order.client_id] = order.price or order.trigger or order.reference
        self.open[order.client_id] = order.symbol

    def _refused(self, order: Order, reason: str) -> Receipt:
        """Return the receipt of an order the exchange refused."""
        self.open.pop(order.client_id, None)
        return self._rejected(order, reason)

    def _rejected(self, order: Order, reason: str) -> Receipt:
        return Receipt(order.client_id, order.symbol, OrderStatus.REJECTED, self.time(), reason=reason)

    def _refusal(self, orders: Sequence[Order]) -> str | None:
        """Say why orders are not sent at all, or None."""
        reasons = (self._unfit(order) or self._filtered(order, number) for number, order in enumerate(orders))
        return next((reason for reason in reasons if reason), None)

    def _unfit(self, order: Order) -> str | None:
        offset, limit = self.venue_clock.offset_ms, self.settings.max_clock_offset_ms
        if order.symbol not in self.grid:
            return f"unknown symbol {order.symbol}"
        if order.client_id in self.references:
            return "duplicate"
        if not CLIENT_ID.fullmatch(order.client_id):
            return f"client id {order.client_id!r} does not match {CLIENT_ID.pattern}"
        if order.purpose is Purpose.ENTRY and abs(offset) > limit:
            return f"our clock is {offset} ms off the exchange's, the limit is {limit}"
        return None

    def _filtered(self, order: Order, beside: int) -> str | None:
        """Say which filter refuses an order, `beside` others of one message; a grid that changed does too."""
        filters, grid = self.filters[order.symbol], self.grid[order.symbol]
        if filters.instrument.tick_size != grid.tick_size:
            return f"the tick of {order.symbol} changed while running: end the session and begin anew"
        if grid.quantity(order.lots) % filters.instrument.step_size:
            step = filters.instrument.step_size
            return f"the lot of {order.symbol} changed to {step} while running: begin the session anew"
        resting = list(self.open.values()).count(order.symbol) + beside
        market = Market(grid.price(order.reference), resting, resting, self.held.get(grid.base, Decimal(0)))
        return objection(order, filters, market)

    def _post(self, path: str, params: dict[str, str], orders: Sequence[Order]) -> Any:
        """Send a POST once. Return the answer, or why it was refused; raise OutcomeUnknown for neither."""
        try:
            vital = all(order.purpose is not Purpose.ENTRY for order in orders)
            told = self.wire.call("post", path, params, signed=True, vital=vital)
        except ApiError as error:
            if not classify.rejected(error):
                raise OutcomeUnknown(str(error)) from None
            self._learn(error)
            return str(error)
        except LEAVES_OPEN as error:
            raise OutcomeUnknown(str(error)) from None
        if not isinstance(told, Mapping):
            raise OutcomeUnknown("the answer is no object")
        return told

    def _learn(self, error: ApiError) -> None:
        """Have filters and clock read again soon where a refusal shows that ours are old."""
        if error.code in (classify.FILTER, classify.CLOCK):
            self._refreshed = -self.settings.refresh_minutes * 60

    def _accepted(self, told: Any, order: Order) -> Receipt:
        """Return the receipt of an order that exists; whatever is missing in the answer is asked for."""
        try:
            return self._news(self._receipt(told, order.symbol, order.client_id))
        except VenueFault as error:
            raise OutcomeUnknown(f"sent, but not understood: {error}") from None

    def _receipt(self, told: Any, symbol: str, client_id: str) -> Receipt:
        instrument = self.grid[symbol]
        bare = answers.receipt(told, instrument, client_id=client_id)
        if bare.status not in OPEN:
            self.open.pop(client_id, None)
        if not bare.filled:
            return bare
        side = Side(str(answers.field(told, "side")))
        fills = self._told_fills(told, instrument, client_id, side)
        if sum(each.lots for each in fills) < bare.filled:
            fills = self._trades(instrument, int(bare.venue_id), client_id, side)
        return answers.receipt(told, instrument, fills, client_id=client_id)

    def _told_fills(self, told: Any, instrument: Instrument, client_id: str, side: Side) -> list[Any]:
        """Return the fills of an answer of type FULL: of an order that took at once."""
        at = answers.instant(told, "transactTime") if "transactTime" in told else None
        if at is None:
            return []
        reference = self.references.get(client_id, 0)
        rows = _rows(told.get("fills", []))
        return [answers.fill(row, instrument, client_id, side, reference, at, maker=False) for row in rows]

    def _trades(self, instrument: Instrument, order_id: int, client_id: str, side: Side) -> list[Any]:
        """Return every fill of an order, as the account's trades have it."""
        params = {"symbol": instrument.symbol.replace("-", ""), "orderId": str(order_id), "limit": "1000"}
        rows = _rows(self.wire.call("get", "myTrades", params, signed=True, vital=True))
        reference = self.references.get(client_id, 0)
        return [
            answers.fill(
                row, instrument, client_id, side, reference, answers.instant(row, "time"),
                maker=bool(answers.field(row, "isMaker")),
            )
            for row in rows
        ]  # fmt: skip

    def _moved(self) -> list[str]:
        """Return our open orders that no longer rest, or of which more was executed since we looked."""
        resting = {each.client_id: each for each in self.open_orders()}
        return [
            each
            for each in self.open
            if each not in resting or resting[each].status is OrderStatus.PARTIALLY_FILLED
        ]

    def _news(self, receipt: Receipt) -> Receipt:
        """Return a receipt without the fills that were told, and count the others as told."""
        known = self._told.setdefault(receipt.client_id, set())
        fills = tuple(each for each in receipt.fills if each.trade_id not in known)
        known.update(each.trade_id for each in fills)
        if receipt.status not in OPEN:
            del self._told[receipt.client_id]
        return msgspec.structs.replace(receipt, fills=fills)

    def _where(self, client_id: str) -> Receipt | None:
        return self.query(self.open[client_id], client_id) if client_id in self.open else None


def _rows(answer: Any) -> list[Mapping[str, Any]]:
    if not isinstance(answer, list) or not all(isinstance(row, Mapping) for row in answer):
        raise BadAnswer("the answer is no list of objects")
    return answer

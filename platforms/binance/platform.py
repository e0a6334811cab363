"""Binance as a platform: orders sent once with ids of our own, and what became of them.

What REST answers is believed; the account's event stream only says what to ask for. A query tells all
fills of an order each time: whoever keeps the books counts a trade id once. May be used from several
threads: a loop and an emergency stop.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from domain.candle import Candle, LastPrice
from domain.errors import BadAnswer, OutcomeUnknown, RateLimited, VenueFault
from domain.instrument import Instrument
from domain.order import NOT_TRADING, OPEN, Balance, Order, OrderState, OrderStatus, Purpose, Receipt
from domain.ports import Certainty, Clock
from domain.regrid import Regrid
from domain.times import millis
from platforms.binance import answers, codes, outcome, requests
from platforms.binance.client import ApiError, Wire
from platforms.binance.executions import Executions
from platforms.binance.halts import TradingHalts
from platforms.binance.listing import ExchangeInfo
from platforms.binance.poller import Poller
from platforms.binance.pre_send import PreSendChecks
from platforms.binance.settings import BinanceTradingSettings
from platforms.binance.tracked import OrderTracker
from platforms.binance.user_data import UserData

MEASURED_SECONDS = 1.0
"""Age of the exchange's time with which a "not found" is told."""

log = structlog.get_logger()


class BinancePlatform:
    """One account at Binance, or at an exchange that speaks as it does.

    Reads the filters and measures the clock when made. Raises VenueFault when the exchange does not
    answer then, BadInput for a symbol it does not trade. What has to outlive a restart, a ban, is kept in
    the folder `memory`. `known` are instruments of earlier sessions: what is held of one that is not listed
    any more stops nothing.
    """

    name = "binance"

    def __init__(
        self,
        symbols: Iterable[str],
        settings: BinanceTradingSettings,
        clock: Clock,
        memory: Path | None = None,
        known: Mapping[str, Instrument] | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.wire = Wire(settings, clock, memory)
        self.listing = ExchangeInfo(symbols, self.wire, clock, settings.refresh_minutes, known)
        self.wire.time.renew()
        self.orders = OrderTracker(clock)
        self.executions = Executions(self.wire, self.listing, self.orders)
        self.gate = PreSendChecks(settings, self.wire.time, self.listing, self.orders)
        self.halts = TradingHalts(self.wire, self.listing, self.gate)
        self._reports: dict[str, Any] = {}
        self.events: UserData | None = None
        if settings.user_data and settings.api_key is not None:
            self.events = UserData(settings, clock, lambda: millis(self.time()))
            self.events.start()
        self.poller = Poller(
            wire=self.wire, listing=self.listing, halts=self.halts, orders=self.orders,
            executions=self.executions, events=self.events, clock=clock,
        )  # fmt: skip

    @property
    def certainty(self) -> Certainty:
        """Return when "not found" is proof: a request cannot arrive later than its window and a margin."""
        return self.settings.certainty

    def time(self) -> datetime:
        """Return the exchange's time as last measured."""
        return self.wire.time.now()

    def take_up(self, known: Mapping[str, Instrument], standing: Iterable[OrderState]) -> None:
        """Take up what an earlier session left: the grids it counted on, and its orders under way."""
        self.listing.carry(known)
        grid = self.listing.grid
        for each in standing:
            symbol = each.order.symbol
            traded = symbol in grid
            self.orders.remember(Regrid(known[symbol], grid[symbol]).standing(each) if traded else each)

    def remember(self, standing: Iterable[OrderState]) -> None:
        """Take up orders that are counted on the present grid: what they referred to, and which rest."""
        for each in standing:
            self.orders.remember(each)

    def instrument(self, symbol: str) -> Instrument:
        """Return the grid of a symbol as the books count on it. Raises BadInput for one not traded.

        Where the exchange has changed it since, orders are rounded down to the new one (see `requests`).
        """
        return self.listing.instrument(symbol)

    def changed(self) -> Sequence[Instrument]:
        """Return instruments whose grid or filters changed since the books last heard; they are in force."""
        before = dict(self.listing.grid)
        result = self.listing.changed()
        for each in result:
            self.orders.regrid(Regrid(before[each.symbol], each))
        return result

    def mark(
        self, symbol: str, candles: Sequence[Candle], quote: LastPrice | None, doubted: Sequence[Candle] = ()
    ) -> None:
        """Do nothing: the exchange has its own market."""

    def hold_back(self, symbol: str, reason: str) -> None:
        """Block entries in a symbol, "" for every one, for as long as this platform lives."""
        self.halts.hold_back(symbol, reason)

    def blocked(self) -> Mapping[str, str]:
        """Return why no entry is to be made: a closed market, a listing gone or unread, or as told."""
        return self.halts.blocked()

    def closed(self, symbol: str, sale: Order | None = None) -> str:
        """Return why no order of a symbol is taken now; with a `sale` as its listing and a test of it say."""
        return self.halts.closed(symbol, sale)

    def place(self, order: Order) -> Receipt:
        """Send one order, once. Raises OutcomeUnknown when it may exist, RateLimited when it was not sent."""
        refused, as_sent = self.gate.admit((order,))
        if refused:
            return self._rejected(order, refused)
        answer = self._post("order", requests.order_params(order, as_sent[0]), (order,))
        return self._accepted(answer, order) if isinstance(answer, Mapping) else self._refused(order, answer)

    def place_oco(self, stop: Order, target: Order) -> tuple[Receipt, Receipt]:
        """Send a stop and a target that cancel one another, once; both or neither."""
        refused, as_sent = self.gate.admit((stop, target))
        if refused:
            return self._rejected(stop, refused), self._rejected(target, refused)
        params = requests.pair_params((stop, as_sent[0]), (target, as_sent[1]))
        answer = self._post("orderList/oco", params, (stop, target))
        if not isinstance(answer, Mapping):
            return self._refused(stop, answer), self._refused(target, answer)
        try:
            rows = answers.rows(answers.field(answer, "orderReports"))
            reports = {row.get("clientOrderId"): row for row in rows}
            first, second = (reports[each.client_id] for each in (stop, target))
        except (KeyError, TypeError, VenueFault) as error:
            raise OutcomeUnknown(f"the answer does not name both orders: {type(error).__name__}") from None
        return self._accepted(first, stop), self._accepted(second, target)

    def cancel(self, symbol: str, client_id: str) -> Receipt:
        """Cancel an order and return where it stands, as a query, else the cancel's answer, tells it.

        Raises VenueFault when it still rests though the cancel was sent, or nobody can say.
        """
        fault: VenueFault | None = None
        answer: Any = None
        params = {"symbol": self.listing.native(symbol), "origClientOrderId": client_id}
        try:
            answer = self.wire.call("delete", "order", params, signed=True, vital=True)
        except RateLimited:
            raise
        except VenueFault as error:
            fault = error
        try:
            receipt = self.query(symbol, client_id)
        except VenueFault:
            if (receipt := self._cancelled(answer, symbol, client_id)) is None:
                raise
        self._reports.pop(client_id, None)
        if receipt is None:
            at = self.time()
            return Receipt(client_id, symbol, OrderStatus.REJECTED, at, reason="unknown order")
        if receipt.status in OPEN:
            raise fault or BadAnswer(f"order {client_id} was cancelled and is {receipt.status}")
        return receipt

    def _cancelled(self, answer: Any, symbol: str, client_id: str) -> Receipt | None:
        """Return where an order stands by the answer to its cancel; None where that does not say it ended.

        So an exit does not wait for a query that nobody answers.
        """
        with suppress(VenueFault):
            rows = answers.rows(answer.get("orderReports", [answer])) if isinstance(answer, Mapping) else []
            # The other order of a pair went with it: its own cancel will only be told that it is not there.
            self._reports |= {str(row.get("origClientOrderId")): row for row in rows}
        with suppress(VenueFault, KeyError):
            receipt = self.executions.receipt(self._reports[client_id], symbol, client_id)
            if receipt.status not in OPEN:
                self.orders.told(receipt)
                return receipt
        return None

    def query(self, symbol: str, client_id: str) -> Receipt | None:
        """Return where an order stands with all its fills; None only for a true "does not exist".

        That it does not exist proves something once enough time has passed at the exchange, so its clock is
        measured anew before it is said.
        """
        receipt = self.executions.find(symbol, client_id)
        if receipt is None:
            if self.wire.time.age() > MEASURED_SECONDS:
                self.wire.time.measure()
            self.orders.missing(client_id, self._horizon())
        else:
            self.orders.told(receipt)
        return receipt

    def open_orders(self) -> Sequence[Receipt]:
        """Return every order that rests in our symbols, whoever placed it, without its fills.

        What cannot be read of one symbol leaves out that symbol; raises VenueFault when nothing can be read.
        """
        return self.poller.open_orders()

    def poll(self) -> Sequence[Receipt]:
        """Return what is new of our orders: each fill once, a state when it changed."""
        return self.poller.poll()

    def balances(self) -> dict[str, Balance]:
        """Return holdings of the traded assets that are listed. Raises VenueFault unanswered."""
        answer = self.wire.call("get", "account", {"omitZeroBalances": "false"}, signed=True)
        listed = [self.listing.grid[symbol] for symbol in self.listing.listed()]
        grid = listed or list(self.listing.grid.values())
        result = answers.balances(answer, grid)
        for each in grid:
            total = result[each.base].free + result[each.base].locked
            self.listing.measures.held[each.base] = each.quantity(total)
        return result

    def account_id(self) -> str:
        """Return the account's number. Raises VenueFault unanswered."""
        return str(answers.field(self.wire.call("get", "account", signed=True), "uid"))

    def rights(self) -> Mapping[str, Any]:
        """Return what the key may do (apiRestrictions). Raises VenueFault unanswered."""
        report = self.wire.account_call("account/apiRestrictions")
        if not isinstance(report, Mapping):
            raise BadAnswer("apiRestrictions is no object")
        return report

    def pays_with_bnb(self) -> bool:
        """Say whether fees are paid in BNB, which no single account of ours can reckon."""
        return bool(answers.field(self.wire.account_call("bnbBurn"), "spotBNBBurn"))

    def close(self) -> None:
        """Stop listening and close connections; orders stay where they are."""
        if self.events is not None:
            self.events.close()
        self.wire.close()

    def _horizon(self) -> float:
        return self.certainty.horizon_ms / 1000

    def _rejected(self, order: Order, reason: str) -> Receipt:
        return Receipt(order.client_id, order.symbol, OrderStatus.REJECTED, self.time(), reason=reason)

    def _refused(self, order: Order, reason: str) -> Receipt:
        """Return the receipt of an order the exchange refused."""
        self.orders.refused(order)
        return self._rejected(order, reason)

    def _post(self, path: str, params: dict[str, str], orders: Sequence[Order]) -> Any:
        """Send a POST once. Return the answer, or why it was refused; raise OutcomeUnknown for neither."""
        try:
            vital = all(order.purpose is not Purpose.ENTRY for order in orders)
            answer = self.wire.call("post", path, params, signed=True, vital=vital)
        except ApiError as error:
            return self._judged(error, orders)
        except RateLimited:
            for order in orders:
                self.orders.unsent(order)
            raise
        except VenueFault as error:  # it may have arrived all the same
            raise OutcomeUnknown(str(error)) from None
        if not isinstance(answer, Mapping):
            raise OutcomeUnknown("the answer is no object")
        return answer

    def _judged(self, error: ApiError, orders: Sequence[Order]) -> Any:
        verdict = outcome.verdict(error)
        if verdict is outcome.Outcome.REJECTED:
            if error.code == codes.FILTER:
                self.listing.outdated()
            return f"{NOT_TRADING}{error}" if self.halts.shut(orders[0].symbol, error) else str(error)
        if verdict is outcome.Outcome.DUPLICATE and len(orders) == 1:
            # It arrived before, by whatever way: where it stands is the answer.
            with suppress(VenueFault):
                return self.executions.ask(orders[0].symbol, orders[0].client_id)
        raise OutcomeUnknown(str(error)) from None

    def _accepted(self, answer: Any, order: Order) -> Receipt:
        """Return the receipt of an order that exists; whatever is missing in the answer is asked for."""
        try:
            receipt = self.executions.receipt(answer, order.symbol, order.client_id)
        except VenueFault as error:
            raise OutcomeUnknown(f"sent, but not understood: {error}") from None
        return self.orders.news(receipt) or receipt

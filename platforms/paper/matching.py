"""The matching engine of the paper exchange: what the market does to orders, and orders to the book."""

from collections.abc import Mapping
from datetime import datetime

from domain.candle import Candle
from domain.order import OrderStatus, OrderType, Receipt
from domain.times import utc
from platforms.fills import BUY, Costs, buy_cost, market_price, taken_price
from platforms.paper.account import PaperAccount
from platforms.paper.finished import Memory
from platforms.paper.market import PaperMarket, meeting_price
from platforms.paper.working_order import WorkingOrder


class MatchingEngine:
    """Lets orders meet their market and carries fills and endings into book and memory.

    What the market does is told through memory; what was asked for is returned to the asker.
    `next_id` numbers the fills.
    """

    def __init__(
        self,
        book: PaperAccount,
        memory: Memory,
        markets: Mapping[str, PaperMarket],
        costs: Costs,
        next_id: int,
    ) -> None:
        self.next_id = next_id
        self._book = book
        self._memory = memory
        self._markets = markets
        self._costs = costs

    def meet(self, market: PaperMarket, candle: Candle, volume: int) -> None:
        """Let the queue meet one candle of which limit orders may take `volume` lots together."""
        for waiting in tuple(market.queue):
            if not waiting.open or waiting.since > candle.time:
                continue
            if waiting.until <= candle.time:
                self._memory.tell(self._end(waiting, OrderStatus.EXPIRED, utc(candle.time), "expired"))
                continue
            resting = waiting.order.type is OrderType.LIMIT
            costs = self._costs if resting else market.costs_of(waiting, self._costs)
            price = meeting_price(waiting, candle, costs)
            if price == 0:
                continue
            if not resting:
                self._trigger(waiting, price, utc(candle.time))
            elif volume:
                lots = min(waiting.remaining, volume)
                volume -= lots
                self._make(waiting, lots, price, utc(candle.time), maker=True)

    def doubt(self, market: PaperMarket, candle: Candle) -> None:
        """Let stops meet a candle that is not believed: it triggers those it reaches and fills nothing."""
        for waiting in market.queue:
            if waiting.order.type is not OrderType.STOP or not waiting.since <= candle.time < waiting.until:
                continue
            if not waiting.triggered and meeting_price(waiting, candle, self._costs):
                waiting.triggered = candle.time

    def immediate_price(self, wanted: WorkingOrder) -> int:
        """Return the price at which an order fills on placing; 0 when it has to rest or there is no quote."""
        market = self._markets[wanted.order.symbol]
        quote = market.quote
        if quote is None:
            return 0
        costs = market.costs_of(wanted, self._costs)
        if wanted.order.type is OrderType.MARKET:
            return market_price(wanted.side, quote.price, costs)
        if wanted.order.type is OrderType.LIMIT:
            return taken_price(wanted.side, wanted.level, quote.price, costs)
        return 0

    def within(self, wanted: WorkingOrder) -> tuple[int, int]:
        """Return how many lots of an IOC order trade at its price or better, and at which price; 0, 0 none.

        They pay what a market order of as many lots pays.
        """
        market = self._markets[wanted.order.symbol]
        lots = market.takes(wanted, self._costs)
        if market.quote is None or not lots:
            return 0, 0
        return lots, market_price(wanted.side, market.quote.price, market.costs_of(wanted, self._costs, lots))

    def expire(self, working: WorkingOrder, at: datetime, reason: str) -> Receipt:
        """End what is left of an order that does not rest; the receipt has all its fills."""
        self._end(working, OrderStatus.EXPIRED, at, reason)
        return working.receipt(tuple(working.fills))

    def shortfall(self, wanted: WorkingOrder, price: int, lots: int = 0) -> str | None:
        """Say what is missing to fill it (or so many lots of it) now at `price`, to let it rest where 0."""
        need = wanted.lock
        if price and wanted.side == BUY:
            need = buy_cost(price, lots or wanted.remaining, wanted.factor, self._costs.taker_fee)
        return self._book.shortfall(wanted, need, self._markets[wanted.order.symbol].instrument)

    def execute(self, working: WorkingOrder, lots: int, price: int, at: datetime, *, maker: bool) -> Receipt:
        """Fill `lots` at `price` ticks and return the receipt with that fill."""
        fill = working.fill(str(self.next_id), lots, price, at, maker=maker)
        self.next_id += 1
        self._book.apply(fill, working.factor)
        if not working.open:
            self._remove(working)
        return working.receipt((fill,))

    def rest(self, working: WorkingOrder) -> Receipt:
        """Let an order wait for the market."""
        self._book.working[working.order.client_id] = working
        self._markets[working.order.symbol].add(working)
        return working.receipt()

    def cancel(self, working: WorkingOrder) -> Receipt:
        """Cancel an order and the other leg of its pair, at the time the market was last seen."""
        at = max(self._markets[working.order.symbol].last_seen(), working.at)
        receipt = self._end(working, OrderStatus.CANCELLED, at)
        self._cancel_other(working, "cancelled")
        return receipt

    def _trigger(self, waiting: WorkingOrder, price: int, at: datetime) -> None:
        """Fill a stop or target; a buy that a gap made too dear expires, as on a real exchange."""
        short = self.shortfall(waiting, price)
        if short is None:
            self._make(waiting, waiting.remaining, price, at, maker=False)
            return
        self._memory.tell(self._end(waiting, OrderStatus.EXPIRED, at, short))
        self._cancel_other(waiting, "triggered")

    def _make(self, waiting: WorkingOrder, lots: int, price: int, at: datetime, *, maker: bool) -> None:
        self._memory.tell(self.execute(waiting, lots, price, at, maker=maker))
        self._cancel_other(waiting, "filled")

    def _cancel_other(self, working: WorkingOrder, event: str) -> None:
        if working.order.oco is None:
            return
        reason = f"oco {working.order.client_id} {event}"
        for other in self._book.group(working.group):
            if other is not working:
                self._memory.tell(self._end(other, OrderStatus.CANCELLED, working.at, reason))

    def _end(self, working: WorkingOrder, status: OrderStatus, at: datetime, reason: str = "") -> Receipt:
        working.move(status, at, reason)
        self._remove(working)
        return working.receipt()

    def _remove(self, working: WorkingOrder) -> None:
        if self._book.working.pop(working.order.client_id, None) is not None:
            self._markets[working.order.symbol].remove(working)
        self._memory.finish(working.receipt(tuple(working.fills)))

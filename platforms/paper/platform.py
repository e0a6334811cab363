"""MockTradingPlatform: the paper exchange. It reads no clock; time is what the market shows.

1. `mark` is the only way the market enters. Candles are met in order, then the quote. An order is
   met by a candle or a quote only if it was placed at or before its time, and by each candle once:
   a candle not newer than the last, or a quote older than the last, is not looked at again.
2. A market order fills at once and fully at the last quote. A limit order that the quote already
   satisfies takes at once and fully; else it rests, and all resting limit orders of a symbol
   together, in order of placement, take at most the settings' share of each candle's volume. A
   quote carries no volume: one that is through a limit fills the rest of it. An IOC order takes what
   trades within its price at what a market order of as many lots pays, less than may be sold again not
   at all, and its rest expires at once.
3. Within a candle stops go first, then targets, then limits. Fills carry the candle's open time.
   A candle the price collar does not believe triggers the stops it reaches, and nothing else: such a stop
   fills at the worse of its trigger and the next price that is believed.
4. An order expires when a candle or quote at or past `expires_at` is shown, before it is met.
5. Each fill is told once: in the receipt of `place` or by `poll`. `query` and `open_orders` repeat
   all fills since this object was made; `cancel` none.
6. Trigger, fill (also a partial one) or cancel of one OCO leg cancels the other; the expiry of one
   leaves the other, because a protection must not go away by itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.candle import Candle, LastPrice
from domain.errors import BadInput
from domain.impact import Impacts
from domain.instrument import Instrument
from domain.money import MAX_CASH, notional
from domain.order import Balance, Order, OrderState, OrderStatus, OrderType, Receipt
from domain.ports import Certainty
from domain.times import EPOCH
from platforms.paper.admission import objection, pair_objection
from platforms.paper.finished import Memory, without_fills
from platforms.paper.market import PaperMarket, at_price
from platforms.paper.matching import MatchingEngine
from platforms.paper.settings import PaperSettings
from platforms.paper.state import PaperState, opened_book, quote_asset
from platforms.paper.working_order import WorkingOrder, receipt_of

DUPLICATE = "duplicate"
ENDED = frozenset({OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED})


NOTHING_WITHIN = "nothing trades within its price"
REST_BEYOND = "the rest would trade beyond its price"


AT_ONCE = Certainty(horizon_ms=0, not_founds=1, send_ms=0)


class MockTradingPlatform:
    """A spot exchange on paper for one account with one quote asset, exact to the cash unit.

    `cash` in cash units (default: the settings'), `holdings` in lots by symbol, `standing` the
    orders to go on with (open ones work again, ended ones are remembered without their fills, those
    that never arrived are ignored), `next_id` the number of the next fill: one more than all fills
    there ever were; `impacts` what market orders of a symbol cost by a model of past fills. Memory is
    bounded: the last 10,000 finished orders are kept for `query` and for recognising duplicates (as many
    refused ones), and 200 open orders a symbol are accepted. Not thread-safe. Raises BadInput when
    instruments, cash, holdings and standing orders contradict.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        settings: PaperSettings,
        cash: int | None = None,
        holdings: Mapping[str, int] | None = None,
        standing: Sequence[OrderState] = (),
        next_id: int = 1,
        impacts: Impacts | None = None,
    ) -> None:
        self._instruments = dict(instruments)
        self._quote_asset = quote_asset(self._instruments)
        self._costs = settings.costs()
        opening = settings.opening_cash(self._instruments.values()) if cash is None else cash
        self._book = opened_book(self._instruments, self._costs, opening, holdings or {}, standing)
        known = impacts or {}
        self._markets = {
            symbol: PaperMarket(each, known.get(symbol)) for symbol, each in self._instruments.items()
        }
        for working in self._book.working.values():
            self._markets[working.order.symbol].add(working)
        self._memory = Memory()
        for each in standing:
            if each.status in ENDED:
                self._memory.finish(receipt_of(each))
            elif each.status is OrderStatus.REJECTED:
                self._memory.refuse(receipt_of(each))
        self._engine = MatchingEngine(self._book, self._memory, self._markets, self._costs, next_id)

    @property
    def name(self) -> str:
        """Name of the venue."""
        return "paper"

    @property
    def certainty(self) -> Certainty:
        """Return that a "not found" is proof at once: the exchange lives and dies with the agent."""
        return AT_ONCE

    def time(self) -> datetime:
        """Return the latest time the market has shown."""
        return max(market.last_seen() for market in self._markets.values())

    def instrument(self, symbol: str) -> Instrument:
        """Return the grid and filters of a symbol. Raises BadInput for one it does not trade."""
        return self._market(symbol).instrument

    def changed(self) -> Sequence[Instrument]:
        """Return none: on paper the grid is a setting."""
        return ()

    def mark(
        self, symbol: str, candles: Sequence[Candle], quote: LastPrice | None, doubted: Sequence[Candle] = ()
    ) -> None:
        """Let waiting orders meet candles (oldest first), then the quote. Raises BadInput as above."""
        market = self._market(symbol)
        if doubted and market.queue:
            self._meet_in_order(market, candles, doubted)
        elif market.queue:
            for candle in candles:
                self._meet(market, candle)
        elif market.window is not None:
            for candle in candles:
                if candle.time > market.candle_time:
                    market.take(candle)
        elif candles and candles[-1].time > market.candle_time:
            market.candle_time = candles[-1].time  # the hot path: nobody waits, so only time moves on
        if quote is not None and market.accept(quote) and market.queue:
            self._engine.meet(market, at_price(quote), MAX_CASH)

    def blocked(self) -> Mapping[str, str]:
        """Return nothing: this exchange always trades."""
        return {}

    def closed(self, symbol: str, sale: Order | None = None) -> str:
        """Return nothing: this exchange always trades."""
        del symbol, sale
        return ""

    def _meet(self, market: PaperMarket, candle: Candle) -> None:
        if candle.time > market.candle_time:
            market.candle_time = candle.time
            self._engine.meet(market, candle, market.takeable(candle, self._costs))
            market.take(candle)

    def _meet_in_order(
        self, market: PaperMarket, candles: Sequence[Candle], doubted: Sequence[Candle]
    ) -> None:
        """Let waiting orders meet candles and doubted ones as they came; these are offered more than once."""
        for candle in sorted((*candles, *doubted)):
            if candle not in doubted:
                self._meet(market, candle)
            elif candle.time > max(market.doubted_time, market.candle_time):
                market.doubted_time = candle.time
                self._engine.doubt(market, candle)

    def place(self, order: Order) -> Receipt:
        """Carry out a market order, a limit order the quote satisfies, what of an IOC is; let others rest."""
        reason = self._objection(order)
        if reason is None and order.oco is not None and self._book.group(f"oco:{order.oco}"):
            reason = f"oco {order.oco} already rests"
        if reason is not None:
            return self._refuse(order, reason)
        working = WorkingOrder(order, self.instrument(order.symbol), self._costs)
        if order.type is OrderType.IOC:
            return self._take(working)
        price = self._engine.immediate_price(working)
        reason = self._impossible(working, price)
        if reason is not None:
            return self._refuse(order, reason)
        if price:
            return self._engine.execute(working, order.lots, price, order.at, maker=False)
        return self._engine.rest(working)

    def _take(self, working: WorkingOrder) -> Receipt:
        """Fill what trades within an order's price at once, and end the rest."""
        order = working.order
        lots, price = self._engine.within(working)
        if not lots:
            return self._engine.expire(working, order.at, NOTHING_WITHIN)
        reason = self._impossible(working, price, lots)
        if reason is not None:
            return self._refuse(order, reason)
        receipt = self._engine.execute(working, lots, price, order.at, maker=False)
        return self._engine.expire(working, order.at, REST_BEYOND) if working.open else receipt

    def place_oco(self, stop: Order, target: Order) -> tuple[Receipt, Receipt]:
        """Let a stop and a target rest, both or neither; both are met from the next mark on."""
        pair = pair_objection(stop, target)
        if pair is None and self._book.group(f"oco:{stop.oco}"):
            pair = f"oco {stop.oco} already rests"
        reasons = self._objection(stop) or pair, self._objection(target, beside=1) or pair
        if reasons == (None, None):
            legs = [WorkingOrder(each, self.instrument(each.symbol), self._costs) for each in (stop, target)]
            short = self._engine.shortfall(max(legs, key=lambda each: each.lock), 0)
            if short is None:
                return self._engine.rest(legs[0]), self._engine.rest(legs[1])
            reasons = short, short
        other = f"other leg refused: {reasons[0] or reasons[1]}"
        return self._refuse(stop, reasons[0] or other), self._refuse(target, reasons[1] or other)

    def cancel(self, symbol: str, client_id: str) -> Receipt:
        """Cancel an order and return where it stands; one that is done stays as it is."""
        working = self._book.working.get(client_id)
        if working is not None and working.order.symbol == symbol:
            return self._engine.cancel(working)
        done = self._memory.find(client_id)
        if done is not None and done.symbol == symbol:
            return without_fills(done)
        market = self._markets.get(symbol)
        at = EPOCH if market is None else market.last_seen()
        return Receipt(client_id, symbol, OrderStatus.REJECTED, at, reason="unknown order")

    def query(self, symbol: str, client_id: str) -> Receipt | None:
        """Return where an order stands with all its fills, or None when it is not known."""
        working = self._book.working.get(client_id)
        result = self._memory.find(client_id) if working is None else working.receipt(tuple(working.fills))
        return result if result is not None and result.symbol == symbol else None

    def open_orders(self) -> Sequence[Receipt]:
        """Return every order that rests, in order of placement, with all its fills."""
        return [each.receipt(tuple(each.fills)) for each in self._book.working.values()]

    def poll(self) -> Sequence[Receipt]:
        """Return what the market did to orders since the last poll, one receipt an event, in order."""
        return self._memory.news()

    def balances(self) -> dict[str, Balance]:
        """Return the quote asset in cash units and every base asset in lots, also when there is none."""
        return self._book.balances(self._quote_asset, self._instruments)

    def close(self) -> None:
        """Release nothing: all of it is memory."""

    def export(self) -> PaperState:
        """Return what a platform needs to go on from here with the next mark of each symbol."""
        holdings = {symbol: lots for symbol, lots in self._book.holdings.items() if lots}
        standing = tuple(each.standing() for each in self._book.working.values())
        return PaperState(self._book.cash, holdings, standing, self._engine.next_id)

    def _market(self, symbol: str) -> PaperMarket:
        market = self._markets.get(symbol)
        if market is None:
            raise BadInput(f"symbol {symbol} is not traded on paper, only {sorted(self._markets)}")
        return market

    def _objection(self, order: Order, beside: int = 0) -> str | None:
        if order.client_id in self._book.working or self._memory.find(order.client_id) is not None:
            return DUPLICATE
        market = self._markets.get(order.symbol)
        if market is None:
            return f"unknown symbol {order.symbol}"
        return objection(order, market.instrument, len(market.queue) + beside)

    def _impossible(self, working: WorkingOrder, price: int, lots: int = 0) -> str | None:
        """Say why it (or so many lots of it) can neither be filled now at `price` ticks nor, at 0, rest."""
        if price == 0 and working.order.type is OrderType.MARKET:
            return f"no price for {working.order.symbol}"
        value = notional(price, lots or working.remaining, working.factor)
        if value > MAX_CASH:
            return f"notional {value} cash units above the largest {MAX_CASH}"
        return self._engine.shortfall(working, price, lots)

    def _refuse(self, order: Order, reason: str) -> Receipt:
        receipt = Receipt(order.client_id, order.symbol, OrderStatus.REJECTED, order.at, reason=reason)
        if reason != DUPLICATE:  # the first order of that id keeps its place in memory
            self._memory.refuse(receipt)
        return receipt

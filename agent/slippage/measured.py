"""Orders of a journal with what they were expected to pay and what they paid, gathered row by row.

Expected is the quote the decision saw (no bid or ask is journaled, so it stands for the mid too), and beside
it the open of the candle in which the order was filled. The range and volume a model reads are those of the
candles that had closed when the order was sent, by the kernels of `platforms.impact`.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable

import msgspec

from domain.candle import Candle
from domain.events import CycleDecided, Event, GridChanged, OrderReported, OrdersIntended, SessionStarted
from domain.impact import NO_IMPACT
from domain.instrument import Instrument
from domain.money import PPM
from domain.observation import Observation
from domain.order import Fill, Order, OrderType, Receipt, Side
from domain.slippage import SymbolSlippage
from domain.times import TIMEFRAMES, millis
from learning.slippage import PaidOrder, slippage_of
from platforms.impact import ImpactWindow

LATE = "sent without a quote of its cycle"
UNSEEN = "sent before a candle had closed, or in a market that did not move"
BOUNDED = "immediate or cancel: what it paid was bounded by its own price"
OTHER = "on candles of another length than the last session's"


class _Seen:
    """A market as a journal's cycles saw it."""

    def __init__(self, series: str, grid: Instrument) -> None:
        self.series = series
        self.window = ImpactWindow(NO_IMPACT, float(grid.step_size))
        self.time = -1
        self.quote: int | None = None
        self.cycle = 0


class _Sent(msgspec.Struct):
    """An order on its way: what was known when it was sent, and what was filled of it."""

    order: Order
    range_ppm: float
    volume: float
    lots: int = 0
    value: int = 0
    filled_ms: int = 0
    opened: int | None = None

    def beyond(self, price: int) -> float:
        """Return ppm paid beyond a price; less than 0 where it was better."""
        side = 1 if self.order.side is Side.BUY else -1
        return side * (self.value / self.lots / price - 1.0) * PPM


class MeasuredOrders:
    """The fold of a journal: orders of every symbol with what they paid."""

    def __init__(self) -> None:
        self.timeframe_ms = 0
        self.started: SessionStarted | None = None
        self.left_out: Counter[str] = Counter()
        self._grid: dict[str, Instrument] = {}
        self._seen: dict[str, _Seen] = {}
        self._sent: dict[str, _Sent] = {}
        self._triggered: dict[str, _Sent] = {}
        self._told: set[tuple[str, str]] = set()
        self._unopened: dict[str, list[_Sent]] = {}
        """Orders filled in a candle that has not closed yet, by symbol."""

    def take(self, event: Event) -> None:
        """Take in the next event."""
        match event:
            case SessionStarted():
                self._begin(event)
            case GridChanged():
                self._regrid(event.instruments)
            case CycleDecided():
                for receipt in event.updates:
                    self._fills(receipt)
                for observation in event.observations:
                    self._see(observation, event.cycle_id)
            case OrdersIntended():
                for order in event.orders:
                    self._send(order)
            case OrderReported():
                self._fills(event.receipt)

    def _begin(self, event: SessionStarted) -> None:
        timeframe = TIMEFRAMES.get(str(event.settings.get("timeframe", "")), 0)
        if timeframe != self.timeframe_ms:
            self.left_out.update([OTHER] * sum(each.lots > 0 for each in self._sent.values()))
            self._sent, self._triggered, self._seen, self._unopened = {}, {}, {}, {}
        self.started, self.timeframe_ms = event, timeframe
        self._regrid(event.instruments)

    def _regrid(self, instruments: Iterable[Instrument]) -> None:
        """Count on in other ticks and lots: what was seen before is in the old ones."""
        for each in instruments:
            if self._grid.get(each.symbol) != each:
                self._grid[each.symbol] = each
                self._seen.pop(each.symbol, None)

    def _see(self, observation: Observation, cycle: int) -> None:
        symbol, grid = observation.symbol, self._grid.get(observation.symbol)
        if grid is None:
            return
        market = self._seen.get(symbol)
        if market is None or market.series != observation.series:
            market = self._seen[symbol] = _Seen(observation.series, grid)
        for candle in observation.candles:
            if candle.time > market.time:
                market.time = candle.time
                market.window.take(candle)
                self._opened(symbol, candle)
        market.quote = None if observation.quote is None else observation.quote.price
        market.cycle = cycle

    def _opened(self, symbol: str, candle: Candle) -> None:
        """Give orders that were filled in a candle its open; those of a candle that never came have none."""
        waiting = self._unopened.pop(symbol, [])
        for each in waiting:
            if candle.time <= each.filled_ms < candle.time + self.timeframe_ms:
                each.opened = candle.open
        later = [each for each in waiting if each.filled_ms >= candle.time + self.timeframe_ms]
        if later:
            self._unopened[symbol] = later

    def _send(self, order: Order) -> None:
        if order.type is OrderType.LIMIT:
            return
        if order.type is OrderType.IOC:
            self.left_out[BOUNDED] += 1
            return
        if order.type is not OrderType.MARKET:
            self._triggered[order.client_id] = _Sent(order, 0.0, 0.0)
            return
        market = self._seen.get(order.symbol)
        if market is None or market.cycle != order.cycle_id or market.quote != order.reference:
            self.left_out[LATE] += 1
            return
        wide, volume = market.window.measured()
        if wide <= 0:
            self.left_out[UNSEEN] += 1
            return
        self._sent[order.client_id] = _Sent(order, wide, volume)

    def _fills(self, receipt: Receipt) -> None:
        sent = self._sent.get(receipt.client_id) or self._triggered.get(receipt.client_id)
        if sent is None:
            return
        for fill in receipt.fills:
            if (fill.symbol, fill.trade_id) not in self._told:
                self._told.add((fill.symbol, fill.trade_id))
                self._count(sent, fill)

    def _count(self, sent: _Sent, fill: Fill) -> None:
        if not sent.lots:
            sent.filled_ms = millis(fill.at)
            if sent.volume:
                self._unopened.setdefault(fill.symbol, []).append(sent)
        sent.lots += fill.lots
        sent.value += fill.lots * fill.price

    def forget(self) -> None:
        """Count only orders from now on; what was seen of the markets stays."""
        self._sent, self._triggered, self._unopened = {}, {}, {}
        self.left_out.clear()

    def paid(self) -> dict[str, list[PaidOrder]]:
        """Return the market orders that were filled, by symbol."""
        paid: dict[str, list[PaidOrder]] = {}
        for each in self._sent.values():
            if each.lots:
                paid.setdefault(each.order.symbol, []).append(_paid(each))
        return paid

    def symbols(self) -> tuple[SymbolSlippage, ...]:
        """Return every symbol that had a market order filled, with the law where there are enough."""
        paid = self.paid()
        levels: dict[str, list[float]] = {symbol: [] for symbol in paid}
        for each in self._triggered.values():
            if each.lots and each.order.trigger:
                levels.setdefault(each.order.symbol, []).append(each.beyond(each.order.trigger))
        return tuple(slippage_of(name, paid.get(name, []), levels[name]) for name in sorted(levels))

    def fingerprint(self) -> str:
        """Return the SHA-256 of the orders measured."""
        rows = [_row(each) for each in (*self._sent.values(), *self._triggered.values()) if each.lots]
        return hashlib.sha256(msgspec.json.encode(sorted(rows))).hexdigest()


def _paid(each: _Sent) -> PaidOrder:
    opened = None if each.opened is None else each.beyond(each.opened)
    share, beyond = each.lots / each.volume, each.beyond(each.order.reference)
    return PaidOrder(each.order.client_id, share, each.range_ppm, beyond, opened)


def _row(each: _Sent) -> tuple[str | int | float, ...]:
    order = each.order
    return (
        order.client_id, order.symbol, order.reference, order.trigger or 0, each.lots, each.value,
        each.range_ppm, each.volume, each.opened or 0,
    )  # fmt: skip  # as they come

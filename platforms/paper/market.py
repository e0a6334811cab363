"""One market of the paper exchange: what it was last shown and the orders that wait in it."""

from datetime import datetime
from math import inf

from domain.candle import Candle, LastPrice
from domain.impact import NO_IMPACT, Impact
from domain.instrument import Instrument
from domain.money import MAX_CASH, notional
from domain.order import OrderType
from domain.times import EPOCH, utc
from platforms.fills import Costs, limit_price, share_of_volume, stop_price, target_price
from platforms.impact import ImpactWindow
from platforms.paper.working_order import WorkingOrder

RANK = {OrderType.STOP: 0, OrderType.TAKE_PROFIT: 1, OrderType.LIMIT: 2}
"""Who is met first in a candle: a stop before a target (pessimistic), both before new business."""

BEFORE_TIME = -(2**63)


def volume_lots(volume: float, step: float) -> int:
    """Turn a base volume into whole lots, rounded down; IEEE arithmetic that NumPy repeats in bulk.

    A millionth of a lot forgives what a decimal volume loses as a float (0.03 is 2,999.99... lots of
    0.00001). A volume that is not a number, negative or infinite counts as none.
    """
    if not 0 <= volume < inf:
        return 0
    return int(min(volume / step + 1e-6, float(MAX_CASH)))


def at_price(quote: LastPrice) -> Candle:
    """Return a quote as the candle of one instant."""
    return Candle(quote.time, quote.price, quote.price, quote.price, quote.price, 0.0)


def meeting_price(waiting: WorkingOrder, candle: Candle, costs: Costs) -> int:
    """Return the price at which a candle fills a waiting order, 0 when it does not."""
    kind = waiting.order.type
    if kind is OrderType.STOP:
        high, low = candle.high, candle.low
        if waiting.triggered:
            high, low = max(high, waiting.level), min(low, waiting.level)
        return stop_price(waiting.side, waiting.level, candle.open, high, low, costs)
    if kind is OrderType.TAKE_PROFIT:
        return target_price(waiting.side, waiting.level, candle.open, candle.high, candle.low, costs)
    return limit_price(waiting.side, waiting.level, candle.high, candle.low, costs)


class PaperMarket:
    """An instrument's last quote, the open time of its last candle, and its queue of waiting orders.

    The queue is sorted by `RANK`, then by placement. With an `impact` market orders cost what it says, where
    that is more than the settings do.
    """

    __slots__ = ("candle_time", "doubted_time", "instrument", "queue", "quote", "step", "window")

    def __init__(self, instrument: Instrument, impact: Impact | None = None) -> None:
        self.instrument = instrument
        self.step = float(instrument.step_size)
        self.quote: LastPrice | None = None
        self.candle_time = BEFORE_TIME
        self.doubted_time = BEFORE_TIME
        self.queue: list[WorkingOrder] = []
        self.window = None if impact is None else ImpactWindow(impact, self.step)

    def add(self, waiting: WorkingOrder) -> None:
        """Queue an order behind its equals."""
        self.queue.append(waiting)
        self.queue.sort(key=lambda each: RANK[each.order.type])

    def remove(self, waiting: WorkingOrder) -> None:
        """Take an order out of the queue."""
        self.queue.remove(waiting)

    def take(self, candle: Candle) -> None:
        """Count a candle as closed: orders that come after it know it."""
        self.candle_time = candle.time
        if self.window is not None:
            self.window.take(candle)

    def costs_of(self, taken: WorkingOrder, costs: Costs, lots: int = 0) -> Costs:
        """Return what an order costs that takes liquidity now: all that remains of it, or so many lots."""
        return costs if self.window is None else self.window.costs(costs, lots or taken.remaining)

    def takes(self, wanted: WorkingOrder, costs: Costs) -> int:
        """Return the lots of an IOC order that trade within its price now; 0 for less than may be sold."""
        if self.quote is None:
            return 0
        window = self.window or ImpactWindow(NO_IMPACT, self.step)
        lots = window.takes(wanted.side, self.quote.price, wanted.order.price or 0, costs, wanted.remaining)
        least = self.instrument
        enough = notional(self.quote.price, lots, least.cash_factor) >= least.min_cash
        return lots if enough and lots >= least.min_lots else 0

    def accept(self, quote: LastPrice) -> bool:
        """Take a quote as the last one; say no to one that is older than it or has no price."""
        if quote.price < 1 or (self.quote is not None and quote.time < self.quote.time):
            return False
        self.quote = quote
        return True

    def takeable(self, candle: Candle, costs: Costs) -> int:
        """Return the lots of a candle's volume that waiting limit orders may take together."""
        if not self.queue or self.queue[-1].order.type is not OrderType.LIMIT:
            return 0
        return share_of_volume(volume_lots(candle.volume, self.step), costs)

    def last_seen(self) -> datetime:
        """Return when the market was last seen; the epoch when it never was."""
        quoted = BEFORE_TIME if self.quote is None else self.quote.time
        value = max(self.candle_time, quoted)
        return EPOCH if value == BEFORE_TIME else utc(value)

"""A working order: one order as the paper exchange holds it, from arrival to its end."""

from datetime import datetime, timedelta

import msgspec

from domain.instrument import Instrument
from domain.money import notional, share_up
from domain.order import OPEN, TAKING, Fill, Order, OrderState, OrderStatus, OrderType, Receipt, Side
from domain.times import EPOCH, utc
from platforms.fills import BUY, SELL, Costs, buy_cost, fee_step, market_price

NEVER = 2**63 - 1
MILLISECOND = timedelta(milliseconds=1)
TRIGGERED = "triggered by the doubted candle of {:%Y-%m-%d %H:%M:%S}, filled at the next believed price"


def first_millis(instant: datetime) -> int:
    """Return the first whole millisecond not before an instant: a candle opening there saw it all."""
    return -((EPOCH - instant) // MILLISECOND)


def venue_id(client_id: str) -> str:
    """Return the paper exchange's own name of an order; client ids are unique for ever, so is this."""
    return f"paper-{client_id}"


def receipt_of(standing: OrderState) -> Receipt:
    """Return the receipt of an order known only by where it stands, so without fills."""
    order = standing.order
    return Receipt(
        client_id=order.client_id,
        symbol=order.symbol,
        status=standing.status,
        at=standing.at,
        venue_id=venue_id(order.client_id),
        filled=standing.filled,
        reason=standing.reason,
    )


def _level(order: Order) -> int:
    if order.type in TAKING:
        return 0
    return (order.price if order.type is OrderType.LIMIT else order.trigger) or 0


class WorkingOrder:
    """An order with what has been filled of it and what it holds back.

    `level` is the limit or the trigger in ticks it waits for, `since` and `until` the milliseconds from which
    on the market may meet it and at which it expires. Orders of one `group` cancel one another.
    `lock` is in cash units for a buy, in lots for a sale; `value` the notional of the fills so far.
    `triggered` is the open time in ms of the doubted candle that reached a stop, 0 for none.
    """

    __slots__ = (
        "at",
        "costs",
        "factor",
        "filled",
        "fills",
        "group",
        "level",
        "lock",
        "order",
        "reason",
        "side",
        "since",
        "status",
        "triggered",
        "until",
        "value",
    )

    def __init__(self, order: Order, instrument: Instrument, costs: Costs, filled: int = 0) -> None:
        self.order = order
        self.costs = costs
        self.factor = instrument.cash_factor
        self.side = BUY if order.side is Side.BUY else SELL
        self.level = _level(order)
        self.since = first_millis(order.at)
        self.until = NEVER if order.expires_at is None else first_millis(order.expires_at)
        # A colon cannot occur in a client id, so no pair is ever mistaken for a single order.
        self.group = order.client_id if order.oco is None else f"oco:{order.oco}"
        self.status = OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.NEW
        self.at = order.at
        self.reason = ""
        self.triggered = 0
        self.filled = filled
        self.value = notional(self.level, filled, self.factor)
        self.fills: list[Fill] = []
        self.lock = self._claim()

    @property
    def open(self) -> bool:
        """True while it may still fill."""
        return self.status in OPEN

    @property
    def remaining(self) -> int:
        """Lots not yet filled."""
        return self.order.lots - self.filled

    def fill(self, trade_id: str, lots: int, price: int, at: datetime, *, maker: bool) -> Fill:
        """Execute `lots` at `price` ticks and return the fill.

        Its reference is the quote when deciding for an order that takes at once, else the order's own
        level, so that what a stop lost in a gap shows as slippage.
        """
        value = notional(price, lots, self.factor)
        rate = self.costs.maker_fee if maker else self.costs.taker_fee
        fill = Fill(
            trade_id=trade_id,
            client_id=self.order.client_id,
            symbol=self.order.symbol,
            side=self.order.side,
            lots=lots,
            price=price,
            reference=self.level or self.order.reference,
            fee=fee_step(self.value, value, rate),
            maker=maker,
            at=at,
        )
        self.fills.append(fill)
        reason = TRIGGERED.format(utc(self.triggered)) if self.triggered else ""
        self.filled += lots
        self.value += value
        self.move(OrderStatus.PARTIALLY_FILLED if self.remaining else OrderStatus.FILLED, at, reason)
        self.lock = self._claim()
        return fill

    def move(self, status: OrderStatus, at: datetime, reason: str = "") -> None:
        """Pass into another state."""
        self.status = status
        self.at = at
        self.reason = reason

    def receipt(self, fills: tuple[Fill, ...] = ()) -> Receipt:
        """Return where it stands, with the given fills."""
        return msgspec.structs.replace(receipt_of(self.standing()), fills=fills)

    def standing(self) -> OrderState:
        """Return it as the journal keeps it."""
        return OrderState(self.order, self.status, self.at, self.filled, self.reason)

    def _claim(self) -> int:
        """Return what it must hold back to be sure of its remaining fills.

        A resting limit order fills at its price as maker: exact. A buy stop is held back for at
        its trigger; what a gap costs beyond that must be free when it triggers.
        """
        if self.side == SELL:
            return self.remaining
        if self.order.type is OrderType.LIMIT:
            whole = notional(self.level, self.order.lots, self.factor)
            fees = share_up(whole, self.costs.maker_fee) - share_up(self.value, self.costs.maker_fee)
            return whole - self.value + fees
        if self.order.type in TAKING:
            return 0
        price = market_price(self.side, self.level, self.costs)
        return buy_cost(price, self.remaining, self.factor, self.costs.taker_fee)

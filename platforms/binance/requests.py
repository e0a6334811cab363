"""New orders as the exchange's parameters: numbers as fixed-point strings, ids always our own.

A session counts on the grid it began with. Where the exchange has changed tick or step since, a quantity
is rounded down to the new step and a level to the new tick, upwards for a sale and downwards for a
purchase: never more than the risk gate approved, at no worse a price. That is for exits, which nothing may
block; an entry that would have to be rounded is refused (`platform`), for its size was decided on a grid
that is no more.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from domain.instrument import Instrument
from domain.order import PRICED, Order, OrderType, Side
from platforms.binance.filters import Filters
from platforms.binance.objections import Sized, plainly

LIMIT_SLIP = Decimal("0.01")
"""How far through its trigger a stop's limit lies where the exchange has no stops at market."""

Params = dict[str, str]


def sized(order: Order, grid: Instrument, filters: Filters, slip: Decimal | None) -> Sized:
    """Return an order in decimals on the exchange's present grid; `grid` is that of the session."""
    tick, step = filters.grid
    plain = plainly(order, grid)
    toward = ROUND_FLOOR if plain.buys else ROUND_CEILING
    trigger = None if plain.trigger is None else _stepped(plain.trigger, tick, toward)
    price = None if plain.price is None else _stepped(plain.price, tick, toward)
    if trigger and price is None:
        price = _slipped(order, trigger, filters, slip)
    return Sized(plain.buys, _stepped(plain.quantity, step, ROUND_FLOOR), price, trigger)


def order_params(order: Order, as_sent: Sized) -> Params:
    """Return the parameters of one order."""
    params = _common(order, as_sent) | {"newClientOrderId": order.client_id}
    if order.type is OrderType.MARKET:
        return params | {"type": "MARKET"}
    if order.type in PRICED:
        lasts = "IOC" if order.type is OrderType.IOC else "GTC"
        return params | {"type": "LIMIT", "timeInForce": lasts, "price": _text(as_sent.price)}
    kind, levels = _resting(order, as_sent, "")
    return params | {"type": kind} | levels


def pair_params(stop: tuple[Order, Sized], target: tuple[Order, Sized]) -> Params:
    """Return the parameters of an order list; of a sale the target lies above, of a purchase below."""
    params = _common(*stop)
    above, below = (target, stop) if stop[0].side is Side.SELL else (stop, target)
    for prefix, (order, as_sent) in (("above", above), ("below", below)):
        if order.type is OrderType.LIMIT:
            kind, levels = "LIMIT_MAKER", {f"{prefix}Price": _text(as_sent.price)}
        else:
            kind, levels = _resting(order, as_sent, prefix)
        params |= {f"{prefix}Type": kind, f"{prefix}ClientOrderId": order.client_id} | levels
    return params


def _common(order: Order, as_sent: Sized) -> Params:
    return {
        "symbol": order.symbol.replace("-", ""),
        "side": order.side.value,
        "quantity": _text(as_sent.quantity),
        "newOrderRespType": "FULL",
    }


def _resting(order: Order, as_sent: Sized, prefix: str) -> tuple[str, Params]:
    """Return type and levels of a stop or a target, with names that begin with `prefix`."""

    def named(name: str) -> str:
        return f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name

    kind = _kind(order)
    levels = {named("stopPrice"): _text(as_sent.trigger)}
    if as_sent.price is None:
        return kind, levels
    limit = {named("price"): _text(as_sent.price), named("timeInForce"): "GTC"}
    return f"{kind}_LIMIT", levels | limit


def _kind(order: Order) -> str:
    return "STOP_LOSS" if order.type is OrderType.STOP else "TAKE_PROFIT"


def _slipped(order: Order, trigger: Decimal, filters: Filters, slip: Decimal | None) -> Decimal | None:
    """Return the limit of a stop or target, so far through its trigger that it should trade.

    None where it goes as a market order, which no gap can leave behind. A limit can be left behind: when
    the market jumps over it, it rests there, and the position with it.
    """
    kind = _kind(order)
    if kind in filters.order_types and (slip is None or order.type is OrderType.TAKE_PROFIT):
        return None
    tick = filters.instrument.tick_size
    share = slip or LIMIT_SLIP
    if order.side is Side.SELL:
        return max(_stepped(trigger * (1 - share), tick, ROUND_FLOOR), tick, filters.min_price)
    return _stepped(trigger * (1 + share), tick, ROUND_CEILING)


def _stepped(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (value / step).to_integral_value(rounding) * step


def _text(value: Decimal | None) -> str:
    return f"{value or Decimal(0):f}"

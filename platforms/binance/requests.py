"""New orders as the exchange's parameters: numbers as fixed-point strings, ids always our own."""

from decimal import ROUND_DOWN, Decimal

from domain.instrument import Instrument
from domain.order import Order, OrderType, Side
from platforms.binance.filters import Filters

LIMIT_SLIP = Decimal("0.01")
"""How far through its trigger a stop's limit lies where the exchange has no stops at market."""

Params = dict[str, str]


def order_params(order: Order, filters: Filters, slip: Decimal | None) -> Params:
    """Return the parameters of one order; `slip` as in the settings."""
    grid = filters.instrument
    params = _common(order, grid) | {"newClientOrderId": order.client_id}
    if order.type is OrderType.MARKET:
        return params | {"type": "MARKET"}
    if order.type is OrderType.LIMIT:
        return params | {"type": "LIMIT", "timeInForce": "GTC", "price": _level(grid, order.price)}
    kind, levels = _resting(order, filters, slip, "")
    return params | {"type": kind} | levels


def pair_params(stop: Order, target: Order, filters: Filters, slip: Decimal | None) -> Params:
    """Return the parameters of an order list; of a sale the target lies above, of a purchase below."""
    params = _common(stop, filters.instrument)
    above, below = (target, stop) if stop.side is Side.SELL else (stop, target)
    for prefix, order in (("above", above), ("below", below)):
        if order.type is OrderType.LIMIT:
            kind, levels = "LIMIT_MAKER", {f"{prefix}Price": _level(filters.instrument, order.price)}
        else:
            kind, levels = _resting(order, filters, slip, prefix)
        params |= {f"{prefix}Type": kind, f"{prefix}ClientOrderId": order.client_id} | levels
    return params


def _common(order: Order, grid: Instrument) -> Params:
    return {
        "symbol": order.symbol.replace("-", ""),
        "side": order.side.value,
        "quantity": f"{grid.quantity(order.lots):f}",
        "newOrderRespType": "FULL",
    }


def _resting(order: Order, filters: Filters, slip: Decimal | None, prefix: str) -> tuple[str, Params]:
    """Return type and levels of a stop or a target, with names that begin with `prefix`."""

    def named(name: str) -> str:
        return f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name

    kind = "STOP_LOSS" if order.type is OrderType.STOP else "TAKE_PROFIT"
    levels = {named("stopPrice"): _level(filters.instrument, order.trigger)}
    price = order.price or _slipped(order, filters, slip, kind)
    if price is None:
        return kind, levels
    limit = {named("price"): _level(filters.instrument, price), named("timeInForce"): "GTC"}
    return f"{kind}_LIMIT", levels | limit


def _slipped(order: Order, filters: Filters, slip: Decimal | None, kind: str) -> int | None:
    """Return the limit of a stop or target, in ticks, so far through its trigger that it should trade.

    None where it goes as a market order, which no gap can leave behind. A limit can be left behind: it
    then rests, the position with it.
    """
    if slip is None and kind in filters.order_types:
        return None
    share = slip or LIMIT_SLIP
    way = 1 - share if order.side is Side.SELL else 1 + share
    return max(1, int((Decimal(order.trigger or 0) * way).quantize(Decimal(1), ROUND_DOWN)))


def _level(grid: Instrument, ticks: int | None) -> str:
    return f"{grid.price(ticks or 0):f}"

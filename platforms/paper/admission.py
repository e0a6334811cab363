"""Admission to the paper exchange: why an order is refused before anyone looks at the money."""

from domain.filters import refusal
from domain.instrument import Instrument
from domain.order import TAKING, Order, OrderType, Side

MOST_WORKING = 200
"""Working orders per symbol, as exchanges cap them; it also bounds the paper exchange's memory."""

OCO_TARGETS = (OrderType.TAKE_PROFIT, OrderType.LIMIT)


def objection(order: Order, instrument: Instrument, working: int) -> str | None:
    """Say why one order may not enter a market where `working` orders wait, or None."""
    if order.at.tzinfo is None:
        return f"time {order.at.isoformat()} has no timezone"
    if order.expires_at is not None and order.expires_at <= order.at:
        return f"expiry {order.expires_at.isoformat()} not after {order.at.isoformat()}"
    if order.type in TAKING and order.reference < 1:
        return f"reference {order.reference} below 1 tick"
    if order.type not in TAKING and working >= MOST_WORKING:
        return f"{working} open orders of {order.symbol} reach cap {MOST_WORKING}"
    return refusal(order, instrument)


def pair_objection(stop: Order, target: Order) -> str | None:
    """Say why two orders are not a pair of which one cancels the other, or None."""
    if stop.type is not OrderType.STOP or target.type not in OCO_TARGETS:
        return f"an oco pair is a stop and a target, not {stop.type.lower()} and {target.type.lower()}"
    if stop.client_id == target.client_id:
        return f"both legs have the client id {stop.client_id}"
    if stop.oco is None or stop.oco != target.oco:
        return f"oco names {stop.oco} and {target.oco} are not one"
    if (stop.symbol, stop.side, stop.lots) != (target.symbol, target.side, target.lots):
        legs = (f"{each.side} {each.lots} lots of {each.symbol}" for each in (stop, target))
        return f"legs differ: {' and '.join(legs)}"
    level = target.price if target.type is OrderType.LIMIT else target.trigger
    gap = (level or 0) - (stop.trigger or 0)
    if gap <= 0 if stop.side is Side.SELL else gap >= 0:
        return f"stop {stop.trigger} and target {level} are the wrong way round to {stop.side.lower()}"
    return None

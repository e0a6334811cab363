"""An exchange's filters, as values: why an order would not even reach the book."""

import re

from domain.instrument import Instrument
from domain.money import MAX_CASH, from_cash, notional
from domain.order import PRICED, Order, OrderType

CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")


def refusal(order: Order, instrument: Instrument) -> str | None:
    """Say why the exchange's filters refuse an order, or None when they do not.

    The notional is taken at the limit price, else the trigger, else the reference.
    """
    if not CLIENT_ID.fullmatch(order.client_id):
        return f"client id {order.client_id!r} does not match {CLIENT_ID.pattern}"
    if order.lots < instrument.min_lots or order.lots <= 0:
        return f"quantity {instrument.quantity(order.lots)} below minimum {instrument.min_quantity}"
    missing = _missing_price(order)
    if missing:
        return missing
    price = order.price or order.trigger or order.reference
    value = notional(price, order.lots, instrument.cash_factor)
    if value > MAX_CASH:
        return f"notional {value} cash units above the largest {MAX_CASH}"
    if value < instrument.min_cash:
        return (
            f"notional {from_cash(value, instrument.cash_decimals):f} below minimum {instrument.min_notional}"
        )
    return None


def _missing_price(order: Order) -> str | None:
    if order.type in PRICED and (order.price is None or order.price <= 0):
        return f"{'a limit' if order.type is OrderType.LIMIT else 'an ioc'} order needs a price above 0"
    resting = order.type in (OrderType.STOP, OrderType.TAKE_PROFIT)
    if resting and (order.trigger is None or order.trigger <= 0):
        return f"a {order.type.lower()} order needs a trigger above 0"
    return None

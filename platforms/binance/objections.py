"""The objections of the exchange's filters, found before sending.

Boundaries are inclusive and steps count from zero, as the exchange has it
(github.com/binance/binance-spot-api-docs, filters.md).
"""

from decimal import Decimal
from typing import NamedTuple

from domain.instrument import Instrument
from domain.order import Order, OrderType, Purpose, Side
from platforms.binance.filters import ZERO, Band, Filters


class FilterPrices(NamedTuple):
    """The quantities filters measure against: reference price, open orders and stops, the position so far.

    `held` is the position: what there is of the base asset and what open purchases may still bring. `most` is
    what one order may move of base and quote (MAX_ASSET); `everywhere` counts open orders and stops of all
    symbols against the exchange's own `bounds`. A limit of 0 does not bind.
    """

    reference: Decimal
    open_orders: int = 0
    open_stops: int = 0
    held: Decimal = ZERO
    open_lists: int = 0
    most: tuple[Decimal, Decimal] = (ZERO, ZERO)
    everywhere: tuple[int, int] = (0, 0)
    bounds: tuple[int, int] = (0, 0)


class Sized(NamedTuple):
    """An order as it will be sent, in decimal units of the exchange's present grid."""

    buys: bool
    quantity: Decimal
    price: Decimal | None = None
    trigger: Decimal | None = None


def plainly(order: Order, grid: Instrument) -> Sized:
    """Return an order in decimals of a grid, rounding nothing."""
    at_market = order.type is OrderType.MARKET
    waits = order.type in (OrderType.STOP, OrderType.TAKE_PROFIT)
    return Sized(
        buys=order.side is Side.BUY,
        quantity=grid.quantity(order.lots),
        price=grid.price(order.price) if order.price is not None and not at_market else None,
        trigger=grid.price(order.trigger or 0) if waits else None,
    )


def objection(
    order: Order, filters: Filters, market: FilterPrices, as_sent: Sized | None = None
) -> str | None:
    """Say which filter refuses an order, with value and limit, or None. `as_sent` is it on the present grid.

    Of what only reduces a position, nothing is refused by a measure that may be old (whether the symbol
    trades, the reference price, what rests): there the exchange has the last word.
    """
    as_sent = as_sent or plainly(order, filters.instrument)
    reasons = [_quantity(as_sent, filters), _prices(as_sent, filters)]
    if as_sent.price is not None:
        reasons.append(_notional_of(as_sent.price * as_sent.quantity, filters, market=False))
    if order.purpose is Purpose.ENTRY:
        reasons = [_trading(filters), *reasons, *_measured(as_sent, filters, market)]
    return next((reason for reason in reasons if reason), None)


def _trading(filters: Filters) -> str | None:
    if not filters.spot:
        return f"spot trading of {filters.instrument.symbol} is not allowed"
    return None if filters.trading else f"{filters.instrument.symbol} is not trading"


def _measured(order: Sized, filters: Filters, market: FilterPrices) -> list[str | None]:
    band = filters.bids if order.buys else filters.asks
    return [
        _percent(order.price, band, market.reference),
        _value_at_market(order, filters, market.reference),
        *_room(order, filters, market),
        *_asset(order, market),
    ]


def _quantity(order: Sized, filters: Filters) -> str | None:
    instrument, quantity = filters.instrument, order.quantity
    reason = _outside("LOT_SIZE", quantity, instrument.min_quantity, filters.max_quantity)
    if reason or order.price is not None:
        return reason or _uneven("LOT_SIZE", quantity, instrument.step_size)
    return (
        _uneven("LOT_SIZE", quantity, instrument.step_size)
        or _outside("MARKET_LOT_SIZE", quantity, filters.market_min, filters.market_max)
        or _uneven("MARKET_LOT_SIZE", quantity, filters.market_step)
    )


def _outside(name: str, quantity: Decimal, least: Decimal, most: Decimal) -> str | None:
    if quantity < least or quantity <= 0:
        return f"{name}: quantity {_plain(quantity)} below minimum {_plain(least)}"
    if most and quantity > most:
        return f"{name}: quantity {_plain(quantity)} above maximum {_plain(most)}"
    return None


def _uneven(name: str, quantity: Decimal, step: Decimal) -> str | None:
    if step and quantity % step:
        return f"{name}: quantity {_plain(quantity)} is no multiple of {_plain(step)}"
    return None


def _prices(order: Sized, filters: Filters) -> str | None:
    for price in (order.price, order.trigger):
        if price is None:
            continue
        if price <= 0 or price < filters.min_price:
            return f"PRICE_FILTER: price {_plain(price)} below minimum {_plain(filters.min_price)}"
        if filters.max_price and price > filters.max_price:
            return f"PRICE_FILTER: price {_plain(price)} above maximum {_plain(filters.max_price)}"
        if price % filters.instrument.tick_size:
            tick = _plain(filters.instrument.tick_size)
            return f"PRICE_FILTER: price {_plain(price)} is no multiple of {tick}"
    return None


def _percent(price: Decimal | None, band: Band | None, reference: Decimal) -> str | None:
    if price is None or band is None or reference <= 0:
        return None
    low, high = reference * band.down, reference * band.up
    if low <= price <= high:
        return None
    return f"{band.name}: price {_plain(price)} outside {_plain(low)} to {_plain(high)}"


def _value_at_market(order: Sized, filters: Filters, reference: Decimal) -> str | None:
    """Say whether an order without a limit is worth too little or too much, at the price it may fill at.

    A stop may count at its trigger or at the market: it is refused only where both are out of bounds.
    """
    if order.price is not None:
        return None
    levels = [reference] if order.trigger is None else [reference, order.trigger]
    reasons = [
        _notional_of(level * order.quantity, filters, market=True) for level in levels if level > 0
    ] or [None]
    return None if None in reasons else reasons[0]


def _notional_of(value: Decimal, filters: Filters, *, market: bool) -> str | None:
    if value < filters.min_notional and (filters.min_binds_market or not market):
        return f"NOTIONAL: value {_plain(value)} below minimum {_plain(filters.min_notional)}"
    if filters.max_notional and value > filters.max_notional and (filters.max_binds_market or not market):
        return f"NOTIONAL: value {_plain(value)} above maximum {_plain(filters.max_notional)}"
    return None


def _room(order: Sized, filters: Filters, market: FilterPrices) -> list[str | None]:
    """Say where there is no room beside what rests: for the order, and for the stop that will protect it."""
    counted = (
        ("MAX_NUM_ORDERS", "orders", market.open_orders, filters.max_orders),
        ("MAX_NUM_ALGO_ORDERS", "stops", market.open_stops, filters.max_stops),
        ("MAX_NUM_ORDER_LISTS", "order lists", market.open_lists, filters.max_lists),
        ("EXCHANGE_MAX_NUM_ORDERS", "orders", market.everywhere[0], market.bounds[0]),
        ("EXCHANGE_MAX_NUM_ALGO_ORDERS", "stops", market.everywhere[1], market.bounds[1]),
    )
    waits = order.buys or order.price is not None or order.trigger is not None
    results: list[str | None] = [
        f"{name}: {count} open {what} reach {most}"
        for name, what, count, most in counted
        if waits and 0 < most <= count
    ]
    after = market.held + order.quantity
    if order.buys and filters.max_position and after > filters.max_position:
        results.append(f"MAX_POSITION: {after} above {filters.max_position}")
    return results


def _asset(order: Sized, market: FilterPrices) -> list[str | None]:
    moved = order.quantity, order.quantity * (order.price or market.reference)
    return [
        f"MAX_ASSET: {_plain(amount)} above {_plain(most)}"
        for amount, most in zip(moved, market.most, strict=True)
        if 0 < most < amount
    ]


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"

"""The exchange's filters: its grid as our Instrument, and everything it would refuse, checked before sending.

Boundaries are inclusive and steps count from zero, as the exchange has it
(github.com/binance/binance-spot-api-docs, filters.md).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from domain.errors import BadAnswer
from domain.instrument import Instrument
from domain.order import Order, OrderType, Side
from platforms.binance.answers import field, number, whole

ZERO = Decimal(0)


class Band(NamedTuple):
    """Multipliers a price may have of the reference price, and over how many minutes that is averaged."""

    down: Decimal
    up: Decimal


class Filters(NamedTuple):
    """A symbol's filters; a limit of 0 does not bind."""

    instrument: Instrument
    min_price: Decimal
    max_price: Decimal
    max_quantity: Decimal
    market_min: Decimal
    market_max: Decimal
    market_step: Decimal
    min_notional: Decimal
    max_notional: Decimal
    min_binds_market: bool
    max_binds_market: bool
    average_minutes: int
    bids: Band | None
    asks: Band | None
    max_orders: int
    max_stops: int
    max_position: Decimal
    order_types: frozenset[str]
    trading: bool


class Market(NamedTuple):
    """What filters measure against: the reference price, open orders and stops, and what is held."""

    reference: Decimal
    open_orders: int = 0
    open_stops: int = 0
    held: Decimal = ZERO


def parse(row: Any, symbol: str, asset_class: str = "crypto") -> Filters:
    """Return the filters of one symbol of exchangeInfo. Raises BadAnswer when one that must be is missing."""
    found = {str(field(each, "filterType")): each for each in field(row, "filters")}
    price, lot = _needed(found, "PRICE_FILTER"), _needed(found, "LOT_SIZE")
    market = found.get("MARKET_LOT_SIZE", {})
    least, most, both, to_market = _notional(found)
    bids, asks = _bands(found)
    averaged = found.get("NOTIONAL") or found.get("MIN_NOTIONAL") or found.get("PERCENT_PRICE_BY_SIDE") or {}
    try:
        instrument = Instrument(
            symbol=symbol,
            base=str(field(row, "baseAsset")),
            quote=str(field(row, "quoteAsset")),
            tick_size=number(price, "tickSize"),
            step_size=number(lot, "stepSize"),
            min_quantity=number(lot, "minQty"),
            min_notional=least,
            asset_class=asset_class,
        )
    except ValueError as error:
        raise BadAnswer(f"filters of {symbol}: {error}") from None
    return Filters(
        instrument=instrument,
        min_price=number(price, "minPrice"),
        max_price=number(price, "maxPrice"),
        max_quantity=number(lot, "maxQty"),
        market_min=_optional(market, "minQty"),
        market_max=_optional(market, "maxQty"),
        market_step=_optional(market, "stepSize"),
        min_notional=least,
        max_notional=most,
        min_binds_market=both,
        max_binds_market=to_market,
        average_minutes=whole(averaged, "avgPriceMins") if "avgPriceMins" in averaged else 0,
        bids=bids,
        asks=asks,
        max_orders=_count(found, "MAX_NUM_ORDERS", "maxNumOrders"),
        max_stops=_count(found, "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders"),
        max_position=_optional(found.get("MAX_POSITION", {}), "maxPosition"),
        order_types=frozenset(map(str, field(row, "orderTypes"))),
        trading=field(row, "status") == "TRADING",
    )


def objection(order: Order, filters: Filters, market: Market) -> str | None:
    """Say which filter refuses an order, with value and limit, or None."""
    instrument = filters.instrument
    if not filters.trading:
        return f"{instrument.symbol} is not trading"
    quantity = instrument.quantity(order.lots)
    buys = order.side is Side.BUY
    reasons = (
        _quantity(quantity, order, filters),
        *(
            _price(instrument.price(level), buys, filters, market)
            for level in (order.price, order.trigger)
            if level
        ),
        _value(quantity, order, filters, market),
        _numbers(quantity, order, filters, market),
    )
    return next((reason for reason in reasons if reason), None)


def _quantity(quantity: Decimal, order: Order, filters: Filters) -> str | None:
    least, most = filters.instrument.min_quantity, filters.max_quantity
    reason = _outside("LOT_SIZE", quantity, least, most)
    if reason or order.type is not OrderType.MARKET:
        return reason
    reason = _outside("MARKET_LOT_SIZE", quantity, filters.market_min, filters.market_max)
    if reason is None and filters.market_step and quantity % filters.market_step:
        return f"MARKET_LOT_SIZE: quantity {quantity} is no multiple of {filters.market_step}"
    return reason


def _outside(name: str, quantity: Decimal, least: Decimal, most: Decimal) -> str | None:
    if quantity < least or quantity <= 0:
        return f"{name}: quantity {quantity} below minimum {least}"
    if most and quantity > most:
        return f"{name}: quantity {quantity} above maximum {most}"
    return None


def _price(price: Decimal, buys: bool, filters: Filters, market: Market) -> str | None:  # noqa: FBT001 -- of two kinds
    if filters.min_price and price < filters.min_price:
        return f"PRICE_FILTER: price {price} below minimum {filters.min_price}"
    if filters.max_price and price > filters.max_price:
        return f"PRICE_FILTER: price {price} above maximum {filters.max_price}"
    band = filters.bids if buys else filters.asks
    if band is None or market.reference <= 0:
        return None
    low, high = market.reference * band.down, market.reference * band.up
    if not low <= price <= high:
        return f"PERCENT_PRICE: price {price} outside {low.normalize():f} to {high.normalize():f}"
    return None


def _value(quantity: Decimal, order: Order, filters: Filters, market: Market) -> str | None:
    at_market = order.type is OrderType.MARKET
    level = order.price or order.trigger
    price = filters.instrument.price(level) if level and not at_market else market.reference
    value = quantity * price
    if filters.min_notional and value < filters.min_notional and (filters.min_binds_market or not at_market):
        return f"NOTIONAL: value {value.normalize():f} below minimum {filters.min_notional.normalize():f}"
    if filters.max_notional and value > filters.max_notional and (filters.max_binds_market or not at_market):
        return f"NOTIONAL: value {value.normalize():f} above maximum {filters.max_notional.normalize():f}"
    return None


def _numbers(quantity: Decimal, order: Order, filters: Filters, market: Market) -> str | None:
    rests = order.type is not OrderType.MARKET
    if rests and filters.max_orders and market.open_orders >= filters.max_orders:
        return f"MAX_NUM_ORDERS: {market.open_orders} open orders reach {filters.max_orders}"
    stops = order.type in (OrderType.STOP, OrderType.TAKE_PROFIT)
    if stops and filters.max_stops and market.open_stops >= filters.max_stops:
        return f"MAX_NUM_ALGO_ORDERS: {market.open_stops} open stops reach {filters.max_stops}"
    after = market.held + quantity
    if order.side is Side.BUY and filters.max_position and after > filters.max_position:
        return f"MAX_POSITION: {after} above {filters.max_position}"
    return None


def _needed(found: Mapping[str, Any], name: str) -> Any:
    if name not in found:
        raise BadAnswer(f"exchangeInfo without filter {name}")
    return found[name]


def _optional(row: Any, name: str) -> Decimal:
    return number(row, name) if name in row else ZERO


def _count(found: Mapping[str, Any], name: str, value: str) -> int:
    return whole(found[name], value) if name in found else 0


def _notional(found: Mapping[str, Any]) -> tuple[Decimal, Decimal, bool, bool]:
    """Return least and most value of an order, and whether each binds market orders too."""
    row = found.get("NOTIONAL")
    if row is not None:
        both = bool(row.get("applyMinToMarket", True)), bool(row.get("applyMaxToMarket", False))
        return number(row, "minNotional"), _optional(row, "maxNotional"), *both
    row = found.get("MIN_NOTIONAL")
    if row is not None:
        return number(row, "minNotional"), ZERO, bool(row.get("applyToMarket", True)), False
    return ZERO, ZERO, False, False


def _bands(found: Mapping[str, Any]) -> tuple[Band | None, Band | None]:
    row = found.get("PERCENT_PRICE_BY_SIDE")
    if row is not None:
        bids = Band(number(row, "bidMultiplierDown"), number(row, "bidMultiplierUp"))
        return bids, Band(number(row, "askMultiplierDown"), number(row, "askMultiplierUp"))
    row = found.get("PERCENT_PRICE")
    if row is not None:
        band = Band(number(row, "multiplierDown"), number(row, "multiplierUp"))
        return band, band
    return None, None

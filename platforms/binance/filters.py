"""The exchange's filters of a symbol as exchangeInfo gives them, its grid as our Instrument."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from domain.errors import BadAnswer
from domain.instrument import Instrument, fitting_step
from domain.money import cash_decimals
from platforms.binance.answers import Json, field, number, rows, whole

ZERO = Decimal(0)
TRADING = "TRADING"


class Band(NamedTuple):
    """The price band of an order, as multiples of the reference price, bounds included."""

    name: str
    down: Decimal
    up: Decimal


class Filters(NamedTuple):
    """A symbol's filters; a limit of 0 does not bind. `average_minutes` 0 measures by the last price."""

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
    status: str
    spot: bool = True
    max_lists: int = 0

    @property
    def trading(self) -> bool:
        """True when the exchange says that orders of this symbol are taken."""
        return self.status == TRADING

    @property
    def grid(self) -> tuple[Decimal, Decimal]:
        """Tick and step."""
        return self.instrument.tick_size, self.instrument.step_size


def parse(row: Any, symbol: str, asset_class: str = "crypto") -> Filters:
    """Return the filters of one symbol of exchangeInfo. Raises BadAnswer when one that must be is missing."""
    result = named(row.get("filters"))
    price, lot = _needed(result, "PRICE_FILTER"), _needed(result, "LOT_SIZE")
    market = result.get("MARKET_LOT_SIZE", {})
    least, most, min_binds, max_binds = _notional(result)
    bids, asks = _bands(result)
    return Filters(
        instrument=_instrument(row, symbol, price, lot, least, asset_class),
        min_price=number(price, "minPrice"),
        max_price=number(price, "maxPrice"),
        max_quantity=number(lot, "maxQty"),
        market_min=_optional(market, "minQty"),
        market_max=_optional(market, "maxQty"),
        market_step=_optional(market, "stepSize"),
        min_notional=least,
        max_notional=most,
        min_binds_market=min_binds,
        max_binds_market=max_binds,
        average_minutes=_minutes(result),
        bids=bids,
        asks=asks,
        max_orders=_count(result, "MAX_NUM_ORDERS", "maxNumOrders"),
        max_stops=_count(result, "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders"),
        max_position=_optional(result.get("MAX_POSITION", {}), "maxPosition"),
        order_types=frozenset(map(str, field(row, "orderTypes"))),
        status=str(field(row, "status"))[:20],
        spot=row.get("isSpotTradingAllowed", True) is not False,
        max_lists=_count(result, "MAX_NUM_ORDER_LISTS", "maxNumOrderLists"),
    )


def named(filters: Any) -> dict[str, Json]:
    """Return filters by their type; one without a type is none."""
    return {str(each["filterType"]): each for each in rows(filters) if "filterType" in each}


def unread(instrument: Instrument) -> Filters:
    """Return the filters to go by where a symbol's own cannot be read: its known grid, and no limit.

    For exits alone: stops go out with a limit, which every symbol takes.
    """
    nothing, kinds = ZERO, frozenset({"LIMIT", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"})
    return Filters(
        instrument, instrument.tick_size, nothing, nothing, nothing, nothing, nothing, nothing, nothing,
        min_binds_market=False, max_binds_market=False, average_minutes=5, bids=None, asks=None, max_orders=0,
        max_stops=0, max_position=nothing, order_types=kinds, status="",
    )  # fmt: skip


def _instrument(row: Any, symbol: str, price: Any, lot: Any, least: Decimal, asset_class: str) -> Instrument:
    quote, tick = str(field(row, "quoteAsset")), number(price, "tickSize")
    decimals = cash_decimals(quote)
    try:
        return Instrument(
            symbol=symbol,
            base=str(field(row, "baseAsset")),
            quote=quote,
            tick_size=tick,
            step_size=fitting_step(tick, number(lot, "stepSize"), decimals),
            min_quantity=number(lot, "minQty"),
            min_notional=least,
            asset_class=asset_class,
            cash_decimals=decimals,
        )
    except ValueError as error:
        raise BadAnswer(f"filters of {symbol}: {error}") from None


def _needed(result: Mapping[str, Any], name: str) -> Any:
    if name not in result:
        raise BadAnswer(f"exchangeInfo without filter {name}")
    return result[name]


def _optional(row: Any, name: str) -> Decimal:
    return number(row, name) if name in row else ZERO


def _count(result: Mapping[str, Any], name: str, value: str) -> int:
    return whole(result[name], value) if name in result else 0


def _minutes(result: Mapping[str, Any]) -> int:
    names = ("NOTIONAL", "MIN_NOTIONAL", "PERCENT_PRICE_BY_SIDE", "PERCENT_PRICE")
    answer = [whole(result[name], "avgPriceMins") for name in names if "avgPriceMins" in result.get(name, {})]
    return max(answer, default=0)


def _notional(result: Mapping[str, Any]) -> tuple[Decimal, Decimal, bool, bool]:
    """Return least and most value of an order, and whether each binds market orders too."""
    row = result.get("NOTIONAL")
    if row is not None:
        both = bool(row.get("applyMinToMarket", True)), bool(row.get("applyMaxToMarket", False))
        return number(row, "minNotional"), _optional(row, "maxNotional"), *both
    row = result.get("MIN_NOTIONAL")
    if row is not None:
        return number(row, "minNotional"), ZERO, bool(row.get("applyToMarket", True)), False
    return ZERO, ZERO, False, False


def _bands(result: Mapping[str, Any]) -> tuple[Band | None, Band | None]:
    row = result.get("PERCENT_PRICE_BY_SIDE")
    if row is not None:
        name = "PERCENT_PRICE_BY_SIDE"
        bids = Band(name, number(row, "bidMultiplierDown"), number(row, "bidMultiplierUp"))
        return bids, Band(name, number(row, "askMultiplierDown"), number(row, "askMultiplierUp"))
    row = result.get("PERCENT_PRICE")
    if row is not None:
        band = Band("PERCENT_PRICE", number(row, "multiplierDown"), number(row, "multiplierUp"))
        return band, band
    return None, None

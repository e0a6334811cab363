"""The sandbox's symbols and their filters."""

from decimal import Decimal
from typing import Any

import msgspec

from domain.instrument import pair_grid
from platforms.sandbox.exchange.numbers import EIGHT, plain

ORDER_TYPES = (
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
)


class SymbolRules(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol with its filters, in decimal units. A bound or step of 0 means that it is not checked.

    Where `status` is not TRADING nothing is taken in or executed, only cancelled; what is not `listed` is
    unknown.
    """

    symbol: str
    base: str
    quote: str
    tick_size: Decimal
    step_size: Decimal
    min_price: Decimal = Decimal("0.00000001")
    max_price: Decimal = Decimal(1000000)
    min_quantity: Decimal = Decimal(0)
    max_quantity: Decimal = Decimal(9000)
    market_step_size: Decimal = Decimal(0)
    market_min_quantity: Decimal = Decimal(0)
    market_max_quantity: Decimal = Decimal(100)
    min_notional: Decimal = Decimal(5)
    apply_min_to_market: bool = True
    max_notional: Decimal = Decimal(9_000_000)
    apply_max_to_market: bool = False
    avg_price_minutes: int = 5
    bid_multiplier_up: Decimal = Decimal(5)
    bid_multiplier_down: Decimal = Decimal("0.2")
    ask_multiplier_up: Decimal = Decimal(5)
    ask_multiplier_down: Decimal = Decimal("0.2")
    max_orders: int = 200
    max_algo_orders: int = 5
    max_order_lists: int = 20
    max_position: Decimal = Decimal(0)
    status: str = "TRADING"
    listed: bool = True
    spot: bool = True

    @property
    def trading(self) -> bool:
        """True when orders are taken in and executed."""
        return self.listed and self.status == "TRADING"

    def info(self) -> dict[str, Any]:
        """Return the symbol as `exchangeInfo` gives it."""
        return {
            "symbol": self.symbol,
            "status": self.status,
            "baseAsset": self.base,
            "baseAssetPrecision": 8,
            "quoteAsset": self.quote,
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "baseCommissionPrecision": 8,
            "quoteCommissionPrecision": 8,
            "orderTypes": list(ORDER_TYPES),
            "icebergAllowed": False,
            "ocoAllowed": True,
            "otoAllowed": False,
            "opoAllowed": False,
            "quoteOrderQtyMarketAllowed": True,
            "allowTrailingStop": False,
            "cancelReplaceAllowed": False,
            "amendAllowed": False,
            "pegInstructionsAllowed": False,
            "isSpotTradingAllowed": self.spot,
            "isMarginTradingAllowed": False,
            "filters": self.filters(),
            "permissions": [],
            "permissionSets": [["SPOT"]],
            "defaultSelfTradePreventionMode": "NONE",
            "allowedSelfTradePreventionModes": ["NONE"],
        }

    def filters(self) -> list[dict[str, Any]]:
        """Return the filters as `exchangeInfo` gives them."""
        results: list[dict[str, Any]] = [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": plain(self.min_price),
                "maxPrice": plain(self.max_price),
                "tickSize": plain(self.tick_size),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": plain(self.min_quantity),
                "maxQty": plain(self.max_quantity),
                "stepSize": plain(self.step_size),
            },
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": plain(self.market_min_quantity),
                "maxQty": plain(self.market_max_quantity),
                "stepSize": plain(self.market_step_size),
            },
            {
                "filterType": "PERCENT_PRICE_BY_SIDE",
                "bidMultiplierUp": short(self.bid_multiplier_up),
                "bidMultiplierDown": short(self.bid_multiplier_down),
                "askMultiplierUp": short(self.ask_multiplier_up),
                "askMultiplierDown": short(self.ask_multiplier_down),
                "avgPriceMins": self.avg_price_minutes,
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": plain(self.min_notional),
                "applyMinToMarket": self.apply_min_to_market,
                "maxNotional": plain(self.max_notional),
                "applyMaxToMarket": self.apply_max_to_market,
                "avgPriceMins": self.avg_price_minutes,
            },
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": self.max_orders},
            {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": self.max_order_lists},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": self.max_algo_orders},
        ]
        if self.max_position:
            results.append({"filterType": "MAX_POSITION", "maxPosition": plain(self.max_position)})
        return results


def short(value: Decimal) -> str:
    """Return a decimal without trailing zeros."""
    return f"{value.normalize():f}"


def rules_of(symbol: str) -> SymbolRules:
    """Return the default rules of a symbol such as BTC-USDT. Raises ValueError for another form."""
    base, dash, quote = symbol.partition("-")
    if not (dash and base.isalnum() and quote.isalnum() and symbol == symbol.upper()):
        raise ValueError(f"symbol {symbol!r} is not of the form BASE-QUOTE, for example BTC-USDT")
    tick, step = pair_grid(base)
    most = Decimal(9000) if step <= Decimal("0.0001") else Decimal(9_000_000)
    return SymbolRules(
        symbol=base + quote,
        base=base,
        quote=quote,
        tick_size=tick,
        step_size=step,
        min_price=tick,
        min_quantity=step,
        max_quantity=most,
        market_max_quantity=most / 90,
    )


def changed(rules: SymbolRules, fields: dict[str, Any]) -> SymbolRules:
    """Return the rules with some fields replaced. Raises ValueError naming the field."""
    known = {field.name: field.type for field in msgspec.structs.fields(SymbolRules)}
    fixed = {"symbol", "base", "quote"}
    values: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in known or name in fixed:
            allowed = ", ".join(sorted(known.keys() - fixed))
            raise ValueError(f"filter field {name!r} is unknown; allowed: {allowed}")
        values[name] = _converted(name, value, known[name])
    return msgspec.structs.replace(rules, **values)


def _converted(name: str, value: Any, kind: Any) -> Any:
    text = str(value) if kind is Decimal and isinstance(value, int | float | str) else value
    try:
        result = msgspec.convert(text, kind)
    except (msgspec.ValidationError, ArithmeticError) as error:
        raise ValueError(f"filter field {name}: {value!r} is not {kind.__name__}") from error
    if kind is Decimal and (not result.is_finite() or result < 0 or result % EIGHT):
        raise ValueError(f"filter field {name}: {value!r} is not a number from 0 up with at most 8 decimals")
    return result

"""From parameters to orders: which are needed for a type, which must not be sent.

Each parameter has been checked by itself before (`parameters.Takes`); here they are judged together.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from platforms.sandbox.exchange.errors import RequestRefused, bad_combination, mandatory, not_required
from platforms.sandbox.exchange.numbers import ZERO
from platforms.sandbox.exchange.order import ALGO, PRICED, Draft
from platforms.sandbox.requests.params import Params

_CORE: dict[str, tuple[str, ...]] = {
    "LIMIT": ("timeInForce", "quantity", "price"),
    "LIMIT_MAKER": ("quantity", "price"),
    "MARKET": (),
    "STOP_LOSS": ("quantity", "stopPrice"),
    "STOP_LOSS_LIMIT": ("timeInForce", "quantity", "price", "stopPrice"),
    "TAKE_PROFIT": ("quantity", "stopPrice"),
    "TAKE_PROFIT_LIMIT": ("timeInForce", "quantity", "price", "stopPrice"),
}
"""What an order of each type must have."""
_DEPENDS = ("timeInForce", "quantity", "price", "stopPrice", "quoteOrderQty")
_ICEBERG, _TRAILING = "icebergQty", "trailingDelta"
_PEGS = ("pegPriceType", "pegOffsetType", "pegOffsetValue")

NewId = Callable[[], str]


def draft_of(params: Params, new_id: NewId) -> Draft:
    """Read a new order. Raises ApiError."""
    symbol = params.symbol()
    side = params.text("side")
    kind = params.text("type")
    _unneeded(params, kind)
    _supported(params, _ICEBERG, _TRAILING, _PEGS)
    for name in _CORE[kind]:
        params.text(name)
    draft = Draft(
        symbol,
        side,
        kind,
        params.client_id("newClientOrderId") or new_id(),
        quantity=_optional(params, "quantity"),
        quote_quantity=_optional(params, "quoteOrderQty"),
        price=_optional(params, "price"),
        stop_price=_optional(params, "stopPrice"),
        time_in_force=params.raw("timeInForce") or "GTC",
        response=params.raw("newOrderRespType") or ("FULL" if kind in ("LIMIT", "MARKET") else "ACK"),
        strategy_id=params.integer("strategyId"),
        strategy_type=params.integer("strategyType"),
    )
    if kind == "MARKET" and not draft.quantity and not draft.quote_quantity:
        raise mandatory("quantity")
    return draft


def _unneeded(params: Params, kind: str) -> None:
    allowed = {*_CORE[kind], *({"quantity", "quoteOrderQty"} if kind == "MARKET" else ())}
    allowed |= {_TRAILING} if kind in ALGO else set()
    allowed |= {_ICEBERG, *_PEGS} if kind in PRICED else set()
    for name in (*_DEPENDS, _TRAILING, _ICEBERG, *_PEGS):
        if name in params and name not in allowed:
            raise not_required(name)
    if "quantity" in params and "quoteOrderQty" in params:
        raise bad_combination()


def oco_of(params: Params, new_id: NewId) -> tuple[str, tuple[Draft, Draft]]:
    """Read a new OCO (`orderList/oco`): the list's client id, the order above and the order below."""
    base = _oco_base(params, new_id)
    above = _leg(params, "above", base, new_id)
    below = _leg(params, "below", base, new_id)
    return params.client_id("listClientOrderId") or new_id(), (above, below)


def old_oco_of(params: Params, new_id: NewId) -> tuple[str, tuple[Draft, Draft]]:
    """Read an OCO of the older form (`order/oco`), in the order above, below."""
    limited = "stopLimitPrice" in params
    for name in ("stopLimitTimeInForce", "stopIcebergQty"):
        if name in params and not limited:
            raise not_required(name)
    for name in ("limitIcebergQty", "stopIcebergQty"):
        _supported(params, name, _TRAILING, ())
    base = _oco_base(params, new_id)
    target = replace(
        base,
        type="LIMIT_MAKER",
        client_id=params.client_id("limitClientOrderId") or new_id(),
        price=params.number("price"),
        strategy_id=params.integer("limitStrategyId"),
        strategy_type=params.integer("limitStrategyType"),
    )
    stop = replace(
        base,
        type="STOP_LOSS_LIMIT" if limited else "STOP_LOSS",
        client_id=params.client_id("stopClientOrderId") or new_id(),
        stop_price=params.number("stopPrice"),
        price=params.number("stopLimitPrice") if limited else ZERO,
        time_in_force=params.text("stopLimitTimeInForce") if limited else "GTC",
        strategy_id=params.integer("stopStrategyId"),
        strategy_type=params.integer("stopStrategyType"),
    )
    legs = (stop, target) if base.buys else (target, stop)
    return params.client_id("listClientOrderId") or new_id(), legs


def _oco_base(params: Params, new_id: NewId) -> Draft:
    _same_account_trades(params)
    return Draft(
        params.symbol(),
        params.text("side"),
        "LIMIT_MAKER",
        new_id(),
        quantity=params.number("quantity"),
        response=params.raw("newOrderRespType") or "RESULT",
    )


def _leg(params: Params, leg: str, base: Draft, new_id: NewId) -> Draft:
    kind = params.text(f"{leg}Type")
    if kind in ("LIMIT", "MARKET"):
        raise RequestRefused(-1158, "Order type not supported in OCO.")
    _unneeded_of_leg(params, leg, kind)
    priced, waits = kind in PRICED, kind in ALGO
    return replace(
        base,
        type=kind,
        client_id=params.client_id(f"{leg}ClientOrderId") or new_id(),
        price=params.number(f"{leg}Price", word="price") if priced else ZERO,
        stop_price=params.number(f"{leg}StopPrice", word="stopPrice") if waits else ZERO,
        time_in_force=params.text(f"{leg}TimeInForce") if priced and waits else "GTC",
        strategy_id=params.integer(f"{leg}StrategyId"),
        strategy_type=params.integer(f"{leg}StrategyType"),
    )


def _unneeded_of_leg(params: Params, leg: str, kind: str) -> None:
    priced, waits = kind in PRICED, kind in ALGO
    pegs = tuple(f"{leg}{name[0].upper()}{name[1:]}" for name in _PEGS)
    iceberg, trailing = f"{leg}IcebergQty", f"{leg}TrailingDelta"
    for name in (f"{leg}Price", iceberg, *pegs):
        if name in params and not priced:
            raise not_required(name)
    for name in (f"{leg}StopPrice", trailing):
        if name in params and not waits:
            raise not_required(name)
    if f"{leg}TimeInForce" in params and not (priced and waits):
        raise not_required(f"{leg}TimeInForce")
    _supported(params, iceberg, trailing, pegs)


def _optional(params: Params, name: str) -> Decimal:
    return params.number(name) if name in params else ZERO


def _supported(params: Params, iceberg: str, trailing: str, pegs: tuple[str, ...]) -> None:
    """Refuse what the listing says no symbol of the sandbox has. Raises ApiError -1013."""
    if iceberg in params:
        raise RequestRefused(-1013, "Iceberg orders are not supported for this symbol.")
    if trailing in params:
        raise RequestRefused(-1013, "Trailing stop orders are not supported for this symbol.")
    if any(name in params for name in pegs):
        raise RequestRefused(-1013, "Pegged orders are not supported for this symbol.")
    _same_account_trades(params)


def _same_account_trades(params: Params) -> None:
    if params.raw("selfTradePreventionMode") not in (None, "NONE"):
        raise RequestRefused(-1013, "This symbol does not allow the specified self-trade prevention mode.")

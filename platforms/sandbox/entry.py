"""From parameters to orders: which are needed for a type, which must not be sent."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from platforms.sandbox.errors import ApiError, mandatory
from platforms.sandbox.numbers import ZERO
from platforms.sandbox.order import ALGO, PRICED, Draft
from platforms.sandbox.params import Params
from platforms.sandbox.rules import ORDER_TYPES

SIDES = ("BUY", "SELL")
TIMES = ("GTC", "IOC", "FOK")
RESPONSES = ("ACK", "RESULT", "FULL")

_NEEDED: dict[str, tuple[str, ...]] = {
    "LIMIT": ("timeInForce", "quantity", "price"),
    "LIMIT_MAKER": ("quantity", "price"),
    "MARKET": (),
    "STOP_LOSS": ("quantity", "stopPrice"),
    "STOP_LOSS_LIMIT": ("timeInForce", "quantity", "price", "stopPrice"),
    "TAKE_PROFIT": ("quantity", "stopPrice"),
    "TAKE_PROFIT_LIMIT": ("timeInForce", "quantity", "price", "stopPrice"),
}
_DEPENDS = ("timeInForce", "quantity", "price", "stopPrice", "quoteOrderQty")
_UNSUPPORTED = ("icebergQty", "trailingDelta", "pegPriceType", "pegOffsetType", "pegOffsetValue")

NewId = Callable[[], str]


def draft_of(params: Params, new_id: NewId) -> Draft:
    """Read a new order. Raises ApiError."""
    symbol = params.symbol()
    side = _side(params)
    kind = _type(params, "type")
    _supported(params, _UNSUPPORTED)
    for name in _NEEDED[kind]:
        params.text(name)
    _unneeded(params, kind)
    draft = Draft(
        symbol,
        side,
        kind,
        params.client_id("newClientOrderId") or new_id(),
        quantity=_optional(params, "quantity"),
        quote_quantity=_optional(params, "quoteOrderQty"),
        price=_optional(params, "price"),
        stop_price=_optional(params, "stopPrice"),
        time_in_force=_time(params, "timeInForce"),
        response=_response(params, "FULL" if kind in ("LIMIT", "MARKET") else "ACK"),
        strategy_id=params.integer("strategyId"),
        strategy_type=params.integer("strategyType"),
    )
    if kind == "MARKET" and not draft.quantity and not draft.quote_quantity:
        raise mandatory("quantity")
    return draft


def _unneeded(params: Params, kind: str) -> None:
    allowed = set(_NEEDED[kind]) | ({"quantity", "quoteOrderQty"} if kind == "MARKET" else set())
    for name in _DEPENDS:
        if name in params and name not in allowed:
            raise ApiError(-1106, f"Parameter '{name}' sent when not required.")
    if "quantity" in params and "quoteOrderQty" in params:
        raise ApiError(-1128, "Combination of optional parameters invalid.")


def oco_of(params: Params, new_id: NewId) -> tuple[str, tuple[Draft, Draft]]:
    """Read a new OCO (`orderList/oco`): the list's client id, the order above and the order below."""
    _supported(
        params,
        tuple(f"{leg}{name}" for leg in ("above", "below") for name in ("IcebergQty", "TrailingDelta")),
    )
    base = _oco_base(params, new_id)
    above = _leg(params, "above", base, new_id)
    below = _leg(params, "below", base, new_id)
    return params.client_id("listClientOrderId") or new_id(), (above, below)


def old_oco_of(params: Params, new_id: NewId) -> tuple[str, tuple[Draft, Draft]]:
    """Read an OCO of the older form (`order/oco`), in the order above, below."""
    _supported(params, ("limitIcebergQty", "stopIcebergQty", "trailingDelta"))
    base = _oco_base(params, new_id)
    limited = "stopLimitPrice" in params
    target = replace(
        base,
        type="LIMIT_MAKER",
        client_id=params.client_id("limitClientOrderId") or new_id(),
        price=params.number("price"),
    )
    stop = replace(
        base,
        type="STOP_LOSS_LIMIT" if limited else "STOP_LOSS",
        client_id=params.client_id("stopClientOrderId") or new_id(),
        stop_price=params.number("stopPrice"),
        price=params.number("stopLimitPrice") if limited else ZERO,
        time_in_force=_needed_time(params, "stopLimitTimeInForce") if limited else "GTC",
    )
    legs = (stop, target) if base.buys else (target, stop)
    return params.client_id("listClientOrderId") or new_id(), legs


def _oco_base(params: Params, new_id: NewId) -> Draft:
    return Draft(
        params.symbol(),
        _side(params),
        "LIMIT_MAKER",
        new_id(),
        quantity=params.number("quantity"),
        response=_response(params, "RESULT"),
    )


def _leg(params: Params, leg: str, base: Draft, new_id: NewId) -> Draft:
    kind = _type(params, f"{leg}Type")
    if kind in ("LIMIT", "MARKET"):
        raise ApiError(-1116, "Invalid orderType.")
    priced, waits = kind in PRICED, kind in ALGO
    timed = priced and waits
    return replace(
        base,
        type=kind,
        client_id=params.client_id(f"{leg}ClientOrderId") or new_id(),
        price=params.number(f"{leg}Price", word="price") if priced else ZERO,
        stop_price=params.number(f"{leg}StopPrice", word="stopPrice") if waits else ZERO,
        time_in_force=_needed_time(params, f"{leg}TimeInForce") if timed else "GTC",
    )


def _side(params: Params) -> str:
    return params.choice("side", SIDES, ApiError(-1117, "Invalid side."))


def _type(params: Params, name: str) -> str:
    return params.choice(name, ORDER_TYPES, ApiError(-1116, "Invalid orderType."))


def _needed_time(params: Params, name: str) -> str:
    params.text(name)
    return _time(params, name)


def _time(params: Params, name: str) -> str:
    return params.choice(name, TIMES, ApiError(-1115, "Invalid timeInForce.")) if name in params else "GTC"


def _response(params: Params, default: str) -> str:
    if "newOrderRespType" not in params:
        return default
    return params.choice("newOrderRespType", RESPONSES, ApiError(-1122, "Invalid newOrderRespType."))


def _optional(params: Params, name: str) -> Decimal:
    return params.number(name) if name in params else ZERO


def _supported(params: Params, names: tuple[str, ...]) -> None:
    for name in names:
        if name in params:
            raise ApiError(-1014, f"Unsupported order combination: the sandbox has no {name}.")

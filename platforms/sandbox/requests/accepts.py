"""The parameters of each request, after Binance's documentation.

Sources: `rest-api.md`, `web-socket-api.md`, `errors.md` and `enums.md` of binance/binance-spot-api-docs at
commit a5e0bc3 (2026-07-21); the wallet's routes (`/sapi`) after the developer site. A documented parameter
that the sandbox does not carry out is refused by who reads it, never ignored.
"""

from platforms.sandbox.exchange.rules import ORDER_TYPES
from platforms.sandbox.requests.parameters import (
    TIME_ZONE,
    WINDOW,
    Check,
    Takes,
    a_boolean,
    a_client_id,
    a_long,
    a_symbol,
    an_int,
    anything,
    decimal,
    of_form,
    one_of,
    strategy_type,
    symbols,
    takes,
)

SIDES = ("BUY", "SELL")
TIMES = ("GTC", "IOC", "FOK")
RESPONSES = ("ACK", "RESULT", "FULL")
RESTRICTIONS = ("ONLY_NEW", "ONLY_PARTIALLY_FILLED")
STP_MODES = ("NONE", "EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER")

a_side = one_of(*SIDES, code=-1117, words="Invalid side.")
a_type = one_of(*ORDER_TYPES, code=-1116, words="Invalid orderType.")
a_time_in_force = one_of(*TIMES, code=-1115, words="Invalid timeInForce.")
a_response = one_of(*RESPONSES)
a_status = one_of("TRADING", "HALT", "BREAK", code=-1122, words="Invalid symbolStatus.")
a_ticker = one_of("FULL", "MINI", code=-1139, words="Invalid ticker type.")
a_restriction = one_of(
    *RESTRICTIONS,
    code=-1145,
    words="`cancelRestrictions` has to be either `ONLY_NEW` or `ONLY_PARTIALLY_FILLED`.",
)
an_stp_mode = one_of(*STP_MODES)
a_peg = one_of("PRIMARY_PEG", "MARKET_PEG", code=-1210, words="Invalid pegPriceType.")
a_peg_offset = one_of("PRICE_LEVEL", code=-1211, words="Invalid pegOffsetType.")
a_window = of_form(WINDOW)

SIGNATURE = takes({"timestamp": a_long, "signature": anything}, recvWindow=a_window)
"""What every signed request has besides."""
KEYED = takes(apiKey=anything)
"""What a request of the WebSocket API may have besides."""

NOTHING = takes()
ONE_SYMBOL = takes({"symbol": a_symbol})
ANY_SYMBOL = takes(symbol=a_symbol)

INFO = takes(
    symbol=a_symbol,
    symbols=symbols,
    permissions=anything,
    showPermissionSets=a_boolean,
    symbolStatus=a_status,
)
DEPTH = ONE_SYMBOL | takes(limit=an_int, symbolStatus=a_status)
TRADES = ONE_SYMBOL | takes(limit=an_int)
KLINES = takes(
    {"symbol": a_symbol, "interval": anything},
    startTime=a_long,
    endTime=a_long,
    timeZone=of_form(TIME_ZONE),
    limit=an_int,
)
PRICES = takes(symbol=a_symbol, symbols=symbols, symbolStatus=a_status)
DAY = PRICES | takes(type=a_ticker)

_STRATEGY: dict[str, Check] = {"strategyId": a_long, "strategyType": strategy_type}
_PEG: dict[str, Check] = {"pegPriceType": a_peg, "pegOffsetType": a_peg_offset, "pegOffsetValue": an_int}
_ANSWERED: dict[str, Check] = {"newOrderRespType": a_response, "selfTradePreventionMode": an_stp_mode}

NEW_ORDER = takes(
    {"symbol": a_symbol, "side": a_side, "type": a_type},
    timeInForce=a_time_in_force,
    quantity=decimal,
    quoteOrderQty=decimal,
    price=decimal,
    newClientOrderId=a_client_id,
    stopPrice=decimal,
    trailingDelta=a_long,
    icebergQty=decimal,
    **_STRATEGY,
    **_PEG,
    **_ANSWERED,
)
TEST_ORDER = NEW_ORDER | takes(computeCommissionRates=a_boolean)
QUERY = ONE_SYMBOL | takes(orderId=a_long, origClientOrderId=a_client_id)
CANCEL = QUERY | takes(newClientOrderId=a_client_id, cancelRestrictions=a_restriction)
ALL_ORDERS = ONE_SYMBOL | takes(orderId=a_long, startTime=a_long, endTime=a_long, limit=an_int)


def _leg(prefix: str) -> Takes:
    kinds: dict[str, Check] = {
        "ClientOrderId": a_client_id,
        "IcebergQty": decimal,
        "Price": decimal,
        "StopPrice": decimal,
        "TrailingDelta": a_long,
        "TimeInForce": a_time_in_force,
    }
    named = {name[0].upper() + name[1:]: check for name, check in (_STRATEGY | _PEG).items()}
    return Takes(
        {f"{prefix}Type": a_type}, {f"{prefix}{name}": check for name, check in (kinds | named).items()}
    )


_LIST = takes(
    {"symbol": a_symbol, "side": a_side, "quantity": decimal}, listClientOrderId=a_client_id, **_ANSWERED
)
OCO = _LIST | _leg("above") | _leg("below")
OLD_OCO = _LIST | takes(
    {"price": decimal, "stopPrice": decimal},
    limitClientOrderId=a_client_id,
    limitStrategyId=a_long,
    limitStrategyType=strategy_type,
    limitIcebergQty=decimal,
    trailingDelta=a_long,
    stopClientOrderId=a_client_id,
    stopStrategyId=a_long,
    stopStrategyType=strategy_type,
    stopLimitPrice=decimal,
    stopIcebergQty=decimal,
    stopLimitTimeInForce=a_time_in_force,
)
QUERY_LIST = takes(orderListId=a_long, origClientOrderId=a_client_id)
CANCEL_LIST = ONE_SYMBOL | takes(
    orderListId=a_long, listClientOrderId=a_client_id, newClientOrderId=a_client_id
)
ALL_LISTS = takes(fromId=a_long, startTime=a_long, endTime=a_long, limit=an_int)

ACCOUNT = takes(omitZeroBalances=a_boolean)
MY_TRADES = ALL_ORDERS | takes(fromId=a_long)

"""What Binance documents of each request: its parameters (`!` is mandatory), and what is wrong for each.

Written from `rest-api.md` and `web-socket-api.md` at commit a5e0bc3 of binance/binance-spot-api-docs, not
from the sandbox's own tables, so that the two can be held against one another.
"""

ORDER = (
    "symbol! side! type! timeInForce quantity quoteOrderQty price newClientOrderId strategyId strategyType "
    "stopPrice trailingDelta icebergQty newOrderRespType selfTradePreventionMode pegPriceType pegOffsetValue "
    "pegOffsetType"
)
LEG = (
    "{0}Type! {0}ClientOrderId {0}IcebergQty {0}Price {0}StopPrice {0}TrailingDelta {0}TimeInForce "
    "{0}StrategyId {0}StrategyType {0}PegPriceType {0}PegOffsetType {0}PegOffsetValue"
)
LIST = "symbol! listClientOrderId side! quantity! newOrderRespType selfTradePreventionMode "
OLD_LIST = (
    "limitClientOrderId price! limitStrategyId limitStrategyType limitIcebergQty trailingDelta "
    "stopClientOrderId stopPrice! stopStrategyId stopStrategyType stopLimitPrice stopIcebergQty "
    "stopLimitTimeInForce"
)
SYMBOLS = "symbol symbols symbolStatus"
KLINES = "symbol! interval! startTime endTime timeZone limit"

PUBLIC = {
    "GET /api/v3/ping": ("ping", ""),
    "GET /api/v3/time": ("time", ""),
    "GET /api/v3/exchangeInfo": (
        "exchangeInfo",
        "symbol symbols permissions showPermissionSets symbolStatus",
    ),
    "GET /api/v3/depth": ("depth", "symbol! limit symbolStatus"),
    "GET /api/v3/trades": ("trades.recent", "symbol! limit"),
    "GET /api/v3/klines": ("klines", KLINES),
    "GET /api/v3/uiKlines": ("uiKlines", KLINES),
    "GET /api/v3/avgPrice": ("avgPrice", "symbol!"),
    "GET /api/v3/ticker/price": ("ticker.price", SYMBOLS),
    "GET /api/v3/ticker/bookTicker": ("ticker.book", SYMBOLS),
    "GET /api/v3/ticker/24hr": ("ticker.24hr", SYMBOLS + " type"),
}
SIGNED = {
    "POST /api/v3/order": ("order.place", ORDER),
    "POST /api/v3/order/test": ("order.test", ORDER + " computeCommissionRates"),
    "GET /api/v3/order": ("order.status", "symbol! orderId origClientOrderId"),
    "DELETE /api/v3/order": (
        "order.cancel",
        "symbol! orderId origClientOrderId newClientOrderId cancelRestrictions",
    ),
    "GET /api/v3/openOrders": ("openOrders.status", "symbol"),
    "DELETE /api/v3/openOrders": ("openOrders.cancelAll", "symbol!"),
    "GET /api/v3/allOrders": ("allOrders", "symbol! orderId startTime endTime limit"),
    "POST /api/v3/orderList/oco": (
        "orderList.place.oco",
        " ".join((LIST, LEG.format("above"), LEG.format("below"))),
    ),
    "POST /api/v3/order/oco": ("orderList.place", LIST + OLD_LIST),
    "GET /api/v3/orderList": ("orderList.status", "orderListId origClientOrderId"),
    "DELETE /api/v3/orderList": (
        "orderList.cancel",
        "symbol! orderListId listClientOrderId newClientOrderId",
    ),
    "GET /api/v3/allOrderList": ("allOrderLists", "fromId startTime endTime limit"),
    "GET /api/v3/openOrderList": ("openOrderLists.status", ""),
    "GET /api/v3/account": ("account.status", "omitZeroBalances"),
    "GET /api/v3/account/commission": ("account.commission", "symbol!"),
    "GET /api/v3/myTrades": ("myTrades", "symbol! orderId startTime endTime fromId limit"),
    "GET /api/v3/rateLimit/order": ("account.rateLimits.orders", ""),
    "GET /sapi/v1/account/apiRestrictions": ("", ""),
    "GET /sapi/v1/bnbBurn": ("", ""),
    "GET /sapi/v1/capital/config/getall": ("", ""),
    "GET /sapi/v1/asset/tradeFee": ("", "symbol"),
    "GET /sapi/v1/margin/allPairs": ("", "symbol"),
    "GET /sapi/v1/margin/isolated/allPairs": ("", "symbol"),
}
ALL = PUBLIC | SIGNED

SOUND = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "type": "MARKET",
    "quantity": "0.1",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "110",
    "belowType": "STOP_LOSS",
    "belowStopPrice": "90",
    "price": "110",
    "stopPrice": "90",
    "interval": "1m",
    "orderId": "1",
    "orderListId": "1",
}
"""Values that stand in a request that is sound but for the one parameter looked at."""

DECIMALS = ("1e-5", "-1", "1,5", "NaN", "0x10", "+1", " 1", "1_0", "\u0661")
WRONG: dict[str, tuple[int, tuple[str, ...]]] = {
    "symbol": (-1100, ("btc usdt", "BTC/USDT", "B" * 51)),
    "symbols": (-1100, ("BTCUSDT", "[]", '["BTCUSDT",1]', "{")),
    "side": (-1117, ("buy", "HOLD", "1")),
    "Type": (-1116, ("market", "STOP", "1")),
    "TimeInForce": (-1115, ("gtc", "GTX", "1")),
    "Quantity": (-1100, DECIMALS),
    "Qty": (-1100, DECIMALS),
    "Price": (-1100, DECIMALS),
    "ClientOrderId": (-1100, ("a b", "ä", "x" * 37, "a;b")),
    "Id": (-1100, ("one", "-1", "1.0", "1e3")),
    "StrategyType": (-1134, ("999999",)),
    "Delta": (-1100, ("ten", "1.5")),
    "newOrderRespType": (-1130, ("full", "ALL")),
    "selfTradePreventionMode": (-1130, ("none", "SOME")),
    "PegPriceType": (-1210, ("PRIMARY",)),
    "PegOffsetType": (-1211, ("LEVEL",)),
    "PegOffsetValue": (-1100, ("one", "-1")),
    "limit": (-1100, ("ten", "-5", "1.5")),
    "Time": (-1100, ("now", "-1", "1.5")),
    "timeZone": (-1100, ("Berlin", "0200")),
    "interval": (-1120, ("1y", "60")),
    "type": (-1139, ("full",)),
    "symbolStatus": (-1122, ("OPEN",)),
    "permissions": (-1130, ("[SPOT", "[1]")),
    "cancelRestrictions": (-1145, ("ANY",)),
    "showPermissionSets": (-1100, ("yes", "1")),
    "omitZeroBalances": (-1100, ("yes", "1")),
    "computeCommissionRates": (-1100, ("yes", "1")),
    "recvWindow": (-1100, ("soon", "-1", "5e3")),
    "timestamp": (-1100, ("now", "-1", "1.5")),
}
"""By a parameter's name, or the end of it in a list's: what is refused and the code."""


def names(text: str) -> dict[str, bool]:
    """Return parameters, and whether each is mandatory."""
    return {name.rstrip("!"): name.endswith("!") for name in text.split()}


def wrong(route: str, name: str) -> tuple[int, tuple[str, ...]]:
    """Return the code and the texts that are refused for a parameter of a route."""
    if name == "type" and "order" in route:
        return WRONG["Type"]
    if name in WRONG:
        return WRONG[name]
    capital = name[0].upper() + name[1:]
    return next(WRONG[end] for end in sorted(WRONG, key=len, reverse=True) if capital.endswith(end))

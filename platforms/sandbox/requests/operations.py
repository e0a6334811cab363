"""The table of what can be asked: by REST path, by WebSocket method, its weight and whether it is signed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from platforms.sandbox.requests import accepts, account_ops, market_ops, order_ops
from platforms.sandbox.requests.parameters import Takes
from platforms.sandbox.requests.params import Params
from platforms.sandbox.requests.venue import Venue

Run = Callable[[Venue, Params], Any]


@dataclass(frozen=True)
class Operation:
    """One thing to ask for; `all_weight` is its weight without a symbol, `places` says it creates orders."""

    run: Run
    weight: int
    takes: Takes = accepts.NOTHING
    signed: bool = False
    places: bool = False
    all_weight: int | None = None

    def weighs(self, params: Params) -> int:
        """Return the weight of a request."""
        if self.all_weight is not None and "symbol" not in params:
            return self.all_weight
        return self.weight

    def check(self, params: Params, beside: Takes = accepts.NOTHING) -> None:
        """Refuse what the exchange would; `beside` is what the protocol adds. Raises ApiError."""
        signed = accepts.SIGNATURE if self.signed else accepts.NOTHING
        (self.takes | signed | beside).check(params.values)


PING = Operation(market_ops.ping, 1)
TIME = Operation(market_ops.time, 1)
INFO = Operation(market_ops.info, 20, accepts.INFO)
DEPTH = Operation(market_ops.depth, 5, accepts.DEPTH)
TRADES = Operation(market_ops.trades, 25, accepts.TRADES)
KLINES = Operation(market_ops.klines, 2, accepts.KLINES)
AVERAGE = Operation(market_ops.average, 2, accepts.ONE_SYMBOL)
PRICE = Operation(market_ops.price, 2, accepts.PRICES, all_weight=4)
BOOK_TICKER = Operation(market_ops.book_ticker, 2, accepts.PRICES, all_weight=4)
DAY = Operation(market_ops.day, 2, accepts.DAY, all_weight=80)

PLACE = Operation(order_ops.place, 1, accepts.NEW_ORDER, signed=True, places=True)
TEST = Operation(order_ops.test, 1, accepts.TEST_ORDER, signed=True)
QUERY = Operation(order_ops.query, 4, accepts.QUERY, signed=True)
CANCEL = Operation(order_ops.cancel, 1, accepts.CANCEL, signed=True)
OPEN_ORDERS = Operation(order_ops.open_orders, 6, accepts.ANY_SYMBOL, signed=True, all_weight=80)
CANCEL_ALL = Operation(order_ops.cancel_all, 1, accepts.ONE_SYMBOL, signed=True)
ALL_ORDERS = Operation(order_ops.all_orders, 20, accepts.ALL_ORDERS, signed=True)
PLACE_OCO = Operation(order_ops.place_oco, 1, accepts.OCO, signed=True, places=True)
PLACE_OLD_OCO = Operation(order_ops.place_old_oco, 1, accepts.OLD_OCO, signed=True, places=True)
QUERY_LIST = Operation(order_ops.query_list, 4, accepts.QUERY_LIST, signed=True)
CANCEL_LIST = Operation(order_ops.cancel_list, 1, accepts.CANCEL_LIST, signed=True)
ALL_LISTS = Operation(order_ops.all_lists, 20, accepts.ALL_LISTS, signed=True)
OPEN_LISTS = Operation(order_ops.open_lists, 6, signed=True)

ACCOUNT = Operation(account_ops.account, 20, accepts.ACCOUNT, signed=True)
MY_TRADES = Operation(account_ops.trades, 20, accepts.MY_TRADES, signed=True)
ORDER_COUNTS = Operation(account_ops.order_counts, 40, signed=True)
COMMISSION = Operation(account_ops.commission, 20, accepts.ONE_SYMBOL, signed=True)
RESTRICTIONS = Operation(account_ops.restrictions, 1, signed=True)
BNB_BURN = Operation(account_ops.bnb_burn, 1, signed=True)
MARGIN_PAIRS = Operation(account_ops.margin_pairs, 1, accepts.ANY_SYMBOL, signed=True)
TRADE_FEES = Operation(account_ops.trade_fees, 1, accepts.ANY_SYMBOL, signed=True)
ASSETS = Operation(account_ops.assets, 10, signed=True)

REST: dict[tuple[str, str], Operation] = {
    ("GET", "/api/v3/ping"): PING,
    ("GET", "/api/v3/time"): TIME,
    ("GET", "/api/v3/exchangeInfo"): INFO,
    ("GET", "/api/v3/depth"): DEPTH,
    ("GET", "/api/v3/trades"): TRADES,
    ("GET", "/api/v3/klines"): KLINES,
    ("GET", "/api/v3/uiKlines"): KLINES,
    ("GET", "/api/v3/avgPrice"): AVERAGE,
    ("GET", "/api/v3/ticker/price"): PRICE,
    ("GET", "/api/v3/ticker/bookTicker"): BOOK_TICKER,
    ("GET", "/api/v3/ticker/24hr"): DAY,
    ("POST", "/api/v3/order"): PLACE,
    ("POST", "/api/v3/order/test"): TEST,
    ("GET", "/api/v3/order"): QUERY,
    ("DELETE", "/api/v3/order"): CANCEL,
    ("GET", "/api/v3/openOrders"): OPEN_ORDERS,
    ("DELETE", "/api/v3/openOrders"): CANCEL_ALL,
    ("GET", "/api/v3/allOrders"): ALL_ORDERS,
    ("POST", "/api/v3/orderList/oco"): PLACE_OCO,
    ("POST", "/api/v3/order/oco"): PLACE_OLD_OCO,
    ("GET", "/api/v3/orderList"): QUERY_LIST,
    ("DELETE", "/api/v3/orderList"): CANCEL_LIST,
    ("GET", "/api/v3/allOrderList"): ALL_LISTS,
    ("GET", "/api/v3/openOrderList"): OPEN_LISTS,
    ("GET", "/api/v3/account"): ACCOUNT,
    ("GET", "/api/v3/account/commission"): COMMISSION,
    ("GET", "/api/v3/myTrades"): MY_TRADES,
    ("GET", "/api/v3/rateLimit/order"): ORDER_COUNTS,
    ("GET", "/sapi/v1/account/apiRestrictions"): RESTRICTIONS,
    ("GET", "/sapi/v1/bnbBurn"): BNB_BURN,
    ("GET", "/sapi/v1/capital/config/getall"): ASSETS,
    ("GET", "/sapi/v1/asset/tradeFee"): TRADE_FEES,
    ("GET", "/sapi/v1/margin/allPairs"): MARGIN_PAIRS,
    ("GET", "/sapi/v1/margin/isolated/allPairs"): MARGIN_PAIRS,
}

WEBSOCKET: dict[str, Operation] = {
    "ping": PING,
    "time": TIME,
    "exchangeInfo": INFO,
    "depth": DEPTH,
    "trades.recent": TRADES,
    "klines": KLINES,
    "uiKlines": KLINES,
    "avgPrice": AVERAGE,
    "ticker.price": PRICE,
    "ticker.book": BOOK_TICKER,
    "ticker.24hr": DAY,
    "order.place": PLACE,
    "order.test": TEST,
    "order.status": QUERY,
    "order.cancel": CANCEL,
    "openOrders.status": OPEN_ORDERS,
    "openOrders.cancelAll": CANCEL_ALL,
    "allOrders": ALL_ORDERS,
    "orderList.place.oco": PLACE_OCO,
    "orderList.place": PLACE_OLD_OCO,
    "orderList.status": QUERY_LIST,
    "orderList.cancel": CANCEL_LIST,
    "allOrderLists": ALL_LISTS,
    "openOrderLists.status": OPEN_LISTS,
    "account.status": ACCOUNT,
    "account.commission": COMMISSION,
    "account.rateLimits.orders": ORDER_COUNTS,
    "myTrades": MY_TRADES,
}

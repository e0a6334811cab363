"""Operations on the account: balances, trades, the key's rights."""

from typing import Any

from platforms.sandbox.exchange.errors import bad_combination
from platforms.sandbox.exchange.numbers import ZERO, plain
from platforms.sandbox.exchange.order import ExchangeOrder, Execution
from platforms.sandbox.requests.params import Params
from platforms.sandbox.requests.render import trade_row
from platforms.sandbox.requests.venue import Venue

Json = dict[str, Any]


def account(venue: Venue, params: Params) -> Json:
    """Tell balances, commissions and permissions."""
    rate = plain(venue.exchange.terms.commission)
    bare = params.raw("omitZeroBalances") == "true"
    holdings = venue.exchange.account
    rows = [
        {"asset": name, "free": plain(free), "locked": plain(holdings.locked[name])}
        for name, free in holdings.free.items()
        if not bare or free or holdings.locked[name]
    ]
    return {
        "makerCommission": int(venue.exchange.terms.commission * 10_000),
        "takerCommission": int(venue.exchange.terms.commission * 10_000),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {"maker": rate, "taker": rate, "buyer": plain(ZERO), "seller": plain(ZERO)},
        "canTrade": venue.rights.trading,
        "canWithdraw": venue.rights.withdrawals,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": venue.exchange.time,
        "accountType": "SPOT",
        "balances": rows,
        "permissions": ["SPOT"],
        "uid": venue.account_id,
    }


def trades(venue: Venue, params: Params) -> list[Json]:
    """Tell the account's trades of a symbol, oldest first."""
    symbol, exchange = params.symbol(), venue.exchange
    exchange.rules(symbol)
    number, first = params.integer("orderId"), params.integer("fromId")
    start, end = params.span()
    if (start is not None or end is not None) and (number is not None or first is not None):
        raise bad_combination()
    limit = params.limit(500, 1000)
    one = exchange.orders.get(number) if number is not None else None
    orders = exchange.orders.values() if number is None else [one] if one else []
    results = [
        (order, trade)
        for order in orders
        if order.symbol == symbol
        for trade in order.trades
        if (first is None or trade.id >= first)
        and (start is None or trade.time >= start)
        and (end is None or trade.time <= end)
    ]
    results.sort(key=_by_id)
    since = first is not None or start is not None
    return [trade_row(order, trade) for order, trade in (results[:limit] if since else results[-limit:])]


def _by_id(row: tuple[ExchangeOrder, Execution]) -> int:
    return row[1].id


def order_counts(venue: Venue, params: Params) -> list[Json]:
    """Tell how many orders were placed in each interval."""
    del params
    return venue.limits.rows(venue.exchange.now, weight=False)


def commission(venue: Venue, params: Params) -> Json:
    """Tell the commission rates of a symbol."""
    sides = {"buyer": plain(ZERO), "seller": plain(ZERO)}
    report = _commission(venue, params.symbol(), "Commission", sides)
    return {"symbol": params.symbol(), **report}


def order_commission(venue: Venue, symbol: str) -> Json:
    """Return the commission rates as the test of an order tells them."""
    return _commission(venue, symbol, "CommissionForOrder", {})


def _commission(venue: Venue, symbol: str, word: str, sides: dict[str, str]) -> Json:
    venue.exchange.rules(symbol)
    rate = plain(venue.exchange.terms.commission)
    none = {"maker": plain(ZERO), "taker": plain(ZERO)} | sides
    return {
        f"standard{word}": {"maker": rate, "taker": rate} | sides,
        f"special{word}": none,
        f"tax{word}": none,
        "discount": {
            "enabledForAccount": False,
            "enabledForSymbol": False,
            "discountAsset": "BNB",
            "discount": plain(ZERO),
        },
    }


def restrictions(venue: Venue, params: Params) -> Json:
    """Tell what the key may do."""
    del params
    return venue.rights.told()


def bnb_burn(venue: Venue, params: Params) -> Json:
    """Tell that commissions are not paid in BNB."""
    del venue, params
    return {"spotBNBBurn": False, "interestBNBBurn": False}


def margin_pairs(venue: Venue, params: Params) -> list[Json]:
    """Tell that nothing is traded on margin."""
    del venue, params
    return []


def trade_fees(venue: Venue, params: Params) -> list[Json]:
    """Tell the commission rates of one symbol or of all."""
    symbols = [params.symbol()] if "symbol" in params else list(venue.exchange.markets)
    rate = plain(venue.exchange.terms.commission)
    rows = [venue.exchange.rules(symbol).symbol for symbol in symbols]
    return [{"symbol": symbol, "makerCommission": rate, "takerCommission": rate} for symbol in rows]


def assets(venue: Venue, params: Params) -> list[Json]:
    """Tell the account's assets as the wallet lists them; nothing can be withdrawn from a sandbox."""
    del params
    holdings = venue.exchange.account
    return [
        {
            "coin": name,
            "name": name,
            "free": plain(free),
            "locked": plain(holdings.locked[name]),
            "freeze": "0",
            "withdrawing": "0",
            "ipoing": "0",
            "ipoable": "0",
            "storage": "0",
            "isLegalMoney": False,
            "trading": True,
            "depositAllEnable": False,
            "withdrawAllEnable": False,
            "networkList": [],
        }
        for name, free in holdings.free.items()
    ]

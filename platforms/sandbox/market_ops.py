"""Operations that need no key: time, symbols, candles, prices."""

import json
from typing import Any

from platforms.sandbox.errors import ApiError, illegal
from platforms.sandbox.klines import Bar
from platforms.sandbox.market import Market
from platforms.sandbox.numbers import ZERO, down, plain
from platforms.sandbox.params import Params
from platforms.sandbox.render import exchange_info
from platforms.sandbox.venue import Venue

Json = dict[str, Any]


def ping(venue: Venue, params: Params) -> Json:
    """Answer nothing."""
    del venue, params
    return {}


def time(venue: Venue, params: Params) -> Json:
    """Tell the exchange's time."""
    del params
    return {"serverTime": venue.exchange.time}


def info(venue: Venue, params: Params) -> Json:
    """Tell symbols with their filters, and the rate limits."""
    rules = [market.rules for market in _markets(venue, params)]
    return exchange_info(rules, venue.limits.rows(), venue.exchange.time)


def depth(venue: Venue, params: Params) -> Json:
    """Tell the book."""
    market = venue.exchange.market(params.symbol())
    limit = params.limit(100, 5000)
    told: Json = {"lastUpdateId": venue.exchange.now}
    for name, asks in (("bids", False), ("asks", True)):
        told[name] = [[plain(price), plain(amount)] for price, amount in market.levels(asks=asks)[:limit]]
    return told


def trades(venue: Venue, params: Params) -> list[Json]:
    """Tell the market's latest trades."""
    market = venue.exchange.market(params.symbol())
    limit = params.limit(500, 1000)
    return [
        {
            "id": done.id,
            "price": plain(done.price),
            "qty": plain(done.quantity),
            "quoteQty": plain(down(done.price * done.quantity)),
            "time": done.time,
            "isBuyerMaker": done.buyer_maker,
            "isBestMatch": True,
        }
        for done in list(market.prints)[-limit:]
    ]


def klines(venue: Venue, params: Params) -> list[list[Any]]:
    """Tell candles."""
    market = venue.exchange.market(params.symbol())
    name = params.text("interval")
    if name not in market.series:
        raise ApiError(-1120, "Invalid interval.")
    start, end = params.integer("startTime"), params.integer("endTime")
    limit = params.limit(500, 1000)
    return [bar.row() for bar in market.series[name].between(start, end, limit)]


def average(venue: Venue, params: Params) -> Json:
    """Tell the average price that the filters use."""
    market = venue.exchange.market(params.symbol())
    now = venue.exchange.now
    minutes = market.rules.avg_price_minutes
    return {"mins": minutes, "price": plain(market.average(now)), "closeTime": now}


def price(venue: Venue, params: Params) -> Any:
    """Tell last prices."""
    rows = [{"symbol": m.rules.symbol, "price": plain(m.price)} for m in _markets(venue, params)]
    return _one_or_all(params, rows)


def book_ticker(venue: Venue, params: Params) -> Any:
    """Tell best bids and asks."""
    return _one_or_all(params, [best(market) for market in _markets(venue, params)])


def best(market: Market) -> Json:
    """Return a market's best bid and ask."""
    (bid, bid_amount), (ask, ask_amount) = market.best(asks=False), market.best(asks=True)
    return {
        "symbol": market.rules.symbol,
        "bidPrice": plain(bid),
        "bidQty": plain(bid_amount),
        "askPrice": plain(ask),
        "askQty": plain(ask_amount),
    }


def day(venue: Venue, params: Params) -> Any:
    """Tell the statistics of 24 hours."""
    now = venue.exchange.now
    return _one_or_all(params, [_day(market, market.day(now)) for market in _markets(venue, params)])


def _day(market: Market, bar: Bar) -> Json:
    change = bar.close - bar.open
    best_now = best(market)
    return {
        "symbol": market.rules.symbol,
        "priceChange": plain(change),
        "priceChangePercent": f"{change / bar.open * 100:.3f}",
        "weightedAvgPrice": plain(down(bar.quote / bar.volume) if bar.volume else ZERO),
        "prevClosePrice": plain(bar.open),
        "lastPrice": plain(bar.close),
        "lastQty": plain(market.prints[-1].quantity if market.prints else ZERO),
        **{name: best_now[name] for name in ("bidPrice", "bidQty", "askPrice", "askQty")},
        "openPrice": plain(bar.open),
        "highPrice": plain(bar.high),
        "lowPrice": plain(bar.low),
        "volume": plain(bar.volume),
        "quoteVolume": plain(down(bar.quote)),
        "openTime": bar.time,
        "closeTime": bar.end,
        "firstId": bar.first_id,
        "lastId": bar.last_id,
        "count": bar.trades,
    }


def _markets(venue: Venue, params: Params) -> list[Market]:
    if "symbol" in params:
        return [venue.exchange.market(params.symbol())]
    if "symbols" in params:
        return [venue.exchange.market(name) for name in _names(params.text("symbols"))]
    return list(venue.exchange.markets.values())


def _names(text: str) -> list[str]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise illegal("symbols", '^\\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\\]$')
    return found


def _one_or_all(params: Params, rows: list[Json]) -> Any:
    return rows[0] if "symbol" in params else rows

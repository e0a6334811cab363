"""Operations that need no key: time, symbols, candles, prices."""

import json
from typing import Any

from edge.strict_json import shallow
from platforms.sandbox.exchange.errors import RequestRefused, bad_combination, invalid
from platforms.sandbox.exchange.klines import Bar
from platforms.sandbox.exchange.market import SandboxMarket
from platforms.sandbox.exchange.numbers import ZERO, down, plain
from platforms.sandbox.requests.params import Params
from platforms.sandbox.requests.render import exchange_info
from platforms.sandbox.requests.venue import Venue

Json = dict[str, Any]
NOT_MINI = frozenset(
    {
        "priceChange", "priceChangePercent", "weightedAvgPrice", "prevClosePrice", "lastQty",
        "bidPrice", "bidQty", "askPrice", "askQty",
    }
)  # fmt: skip
"""What the short form of the statistics of a day leaves out."""


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
    if "symbolStatus" in params and ("symbol" in params or "symbols" in params):
        raise bad_combination()
    spot = "SPOT" in _permissions(params.raw("permissions") or "SPOT")
    rules = [market.rules for market in _markets(venue, params)] if spot else []
    report = exchange_info(rules, venue.limits.rows(), venue.exchange.time)
    if params.raw("showPermissionSets") == "false":
        for row in report["symbols"]:
            row["permissionSets"] = []
    return report


def _permissions(text: str) -> list[str]:
    if not text.startswith("["):
        return [text]
    try:
        result = json.loads(shallow(text))
    except ValueError:
        result = None
    if not isinstance(result, list) or not all(isinstance(name, str) for name in result):
        raise invalid("permissions")
    return result


def depth(venue: Venue, params: Params) -> Json:
    """Tell the book."""
    (market,) = _markets(venue, params)
    limit = params.limit(100, 5000)
    answer: Json = {"lastUpdateId": venue.exchange.now}
    for name, asks in (("bids", False), ("asks", True)):
        answer[name] = [[plain(price), plain(amount)] for price, amount in market.levels(asks=asks)[:limit]]
    return answer


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
        raise RequestRefused(-1120, "Invalid interval.")
    if (params.raw("timeZone") or "0").strip("+-0:"):
        raise RequestRefused(-1013, "The sandbox has candles of time zone 0 only.")
    start, end = params.time("startTime"), params.time("endTime")
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


def best(market: SandboxMarket) -> Json:
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
    rows = [_day(market, market.day(now)) for market in _markets(venue, params)]
    if params.raw("type") == "MINI":
        rows = [{name: value for name, value in row.items() if name not in NOT_MINI} for row in rows]
    return _one_or_all(params, rows)


def _day(market: SandboxMarket, bar: Bar) -> Json:
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


def _markets(venue: Venue, params: Params) -> list[SandboxMarket]:
    """Return the markets asked for: one, some or all, and of some or all those of the status asked for."""
    if "symbol" in params and "symbols" in params:
        raise bad_combination()
    status = params.raw("symbolStatus")
    if "symbol" in params:
        one = venue.exchange.market(params.symbol())
        if status and one.rules.info()["status"] != status:
            raise RequestRefused(-1220, "The symbol's status does not match the requested symbolStatus.")
        return [one]
    every = list(venue.exchange.markets)
    names = json.loads(shallow(params.text("symbols"))) if "symbols" in params else every
    results = [venue.exchange.market(name) for name in names]
    return [one for one in results if not status or one.rules.info()["status"] == status]


def _one_or_all(params: Params, rows: list[Json]) -> Any:
    return rows[0] if "symbol" in params else rows

"""Control requests to the sandbox itself: the oracle, and the hand that moves the market."""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from edge.strict_json import shallow
from platforms.sandbox.exchange.errors import RequestRefused
from platforms.sandbox.exchange.numbers import plain
from platforms.sandbox.exchange.order import ExchangeOrder
from platforms.sandbox.requests.accepts import NEW_ORDER
from platforms.sandbox.requests.entry import draft_of
from platforms.sandbox.requests.gateway import HttpReply, HttpRequest, refusal, reply
from platforms.sandbox.requests.params import Params
from platforms.sandbox.requests.render import queried, trade_row
from platforms.sandbox.requests.venue import Venue

Json = dict[str, Any]
Handler = Callable[[Venue, Json], Any]


def orders(venue: Venue, body: Json) -> Json:
    """Tell every order ever, with its trades, and how often each client id was asked for and executed."""
    del body
    exchange = venue.exchange
    counts = {name: vars(count) for name, count in exchange.requests.items()}
    return {"orders": [_whole(order) for order in exchange.orders.values()], "requests": counts}


def balances(venue: Venue, body: Json) -> Json:
    """Tell balances by asset."""
    del body
    held = venue.exchange.account
    return {
        name: {"free": plain(free), "locked": plain(held.locked[name])} for name, free in held.free.items()
    }


def deposit(venue: Venue, body: Json) -> Json:
    """Pay in or take out: `{"asset", "delta"}`."""
    asset, delta = _text(body, "asset"), _decimal(body, "delta")
    venue.exchange.deposit(asset, delta)
    return balances(venue, {})


def price(venue: Venue, body: Json) -> Json:
    """Move a market: `{"symbol", "price"}`, with "volume" so that resting orders fill in part."""
    symbol = _symbol(venue, body)
    volume = _decimal(body, "volume") if "volume" in body else None
    venue.exchange.set_price(symbol, _decimal(body, "price"), volume)
    return {"symbol": symbol, "price": plain(venue.exchange.markets[symbol].price)}


def advance(venue: Venue, body: Json) -> Json:
    """Play the next candles of the data at once: `{"candles": 1}`, of every symbol or of `symbol`."""
    number = body.get("candles", 1)
    if not isinstance(number, int) or not 1 <= number <= 100_000:
        raise ValueError(f"candles {number!r} must be a whole number from 1 to 100000")
    symbols = [_symbol(venue, body)] if "symbol" in body else list(venue.exchange.markets)
    return {"played": {symbol: venue.exchange.skip(symbol, number) for symbol in symbols}}


def place(venue: Venue, body: Json) -> Json:
    """Place an order as a stranger to the agent would: the parameters of a new order."""
    params = Params({name: str(value) for name, value in body.items()})
    NEW_ORDER.check(params.values)
    return _whole(venue.exchange.place(draft_of(params, venue.exchange.new_client_id), foreign=True))


def rules(venue: Venue, body: Json) -> Json:
    """Change filters: `{"symbol", "fields": {"min_notional": "10"}}`."""
    symbol, fields = _symbol(venue, body), body.get("fields")
    if not isinstance(fields, dict):
        raise bad(f"fields {fields!r} must be a table of filter fields and values")
    venue.exchange.change_rules(symbol, fields)
    return venue.exchange.markets[symbol].rules.info()


def status(venue: Venue, body: Json) -> Json:
    """Tell what the sandbox is doing."""
    del body
    exchange = venue.exchange
    return {
        "time": exchange.time,
        "clock_offset_ms": exchange.offset_ms,
        "base_interval_ms": exchange.base_ms,
        "prices": {symbol: plain(market.price) for symbol, market in exchange.markets.items()},
        "candles_played": exchange.candles_played,
        "standing_still": exchange.standing_still,
        "orders": len(exchange.orders),
        "open_orders": len(exchange.open_orders()),
    }


ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/sandbox/status"): status,
    ("GET", "/sandbox/orders"): orders,
    ("POST", "/sandbox/orders"): place,
    ("GET", "/sandbox/balances"): balances,
    ("POST", "/sandbox/balances"): deposit,
    ("POST", "/sandbox/price"): price,
    ("POST", "/sandbox/advance"): advance,
    ("POST", "/sandbox/filters"): rules,
}


def serve(venue: Venue, asked: HttpRequest, routes: dict[tuple[str, str], Handler]) -> HttpReply:
    """Answer one control request; what cannot be done is a 400 that says why."""
    handler = routes.get((asked.method, asked.path))
    if handler is None:
        known = ", ".join(f"{method} {path}" for method, path in routes)
        return reply({"error": f"{asked.method} {asked.path} is unknown; known: {known}"}, 404)
    try:
        body = _read(asked.body)
        with venue.exchange.lock:
            return reply(handler(venue, body))
    except RequestRefused as error:
        return refusal(error)
    except ValueError as error:
        return reply({"error": str(error)}, 400)


def bad(message: str) -> ValueError:
    """Return the error for a request that cannot be carried out."""
    return ValueError(message)


def _read(body: bytes) -> Json:
    value = json.loads(shallow(body.decode())) if body else {}
    if not isinstance(value, dict):
        raise bad(f"body {value!r} must be a JSON object")
    return value


def _whole(order: ExchangeOrder) -> Json:
    report = queried(order)
    report["foreign"] = order.foreign
    report["trades"] = [trade_row(order, trade) for trade in order.trades]
    return report


def _symbol(venue: Venue, body: Json) -> str:
    symbol = body.get("symbol")
    if symbol is None and len(venue.exchange.markets) == 1:
        return next(iter(venue.exchange.markets))
    if symbol not in venue.exchange.markets:
        raise ValueError(f"symbol {symbol!r} is not traded; known: {', '.join(venue.exchange.markets)}")
    return str(symbol)


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} {value!r} must be a text")
    return value


def _decimal(body: Json, name: str) -> Decimal:
    try:
        value = Decimal(str(body.get(name)))
    except InvalidOperation:
        raise ValueError(f"{name} {body.get(name)!r} must be a number") from None
    if not value.is_finite():
        raise ValueError(f"{name} {value} must be finite")
    return value

"""Operations on orders."""

from typing import Any

from platforms.sandbox.exchange.errors import RequestRefused, bad_combination, no_such_order, unknown_order
from platforms.sandbox.exchange.order import Draft, ExchangeOrder, OrderList
from platforms.sandbox.requests.account_ops import order_commission
from platforms.sandbox.requests.entry import draft_of, oco_of, old_oco_of
from platforms.sandbox.requests.params import Params
from platforms.sandbox.requests.render import cancelled, order_list, placed, queried
from platforms.sandbox.requests.venue import Venue

Json = dict[str, Any]


def place(venue: Venue, params: Params) -> Json:
    """Take in an order."""
    draft = draft_of(params, venue.exchange.new_client_id)
    venue.exchange.rules(draft.symbol)
    venue.limits.count_order(venue.exchange.now)
    return placed(venue.exchange.place(draft, take=venue.take))


def test(venue: Venue, params: Params) -> Json:
    """Check an order without taking it in; tell its commission when asked to."""
    draft = draft_of(params, venue.exchange.new_client_id)
    venue.exchange.examine(draft)
    return order_commission(venue, draft.symbol) if params.raw("computeCommissionRates") == "true" else {}


def query(venue: Venue, params: Params) -> Json:
    """Tell where an order stands."""
    return queried(_wanted(venue, params))


def cancel(venue: Venue, params: Params) -> Json:
    """Cancel an order; the other of its list goes with it."""
    exchange = venue.exchange
    try:
        order = _wanted(venue, params)
    except RequestRefused as error:
        raise unknown_order() if error.code == no_such_order().code else error from None
    wanted = {"ONLY_NEW": "NEW", "ONLY_PARTIALLY_FILLED": "PARTIALLY_FILLED"}
    restriction = params.raw("cancelRestrictions")
    if restriction and order.open and order.status != wanted[restriction]:
        raise RequestRefused(-2011, "Order was not canceled due to cancel restrictions.")
    cancel_id = params.client_id("newClientOrderId") or exchange.new_client_id()
    ended = exchange.cancel(order, cancel_id)
    pair = exchange.lists.get(order.list_id)
    if pair is None:
        return cancelled(order, cancel_id)
    return order_list(pair, exchange.time) | {"orderReports": [cancelled(one, cancel_id) for one in ended]}


def cancel_all(venue: Venue, params: Params) -> list[Json]:
    """Cancel every order of a symbol."""
    exchange, symbol = venue.exchange, params.symbol()
    exchange.rules(symbol)
    if not exchange.open_orders(symbol):
        raise unknown_order()
    answer: list[Json] = []
    while resting := exchange.open_orders(symbol):
        answer.append(cancel(venue, Params({"symbol": symbol, "orderId": str(resting[0].id)})))
    return answer


def open_orders(venue: Venue, params: Params) -> list[Json]:
    """Tell every order that rests."""
    symbol = params.symbol() if "symbol" in params else None
    if symbol:
        venue.exchange.rules(symbol)
    return [queried(order) for order in venue.exchange.open_orders(symbol)]


def all_orders(venue: Venue, params: Params) -> list[Json]:
    """Tell every order of a symbol, done or not."""
    symbol, first = params.symbol(), params.integer("orderId")
    venue.exchange.rules(symbol)
    start, end = params.span()
    results = [
        order
        for order in venue.exchange.orders.values()
        if order.symbol == symbol
        and (first is None or order.id >= first)
        and (start is None or order.time >= start)
        and (end is None or order.time <= end)
    ]
    limit = params.limit(500, 1000)
    since = first is not None or start is not None
    return [queried(order) for order in (results[:limit] if since else results[-limit:])]


def place_oco(venue: Venue, params: Params) -> Json:
    """Take in an OCO."""
    return _place_list(venue, *oco_of(params, venue.exchange.new_client_id))


def place_old_oco(venue: Venue, params: Params) -> Json:
    """Take in an OCO of the older form."""
    return _place_list(venue, *old_oco_of(params, venue.exchange.new_client_id))


def _place_list(venue: Venue, client_id: str, drafts: tuple[Draft, ...]) -> Json:
    venue.exchange.rules(drafts[0].symbol)
    venue.limits.count_order(venue.exchange.now, len(drafts))
    pair = venue.exchange.place_list(client_id, drafts)
    return order_list(pair) | {"orderReports": [placed(order) for order in pair.orders]}


def query_list(venue: Venue, params: Params) -> Json:
    """Tell where an order list stands."""
    number, client_id = params.integer("orderListId"), params.raw("origClientOrderId")
    if number is None and not client_id:
        raise RequestRefused(
            -1102, "Param 'origClientOrderId' or 'orderListId' must be sent, but both were empty/null!"
        )
    pair = _list(venue, number, client_id)
    if pair is None:
        raise RequestRefused(-2018, "Order list does not exist.")
    return order_list(pair)


def cancel_list(venue: Venue, params: Params) -> Json:
    """Cancel an order list."""
    symbol, exchange = params.symbol(), venue.exchange
    number, client_id = params.integer("orderListId"), params.raw("listClientOrderId")
    if number is None and not client_id:
        raise RequestRefused(
            -1102, "Param 'listClientOrderId' or 'orderListId' must be sent, but both were empty/null!"
        )
    pair = _list(venue, number, client_id)
    if pair is None or pair.symbol != symbol or not pair.open:
        raise unknown_order()
    cancel_id = params.client_id("newClientOrderId") or exchange.new_client_id()
    ended = exchange.cancel(next(order for order in pair.orders if order.open), cancel_id)
    return order_list(pair, exchange.time) | {"orderReports": [cancelled(one, cancel_id) for one in ended]}


def all_lists(venue: Venue, params: Params) -> list[Json]:
    """Tell every order list, oldest first."""
    first, (start, end) = params.integer("fromId"), params.span()
    if first is not None and (start is not None or end is not None):
        raise bad_combination()
    results = [
        order_list(pair)
        for pair in venue.exchange.lists.values()
        if (first is None or pair.id >= first)
        and (start is None or pair.time >= start)
        and (end is None or pair.time <= end)
    ]
    limit = params.limit(500, 1000)
    return results[:limit] if first is not None or start is not None else results[-limit:]


def open_lists(venue: Venue, params: Params) -> list[Json]:
    """Tell every order list that rests."""
    del params
    return [order_list(pair) for pair in venue.exchange.lists.values() if pair.open]


def _list(venue: Venue, number: int | None, client_id: str | None) -> OrderList | None:
    if number is not None:
        return venue.exchange.lists.get(number)
    results = [pair for pair in venue.exchange.lists.values() if pair.client_id == client_id]
    return results[-1] if results else None


def _wanted(venue: Venue, params: Params) -> ExchangeOrder:
    symbol, number = params.symbol(), params.integer("orderId")
    venue.exchange.rules(symbol)
    client_id = params.raw("origClientOrderId")
    if number is None and not client_id:
        raise RequestRefused(
            -1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
        )
    return venue.exchange.find(symbol, number, client_id)

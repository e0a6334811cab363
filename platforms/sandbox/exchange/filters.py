"""The exchange's filters, with its own boundary semantics: bounds inclusive, steps counted from zero."""

from collections.abc import Iterable
from decimal import Decimal

from platforms.sandbox.exchange.errors import RequestRefused, filter_failure
from platforms.sandbox.exchange.numbers import ZERO
from platforms.sandbox.exchange.order import ALGO, PRICED, Draft, ExchangeOrder
from platforms.sandbox.exchange.rules import SymbolRules


def check(draft: Draft, rules: SymbolRules, average: Decimal) -> None:
    """Refuse an order that a filter of its own refuses. Raises ApiError -1013."""
    if rules.status != "TRADING":
        raise RequestRefused(-1013, "Market is closed.")
    market = draft.type not in PRICED
    for price in (draft.price, draft.stop_price):
        if price:
            _price(price, rules)
    if draft.price:
        _percent(draft, rules, average)
    if draft.quantity:
        _within("LOT_SIZE", draft.quantity, rules.min_quantity, rules.max_quantity, rules.step_size)
        if market:
            _within(
                "MARKET_LOT_SIZE",
                draft.quantity,
                rules.market_min_quantity,
                rules.market_max_quantity,
                rules.market_step_size,
            )
    # Priced orders count at their price, market orders at the average.
    value = draft.quote_quantity or draft.quantity * (average if market else draft.price)
    _notional(value, rules, market=market)


def _price(price: Decimal, rules: SymbolRules) -> None:
    _within("PRICE_FILTER", price, rules.min_price, rules.max_price, rules.tick_size)


def _within(name: str, value: Decimal, least: Decimal, most: Decimal, step: Decimal) -> None:
    if value < least or (most and value > most) or (step and value % step):
        raise filter_failure(name)


def _percent(draft: Draft, rules: SymbolRules, average: Decimal) -> None:
    if draft.buys:
        up, down = rules.bid_multiplier_up, rules.bid_multiplier_down
    else:
        up, down = rules.ask_multiplier_up, rules.ask_multiplier_down
    if draft.price > average * up or draft.price < average * down:
        raise filter_failure("PERCENT_PRICE_BY_SIDE")


def _notional(value: Decimal, rules: SymbolRules, *, market: bool) -> None:
    if value < rules.min_notional and (rules.apply_min_to_market or not market):
        raise filter_failure("NOTIONAL")
    if rules.max_notional and value > rules.max_notional and (rules.apply_max_to_market or not market):
        raise filter_failure("NOTIONAL")


def check_room(
    drafts: Iterable[Draft],
    rules: SymbolRules,
    resting: Iterable[ExchangeOrder],
    *,
    held: Decimal,
    lists: int | None = None,
) -> None:
    """Refuse orders for which there is no room beside those that rest. Raises ApiError -1013.

    `held` is what the account has of the base asset; `lists` counts the open order lists for a new list.
    """
    new, old = list(drafts), list(resting)
    if len(old) + len(new) > rules.max_orders:
        raise filter_failure("MAX_NUM_ORDERS")
    waiting = sum(order.draft.type in ALGO for order in old) + sum(draft.type in ALGO for draft in new)
    if waiting > rules.max_algo_orders and any(draft.type in ALGO for draft in new):
        raise filter_failure("MAX_NUM_ALGO_ORDERS")
    if lists is not None and lists + 1 > rules.max_order_lists:
        raise filter_failure("MAX_NUM_ORDER_LISTS")
    buying = sum((order.left for order in old if order.draft.buys), ZERO)
    wanted = sum((draft.quantity for draft in new if draft.buys), ZERO)
    if rules.max_position and wanted and held + buying + wanted > rules.max_position:
        raise filter_failure("MAX_POSITION")

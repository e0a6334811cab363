"""Matching: what an order takes from the book, and what the market takes from an order that rests."""

from decimal import Decimal

from platforms.sandbox.exchange.market import Level
from platforms.sandbox.exchange.numbers import ZERO, down
from platforms.sandbox.exchange.order import STOPS, ExchangeOrder


def crosses(*, buys: bool, limit: Decimal, price: Decimal) -> bool:
    """Tell whether an order with this limit may trade at this price."""
    return price <= limit if buys else price >= limit


def sweep(levels: list[Level], quantity: Decimal, *, buys: bool, limit: Decimal | None) -> list[Level]:
    """Return the trades that fill up to `quantity` from the book, none beyond the limit."""
    taken: list[Level] = []
    for price, there in levels:
        if quantity <= 0 or (limit is not None and not crosses(buys=buys, limit=limit, price=price)):
            break
        amount = min(quantity, there)
        taken.append((price, amount))
        quantity -= amount
    return taken


def sweep_value(levels: list[Level], value: Decimal, step: Decimal) -> list[Level]:
    """Return the trades that spend up to `value` of quote, each a multiple of the lot."""
    taken: list[Level] = []
    for price, there in levels:
        amount = min(down(value / price, step), there)
        if amount <= 0:
            break
        taken.append((price, amount))
        value -= price * amount
    return taken


def amounts(taken: list[Level]) -> tuple[Decimal, Decimal]:
    """Return quantity and value of trades."""
    return sum((q for _, q in taken), ZERO), sum((p * q for p, q in taken), ZERO)


def triggers_at(order: ExchangeOrder, price: Decimal) -> bool:
    """Tell whether a waiting stop or take-profit order is set off by this price."""
    draft = order.draft
    # A stop buys above and sells below; a take-profit the other way round.
    rising = draft.buys == (draft.type in STOPS)
    return price >= draft.stop_price if rising else price <= draft.stop_price


def rests_within(order: ExchangeOrder, price: Decimal) -> bool:
    """Tell whether the market, trading at `price`, reaches an order resting on the book."""
    return crosses(buys=order.draft.buys, limit=order.draft.price, price=price)

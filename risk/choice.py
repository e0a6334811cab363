"""Choosing the order of an approved entry, and saying by which numbers."""

import msgspec

from domain.impact import NO_IMPACT
from domain.order import Order, OrderType
from domain.verdict import EntryChoice
from risk.case import Case
from risk.entry_orders import (
    AUTO,
    MARKET,
    allowed_ppm,
    least_lots,
    limit_of,
    predicted_ppm,
    slice_lots,
    slices_of,
)
from risk.facts import Entry


def chosen(case: Case, lots: int, entry: Entry) -> EntryChoice | msgspec.UnsetType:
    """Return how an entry of so many lots is ordered; nothing where the settings say at the market."""
    orders = case.policy.orders
    if orders.kind == MARKET:
        return msgspec.UNSET
    law, activity = case.policy.laws.get(case.symbol, NO_IMPACT), case.activity
    predicted = predicted_ppm(orders, *law, *activity, lots)
    if orders.kind != AUTO:
        return EntryChoice(predicted, None, 1, lots)
    allowed = allowed_ppm(orders, entry.price, entry.stop)
    least = least_lots(entry.stop, entry.cash_factor, entry.min_lots, entry.min_cash)
    return EntryChoice(predicted, allowed, slices_of(orders, *law, *activity, lots, least, allowed), lots)


def ordered(case: Case, order: Order, choice: EntryChoice | msgspec.UnsetType) -> Order:
    """Return an entry's order as it was chosen: whole at the market, or its first slice within a price."""
    if choice is msgspec.UNSET:
        return order
    allowed = choice.allowed_ppm or 0
    limit = limit_of(case.policy.orders, order.reference, choice.predicted_ppm, allowed)
    if not limit:
        return order
    return msgspec.structs.replace(
        order,
        type=OrderType.IOC,
        price=case.instrument.below(limit),
        lots=case.instrument.sendable(slice_lots(choice.lots, choice.slices, 0)),
    )

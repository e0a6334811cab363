"""The order of an entry: at the market, within a price, or in slices, by what slippage is predicted.

What one market order would pay is told by the law of slippage in force, and never less than the settings'
costs. Where that is more than the share of the way to the stop that may be lost to it, the entry is ordered
within a price (immediate or cancel), and in so few slices, one a cycle, that each would pay no more than
that; where not even the most slices come so far, in the most. Where slices would save nothing there is one.

Prices in ticks, sizes in lots, costs in parts per million. The loop and a backtest ask the same.
"""

from math import ceil
from typing import NamedTuple

from domain.impact import MOST_PPM, beyond_ppm
from domain.kernel import kernel
from domain.money import share_down

MARKET, LIMIT, AUTO = 0, 1, 2
"""Codes of how entries are ordered."""


class EntryOrders(NamedTuple):
    """The settings of entries as numbers: a code, and the bounds.

    `worst_ppm` is how far above its quote an order within a price may pay, `stop_share_ppm` the share of the
    way to the stop that predicted slippage may take of a market order, `slices` the most slices, and
    `configured_ppm` half the spread and the slippage of the settings.
    """

    kind: int
    worst_ppm: int
    stop_share_ppm: int
    slices: int
    configured_ppm: int


AT_MARKET = EntryOrders(MARKET, 0, 0, 1, 0)


@kernel
def predicted_ppm(
    orders: EntryOrders, base: float, growth: float, wide: float, volume: float, lots: int
) -> int:
    """Return what a market order of so many lots is expected to pay beyond its quote, in whole ppm."""
    law = ceil(min(beyond_ppm(base, growth, wide, volume, lots), float(MOST_PPM)))
    return max(orders.configured_ppm, law)


@kernel
def allowed_ppm(orders: EntryOrders, price: int, stop: int) -> int:
    """Return what a market order may pay, in ppm of its quote: nothing without a stop below it."""
    if stop <= 0 or stop >= price:
        return 0
    return share_down(int((price - stop) / price * 1_000_000), orders.stop_share_ppm)


@kernel
def limit_of(orders: EntryOrders, price: int, predicted: int, allowed: int) -> int:
    """Return the price an entry is ordered within, 0 for at the market."""
    if orders.kind == MARKET or (orders.kind == AUTO and predicted <= allowed):
        return 0
    return worst_price(orders, price)


@kernel
def worst_price(orders: EntryOrders, price: int) -> int:
    """Return the price an entry decided at `price` may not pay more than."""
    return price + share_down(price, orders.worst_ppm)


@kernel
def least_lots(stop: int, cash_factor: int, min_lots: int, min_cash: int) -> int:
    """Return the fewest lots that an exchange takes at a stop: what is bought has to be protected there."""
    if stop <= 0:
        return max(min_lots, 1)
    return max(min_lots, 1, -(-min_cash // (stop * cash_factor)))


@kernel
def slices_of(
    orders: EntryOrders,
    base: float,
    growth: float,
    wide: float,
    volume: float,
    lots: int,
    least_lots: int,
    allowed: int,
) -> int:
    """Return in how many slices an entry is ordered of which each is of `least_lots` lots or more."""
    most = min(orders.slices, lots // max(least_lots, 1))
    whole = predicted_ppm(orders, base, growth, wide, volume, lots)
    if orders.kind != AUTO or most < 2 or whole <= allowed:
        return 1
    count = 2
    while count < most and largest_slice_ppm(orders, base, growth, wide, volume, lots, count) > allowed:
        count += 1
    saves = largest_slice_ppm(orders, base, growth, wide, volume, lots, count) < whole
    return count if saves else 1


@kernel
def largest_slice_ppm(
    orders: EntryOrders, base: float, growth: float, wide: float, volume: float, lots: int, count: int
) -> int:
    """Return what the largest of so many slices is expected to pay."""
    return predicted_ppm(orders, base, growth, wide, volume, -(-lots // count))


@kernel
def slice_lots(lots: int, count: int, number: int) -> int:
    """Return the lots of a slice, counted from 0, of an entry: the first ones are a lot larger."""
    return lots // count + (1 if number < lots % count else 0)

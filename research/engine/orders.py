"""The orders of a replay: bought, protected and sold, as the loop's executor and the paper exchange do."""

from collections.abc import Sequence
from typing import NamedTuple

from domain.exits import BY_SIGNAL
from domain.kernel import kernel
from domain.money import notional
from platforms.fills import BUY, SELL, Costs, buy_cost, market_price
from platforms.impact import Slips, mean_volume, range_ppm, slipped_at, takes_within
from research.engine.closing import close_position
from research.engine.layout import (
    ACCT,
    ADDED,
    BOUGHT,
    BOUGHT_REF,
    CANDLE_AT,
    CASH,
    CYCLE,
    ENTRY_CANDLE,
    ENTRY_CYCLE,
    EXIT_PLAN,
    FACTOR,
    FEES,
    FIRST_LOTS,
    HELD,
    LOTS,
    MARK,
    MIN_CASH,
    MIN_LOTS,
    NO_PLAN,
    OPENED_MS,
    QUOTE,
    SINCE,
    SOLD,
    SOLD_LOTS,
    SOLD_REF,
    STOP,
    STOP_BY,
    SYMBOL,
    TARGET,
    TRIGGERED,
    TURN,
    TURN_AT,
    WANT_LIMIT,
    WANT_LOTS,
    WANT_PLAN,
    WANT_STOP,
    WANT_STOP_PPM,
    WANT_TARGET,
    Floats,
    Ints,
)
from research.engine.observing import last_closed
from risk.entry_orders import MARKET, EntryOrders, allowed_ppm, limit_of, predicted_ppm
from risk.facts import Entry
from risk.rules import fits
from risk.stake import stop_below, too_large, trailed


@kernel
def law_now(ints: Ints, slips: Slips, turn_end: Sequence[int], p: int) -> tuple[float, float, float, float]:
    """Return a symbol's law of slippage, and the range and volume it reads now; none costs nothing."""
    if len(slips.base) == 0:
        return 0.0, 0.0, 0.0, 1.0
    symbol, first, newest = (p - ACCT) // SYMBOL, ints[p + CANDLE_AT], last_closed(ints, p, turn_end)
    wide = range_ppm(slips.high, slips.low, slips.close, first, newest)
    volume = mean_volume(slips.volume, slips.step[symbol], first, newest)
    return slips.base[symbol], slips.growth[symbol], wide, volume


@kernel
def entry_limit(
    ints: Ints, orders: EntryOrders, slips: Slips, turn_end: Sequence[int], p: int, entry: Entry, lots: int
) -> int:
    """Return the price an entry is ordered within, 0 for at the market, as risk.choice does."""
    if orders.kind == MARKET:
        return 0
    base, growth, wide, volume = law_now(ints, slips, turn_end, p)
    predicted = predicted_ppm(orders, base, growth, wide, volume, lots)
    return limit_of(orders, entry.price, predicted, allowed_ppm(orders, entry.price, entry.stop))


@kernel
def slipped_now(ints: Ints, costs: Costs, slips: Slips, turn_end: Sequence[int], p: int, lots: int) -> Costs:
    """Return the costs of a market order of so many lots that is sent now."""
    newest = last_closed(ints, p, turn_end)
    return slipped_at(costs, slips, (p - ACCT) // SYMBOL, ints[p + CANDLE_AT], newest, lots)


@kernel
def sell(
    ints: Ints,
    floats: Floats,
    costs: Costs,
    slips: Slips,
    turn_end: Sequence[int],
    p: int,
    at_ms: int,
    ending: int,
) -> None:
    """Sell a position at the market; where the exchange refuses, its protection is placed anew."""
    mark = ints[p + MARK]
    if fits(mark, ints[p + LOTS], ints[p + FACTOR], ints[p + MIN_LOTS], ints[p + MIN_CASH]):
        costs = slipped_now(ints, costs, slips, turn_end, p, ints[p + LOTS])
        price = market_price(SELL, mark, costs)
        close_position(ints, floats, costs, p, price, mark, at_ms, ending)
    else:
        ints[p + SINCE] = at_ms


class Purchase(NamedTuple):
    """A filled purchase: its lots, the cash they took with the fee, their notional; no lots where refused."""

    lots: int
    cost: int
    bought: int


@kernel
def filled(ints: Ints, costs: Costs, p: int, lots: int) -> Purchase:
    """Fill an order to buy at the market; one that the cash does not cover is refused."""
    factor = ints[p + FACTOR]
    price = market_price(BUY, ints[p + MARK], costs)
    if too_large(price, lots, factor):
        return Purchase(0, 0, 0)
    cost = buy_cost(price, lots, factor, costs.taker_fee)
    if cost > ints[CASH]:
        return Purchase(0, 0, 0)
    return Purchase(lots, cost, notional(price, lots, factor))


@kernel
def purchase(ints: Ints, costs: Costs, slips: Slips, turn_end: Sequence[int], p: int, lots: int) -> Purchase:
    """Buy so many lots as they were ordered.

    Within a price only what trades there is bought, and less than may be sold again is not.
    """
    factor, mark = ints[p + FACTOR], ints[p + MARK]
    if ints[p + WANT_LIMIT] > 0:
        base, growth, wide, volume = law_now(ints, slips, turn_end, p)
        lots = takes_within(BUY, mark, ints[p + WANT_LIMIT], costs, base, growth, wide, volume, lots)
        if lots < ints[p + MIN_LOTS] or notional(mark, lots, factor) < ints[p + MIN_CASH] or lots == 0:
            return Purchase(0, 0, 0)
    dear = slipped_now(ints, costs, slips, turn_end, p, lots)
    return filled(ints, dear, p, lots)


@kernel
def buy(
    ints: Ints, floats: Floats, costs: Costs, slips: Slips, turn_end: Sequence[int], p: int, at_ms: int
) -> None:
    """Buy what was approved and protect what was bought."""
    purchased = purchase(ints, costs, slips, turn_end, p, ints[p + WANT_LOTS])
    if purchased.lots == 0:
        return
    open_position(ints, p, at_ms, purchased)
    ints[p + EXIT_PLAN] = ints[p + WANT_PLAN]
    ints[p + ADDED], ints[p + FIRST_LOTS] = 0, ints[p + WANT_LOTS]
    if ints[p + WANT_PLAN] != NO_PLAN:  # else nobody asks, and to look waits for memory
        ints[p + ENTRY_CANDLE] = last_closed(ints, p, turn_end)
    protect(ints, floats, costs, slips, turn_end, p, at_ms)


@kernel
def open_position(ints: Ints, p: int, at_ms: int, purchased: Purchase) -> None:
    """Begin a position with what was bought."""
    ints[CASH] -= purchased.cost
    ints[HELD] += 1
    ints[p + LOTS] = purchased.lots
    ints[p + BOUGHT] = purchased.bought
    ints[p + BOUGHT_REF] = notional(ints[p + MARK], purchased.lots, ints[p + FACTOR])
    ints[p + FEES] = purchased.cost - purchased.bought
    ints[p + OPENED_MS] = at_ms
    ints[p + ENTRY_CYCLE] = ints[CYCLE]
    ints[p + SOLD_LOTS] = ints[p + SOLD] = ints[p + SOLD_REF] = ints[p + STOP_BY] = 0


@kernel
def protect(
    ints: Ints, floats: Floats, costs: Costs, slips: Slips, turn_end: Sequence[int], p: int, at_ms: int
) -> None:
    """Place stop and target; where the exchange would refuse one, get out again at once."""
    if not placed(ints, p, at_ms):
        sell(ints, floats, costs, slips, turn_end, p, at_ms, BY_SIGNAL)


@kernel
def placed(ints: Ints, p: int, at_ms: int) -> bool:
    """Place the stop and target that are wanted, or none where the exchange would refuse one; tell which."""
    lots, factor = ints[p + LOTS], ints[p + FACTOR]
    least_lots, least_cash = ints[p + MIN_LOTS], ints[p + MIN_CASH]
    stop, target = ints[p + WANT_STOP], max(ints[p + WANT_TARGET], 0)
    if stop == 0:
        stop = stop_below(ints[p + BOUGHT], (lots + ints[p + SOLD_LOTS]) * factor, ints[p + WANT_STOP_PPM])
    ints[p + STOP] = max(stop, 0)
    ints[p + TARGET] = target
    ints[p + TRIGGERED] = 0
    ints[p + SINCE] = at_ms
    stop_fits = stop <= 0 or fits(stop, lots, factor, least_lots, least_cash)
    target_fits = target == 0 or fits(target, lots, factor, least_lots, least_cash)
    in_order = stop <= 0 or target == 0 or target > stop
    if stop_fits and target_fits and in_order:
        return True
    ints[p + STOP] = 0
    ints[p + TARGET] = 0
    return False


@kernel
def raise_stop(
    ints: Ints,
    floats: Floats,
    costs: Costs,
    slips: Slips,
    p: int,
    at_ms: int,
    trailing_ppm: int,
    close: Sequence[int],
    turn_ms: Sequence[int],
    turn_end: Sequence[int],
) -> None:
    """Let a position's stop follow the candle that closed in this cycle."""
    turn = ints[p + TURN_AT] + ints[p + TURN] - 1
    if turn_ms[turn] != at_ms or turn_end[turn] == turn_end[turn - 1]:
        return
    stop = ints[p + STOP]
    level = trailed(stop, close[ints[p + CANDLE_AT] + turn_end[turn] - 1], ints[p + QUOTE], trailing_ppm)
    if level == stop:
        return
    ints[p + WANT_STOP] = level
    ints[p + WANT_TARGET] = ints[p + TARGET]
    protect(ints, floats, costs, slips, turn_end, p, at_ms)

"""The declared exits of a replay: what agent.loop.exits does with a position after a candle."""

from collections.abc import Sequence

from domain.exits import BY_CUSTOM
from domain.kernel import kernel
from platforms.fills import SELL, Costs, market_price
from platforms.impact import Slips
from research.engine.closing import take_sale
from research.engine.layout import (
    BOUGHT,
    ENTRY_CANDLE,
    EXIT_PLAN,
    FACTOR,
    LOTS,
    MARK,
    MIN_CASH,
    MIN_LOTS,
    NO_PLAN,
    QUOTE,
    SOLD_LOTS,
    STOP,
    STOP_BY,
    TARGET,
    TURN,
    TURN_AT,
    WANT_STOP,
    WANT_TARGET,
    ExitTables,
    Floats,
    Ints,
)
from research.engine.observing import last_closed
from research.engine.orders import protect, raise_stop, sell, slipped_now
from risk.exits import MILLION, PROGRAM, exit_due, part_due, parts_fit, places_at, stop_wanted
from risk.leaving import leave_due, show_held
from risk.rules import fits


@kernel
def asked_share(ints: Ints, exits: ExitTables, p: int, newest: int, held_ms: int, ended: int) -> int:
    """Return the share of all that was bought that a position's custom exit has sold by now, in ppm."""
    plan = ints[p + EXIT_PLAN]
    program = exits.plans[plan + PROGRAM]
    if program < 0:
        return 0
    price = ints[p + QUOTE] if ints[p + QUOTE] > 0 else ended
    total = ints[p + LOTS] + ints[p + SOLD_LOTS]
    units = total * ints[p + FACTOR]
    show_held(exits.stack, price, ints[p + BOUGHT], units, held_ms, ints[p + STOP], ints[p + LOTS], total)
    places = places_at(exits.plans, plan)
    due = leave_due(exits.code, program, exits.columns, exits.plans, places, newest, exits.stack)
    return int(due.share)


@kernel
def follow(
    ints: Ints,
    floats: Floats,
    costs: Costs,
    slips: Slips,
    exits: ExitTables,
    p: int,
    at_ms: int,
    trailing_ppm: int,
    cost_ppm: int,
    candle_ms: Sequence[int],
    close: Sequence[int],
    turn_ms: Sequence[int],
    turn_end: Sequence[int],
) -> None:
    """Do what is due with a position after the candle that closed in this cycle."""
    plan = ints[p + EXIT_PLAN]
    if plan == NO_PLAN:
        if trailing_ppm > 0:
            raise_stop(ints, floats, costs, slips, p, at_ms, trailing_ppm, close, turn_ms, turn_end)
        return
    turn = ints[p + TURN_AT] + ints[p + TURN] - 1
    if turn_ms[turn] != at_ms or turn_end[turn] == turn_end[turn - 1]:
        return
    newest, quote, bought = last_closed(ints, p, turn_end), ints[p + QUOTE], ints[p + BOUGHT]
    factor, least_lots, least_cash = ints[p + FACTOR], ints[p + MIN_LOTS], ints[p + MIN_CASH]
    total = ints[p + LOTS] + ints[p + SOLD_LOTS]
    units = total * factor
    held_ms = candle_ms[newest] - candle_ms[ints[p + ENTRY_CANDLE]]
    by = exit_due(exits.plans, plan, held_ms, quote, bought, units)
    asked = 0 if by > 0 else asked_share(ints, exits, p, newest, held_ms, close[newest])
    by = BY_CUSTOM if asked >= MILLION else by
    if by > 0:
        # Without a current price only the exchange can tell the notional.
        least = least_cash if quote > 0 else 0
        if fits(ints[p + MARK], ints[p + LOTS], factor, least_lots, least):
            sell(ints, floats, costs, slips, turn_end, p, at_ms, by)
        return
    if quote <= 0:
        return
    stop = ints[p + STOP]
    atr = exits.atr[newest]
    level, by = stop_wanted(
        exits.plans, plan, stop, close[newest], quote, atr, bought, units, cost_ppm, trailing_ppm
    )
    part = part_due(exits.plans, plan, quote, bought, units, total, ints[p + SOLD_LOTS], asked)
    rest = ints[p + LOTS] - part
    parted = part > 0 and parts_fit(quote, level, part, rest, factor, least_lots, least_cash)
    if parted:
        now = slipped_now(ints, costs, slips, turn_end, p, part)
        take_sale(ints, costs, p, part, market_price(SELL, ints[p + MARK], now), ints[p + MARK])
    if level != stop:
        ints[p + STOP_BY] = by
    if parted or level != stop:
        ints[p + WANT_STOP] = level
        ints[p + WANT_TARGET] = ints[p + TARGET]
        protect(ints, floats, costs, slips, turn_end, p, at_ms)

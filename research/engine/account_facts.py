"""The account as a replay's gate sees it."""

from domain.kernel import kernel
from domain.money import notional, share_up
from domain.tally import below_peak
from research.engine.layout import (
    ACCT,
    BOUGHT,
    CASH,
    CLASS_AT,
    DAY_START,
    ENTRIES_TODAY,
    EQUITY,
    FACTOR,
    HELD,
    KILLED,
    LAST_LOSS,
    LOSS_STREAK,
    LOTS,
    MARK,
    NEVER,
    PEAK,
    QUOTE,
    SOLD_LOTS,
    SYMBOL,
    SYMBOLS,
    WANT_LOTS,
    WANTED,
    WIN_STREAK,
    Ints,
    PairFlags,
    RuleParameters,
)
from research.engine.past_trades import look_back
from risk.facts import NONE, AccountFacts
from risk.limits import Limits


@kernel
def value_at(ints: Ints, p: int) -> int:
    """Return what a symbol's position is worth at its mark."""
    return notional(ints[p + MARK], ints[p + LOTS], ints[p + FACTOR])


@kernel
def cost_of(ints: Ints, p: int) -> int:
    """Return what the lots still held cost, rounded down: all that was bought while none is sold."""
    if ints[p + SOLD_LOTS] == 0:
        return ints[p + BOUGHT]
    total = ints[p + LOTS] + ints[p + SOLD_LOTS]
    each = ints[p + BOUGHT] // total
    return each * ints[p + LOTS] + (ints[p + BOUGHT] - each * total) * ints[p + LOTS] // total


@kernel
def class_fall(ints: Ints, class_at: int) -> int:
    """Return how far an asset class's profit, open positions included, lies below its peak."""
    now = ints[class_at]
    for symbol in range(ints[SYMBOLS]):
        p = ACCT + symbol * SYMBOL
        if ints[p + LOTS] > 0 and ints[p + CLASS_AT] == class_at:
            now += value_at(ints, p) - cost_of(ints, p)
    return below_peak(now, ints[class_at + 1])


@kernel
def is_off_list(pairs: PairFlags, p: int, at_ms: int) -> int:
    """Return 1 where the pair list in force keeps a symbol from being entered."""
    if len(pairs.off) == 0:
        return 0
    return pairs.off[(p - ACCT) // SYMBOL * pairs.lists + at_ms // pairs.refresh_ms - pairs.first]


@kernel
def loss_age(ints: Ints, at_ms: int) -> int:
    """Return the time since the last loss in ms, NONE where there is none or a win followed."""
    if ints[LAST_LOSS] == NEVER or ints[WIN_STREAK] != 0:
        return NONE
    return max(at_ms - ints[LAST_LOSS], 0)


@kernel
def book_for(
    ints: Ints, house: RuleParameters, limits: Limits, p: int, at_ms: int, added_to: int
) -> AccountFacts:
    """Return the account as the gate sees it: positions, and entries approved earlier in the cycle.

    A position that is `added_to` (1, else 0) takes no place besides.
    """
    past = look_back(ints, p, at_ms, limits)
    free = ints[CASH]
    exposure = 0
    own = 0
    entries = 0
    for symbol in range(ints[SYMBOLS]):
        q = ACCT + symbol * SYMBOL
        value = 0
        if ints[q + LOTS] > 0:
            value = value_at(ints, q)
        elif ints[q + WANTED] > 0:
            value = notional(ints[q + QUOTE], ints[q + WANT_LOTS], ints[q + FACTOR])
            free -= share_up(value, 1_000_000 + house.cost_ppm)
            entries += 1
        exposure += value
        if q == p:
            own = value
    return AccountFacts(
        ints[EQUITY],
        free,
        ints[DAY_START],
        ints[PEAK],
        class_fall(ints, ints[p + CLASS_AT]),
        exposure,
        own,
        0,
        ints[HELD] + entries - added_to,
        (1 if ints[p + LOTS] > 0 else 0) - added_to,
        ints[ENTRIES_TODAY] + entries,
        loss_age(ints, at_ms),
        ints[LOSS_STREAK],
        ints[WIN_STREAK],
        0,
        ints[KILLED],
        0,
        past.exit_age_ms,
        past.stops,
        past.symbol_trades,
        past.symbol_profit,
        is_off_list(house.off_list, p, at_ms),
    )


@kernel
def lone_facts(ints: Ints, at_ms: int) -> AccountFacts:
    """Return what `book_for` does where there is one symbol alone, no pair list and no protection."""
    held, value, fall = 0, 0, 0
    at = ints[ACCT + CLASS_AT]
    if ints[ACCT + LOTS] > 0:
        held, value = 1, value_at(ints, ACCT)
        fall = below_peak(ints[at] + value - cost_of(ints, ACCT), ints[at + 1])
    else:
        fall = below_peak(ints[at], ints[at + 1])
    return AccountFacts(
        ints[EQUITY],
        ints[CASH],
        ints[DAY_START],
        ints[PEAK],
        fall,
        value,
        value,
        0,
        held,
        held,
        ints[ENTRIES_TODAY],
        loss_age(ints, at_ms),
        ints[LOSS_STREAK],
        ints[WIN_STREAK],
        0,
        ints[KILLED],
        0,
        NONE,
        0,
        0,
        0.0,
        0,
    )

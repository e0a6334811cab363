"""The declared additions of a replay: what agent.loop.additions does after a candle, one in a quiet cycle."""

from collections.abc import Sequence

from domain.kernel import kernel
from domain.money import notional
from platforms.fills import Costs
from platforms.impact import Slips
from research.engine.account_facts import book_for
from research.engine.layout import (
    ACCT,
    ADDED,
    BOUGHT,
    BOUGHT_REF,
    CASH,
    CYCLE,
    DECIDED,
    ENTRIES_TODAY,
    EXIT_PLAN,
    FACTOR,
    FEES,
    FIRST_LOTS,
    LOTS,
    MARK,
    MIN_CASH,
    MIN_LOTS,
    NO_PLAN,
    OPENED_MS,
    QUOTE,
    SOLD_LOTS,
    STOP,
    SYMBOL,
    SYMBOLS,
    TARGET,
    TURN,
    TURN_AT,
    VOICES,
    WANT_LIMIT,
    WANT_STOP,
    WANT_TARGET,
    WEIGHTS,
    ExitTables,
    Floats,
    Ints,
    RuleParameters,
)
from research.engine.orders import entry_limit, protect, purchase
from research.engine.pair_limits import limits_at
from risk.additions import add_due
from risk.exits import ADDS, MILLION
from risk.facts import NONE, RECORDED, Entry, Facts, Feed
from risk.gate import first_denial
from risk.stake import level_at, stop_level


@kernel
def any_adds(exits: ExitTables) -> bool:
    """Tell whether any voice declares additions."""
    for voice in range(len(exits.first)):
        if exits.first[voice] != NO_PLAN and exits.plans[exits.first[voice] + ADDS] > 0:
            return True
    return False


@kernel
def lots_due(
    ints: Ints, exits: ExitTables, p: int, at_ms: int, turn_ms: Sequence[int], turn_end: Sequence[int]
) -> int:
    """Return the lots to be added to the position of the symbol at `p` in this cycle, 0 for none."""
    if ints[p + LOTS] == 0 or ints[p + EXIT_PLAN] == NO_PLAN or ints[p + OPENED_MS] >= at_ms:
        return 0
    if ints[p + DECIDED] == ints[CYCLE] - 1 or ints[p + STOP] <= 0:
        return 0
    turn = ints[p + TURN_AT] + ints[p + TURN] - 1
    if turn_ms[turn] != at_ms or turn_end[turn] == turn_end[turn - 1]:
        return 0
    units = (ints[p + LOTS] + ints[p + SOLD_LOTS]) * ints[p + FACTOR]
    return add_due(
        exits.plans, ints[p + EXIT_PLAN], ints[p + ADDED], ints[p + QUOTE], ints[p + BOUGHT], units,
        ints[p + FIRST_LOTS],
    )  # fmt: skip  # as they come


@kernel
def confidence_at(ints: Ints, p: int) -> int:
    """Return where the confidence lies that the position of the symbol at `p` was entered with."""
    return WEIGHTS + ints[VOICES] + 2 * ints[SYMBOLS] + (p - ACCT) // SYMBOL


@kernel
def add_all(
    ints: Ints,
    floats: Floats,
    house: RuleParameters,
    slips: Slips,
    exits: ExitTables,
    at_ms: int,
    turn_ms: Sequence[int],
    turn_end: Sequence[int],
) -> int:
    """Judge what is due, symbol by symbol, and make the first addition that is approved; return how many."""
    for symbol in range(ints[SYMBOLS]):
        p = ACCT + symbol * SYMBOL
        lots = lots_due(ints, exits, p, at_ms, turn_ms, turn_end)
        if lots > 0 and approved(ints, floats, house, slips, p, at_ms, turn_end, lots):
            ints[p + ADDED] += 1
            ints[ENTRIES_TODAY] += 1
            add(ints, floats, house.costs, slips, turn_end, p, at_ms, lots)
            return 1
    return 0


@kernel
def approved(
    ints: Ints,
    floats: Floats,
    house: RuleParameters,
    slips: Slips,
    p: int,
    at_ms: int,
    turn_end: Sequence[int],
    lots: int,
) -> bool:
    """Put an addition through the gate and choose its order, as risk.judge.judge_addition does."""
    price, factor = ints[p + QUOTE], ints[p + FACTOR]
    units = (ints[p + LOTS] + ints[p + SOLD_LOTS]) * factor
    entry = Entry(
        price,
        stop_level(price, 0, ints[p + STOP]),
        ints[p + TARGET],
        floats[confidence_at(ints, p)],
        1.0,
        0,
        factor,
        ints[p + MIN_LOTS],
        ints[p + MIN_CASH],
        house.cost_ppm,
        1.0,
        0.0,
        ints[p + LOTS],
        level_at(ints[p + BOUGHT], units, MILLION),
    )
    limits = limits_at(house, p)
    book = book_for(ints, house, limits, p, at_ms, 1)
    feed = Feed(RECORDED, 0 if price > 0 else NONE, 0, 0)
    if first_denial(Facts(feed, entry, lots, book, limits)) > 0:
        return False
    ints[p + WANT_LIMIT] = entry_limit(ints, house.orders, slips, turn_end, p, entry, lots)
    return True


@kernel
def add(
    ints: Ints,
    floats: Floats,
    costs: Costs,
    slips: Slips,
    turn_end: Sequence[int],
    p: int,
    at_ms: int,
    lots: int,
) -> None:
    """Buy more of what is held, and protect all where its stop rests."""
    purchased = purchase(ints, costs, slips, turn_end, p, lots)
    if purchased.lots == 0:
        return
    ints[CASH] -= purchased.cost
    ints[p + LOTS] += purchased.lots
    ints[p + BOUGHT] += purchased.bought
    ints[p + BOUGHT_REF] += notional(ints[p + MARK], purchased.lots, ints[p + FACTOR])
    ints[p + FEES] += purchased.cost - purchased.bought
    ints[p + WANT_STOP] = ints[p + STOP]
    ints[p + WANT_TARGET] = ints[p + TARGET]
    protect(ints, floats, costs, slips, turn_end, p, at_ms)

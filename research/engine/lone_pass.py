"""Second pass for the common session: one symbol whose stretches are crossed, and nothing more declared.

It is `account_pass` without what such a session has not: declared exits, a stop that trails, models of past
fills, trained models, protections, pair lists, entries within a price. `is_lone` tells whether a session is
one. Rules, order of a cycle and what the books come to are the same, as a property test has it.
"""

from collections.abc import Sequence

from domain.exits import BY_SIGNAL, BY_STOP, BY_TARGET
from domain.kernel import kernel
from platforms.fills import SELL, Costs, market_price, stop_price, target_price
from platforms.impact import Slips
from reasoning.vote import side_of
from research.engine.account import is_calm, roll, take_value, watch_day
from research.engine.account_facts import lone_facts
from research.engine.ahead_of import fetch
from research.engine.closing import close_position, learn
from research.engine.gate import NOTHING_TO_REDUCE, veto
from research.engine.layout import (
    ACCT,
    BOUND,
    CASH,
    CYCLE,
    DAY,
    DAY_END,
    DAY_START,
    ENTRIES_TODAY,
    EQUITY,
    EVENT_AT,
    EVENT_COUNT,
    EVENT_CYCLE,
    EVENT_VOICES,
    FACTOR,
    FIXED_LOTS,
    HELD,
    HELD_CYCLES,
    KILLED,
    LOTS,
    MARK,
    MIN_CASH,
    MIN_LOTS,
    PER_VOICE,
    QUOTE,
    RIPE,
    SPOKEN_AT,
    STOP,
    STOP_OF,
    STOP_PPM_OF,
    TARGET,
    TARGET_OF,
    VOICES,
    VOTE,
    WANT_STOP,
    WANT_STOP_PPM,
    WANT_TARGET,
    Blocks,
    ExitTables,
    Floats,
    Ints,
    MarketLayout,
    Opinions,
    RuleParameters,
)
from research.engine.orders import filled, open_position, placed
from research.engine.spans import extremes_of, fetch_extremes
from research.engine.stretches import (
    HIGH,
    LOW,
    NO_TARGET,
    QUOTED,
    ROW,
    cross,
    fetch_around,
    hold_through,
    instant_of,
    show,
    write_equity,
    write_flat,
)
from research.engine.voices import score_at, strongest_at
from risk.codes import FILTERS
from risk.entry_orders import MARKET, EntryOrders
from risk.facts import RECORDED, Entry, Facts, Feed
from risk.gate import first_denial
from risk.limits import Limits, day_limit
from risk.rules import fits
from risk.sizing import size_entry
from risk.stake import stop_level

AHEAD = 8
"""Votes from one to that whose surroundings are asked for: memory takes as long as some of them."""


def is_lone(
    house: RuleParameters, market: MarketLayout, slips: Slips, opinions: Opinions, exits: ExitTables
) -> bool:
    """Tell whether a session is one that this pass lives through."""
    absent = (slips.base, opinions.weight, exits.first, house.pairs.ints, house.off_list.off)
    crossed = len(market.blocks.rows) > 0
    return crossed and is_common(house.limits, house.orders) and not any(len(each) for each in absent)


def is_common(limits: Limits, orders: EntryOrders) -> bool:
    """Tell whether limits and orders of entries ask for nothing that this pass has not."""
    protections = limits.symbol_cool_down_ms + limits.stop_guard_ms + limits.low_profit_ms
    return limits.trailing_ppm == 0 and protections == 0 and orders.kind == MARKET


@kernel
def replay_lone(
    ints: Ints,
    floats: Floats,
    equity: Ints,
    house: RuleParameters,
    blocks: Blocks,
    event: Sequence[int],
    confidence: Sequence[float],
) -> None:
    """Run every cycle of a session; what it came to is left in `ints`, `floats` and `equity`."""
    voices = ints[VOICES]
    width = EVENT_VOICES + PER_VOICE * voices
    index = ints[ACCT + EVENT_AT]
    end = index + ints[ACCT + EVENT_COUNT]
    cycles = len(blocks.rows) // ROW
    due = min(event[index * width + EVENT_CYCLE], cycles) if index < end else cycles
    cycle = limit = 0
    crossed, spanned = False, len(blocks.spans) > 0
    while cycle < cycles:
        at_ms = instant_of(blocks, cycle)
        ints[CYCLE] = cycle + 1
        if not crossed:
            limit = observe_cycle(ints, floats, house, blocks, cycle, at_ms, limit)
        if due == cycle:
            e, f = index * width, index * (1 + voices)
            index += 1
            due = min(event[index * width + EVENT_CYCLE], cycles) if index < end else cycles
            if spanned:
                fetch_stretch(ints, blocks, cycle, due)
            elif index + AHEAD < end:
                fetch_around(blocks, event[(index + AHEAD) * width + EVENT_CYCLE])
            show(ints, blocks, cycle)
            act(ints, floats, house, event, confidence, e, f, at_ms)
        if ints[RIPE] > 0:
            learn(ints, floats, house.hedge)
        write_equity(equity, blocks, ints[DAY], cycle, ints[EQUITY])
        cycle += 1
        # With the cycle of the next vote, for what is quiet till then is as a rule quiet in it.
        crossed = spanned and ints[HELD] > 0 and leapt(ints, floats, equity, blocks, cycle, due, limit)
        if crossed:
            cycle = due
        elif ints[HELD] > 0:
            ints[HELD_CYCLES] += 1
            cycle = cross(ints, floats, equity, blocks, cycle, due, limit)
        elif cycle < due and is_calm(ints, limit):
            # A day that begins meanwhile begins with this very equity: it can wait for the next vote.
            write_flat(equity, blocks, ints[DAY], cycle, due, ints[EQUITY])
            cycle = due


@kernel
def fetch_stretch(ints: Ints, blocks: Blocks, cycle: int, due: int) -> None:
    """Have the row of the next vote on its way, and where something may be bought the extremes till then."""
    fetch(blocks.rows, due * ROW)
    if ints[HELD] == 0:
        fetch_extremes(blocks, cycle + 1, due + 1)


@kernel
def observe_cycle(
    ints: Ints, floats: Floats, house: RuleParameters, blocks: Blocks, cycle: int, at_ms: int, limit: int
) -> int:
    """Begin a cycle: its day, what the market does, the kill switch; return what the day may lose."""
    if at_ms >= ints[DAY_END]:
        roll(ints, blocks, cycle, at_ms)
        limit = day_limit(house.limits, ints[DAY_START])
    if ints[HELD] > 0:
        meet_market(ints, floats, house.costs, blocks, cycle)
    watch_day(ints, at_ms, limit)
    return limit


@kernel
def leapt(ints: Ints, floats: Floats, equity: Ints, blocks: Blocks, first: int, due: int, limit: int) -> bool:
    """Live through the cycles from `first` to `due`, that one too, at once; tell whether it could be done.

    Not across the end of a day, nor where a price reaches the stop, the target or the day's limit.
    """
    if due >= blocks.after[ints[DAY]]:
        return False
    stretch = extremes_of(blocks, first, due + 1)
    target = ints[ACCT + TARGET] if ints[ACCT + TARGET] > 0 else NO_TARGET
    if not stretch.known or stretch.least <= ints[ACCT + STOP] or stretch.most >= target:
        return False
    lowest = ints[CASH] + stretch.least * ints[ACCT + LOTS] * ints[ACCT + FACTOR]
    if ints[KILLED] == 0 and ints[DAY_START] - lowest > limit:
        return False
    hold_through(ints, floats, equity, blocks, first, due + 1, stretch.least_quote, stretch.most_quote)
    show(ints, blocks, due)
    return True


@kernel
def meet_market(ints: Ints, floats: Floats, costs: Costs, blocks: Blocks, cycle: int) -> None:
    """Show the position the candle that closed, opened at the last cycle's quote, and the quote."""
    at, rows = cycle * ROW, blocks.rows
    show(ints, blocks, cycle)
    opened, high, low = int(rows[at - ROW + QUOTED]), int(rows[at + HIGH]), int(rows[at + LOW])
    if not met(ints, floats, costs, instant_of(blocks, cycle - 1), opened, high, low):
        quote = int(rows[at + QUOTED])
        met(ints, floats, costs, instant_of(blocks, cycle), quote, quote, quote)
    take_value(ints, floats)


@kernel
def met(ints: Ints, floats: Floats, costs: Costs, at_ms: int, opened: int, high: int, low: int) -> bool:
    """Let stop and target meet a candle, or a quote as all three; tell whether one filled."""
    level = ints[ACCT + STOP]
    if level > 0:
        price = stop_price(SELL, level, opened, high, low, costs)
        if price > 0:
            close_position(ints, floats, costs, ACCT, price, level, at_ms, BY_STOP)
            return True
    level = ints[ACCT + TARGET]
    if level > 0:
        price = target_price(SELL, level, opened, high, low, costs)
        if price > 0:
            close_position(ints, floats, costs, ACCT, price, level, at_ms, BY_TARGET)
            return True
    return False


@kernel
def act(
    ints: Ints,
    floats: Floats,
    house: RuleParameters,
    event: Sequence[int],
    confidence: Sequence[float],
    e: int,
    f: int,
    at_ms: int,
) -> None:
    """Decide on the event whose numbers begin at `e` and `f`, judge, and send what is approved."""
    score = score_at(ints, floats, house.hedge.min_evidence, event, confidence, e, f)
    side = side_of(score, house.threshold)
    if side == 0:
        return
    voice = strongest_at(ints, floats, house.hedge.min_evidence, event, confidence, e, f, side)
    if voice < 0:
        return
    if side > 0:
        enter(ints, floats, house, event, e, voice, abs(score), confidence[f], at_ms)
    else:
        leave(ints, floats, house.costs, at_ms)


@kernel
def enter(
    ints: Ints,
    floats: Floats,
    house: RuleParameters,
    event: Sequence[int],
    e: int,
    voice: int,
    confidence: float,
    ratio: float,
    at_ms: int,
) -> None:
    """Size an entry, put it through the gate, buy and protect what was bought."""
    at = e + EVENT_VOICES + voice * PER_VOICE
    price, factor = ints[ACCT + QUOTE], ints[ACCT + FACTOR]
    stop_ppm, stop, target = (
        event[at + STOP_PPM_OF],
        event[at + STOP_OF],
        event[at + TARGET_OF],
    )
    entry = Entry(
        price,
        stop_level(price, stop_ppm, stop),
        max(target, 0),
        confidence,
        ratio,
        ints[ACCT + FIXED_LOTS],
        factor,
        ints[ACCT + MIN_LOTS],
        ints[ACCT + MIN_CASH],
        house.cost_ppm,
        1.0,
        0.0,
        0,
        0,
    )
    book = lone_facts(ints, at_ms)
    size = size_entry(entry, book, house.limits, house.sizing)
    rule = first_denial(Facts(Feed(RECORDED, 0, 0, 0), entry, size.lots, book, house.limits))
    if rule > 0:
        veto(ints, ACCT, at_ms, rule)
        return
    ints[ENTRIES_TODAY] += 1
    ints[ACCT + BOUND] = size.bound
    ints[ACCT + WANT_STOP_PPM], ints[ACCT + WANT_STOP], ints[ACCT + WANT_TARGET] = stop_ppm, stop, target
    for each in range(ints[VOICES]):
        ints[ints[ACCT + SPOKEN_AT] + each] = event[e + EVENT_VOICES + each * PER_VOICE + VOTE]
    purchased = filled(ints, house.costs, ACCT, size.lots)
    if purchased.lots > 0:
        open_position(ints, ACCT, at_ms, purchased)
        if not placed(ints, ACCT, at_ms):
            sell_all(ints, floats, house.costs, at_ms)
        take_value(ints, floats)


@kernel
def leave(ints: Ints, floats: Floats, costs: Costs, at_ms: int) -> None:
    """Sell a position, unless there is none or the exchange's filters refuse."""
    if ints[ACCT + LOTS] == 0:
        veto(ints, ACCT, at_ms, NOTHING_TO_REDUCE)
    elif sell_all(ints, floats, costs, at_ms):
        take_value(ints, floats)
    else:
        veto(ints, ACCT, at_ms, FILTERS)


@kernel
def sell_all(ints: Ints, floats: Floats, costs: Costs, at_ms: int) -> bool:
    """Sell a position at the market; tell whether the exchange took it."""
    mark = ints[ACCT + MARK]
    if not fits(mark, ints[ACCT + LOTS], ints[ACCT + FACTOR], ints[ACCT + MIN_LOTS], ints[ACCT + MIN_CASH]):
        return False
    close_position(ints, floats, costs, ACCT, market_price(SELL, mark, costs), mark, at_ms, BY_SIGNAL)
    return True

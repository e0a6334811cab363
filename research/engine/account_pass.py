"""Second pass: the loop's account over all tapes, instant by instant, with every rule of the house.

It does what agent.loop.cycle does, in its order: a new day, what the market did to resting orders, marks
and equity, the kill switch, decisions, the gate, orders with their protection, lessons. Nothing here
is a rule: each is a kernel of its room. Where nothing is held and nobody votes nothing can happen,
and the replay goes straight to the next vote.
"""

from collections.abc import Sequence

from domain.exits import BY_SIGNAL
from domain.kernel import kernel
from platforms.fills import Costs
from platforms.impact import Slips
from reasoning.vote import side_of
from research.engine.account import is_calm, roll, take_value, watch_day
from research.engine.additions import add_all, any_adds
from research.engine.closing import learn
from research.engine.exits import follow
from research.engine.gate import judge_entry, judge_exit
from research.engine.layout import (
    ACCT,
    CYCLE,
    DAY,
    DAY_END,
    DAY_START,
    DECIDED,
    ENTRIES_TODAY,
    EQUITY,
    EVENT,
    EVENT_AT,
    EVENT_COUNT,
    EVENT_CYCLE,
    EVENT_TURN,
    EVENT_VOICES,
    EXIT_PLAN,
    HELD,
    HELD_CYCLES,
    LOTS,
    MARK,
    NO_PLAN,
    OPENED_MS,
    PER_VOICE,
    QUOTE,
    QUOTE_MS,
    RIPE,
    STOP,
    SYMBOL,
    SYMBOLS,
    TURN,
    TURN_AT,
    VOICES,
    WANTED,
    Doubts,
    ExitTables,
    Floats,
    Ints,
    MarketLayout,
    Opinions,
    RuleParameters,
)
from research.engine.observing import fast_forward, observe, observe_lone
from research.engine.orders import buy, sell
from research.engine.pair_limits import any_trails, trailing_at
from research.engine.stretches import cross, instant_of, show, write_equity, write_flat
from research.engine.voices import score_at, score_with_models, strongest_at
from risk.limits import day_limit

LAST = 2**62


@kernel
def next_event(ints: Ints, event: Sequence[int]) -> int:
    """Return the cycle of the next vote, LAST when there is none."""
    result = LAST
    width = EVENT_VOICES + PER_VOICE * ints[VOICES]
    for symbol in range(ints[SYMBOLS]):
        p = ACCT + symbol * SYMBOL
        if ints[p + EVENT] < ints[p + EVENT_COUNT]:
            result = min(result, event[(ints[p + EVENT_AT] + ints[p + EVENT]) * width + EVENT_CYCLE])
    return result


@kernel
def judge_all(
    ints: Ints,
    floats: Floats,
    house: RuleParameters,
    event: Sequence[int],
    confidence: Sequence[float],
    turn_quote: Sequence[int],
    turn_mark: Sequence[int],
    cycle: int,
    at_ms: int,
    opinions: Opinions,
    slips: Slips,
    turn_end: Sequence[int],
    exits: ExitTables,
) -> int:
    """Decide and judge every symbol with a vote in this cycle; return how many may act."""
    acting = 0
    voices = ints[VOICES]
    width = EVENT_VOICES + PER_VOICE * voices
    for symbol in range(ints[SYMBOLS]):
        ints[ACCT + symbol * SYMBOL + WANTED] = 0
    for symbol in range(ints[SYMBOLS]):
        p = ACCT + symbol * SYMBOL
        index = ints[p + EVENT_AT] + ints[p + EVENT]
        e, f = index * width, index * (1 + voices)
        if ints[p + EVENT] >= ints[p + EVENT_COUNT] or event[e + EVENT_CYCLE] != cycle:
            continue
        ints[p + EVENT] += 1
        if ints[p + LOTS] == 0 and ints[p + QUOTE_MS] != at_ms:
            turn = event[e + EVENT_TURN]
            ints[p + QUOTE] = turn_quote[ints[p + TURN_AT] + turn]
            ints[p + MARK] = turn_mark[ints[p + TURN_AT] + turn]
            ints[p + QUOTE_MS] = at_ms
            ints[p + TURN] = turn + 1
        score = score_at(ints, floats, house.hedge.min_evidence, event, confidence, e, f)
        if score > 0.0 and len(opinions.weight) > 0:
            score = score_with_models(
                ints, floats, house.hedge.min_evidence, event, confidence, e, f, index, score,
                house.threshold, opinions,
            )  # fmt: skip  # as they come
        side = side_of(score, house.threshold)
        if side == 0:
            continue
        strongest = strongest_at(ints, floats, house.hedge.min_evidence, event, confidence, e, f, side)
        if strongest < 0:
            continue
        if side > 0:
            judge_entry(
                ints, floats, house, p, at_ms, event, e, strongest, abs(score), confidence[f], index,
                opinions, slips, turn_end, exits,
            )  # fmt: skip  # as they come
        else:
            ints[p + DECIDED] = cycle
            judge_exit(ints, p, at_ms)
        if ints[p + WANTED] != 0:
            acting += 1
    return acting


@kernel
def place_all(
    ints: Ints, floats: Floats, costs: Costs, slips: Slips, turn_end: Sequence[int], at_ms: int
) -> None:
    """Send what was approved, in order; entries count for the day as soon as they are intended."""
    for symbol in range(ints[SYMBOLS]):
        if ints[ACCT + symbol * SYMBOL + WANTED] > 0:
            ints[ENTRIES_TODAY] += 1
    for symbol in range(ints[SYMBOLS]):
        p = ACCT + symbol * SYMBOL
        if ints[p + WANTED] > 0:
            buy(ints, floats, costs, slips, turn_end, p, at_ms)
        elif ints[p + WANTED] < 0:
            sell(ints, floats, costs, slips, turn_end, p, at_ms, BY_SIGNAL)


@kernel
def observe_all(
    ints: Ints,
    floats: Floats,
    costs: Costs,
    at_ms: int,
    candle_ms: Sequence[int],
    opened: Sequence[int],
    high: Sequence[int],
    low: Sequence[int],
    turn_ms: Sequence[int],
    turn_end: Sequence[int],
    turn_quote: Sequence[int],
    turn_mark: Sequence[int],
    doubts: Doubts,
    slips: Slips,
) -> None:
    """Show every held symbol what closed by `at_ms`, and value the account."""
    for symbol in range(ints[SYMBOLS]):
        p = ACCT + symbol * SYMBOL
        if ints[p + LOTS] > 0:
            observe(
                ints, floats, costs, p, at_ms, candle_ms, opened, high, low,
                turn_ms, turn_end, turn_quote, turn_mark, doubts, slips,
            )  # fmt: skip  # as they come
    take_value(ints, floats)


@kernel
def leave_all(
    ints: Ints,
    floats: Floats,
    costs: Costs,
    slips: Slips,
    exits: ExitTables,
    cycle: int,
    at_ms: int,
    house: RuleParameters,
    candle_ms: Sequence[int],
    close: Sequence[int],
    turn_ms: Sequence[int],
    turn_end: Sequence[int],
) -> int:
    """Do what is due with positions that are older than this cycle and that nobody votes to sell.

    Returns with how many something was done.
    """
    done = 0
    for symbol in range(ints[SYMBOLS]):
        p = ACCT + symbol * SYMBOL
        if ints[p + LOTS] > 0 and ints[p + OPENED_MS] < at_ms and ints[p + DECIDED] != cycle:
            lots, stop = ints[p + LOTS], ints[p + STOP]
            follow(
                ints, floats, costs, slips, exits, p, at_ms, trailing_at(house, p), house.cost_ppm,
                candle_ms, close, turn_ms, turn_end,
            )  # fmt: skip  # as they come
            if ints[p + LOTS] != lots or ints[p + STOP] != stop:
                done += 1
    take_value(ints, floats)
    return done


@kernel
def replay(  # noqa: C901, PLR0912, PLR0915  # the order of a cycle, to be read in one piece
    ints: Ints,
    floats: Floats,
    equity: Ints,
    house: RuleParameters,
    market: MarketLayout,
    event: Sequence[int],
    confidence: Sequence[float],
    slips: Slips,
    opinions: Opinions,
    exits: ExitTables,
) -> None:
    """Run every cycle of a session; what it came to is left in `ints`, `floats` and `equity`."""
    candle_ms, opened, high, low, close, turn_ms, turn_end, turn_quote, turn_mark = market[:9]
    instants, doubts, blocks = market.instants, market.doubts, market.blocks
    costs, trailing_ppm = house.costs, house.limits.trailing_ppm
    leaving, adding = any_trails(house) or len(exits.first) > 0, any_adds(exits)
    cycles = len(instants)
    symbols = ints[SYMBOLS]
    lone = symbols == 1 and trailing_ppm == 0 and len(blocks.rows) > 0
    due = next_event(ints, event)
    cycle = 0
    limit = 0
    while cycle < cycles:
        at_ms = instant_of(blocks, cycle) if lone else instants[cycle]
        ints[CYCLE] = cycle + 1
        if at_ms >= ints[DAY_END]:
            roll(ints, blocks, cycle, at_ms)
            limit = day_limit(house.limits, ints[DAY_START])
        if lone and ints[HELD] > 0:
            observe_lone(ints, floats, costs, slips, blocks, turn_end, cycle)
        elif ints[HELD] > 0:
            observe_all(
                ints, floats, costs, at_ms, candle_ms, opened, high, low,
                turn_ms, turn_end, turn_quote, turn_mark, doubts, slips,
            )  # fmt: skip  # as they come
        watch_day(ints, at_ms, limit)
        acting = 0
        if due == cycle:
            if lone:
                show(ints, blocks, cycle)
            acting = judge_all(
                ints, floats, house, event, confidence, turn_quote, turn_mark, cycle, at_ms, opinions,
                slips, turn_end, exits,
            )  # fmt: skip  # as they come
            if acting > 0:
                place_all(ints, floats, costs, slips, turn_end, at_ms)
                take_value(ints, floats)
            due = next_event(ints, event)
        if leaving and ints[HELD] > 0:
            acting += leave_all(
                ints, floats, costs, slips, exits, cycle, at_ms, house,
                candle_ms, close, turn_ms, turn_end,
            )  # fmt: skip  # as they come
        if adding and ints[HELD] > 0 and acting == 0:
            add_all(ints, floats, house, slips, exits, at_ms, turn_ms, turn_end)
            take_value(ints, floats)
        if ints[RIPE] > 0:
            learn(ints, floats, house.hedge)
        write_equity(equity, blocks, ints[DAY], cycle, ints[EQUITY])
        cycle += 1
        until = min(due, cycles)
        if ints[HELD] > 0:
            ints[HELD_CYCLES] += 1
            if ints[ACCT + EXIT_PLAN] != NO_PLAN:
                continue  # its exits are looked at on every candle
            if lone:
                cycle = cross(ints, floats, equity, blocks, cycle, until, limit)
            elif symbols == 1:
                cycle = fast_forward(
                    ints, floats, equity, blocks, cycle, until, limit, trailing_ppm,
                    high, low, close, turn_ms, turn_end, turn_quote,
                )  # fmt: skip  # as they come
        elif cycle < until and is_calm(ints, limit):
            # A day that begins meanwhile begins with this very equity: it can wait for the next vote.
            write_flat(equity, blocks, ints[DAY], cycle, until, ints[EQUITY])
            cycle = until

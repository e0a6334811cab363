"""The market and a replay's position: its protective orders meet candles and quotes."""

from collections.abc import Sequence

from domain.exits import BY_STOP, BY_TARGET
from domain.kernel import kernel
from domain.tally import drawdown
from platforms.fills import SELL, Costs, stop_price, target_price
from platforms.impact import Slips, slipped_at
from research.engine.account import take_value
from research.engine.closing import close_position
from research.engine.layout import (
    ACCT,
    CANDLE_AT,
    CASH,
    DAY,
    DAY_END,
    DAY_START,
    DOUBT,
    DOUBT_AT,
    DOUBT_COUNT,
    EQUITY,
    FACTOR,
    FALL,
    HELD_CYCLES,
    KILLED,
    LOTS,
    MARK,
    PEAK,
    QUOTE,
    QUOTE_MS,
    SINCE,
    STOP,
    STOP_BY,
    SYMBOL,
    TARGET,
    TRIGGERED,
    TURN,
    TURN_AT,
    TURN_COUNT,
    WORST,
    Blocks,
    Doubts,
    Floats,
    Ints,
)
from research.engine.stretches import (
    HIGH,
    LOW,
    NO_TARGET,
    QUOTED,
    ROW,
    instant_of,
    show,
    write_equity,
)
from risk.stake import trailed


@kernel
def meet(
    ints: Ints,
    floats: Floats,
    costs: Costs,
    slips: Slips,
    known: int,
    p: int,
    at_ms: int,
    opened: int,
    high: int,
    low: int,
) -> bool:
    """Let the orders that protect a position meet a candle, or a quote as all three; tell if one filled.

    `known` is the last candle that had closed before.
    """
    if ints[p + SINCE] > at_ms:
        return False
    level = ints[p + STOP]
    if level > 0:
        reached = min(low, level) if ints[p + TRIGGERED] > 0 else low
        price = stop_price(SELL, level, opened, high, reached, costs)
        if price > 0:
            costs = slipped_at(costs, slips, (p - ACCT) // SYMBOL, ints[p + CANDLE_AT], known, ints[p + LOTS])
            price = stop_price(SELL, level, opened, high, reached, costs)
            ending = ints[p + STOP_BY] if ints[p + STOP_BY] > 0 else BY_STOP
            close_position(ints, floats, costs, p, price, level, at_ms, ending)
            return True
    level = ints[p + TARGET]
    if level > 0:
        price = target_price(SELL, level, opened, high, low, costs)
        if price > 0:
            costs = slipped_at(costs, slips, (p - ACCT) // SYMBOL, ints[p + CANDLE_AT], known, ints[p + LOTS])
            price = target_price(SELL, level, opened, high, low, costs)
            close_position(ints, floats, costs, p, price, level, at_ms, BY_TARGET)
            return True
    return False


@kernel
def doubt(ints: Ints, p: int, until_ms: int, doubts: Doubts) -> None:
    """Let what nobody believes of the present turn, up to `until_ms`, trigger the stop; it fills nothing."""
    while ints[p + DOUBT] < ints[p + DOUBT_COUNT]:
        row = ints[p + DOUBT_AT] + ints[p + DOUBT]
        if doubts.turn[row] > ints[p + TURN] or doubts.ms[row] >= until_ms:
            return
        if ints[p + SINCE] <= doubts.ms[row] and ints[p + STOP] > 0 and doubts.low[row] <= ints[p + STOP]:
            ints[p + TRIGGERED] = 1
        ints[p + DOUBT] += 1


@kernel
def last_closed(ints: Ints, p: int, turn_end: Sequence[int]) -> int:
    """Return the place of the last candle of a symbol that has closed."""
    return ints[p + CANDLE_AT] + turn_end[ints[p + TURN_AT] + ints[p + TURN] - 1] - 1


@kernel
def observe(
    ints: Ints,
    floats: Floats,
    costs: Costs,
    p: int,
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
    """Show one held symbol what closed by `at_ms`, and its quote."""
    turn = ints[p + TURN_AT] + ints[p + TURN]
    held = True
    if ints[p + TURN] < ints[p + TURN_COUNT] and turn_ms[turn] == at_ms:
        first = ints[p + CANDLE_AT]
        for candle in range(first + turn_end[turn - 1], first + turn_end[turn]):
            doubt(ints, p, candle_ms[candle], doubts)
            if held:
                held = not meet(
                    ints, floats, costs, slips, candle - 1, p,
                    candle_ms[candle], opened[candle], high[candle], low[candle],
                )  # fmt: skip  # as they come
        doubt(ints, p, at_ms, doubts)
        ints[p + QUOTE] = turn_quote[turn]
        ints[p + MARK] = turn_mark[turn]
        ints[p + QUOTE_MS] = at_ms
        ints[p + TURN] += 1
    quote = ints[p + QUOTE]
    if held and quote > 0:
        known = last_closed(ints, p, turn_end)
        meet(ints, floats, costs, slips, known, p, ints[p + QUOTE_MS], quote, quote, quote)


@kernel
def observe_lone(
    ints: Ints,
    floats: Floats,
    costs: Costs,
    slips: Slips,
    blocks: Blocks,
    turn_end: Sequence[int],
    cycle: int,
) -> None:
    """Show a lone held symbol the candle that closed, opened at the last cycle's quote, and the quote."""
    at, rows = cycle * ROW, blocks.rows
    candle = turn_end[0] + cycle - 1
    show(ints, blocks, cycle)
    held = not meet(
        ints, floats, costs, slips, candle - 1, ACCT,
        instant_of(blocks, cycle - 1),
        int(rows[at - ROW + QUOTED]), int(rows[at + HIGH]), int(rows[at + LOW]),
    )  # fmt: skip  # as they come
    if held:
        quote = int(rows[at + QUOTED])
        meet(ints, floats, costs, slips, candle, ACCT, instant_of(blocks, cycle), quote, quote, quote)
    take_value(ints, floats)


@kernel
def fast_forward(
    ints: Ints,
    floats: Floats,
    equity: Ints,
    blocks: Blocks,
    first: int,
    until: int,
    limit: int,
    trailing_ppm: int,
    high: Sequence[int],
    low: Sequence[int],
    close: Sequence[int],
    turn_ms: Sequence[int],
    turn_end: Sequence[int],
    turn_quote: Sequence[int],
) -> int:
    """Live through cycles of a lone symbol's position in which nothing but its value changes.

    Returns the first cycle, from `first` and before `until`, that needs all the rules: a stop or
    target may be met or moved, a day begins, the day's loss passes `limit`, a candle is missing.
    """
    p = ACCT
    stop, day_end, day_start, killed = ints[p + STOP], ints[DAY_END], ints[DAY_START], ints[KILLED]
    target = ints[p + TARGET] if ints[p + TARGET] > 0 else NO_TARGET
    cash, peak, fall, worst = ints[CASH], ints[PEAK], ints[FALL], floats[WORST]
    units = ints[p + LOTS] * ints[p + FACTOR]
    worth = ints[EQUITY]
    cycle = first
    candle = turn_end[first - 1] - 1
    while cycle < until and ints[p + TRIGGERED] == 0:
        quote = turn_quote[cycle]
        candle += 1
        if turn_end[cycle] != candle + 1 or quote <= stop or quote >= target or turn_ms[cycle] >= day_end:
            break
        if low[candle] <= stop or high[candle] >= target:
            break
        if trailing_ppm > 0 and trailed(stop, close[candle], quote, trailing_ppm) != stop:
            break
        now = cash + quote * units
        if day_start - now > limit and killed == 0:
            break
        worth = now
        if worth >= peak:
            peak = worth
            fall = 0
        elif peak - worth > fall:
            fall = peak - worth
            worst = max(worst, drawdown(worth, peak))
        write_equity(equity, blocks, ints[DAY], cycle, worth)
        cycle += 1
    if cycle > first:
        ints[EQUITY], ints[PEAK], ints[FALL], floats[WORST] = worth, peak, fall, worst
        ints[p + QUOTE] = ints[p + MARK] = turn_quote[cycle - 1]
        ints[p + QUOTE_MS] = turn_ms[cycle - 1]
        ints[p + TURN] = cycle
        ints[HELD_CYCLES] += cycle - first
    return cycle

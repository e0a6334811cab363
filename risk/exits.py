"""The exits a strategy declared, judged on a closed candle: what is due, and where a stop belongs.

A plan is `ExitPlan.numbers` from index `at` on. A gain is that of the quote over the average entry, before
costs; nothing here looks at the rules of entries. Every level is in ticks, every time in ms.
"""

from collections.abc import Sequence
from typing import NamedTuple

from domain.exits import BY_BREAK_EVEN, BY_ROI, BY_TIME, BY_TRAIL
from domain.kernel import kernel
from domain.money import share_down
from risk.rules import fits
from risk.stake import level_at, trailed

AFTER, BREAK_EVEN, TRAIL, STEPS, PARTS, PROGRAM, ADDS, FIRST = 0, 1, 2, 3, 4, 5, 6, 7
"""Where the numbers of a plan lie; the pairs of its steps begin at FIRST, behind them those of its parts,
those of its additions, and then the places of what the program of its custom exit reads."""

MILLION = 1_000_000


class StopLevel(NamedTuple):
    """The level in ticks at which a stop belongs, and the code of the exit that wants it (0: none)."""

    level: int
    by: int


@kernel
def exit_due(plan: Sequence[int], at: int, held_ms: int, quote: int, bought: int, units: int) -> int:
    """Return the code of the exit that closes a position now, 0 for none.

    `bought / units` is its average entry, `held_ms` the time since the candle it was decided on.
    """
    wanted = -1
    for step in range(plan[at + STEPS]):
        if held_ms >= plan[at + FIRST + 2 * step]:
            wanted = step
    if wanted >= 0 and quote >= level_at(bought, units, MILLION + plan[at + FIRST + 2 * wanted + 1]):
        return BY_ROI
    return BY_TIME if 0 < plan[at + AFTER] <= held_ms else 0


@kernel
def places_at(plan: Sequence[int], at: int) -> int:
    """Return where the places of a custom exit's numbers begin."""
    return at + FIRST + 2 * (plan[at + STEPS] + plan[at + PARTS] + plan[at + ADDS])


@kernel
def share_due(plan: Sequence[int], at: int, quote: int, bought: int, units: int) -> int:
    """Return the share of all that was bought, in ppm, that the declared parts have sold at the quote."""
    share = 0
    first = at + FIRST + 2 * plan[at + STEPS]
    for part in range(plan[at + PARTS]):
        if quote >= level_at(bought, units, MILLION + plan[first + 2 * part]):
            share += plan[first + 2 * part + 1]
    return min(share, MILLION)


@kernel
def part_due(
    plan: Sequence[int],
    at: int,
    quote: int,
    bought: int,
    units: int,
    bought_lots: int,
    sold_lots: int,
    asked: int,
) -> int:
    """Return the lots to be sold now of what was bought, 0 for none; what was sold already counts.

    `asked` is the share a custom exit asks for, in ppm: the larger of that and of the declared parts counts.
    """
    share = max(share_due(plan, at, quote, bought, units), asked)
    return max(share_down(bought_lots, share) - sold_lots, 0)


@kernel
def parts_fit(
    quote: int, stop: int, part: int, rest: int, cash_factor: int, min_lots: int, min_cash: int
) -> bool:
    """Tell whether the exchange takes a part at the quote, and its stop and a sale for the rest after it."""
    least = min(stop, quote) if stop > 0 else quote
    return fits(quote, part, cash_factor, min_lots, min_cash) and fits(
        least, rest, cash_factor, min_lots, min_cash
    )


@kernel
def stop_wanted(
    plan: Sequence[int],
    at: int,
    stop: int,
    close: int,
    quote: int,
    atr: float,
    bought: int,
    units: int,
    cost_ppm: int,
    trailing_ppm: int,
) -> StopLevel:
    """Return where a resting stop belongs after a candle, higher or where it is, and by which exit.

    The code is 0 where it stays or follows by the settings' own trailing stop. `atr` in ticks, 0 while
    unknown; `cost_ppm` is what one way costs at most. Never at the quote or above: it would sell at once.
    """
    level = trailed(stop, close, quote, trailing_ppm)
    by = 0
    if stop <= 0 or quote <= 0:
        return StopLevel(level, by)
    start = plan[at + BREAK_EVEN]
    if start > 0 and quote >= level_at(bought, units, MILLION + start):
        even = level_at(bought, units, MILLION + 2 * cost_ppm)
        if level < even < quote:
            level = even
            by = BY_BREAK_EVEN
    if plan[at + TRAIL] > 0 and atr > 0.0:
        distance = int(atr * (plan[at + TRAIL] / 1_000_000.0)) + 1
        # As with the settings' own: not every tick is worth two orders.
        if level + max(distance // 10, 1) <= close - distance < quote:
            level = close - distance
            by = BY_TRAIL
    return StopLevel(level, by)

"""The account of a replay: its value, its days, its kill switch."""

from domain.kernel import kernel
from domain.money import notional
from domain.tally import drawdown, new_day
from research.engine.layout import (
    ACCT,
    CASH,
    DAY,
    DAY_END,
    DAY_MS,
    DAY_START,
    ENTRIES_TODAY,
    EQUITY,
    FACTOR,
    FALL,
    HELD,
    KILL_MS,
    KILLED,
    LOSS_STREAK,
    LOTS,
    MARK,
    PEAK,
    SYMBOL,
    SYMBOLS,
    WORST,
    Blocks,
    Floats,
    Ints,
)
from risk.rules import daily_loss


@kernel
def take_value(ints: Ints, floats: Floats) -> None:
    """Bring equity, its peak and the worst drawdown up to the present marks."""
    equity = ints[CASH]
    if ints[HELD] > 0:
        for symbol in range(ints[SYMBOLS]):
            p = ACCT + symbol * SYMBOL
            if ints[p + LOTS] > 0:
                equity += notional(ints[p + MARK], ints[p + LOTS], ints[p + FACTOR])
    ints[EQUITY] = equity
    peak = ints[PEAK]
    if equity >= peak:
        ints[PEAK] = equity
        ints[FALL] = 0
    elif peak - equity > ints[FALL]:
        ints[FALL] = peak - equity
        floats[WORST] = max(floats[WORST], drawdown(equity, peak))


@kernel
def roll(ints: Ints, blocks: Blocks, cycle: int, at_ms: int) -> None:
    """Begin a new day (UTC)."""
    ints[DAY] = blocks.day[cycle]
    ints[DAY_END] = (at_ms // DAY_MS + 1) * DAY_MS
    day = new_day(ints[EQUITY])
    ints[DAY_START] = day.start_equity
    ints[ENTRIES_TODAY] = day.entries
    ints[LOSS_STREAK] = day.losses


@kernel
def is_calm(ints: Ints, limit: int) -> bool:
    """Tell whether the day's loss leaves the kill switch where it is."""
    if ints[KILLED] != 0 or ints[EQUITY] >= ints[DAY_START]:
        return True
    return bool(daily_loss(ints[EQUITY], ints[DAY_START], limit).passed)


@kernel
def watch_day(ints: Ints, at_ms: int, limit: int) -> None:
    """Trip the kill switch when the day has lost too much."""
    if not is_calm(ints, limit):
        ints[KILLED] = 1
        ints[KILL_MS] = at_ms

"""The facts of closed trades that protections measure, read from those a replay has written down."""

from typing import NamedTuple

from domain.exits import at_stop
from domain.kernel import kernel
from domain.tally import RECENT, is_recent, won
from research.engine.layout import ACCT, SYMBOL, TRADE_ROW, TRADES, TRADES_AT, Ints
from risk.facts import NONE
from risk.limits import Limits


class LookBack(NamedTuple):
    """The fields of `risk.facts.AccountFacts` that tell of closed trades, in their order."""

    exit_age_ms: int
    stops: int
    symbol_trades: int
    symbol_profit: float


@kernel
def look_back(ints: Ints, p: int, at_ms: int, limits: Limits) -> LookBack:
    """Return what the last trades come to for the symbol at `p`, newest first as `risk.reading` adds them."""
    age, stops, trades, profit = NONE, 0, 0, 0.0
    if limits.symbol_cool_down_ms + limits.stop_guard_ms + limits.low_profit_ms == 0:
        return LookBack(age, stops, trades, profit)
    own = (p - ACCT) // SYMBOL
    for back in range(min(ints[TRADES], RECENT)):
        row = ints[TRADES_AT] + (ints[TRADES] - 1 - back) * TRADE_ROW
        closed_ms, pnl = ints[row + 4], ints[row + 11]
        if at_stop(ints[row + 1]) and not won(pnl) and is_recent(closed_ms, at_ms, limits.stop_guard_ms):
            stops += 1
        if ints[row] == own:
            if age == NONE:
                age = max(at_ms - closed_ms, 0)
            if is_recent(closed_ms, at_ms, limits.low_profit_ms):
                trades += 1
                profit += pnl / ints[row + 6]
    return LookBack(
        age,
        stops if limits.stop_guard_ms > 0 else 0,
        trades if limits.low_profit_ms > 0 else 0,
        profit if limits.low_profit_ms > 0 else 0.0,
    )

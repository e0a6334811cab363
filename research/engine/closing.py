"""A replay's closed trades: cash, counters, the trade's row, and the lesson the voices take from it."""

from domain.kernel import kernel
from domain.money import notional, share_up
from domain.tally import outcome, streaks_after, won
from learning.hedge import nudged
from learning.settings import Hedge
from platforms.fills import Costs
from research.engine.layout import (
    ACCT,
    BOUGHT,
    BOUGHT_REF,
    BOUND,
    CASH,
    CLASS_AT,
    CYCLE,
    ENTRY_CYCLE,
    EVIDENCE_AT,
    FACTOR,
    FEES,
    HELD,
    LAST_LOSS,
    LOSS_STREAK,
    LOTS,
    NEVER,
    OPENED_MS,
    RIPE,
    RIPE_AT,
    SOLD,
    SOLD_LOTS,
    SOLD_REF,
    SPOKEN_AT,
    STOP,
    SYMBOL,
    TARGET,
    TRADE_CASH,
    TRADE_ENDED,
    TRADE_ROW,
    TRADES,
    TRADES_AT,
    TRIGGERED,
    VOICES,
    WEIGHTS,
    WIN_STREAK,
    Floats,
    Ints,
)


@kernel
def close_position(
    ints: Ints, floats: Floats, costs: Costs, p: int, price: int, reference: int, at_ms: int, ending: int
) -> None:
    """Sell all of a position at `price` ticks: cash, counters, a trade and its lesson."""
    cash = ints[CASH]
    take_sale(ints, costs, p, ints[p + LOTS], price, reference)
    lots, bought, sold, fees = ints[p + SOLD_LOTS], ints[p + BOUGHT], ints[p + SOLD], ints[p + FEES]
    came = outcome(bought, sold, ints[p + BOUGHT_REF], ints[p + SOLD_REF], fees)
    count_trade(ints, ints[p + CLASS_AT], came.pnl, at_ms)
    remember(ints, floats, ints[p + SPOKEN_AT], came.pnl / bought)
    row = ints[TRADES_AT] + ints[TRADES] * TRADE_ROW
    ints[TRADES] += 1
    ints[row] = (p - ACCT) // SYMBOL
    ints[row + 1] = ending
    ints[row + 2] = ints[p + ENTRY_CYCLE]
    ints[row + 3] = ints[p + OPENED_MS]
    ints[row + 4] = at_ms
    ints[row + 5] = lots
    ints[row + 6] = bought
    ints[row + 7] = sold
    ints[row + 8] = came.gross
    ints[row + 9] = fees
    ints[row + 10] = came.slippage
    ints[row + 11] = came.pnl
    ints[row + 12] = ints[p + BOUND]
    ints[row + TRADE_ENDED] = ints[CYCLE]
    ints[row + TRADE_CASH] = cash
    ints[HELD] -= 1
    ints[p + STOP] = 0
    ints[p + TARGET] = 0
    ints[p + TRIGGERED] = 0


@kernel
def take_sale(ints: Ints, costs: Costs, p: int, lots: int, price: int, reference: int) -> None:
    """Count lots of a position as sold at `price` ticks: its lots, its fees and cash."""
    sold = notional(price, lots, ints[p + FACTOR])
    fee = share_up(sold, costs.taker_fee)
    ints[p + LOTS] -= lots
    ints[p + SOLD_LOTS] += lots
    ints[p + SOLD] += sold
    ints[p + SOLD_REF] += notional(reference, lots, ints[p + FACTOR])
    ints[p + FEES] += fee
    ints[CASH] += sold - fee


@kernel
def count_trade(ints: Ints, class_at: int, pnl: int, at_ms: int) -> None:
    """Count a closed trade: streaks, the last loss, and its asset class's profit with its peak."""
    now = streaks_after(ints[WIN_STREAK], ints[LOSS_STREAK], pnl)
    ints[WIN_STREAK] = now.wins
    ints[LOSS_STREAK] = now.losses
    ints[LAST_LOSS] = NEVER if won(pnl) else at_ms
    ints[class_at] += pnl
    ints[class_at + 1] = max(ints[class_at + 1], ints[class_at])


@kernel
def remember(ints: Ints, floats: Floats, spoken_at: int, result: float) -> None:
    """Keep a trade's result and how each voice had voted, to be learned from at the cycle's end."""
    ripe, voices = ints[RIPE], ints[VOICES]
    floats[WEIGHTS + voices + ripe] = result
    for voice in range(voices):
        ints[ints[RIPE_AT] + ripe * voices + voice] = ints[spoken_at + voice]
    ints[RIPE] = ripe + 1


@kernel
def learn(ints: Ints, floats: Floats, hedge: Hedge) -> None:
    """Fold the lessons of the trades that closed in this cycle into the voices' weights."""
    voices = ints[VOICES]
    for ripe in range(ints[RIPE]):
        for voice in range(voices):
            vote = ints[ints[RIPE_AT] + ripe * voices + voice]
            if vote != 0 and hedge.enabled == 1:
                result = floats[WEIGHTS + voices + ripe]
                floats[WEIGHTS + voice] = nudged(floats[WEIGHTS + voice], vote, result, hedge)
                ints[ints[EVIDENCE_AT] + voice] += 1
    ints[RIPE] = 0

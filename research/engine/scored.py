"""The score of a finished replay in a few figures, on its books: what `research.statistics.scoring` names."""

from collections.abc import MutableSequence, Sequence
from math import expm1, log1p, sqrt

from domain.kernel import kernel
from research.engine.layout import CASH, HELD_CYCLES, KILLED, TRADE_ROW, TRADES, TRADES_AT, WORST

Floats = MutableSequence[float]
PNL = 11
"""Where a trade's row has its result after costs."""
UNDEFINED = float("nan")


@kernel
def score_books(
    ints: Sequence[int],
    floats: Sequence[float],
    equity: Sequence[int],
    ends: Sequence[int],
    cycles: int,
    opening: int,
    periods: int,
    daily: Floats,
    row: Floats,
) -> None:
    """Write a finished replay's daily returns and score.

    `ends` are the places in `equity` of each day's end, `cycles` how many the session had.
    Sums run in one order in machine code as in Python, so every machine finds the same bits.
    """
    count = len(ends)
    before = float(opening)
    total = 0.0
    growth = 0.0
    largest = 0.0
    for day in range(count):
        now = float(equity[ends[day]])
        daily[day] = now / before - 1.0 if before > 0.0 else -1.0
        before = now
        total += daily[day]
        growth += log1p(daily[day]) if daily[day] > -1.0 else -1e6
        largest = max(largest, abs(daily[day]))
    mean = total / count
    spread = 0.0
    for day in range(count):
        spread += (daily[day] - mean) * (daily[day] - mean)
    deviation = sqrt(spread / (count - 1)) if count > 1 else 0.0
    exponent = growth * periods / count
    won = 0.0
    lost = 0.0
    wins = 0
    trades = ints[TRADES]
    for trade in range(trades):
        pnl = float(ints[ints[TRADES_AT] + trade * TRADE_ROW + PNL])
        if pnl > 0.0:
            won += pnl
            wins += 1
        else:
            lost -= pnl
    worst = floats[WORST]
    cagr = expm1(exponent) if exponent < 700.0 else UNDEFINED
    row[0] = float(equity[len(equity) - 1]) / opening - 1.0
    row[1] = cagr
    row[2] = mean / deviation * sqrt(float(periods)) if deviation > 1e-12 * largest else UNDEFINED
    row[3] = cagr / worst if worst > 0.0 else UNDEFINED
    row[4] = worst
    row[5] = won / lost if lost > 0.0 else UNDEFINED
    row[6] = wins / trades if trades > 0 else UNDEFINED
    row[7] = float(trades)
    row[8] = ints[HELD_CYCLES] / cycles
    row[9] = float(ints[KILLED])
    row[10] = float(ints[CASH])

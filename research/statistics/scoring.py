"""The score of a trial in a few figures, by the formulas of `metrics`, fast enough for sweeps.

One row of floats per trial and one row of daily returns: they are what engines send home, what a
search ranks by, and what the deflated Sharpe ratio and the probability of overfitting are made of.
"""

from collections.abc import MutableSequence, Sequence
from math import expm1, log1p, sqrt
from typing import NamedTuple

import numpy as np

from domain.errors import BadInput
from domain.times import DAY_MS
from research.data.candles import FloatArray, IntArray
from research.engine.layout import CASH, HELD_CYCLES, KILLED, TRADE_ROW, TRADES, TRADES_AT, WORST
from research.statistics.ratios import CRYPTO_DAYS

Floats = MutableSequence[float]
PNL = 11
"""Where a trade's row has its result after costs."""
UNDEFINED = float("nan")
CRITERIA = ("sharpe", "return", "calmar")


class Score(NamedTuple):
    """A trial's figures; fractions are of 1, NaN is undefined, `killed` 1 when the kill switch tripped."""

    net_return: float
    cagr: float
    sharpe: float
    calmar: float
    max_drawdown: float
    profit_factor: float
    win_rate: float
    trades: float
    exposure: float
    killed: float
    cash: float

    def value(self, criterion: str) -> float:
        """Return what a search ranks by, the more the better; -inf where it is undefined."""
        return float(worth(np.array([self]), criterion)[0])

    def plain(self) -> dict[str, float | None]:
        """Return the figures as JSON takes them, without the cash."""
        answer = {name: None if value != value else value for name, value in self._asdict().items()}  # noqa: PLR0124  # NaN
        return {name: value for name, value in answer.items() if name != "cash"}


FIELDS = len(Score._fields)


def worth(table: FloatArray, criterion: str) -> FloatArray:
    """Return each row's rank value, float64[n]. Raises BadInput for a criterion that is not known."""
    if criterion not in CRITERIA:
        raise BadInput(f"score {criterion!r} is not one of {', '.join(CRITERIA)}")
    column = Score._fields.index("net_return" if criterion == "return" else criterion)
    values = table[:, column]
    return np.where(np.isnan(values), -np.inf, values)


def best(table: FloatArray, criterion: str) -> int:
    """Return the place of the best row, the first of equals. Raises BadInput as `worth`."""
    return int(np.argmax(worth(table, criterion)))


def day_ends(instants: IntArray, periods: int) -> IntArray:
    """Return the last cycle of each UTC day; a day without one repeats the day before, for crypto."""
    days = instants // DAY_MS
    last = np.flatnonzero(np.diff(days, append=days[-1:] + 1))
    if periods != CRYPTO_DAYS:
        return last
    return np.repeat(last, np.append(np.diff(days[last]), 1))


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

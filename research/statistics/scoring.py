"""The score of a trial in a few figures, by the formulas of `metrics`, fast enough for sweeps.

One row of floats per trial and one row of daily returns: they are what engines send home, what a
search ranks by, and what the deflated Sharpe ratio and the probability of overfitting are made of.
"""

from typing import NamedTuple

import numpy as np

from domain.errors import BadInput
from domain.times import DAY_MS
from research.data.candles import FloatArray, IntArray
from research.statistics.ratios import CRYPTO_DAYS, LEAST_DAYS

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

    def told(self, days: int) -> "Score":
        """Return it without the figures that would be stretched to a year from too few days: NaN there."""
        return self if days >= LEAST_DAYS else self._replace(cagr=np.nan, sharpe=np.nan, calmar=np.nan)

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

"""Months drawn again: the interval of a figure over outcomes that come in clusters.

The block bootstrap of Carlstein, "The use of subseries values", Annals of Statistics 14, 1986, with whole
calendar months as its blocks: outcomes of one month share its market and overlap in time, so single ones are
not drawn. The ends are percentiles (Efron and Tibshirani, "An introduction to the bootstrap", 1993,
chapter 13). Seeded: the same values give the same ends.
"""

from collections.abc import Callable

import numpy as np

from research.data.candles import FloatArray, IntArray

RUNS = 2_000
SEED = 15
SHARE = 0.95


def interval(
    months: IntArray,
    columns: FloatArray,
    figure: Callable[[FloatArray], FloatArray],
    *,
    runs: int = RUNS,
    seed: int = SEED,
) -> tuple[float, float] | None:
    """Return the ends of a figure's 95 % interval; None with fewer than two months.

    `columns` float64[outcomes, k] are added up by month, `months` int64[outcomes] naming each one's;
    `figure` turns float64[runs, k] of such sums into float64[runs], NaN where a draw has no basis for it.
    """
    names, index = np.unique(months, return_inverse=True)
    if len(names) < 2:
        return None
    sums = np.zeros((len(names), columns.shape[1]))
    np.add.at(sums, index, columns)
    chance = np.random.Generator(np.random.Philox(seed))
    drawn = chance.integers(0, len(names), (runs, len(names)))
    values = figure(sums[drawn].sum(axis=1))
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, ((1 - SHARE) / 2, (1 + SHARE) / 2))
    return float(low), float(high)


def quotient(sums: FloatArray) -> FloatArray:
    """Return the first sum over the second, as a mean's: NaN where the second is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result: FloatArray = sums[:, 0] / sums[:, 1]
    return result

"""Monte Carlo resampling: trades in another order, days drawn again, seeded.

Run i depends only on the seed and i, so runs may be split over processes in any way: the same seed
gives the same bytes.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.errors import BadInput
from research.data.candles import FloatArray, IntArray
from research.statistics.ratios import CRYPTO_DAYS, sharpe

LEAST = 2
MOST_RUNS = 1_000_000
LIMIT = 0.2
"""Drawdown whose probability is asked for unless told otherwise."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

Generator = np.random.Generator
Table = tuple[FloatArray, FloatArray, FloatArray]
"""Final return, maximum drawdown and Sharpe ratio of each run."""


@dataclass(frozen=True)
class Spread:
    """Quantiles of one figure over all runs (linear between order statistics)."""

    p5: float
    p25: float
    p50: float
    p75: float
    p95: float


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of the runs; fractions are of 1.

    `final_return`, `max_drawdown` and `sharpe` (None where undefined in every run) are quantiles,
    `loss` is the share of runs that ended below their beginning, `beyond` the share whose drawdown
    was deeper than `limit`. `block` is the mean length in days; None for shuffled trades.
    """

    method: str
    runs: int
    seed: int
    block: float | None
    limit: float
    final_return: Spread
    max_drawdown: Spread
    sharpe: Spread | None
    loss: float
    beyond: float

    def plain(self) -> dict[str, Any]:
        """Return the figures as JSON takes them."""
        return asdict(self)


def shuffle_trades(
    pnl: FloatArray | IntArray, opening: float, runs: int, seed: int, *, limit: float = LIMIT
) -> Outcomes:
    """Put the trades in another order, `runs` times: how deep it could have fallen on the way.

    `pnl` per trade and `opening` in one unit; amounts are as traded, not rescaled, so the final value
    is always the same. Source: Aronson, "Evidence-based technical analysis", 2007 (permutation); a
    drawdown of everything, or more, counts as 1. Raises BadInput for fewer than 2 trades, an opening
    that is not above 0, values that are not finite, and runs, seed or limit out of range.
    """
    _check("trades", pnl, runs, seed, limit)
    if not (opening > 0 and np.isfinite(opening)):
        raise BadInput(f"opening {opening} must be above 0")
    falls = shuffled_falls(pnl, opening, range(runs), seed)
    final = np.full(runs, float(np.sum(pnl.astype(np.float64))) / opening)
    return _outcomes("shuffled trades", (final, falls, np.full(runs, np.nan)), seed, None, limit)


def block_bootstrap(
    daily_returns: FloatArray,
    runs: int,
    seed: int,
    block: float | None = None,
    *,
    periods: int = CRYPTO_DAYS,
    limit: float = LIMIT,
) -> Outcomes:
    """Draw as many days again, in blocks of random length: what the same market could have paid.

    The stationary bootstrap of Politis and Romano, Journal of the American Statistical Association 89,
    1994: blocks begin anywhere, their length is geometric with mean `block` days, the series is a
    ring. `periods` annualise the Sharpe ratio. Raises BadInput for fewer than 2 days, a return of -1
    or less, values that are not finite, and runs, seed, block or limit out of range.
    """
    _check("days", daily_returns, runs, seed, limit)
    if np.any(daily_returns <= -1):
        raise BadInput(f"return {daily_returns.min()} must be above -1")
    block = default_block(len(daily_returns)) if block is None else block
    if not 1 <= block <= len(daily_returns):
        raise BadInput(f"block {block} must be from 1 to the {len(daily_returns)} days there are")
    table = bootstrapped(daily_returns, range(runs), seed, block, periods)
    return _outcomes("block bootstrap", table, seed, float(block), limit)


def default_block(days: int) -> float:
    """Return the mean block length used unless told otherwise: the cube root of the days, rounded up.

    The rate at which the best length grows: Hall, Horowitz and Jing, "On blocking rules for the
    bootstrap with dependent data", Biometrika 82, 1995 (the factor before it is taken as 1).
    """
    return float(ceil(round(days ** (1 / 3), 9)))


def shuffled_falls(pnl: FloatArray | IntArray, opening: float, runs: range, seed: int) -> FloatArray:
    """Return the maximum drawdown of some of the runs, float64[len(runs)]."""
    amounts = pnl.astype(np.float64)
    falls = np.empty(len(runs))
    for index, run in enumerate(runs):
        falls[index] = _fall(opening + np.cumsum(_generator(seed, run).permutation(amounts)), opening)
    return falls


def bootstrapped(daily_returns: FloatArray, runs: range, seed: int, block: float, periods: int) -> Table:
    """Return final return, maximum drawdown and Sharpe ratio (NaN: undefined) of some of the runs."""
    table = np.empty((3, len(runs)))
    for index, run in enumerate(runs):
        days = daily_returns[stationary(len(daily_returns), block, _generator(seed, run))]
        worth = np.cumprod(1 + days, dtype=np.float64)
        ratio = sharpe(days, periods)
        table[:, index] = worth[-1] - 1, _fall(worth, 1.0), np.nan if ratio is None else ratio
    return table[0], table[1], table[2]


def stationary(days: int, block: float, generator: Generator) -> IntArray:
    """Return the places of one resample of the stationary bootstrap, int64[days]."""
    begins = generator.random(days) < 1 / block
    begins[0] = True
    starts = generator.integers(0, days, days)
    index = np.arange(days)
    since = np.maximum.accumulate(np.where(begins, index, 0))
    chosen: IntArray = (starts[since] + index - since) % days
    return chosen


def _generator(seed: int, run: int) -> Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(run,))))


def _fall(worth: FloatArray, opening: float) -> float:
    """Return the deepest fall from a peak, at most 1; the opening is the first peak."""
    peak = np.maximum(np.maximum.accumulate(worth), opening)
    return float(min(1.0, np.max(1 - worth / peak)))


def _check(what: str, values: NDArray[Any], runs: int, seed: int, limit: float) -> None:
    if values.ndim != 1 or len(values) < LEAST:
        raise BadInput(f"{what} of shape {values.shape}; at least {LEAST} in one series are needed")
    if not np.all(np.isfinite(values)):
        raise BadInput(f"{what}: place {np.flatnonzero(~np.isfinite(values))[0]} must be a finite number")
    _within("runs", runs, lambda given: 1 <= given <= MOST_RUNS, f"from 1 to {MOST_RUNS}")
    _within("seed", seed, lambda given: given >= 0, "at least 0")
    _within("limit", limit, lambda given: 0 <= given <= 1, "from 0 to 1")


def _within(name: str, value: float, fits: Callable[[float], bool], allowed: str) -> None:
    if not fits(value):
        raise BadInput(f"{name} {value} must be {allowed}")


def _outcomes(
    method: str,
    table: tuple[FloatArray, FloatArray, FloatArray],
    seed: int,
    block: float | None,
    limit: float,
) -> Outcomes:
    final, falls, ratios = table
    ratios = ratios[~np.isnan(ratios)]
    return Outcomes(
        method=method,
        runs=len(final),
        seed=seed,
        block=block,
        limit=limit,
        final_return=_spread(final),
        max_drawdown=_spread(falls),
        sharpe=_spread(ratios) if len(ratios) else None,
        loss=float(np.mean(final < 0)),
        beyond=float(np.mean(falls > limit)),
    )


def _spread(values: FloatArray) -> Spread:
    return Spread(*np.quantile(values, QUANTILES).tolist())

"""The share of luck in a result: deflated Sharpe ratio and the probability of backtest overfitting.

Sharpe ratios here are per observation (per day), not annualised, and skewness and kurtosis are the
population's (a normal distribution has kurtosis 3), as in the papers.
"""

from dataclasses import dataclass
from itertools import combinations
from math import e, sqrt
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from domain.errors import BadInput
from research.data.candles import FloatArray

EULER_MASCHERONI = 0.5772156649015329
MOST_BLOCKS = 20
"""Blocks of CSCV: 20 make 184,756 combinations; the number doubles twice with every further pair."""
CHUNK = 1 << 21
"""Values worked on at once: 16 MB of float64."""
STILL = 1e-24


def expected_maximum(trials: int, variance: float) -> float:
    """Return the Sharpe ratio that the best of `trials` independent trials without skill can expect.

    `variance` is that of the trials' Sharpe ratios. Bailey and López de Prado, "The deflated Sharpe
    ratio", Journal of Portfolio Management 40(5), 2014, equation 1. One trial expects 0. Raises
    BadInput for no trial or a variance below 0.
    """
    if trials < 1:
        raise BadInput(f"trials {trials} must be at least 1")
    if not (variance >= 0 and np.isfinite(variance)):
        raise BadInput(f"variance {variance} of the trials' Sharpe ratios must be at least 0")
    if trials == 1:
        return 0.0
    high, higher = float(ndtri(1 - 1 / trials)), float(ndtri(1 - 1 / (trials * e)))
    return sqrt(variance) * ((1 - EULER_MASCHERONI) * high + EULER_MASCHERONI * higher)


def probabilistic(sharpe: float, count: int, skew: float, kurtosis: float, benchmark: float) -> float:
    """Return the probability that the true Sharpe ratio exceeds `benchmark`, from a sample's moments.

    `count` observations. Bailey and López de Prado, "The Sharpe ratio efficient frontier", Journal of
    Risk 15(2), 2012. Raises BadInput for fewer than 2 observations or impossible moments.
    """
    if count < 2:
        raise BadInput(f"observations {count} must be at least 2")
    spread = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if not spread > 0:
        raise BadInput(f"skew {skew} and kurtosis {kurtosis} leave no variance; kurtosis is above 1 + skew²")
    return float(ndtr((sharpe - benchmark) * sqrt(count - 1) / sqrt(spread)))


def probabilistic_sharpe(returns: FloatArray, benchmark: float = 0.0) -> float:
    """Return the probability that the Sharpe ratio behind float64[n] returns exceeds `benchmark`.

    Raises BadInput for fewer than 2 returns, values that are not finite and returns without variance.
    """
    sharpe, skew, kurtosis = _moments(returns)
    return probabilistic(sharpe, len(returns), skew, kurtosis, benchmark)


def deflated_sharpe(returns: FloatArray, trials: FloatArray | tuple[int, float]) -> float:
    """Return the probability that the best of many trials has skill, from 0 to 1.

    `returns` float64[n] are those of the trial chosen; `trials` the Sharpe ratio per observation of
    every trial made, float64[N], or their number and variance. Trials alike are fewer than they
    look, so counting each of them is the cautious side. Source: as `expected_maximum`, equation 2.
    Raises BadInput as `probabilistic_sharpe` and `expected_maximum` do.
    """
    if isinstance(trials, tuple):
        count, variance = trials
    else:
        _finite("Sharpe ratios of the trials", trials)
        count, variance = len(trials), float(np.var(trials, ddof=1)) if len(trials) > 1 else 0.0
    return probabilistic_sharpe(returns, expected_maximum(count, variance))


@dataclass(frozen=True, eq=False)
class Pbo:
    """The result of CSCV; one value of `logits` per combination, float64[combinations].

    `probability`: how often the best trial in sample was not above the median out of sample. `slope`
    and `intercept`: out-of-sample over in-sample Sharpe ratio of the chosen ones (a negative slope:
    the better it looks, the worse it gets); None where they do not vary. `loss`: how often the
    chosen one lost out of sample.
    """

    probability: float
    slope: float | None
    intercept: float | None
    loss: float
    trials: int
    blocks: int
    combinations: int
    logits: FloatArray

    def plain(self) -> dict[str, Any]:
        """Return the figures as JSON takes them, without the logits."""
        return {name: value for name, value in vars(self).items() if name != "logits"}


def probability_of_overfitting(returns: FloatArray, blocks: int = 16) -> Pbo:
    """Return the probability of backtest overfitting by combinatorially symmetric cross-validation.

    `returns` float64[T, N]: a column per trial, all over the same T instants. Every choice of half
    the blocks is in sample once; the score is the Sharpe ratio, 0 for a trial that does not move.
    Blocks differ by one row at most. A tie ranks in the middle; a logit of 0 counts as overfit.
    Bailey, Borwein, López de Prado and Zhu, "The probability of backtest overfitting", Journal of
    Computational Finance 20(4), 2017. Raises BadInput for fewer than 2 trials, blocks that are odd
    or out of range, fewer rows than blocks and values that are not finite.
    """
    _check(returns, blocks)
    halves = _halves(blocks)
    sums, squares, rows, shift = _block_sums(returns, blocks)
    step = max(1, CHUNK // returns.shape[1])
    parts = [
        _chosen(halves[at : at + step], sums, squares, rows, shift) for at in range(0, len(halves), step)
    ]
    inside, outside, rank = (np.concatenate(each) for each in zip(*parts, strict=True))
    trials = returns.shape[1]
    logits = np.log(rank / (trials + 1 - rank))
    slope, intercept = _line(inside, outside)
    share = float(np.mean(logits <= 0)), float(np.mean(outside < 0))
    return Pbo(share[0], slope, intercept, share[1], trials, blocks, len(halves), logits)


def _moments(returns: FloatArray) -> tuple[float, float, float]:
    """Return Sharpe ratio (sample deviation), skewness and kurtosis of the population."""
    if returns.ndim != 1 or len(returns) < 2:
        raise BadInput(f"returns of shape {returns.shape} must be one series of at least 2")
    _finite("returns", returns)
    away = returns - returns.mean()
    variance = float(np.mean(away**2))
    if variance <= STILL * float(np.max(returns**2)):
        raise BadInput("returns have no variance: every one is the same")
    sharpe = float(returns.mean()) / sqrt(variance * len(returns) / (len(returns) - 1))
    return sharpe, float(np.mean(away**3)) / variance**1.5, float(np.mean(away**4)) / variance**2


def _finite(what: str, values: FloatArray) -> None:
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise BadInput(f"{what}: value {values.flat[bad[0]]} at place {bad[0]} must be a finite number")


def _check(returns: FloatArray, blocks: int) -> None:
    if returns.ndim != 2 or returns.shape[1] < 2:
        raise BadInput(f"returns of shape {returns.shape} must have a column for each of at least 2 trials")
    if blocks % 2 or not 2 <= blocks <= MOST_BLOCKS:
        raise BadInput(f"blocks {blocks} must be even, from 2 to {MOST_BLOCKS}")
    least = max(blocks, 4)  # a half needs two rows for a deviation
    if len(returns) < least:
        raise BadInput(f"{len(returns)} returns per trial; {blocks} blocks need at least {least}")
    _finite("returns", returns)


def _halves(blocks: int) -> FloatArray:
    """Return every choice of half the blocks as rows of 0 and 1, float64[combinations, blocks]."""
    picks = np.array(list(combinations(range(blocks), blocks // 2)))
    halves = np.zeros((len(picks), blocks))
    np.put_along_axis(halves, picks, 1.0, axis=1)
    return halves


def _block_sums(returns: FloatArray, blocks: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return per block and trial the sums and squares of standardised returns, its rows, each mean.

    Around its own mean and in units of its own deviation, no trial loses digits in the squares.
    """
    mean, deviation = returns.mean(axis=0), returns.std(axis=0)
    still = deviation <= 1e-12 * np.abs(returns).max(axis=0)
    scale = np.where(still, 1.0, deviation)
    scaled = np.where(still, 0.0, (returns - mean) / scale)
    edges = np.linspace(0, len(returns), blocks + 1).astype(np.int64)
    sums = np.add.reduceat(scaled, edges[:-1], axis=0)
    squares = np.add.reduceat(scaled**2, edges[:-1], axis=0)
    return sums, squares, np.diff(edges).astype(np.float64), np.where(still, 0.0, mean / scale)


def _scores(
    halves: FloatArray, sums: FloatArray, squares: FloatArray, rows: FloatArray, shift: FloatArray
) -> FloatArray:
    """Return the Sharpe ratio of each trial in each half, float64[halves, trials]."""
    count = (halves @ rows)[:, None]
    mean = halves @ sums / count
    variance = (halves @ squares - count * mean**2) / (count - 1)
    still = variance <= 1e-20
    return np.where(still, 0.0, (mean + shift) / np.sqrt(np.where(still, 1.0, variance)))


def _chosen(
    halves: FloatArray, sums: FloatArray, squares: FloatArray, rows: FloatArray, shift: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the best trial's score in sample, its score outside and its rank there, from 1 up."""
    inside = _scores(halves, sums, squares, rows, shift)
    outside = _scores(1 - halves, sums, squares, rows, shift)
    best = inside.argmax(axis=1)[:, None]
    score = np.take_along_axis(outside, best, axis=1)
    rank = (outside < score).sum(axis=1) + ((outside == score).sum(axis=1) + 1) / 2
    return np.take_along_axis(inside, best, axis=1)[:, 0], score[:, 0], rank


def _line(x: FloatArray, y: FloatArray) -> tuple[float | None, float | None]:
    """Return slope and intercept of least squares; None where x does not vary."""
    away = x - x.mean()
    spread = float(away @ away)
    if spread <= STILL * max(1.0, float(np.max(x**2))):
        return None, None
    slope = float(away @ (y - y.mean())) / spread
    return slope, float(y.mean()) - slope * float(x.mean())

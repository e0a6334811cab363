"""The worth of a kind of model out of sample: skill, money, and how much of either may be luck.

Each year is judged by a model trained on all that had ended an embargo before it. The base rate a forecast is
compared with is the one known then. A chance is calibrated by a table fitted on the forecasts of earlier
years whose labels were known when its year began; before there are enough of them it is the base rate. What
is taken is fixed beforehand: an entry whose chance is above the break-even of the training rows, mean loss /
(mean gain + mean loss). Intervals draw whole calendar months.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.calibrator import Calibrator
from domain.errors import BadInput
from domain.model import Arrays, ModelFigures
from domain.times import millis, utc
from learning.calibration import CONSTANT, fitted, kind_for
from reasoning.kernels.model import chance_of
from research.data.candles import FloatArray, IntArray
from research.statistics.overfit import deflated_sharpe
from research.training.entries import Entries
from research.training.fit import odds_of
from research.training.splits import TrainSplit, forward_years, purged_folds, shuffled_folds

Fit = Callable[[FloatArray, FloatArray, int], Arrays]

LEAST = 200
"""Training rows below which nothing is fitted."""
DRAWS, FOLDS = 2_000, 5


@dataclass(frozen=True, eq=False)
class Forecasts:
    """Out-of-sample forecasts, arrays of one length.

    `raw` is the chance of a net gain as the model states it, `chance` the one it stood for, `base` the rate
    known then, `even` the break-even known then, `won` 0 or 1, `result` the net return, `end` when the label
    was known (ms), `month` a number that rises with the calendar month, `year` the year judged.
    """

    raw: FloatArray
    chance: FloatArray
    base: FloatArray
    even: FloatArray
    won: FloatArray
    result: FloatArray
    end: IntArray
    month: IntArray
    year: IntArray


def walked(entries: Entries, fit: Fit, seed: int, embargo_ms: int) -> Forecasts:
    """Return the forecasts of every year that can be judged. Raises BadInput where none can."""
    parts = [
        _year(entries, split, year, fit, seed)
        for year, split in forward_years(entries.start, entries.end, embargo_ms, LEAST)
        if 0.0 < entries.won[split.train].mean() < 1.0
    ]
    if not parts:
        raise BadInput(
            f"{len(entries)} labelled entries; a year to judge needs {LEAST} that ended before it: "
            "give more candles or more symbols"
        )
    return _calibrated(Forecasts(*(np.concatenate(column) for column in zip(*parts, strict=True))))


def _year(
    entries: Entries, split: TrainSplit, year: int, fit: Fit, seed: int
) -> tuple[NDArray[np.generic], ...]:
    train, test = entries[split.train], entries[split.test]
    chance = chances(fit(train.inputs, train.won, seed), test.inputs)
    count = len(test)
    months = [12 * (at := utc(int(each))).year + at.month for each in test.start]
    return (
        chance,
        chance,
        np.full(count, train.won.mean()),
        np.full(count, break_even(train.result)),
        test.won,
        test.result,
        test.end,
        np.array(months, dtype=np.int64),
        np.full(count, year, dtype=np.int64),
    )


def _calibrated(forecasts: Forecasts) -> Forecasts:
    """Return forecasts with the chances that earlier years' tables made of them."""
    chance = forecasts.base.copy()
    for year in np.unique(forecasts.year).tolist():
        mine = forecasts.year == year
        table = calibrator_of(forecasts, forecasts.end < millis(datetime(year, 1, 1, tzinfo=UTC)))
        if table is not None:
            chance[mine] = [table.chance(each) for each in forecasts.raw[mine].tolist()]
    return replace(forecasts, chance=chance)


def calibrator_of(forecasts: Forecasts, known: Any = slice(None)) -> Calibrator | None:
    """Return the calibrator that the known forecasts allow; None where the base rate is better."""
    won = (forecasts.won[known] > 0.0).tolist()
    if kind_for(len(won)) == CONSTANT:
        return None
    return fitted(forecasts.raw[known].tolist(), won)


def payoff(result: FloatArray) -> float:
    """Return the mean gain over the mean loss, 0 where there is none of either."""
    gains, losses = result[result > 0.0], result[result <= 0.0]
    if not len(gains) or not losses.any():
        return 0.0
    return float(gains.mean() / -losses.mean())


def chances(arrays: Arrays, inputs: FloatArray) -> FloatArray:
    """Return the probability of every row."""
    return np.array([chance_of(odds) for odds in odds_of(arrays, inputs).tolist()])


def break_even(result: FloatArray) -> float:
    """Return the chance of a gain at which an entry is worth nothing on average."""
    gains, losses = result[result > 0.0], result[result <= 0.0]
    if not len(gains):
        return 1.0
    loss = -float(losses.mean()) if len(losses) else 0.0
    return loss / (float(gains.mean()) + loss)


def figures(
    entries: Entries, forecasts: Forecasts, fit: Fit, seed: int, embargo_ms: int, trials: int
) -> ModelFigures:
    """Return everything that is said about a kind of model."""
    won, base, result = forecasts.won, forecasts.base, forecasts.result
    chance = np.clip(forecasts.chance, 1e-6, 1 - 1e-6)
    brier, known = (forecasts.chance - won) ** 2, (base - won) ** 2
    taken = forecasts.chance > forecasts.even
    ones = np.ones(len(won))
    skill = 1.0 - brier.sum() / known.sum()
    skill_low, skill_high = interval(known - brier, known, forecasts.month, seed)
    gain = np.where(taken, result, 0.0) - result
    gain_low, gain_high = interval(gain, ones, forecasts.month, seed)
    some = bool(taken.any())
    folds = purged_folds(entries.start, entries.end, FOLDS, embargo_ms)
    low, high = interval(result[taken], ones[taken], forecasts.month[taken], seed) if some else (None, None)
    return ModelFigures(
        forecasts=len(won),
        months=len(np.unique(forecasts.month)),
        base=float(won.mean()),
        brier=float(brier.mean()),
        log_loss=float(-np.mean(np.where(won > 0, np.log(chance), np.log(1 - chance)))),
        skill=float(skill),
        skill_low=skill_low,
        skill_high=skill_high,
        auc=auc(forecasts.raw, won),
        plain=float(result.mean()),
        taken_count=int(taken.sum()),
        taken=float(result[taken].mean()) if some else None,
        taken_low=low,
        taken_high=high,
        gain=float(gain.mean()),
        gain_low=gain_low,
        gain_high=gain_high,
        deflated=_deflated(result[taken], forecasts.month[taken], trials),
        shuffled_auc=_folded(entries, shuffled_folds(len(entries), FOLDS, seed), fit, seed),
        purged_auc=_folded(entries, folds, fit, seed),
    )


def interval(above: FloatArray, below: FloatArray, month: IntArray, seed: int) -> tuple[float, float]:
    """Return the 95 % bounds of sum(above) / sum(below), months drawn with replacement."""
    _, index = np.unique(month, return_inverse=True)
    tops, bottoms = np.bincount(index, above), np.bincount(index, below)
    drawn = np.random.default_rng(seed).integers(0, len(tops), (DRAWS, len(tops)))
    low, high = np.quantile(tops[drawn].sum(axis=1) / bottoms[drawn].sum(axis=1), (0.025, 0.975))
    return float(low), float(high)


def auc(chance: FloatArray, won: FloatArray) -> float:
    """Return the share of pairs of a win and a loss that are ranked rightly; a tie counts half."""
    wins, losses = int(won.sum()), int(len(won) - won.sum())
    if not wins or not losses:
        return 0.5
    _, index, count = np.unique(chance, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2.0
    return float((rank[index][won > 0].sum() - wins * (wins + 1) / 2.0) / (wins * losses))


def _folded(entries: Entries, folds: Iterable[TrainSplit], fit: Fit, seed: int) -> float:
    """Return the AUC over folds, each ranked among its own: levels of different fits are not compared."""
    scores = []
    for train, test in folds:
        won = entries.won[train]
        if len(won) >= 2 and 0.0 < won.mean() < 1.0:
            arrays = fit(entries.inputs[train], won, seed)
            scores.append(auc(odds_of(arrays, entries.inputs[test]), entries.won[test]))
    return float(np.mean(scores)) if scores else 0.5


def _deflated(result: FloatArray, month: IntArray, trials: int) -> float | None:
    """Return the probability that the Sharpe ratio of what was taken, by months, is no luck of the trials.

    Nobody kept the other trials' ratios; without skill they differ by chance alone, with variance 1 / months.
    """
    months = np.unique(month)
    if len(months) < 12:
        return None
    sums = np.bincount(np.searchsorted(months, month), result).astype(np.float64)
    try:
        return deflated_sharpe(sums, (trials, 1.0 / len(sums)))
    except BadInput:
        return None


def edges_of(inputs: FloatArray) -> tuple[tuple[float, ...], ...]:
    """Return the inner deciles of each input, by which drift is told later."""
    quantiles = np.quantile(inputs, np.linspace(0.1, 0.9, 9), axis=0)
    return tuple(tuple(np.unique(column).tolist()) for column in quantiles.T)

"""Walk-forward: fit on the past, trade the unseen time after it, move on, and look at the unseen only.

Every window has a fresh account and begins warm: the candles of its warm-up lie before it and are not
traded. A kill switch that trips stays for the rest of its window, as in the loop until somebody
resumes. A position open at a window's end counts at its mark.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from research.data.candles import FloatArray, IntArray
from research.engine.backtest import BacktestVoice, backtest
from research.engine.compiler import compiled, plain
from research.search.grid import Grid, Trial
from research.search.sweep import Done, Engine, Job, Task, TrialScores, window
from research.search.windows import Window, WindowPlan, windows
from research.statistics import ratios as figures
from research.statistics.overfit import MOST_BLOCKS, Pbo, deflated_sharpe, probability_of_overfitting
from research.statistics.scoring import Score, best, worth

BLOCKS = 16
"""Blocks of the test of overfitting, fewer where there are fewer days."""


class Fold(NamedTuple):
    """One window: the parameters chosen and their figures on both sides."""

    window: Window
    trial: Trial
    inside: Score
    outside: Score
    killed_ms: int | None


@dataclass(frozen=True, eq=False)
class SideFigures:
    """Figures of one side over all windows, of daily returns behind one another; None is undefined."""

    total_return: float | None
    cagr: float | None
    sharpe: float | None
    calmar: float | None
    max_drawdown: float | None


@dataclass(frozen=True, eq=False)
class WalkForward:
    """The result of a walk-forward.

    `times_ms` and `equity` are the unseen windows behind one another, as a multiple of the opening
    cash. In-sample windows overlap, so `inside` has no total; its figures are means over windows.
    `present` has both sides' Sharpe ratios of the job's own parameters in the same windows, unfitted;
    `interval` is the 95 % confidence interval of the unseen Sharpe ratio.
    `tried` are the scores of every trial of the grid in and out of sample, means over windows, or NaN.
    `efficiency` is yearly mean return out of sample over that in sample (Pardo), None when nothing was
    won in sample. `deflated` and `overfit` are of the unseen days; None where too few or all alike.
    """

    folds: tuple[Fold, ...]
    trials: int
    skipped: int
    inside: SideFigures
    outside: SideFigures
    present: tuple[float | None, float | None]
    interval: tuple[float, float] | None
    hold_return: float | None
    efficiency: float | None
    deflated: float | None
    overfit: Pbo | None
    times_ms: IntArray
    equity: FloatArray
    daily: FloatArray
    tried: tuple[tuple[float, float], ...] = ()

    @property
    def killed(self) -> int:
        """In how many unseen windows the kill switch tripped."""
        return sum(fold.killed_ms is not None for fold in self.folds)


def walk_forward(
    engine: Engine,
    job: Job,
    grid: Grid,
    plan: WindowPlan,
    criterion: str = "sharpe",
    done: Done = lambda _count: None,
) -> WalkForward:
    """Fit and test every window. Raises BadInput as `windows` and the criterion's check do."""
    result = windows(job.candles, job.setup.warmup, plan)
    packs = tuple(trial.packed for trial in grid.trials)
    spans = [each.train for each in result] + [each.test for each in result]
    own = (job.setup.voices[job.voice].packed,)
    tasks = [Task(span, chosen) for chosen in (packs, own) for span in spans]
    answers = engine.run(job, tasks, done)
    inside, outside, *own_sides = (
        answers[at : at + len(result)] for at in range(0, len(answers), len(result))
    )
    chosen = [best(each.table, criterion) for each in inside]
    curve = [_unseen(job, each, grid.trials[index]) for each, index in zip(result, chosen, strict=True)]
    folds = [
        Fold(
            each,
            grid.trials[index],
            _told(value, index),
            _told(unseen, index),
            killed,
        )
        for each, index, value, unseen, (_, _, killed) in zip(
            result, chosen, inside, outside, curve, strict=True
        )
    ]
    summed = _summed(job, grid, folds, (inside, outside, chosen), curve)
    tried = tuple(zip(_scores(inside, criterion), _scores(outside, criterion), strict=True))
    return replace(summed, present=_present(job, *own_sides), tried=tried)


def _told(scores: TrialScores, index: int) -> Score:
    """Return a trial's figures in a window; it was chosen by those of however few days."""
    return Score(*scores.table[index].tolist()).told(scores.daily.shape[1])


def _scores(windows_of: Sequence[TrialScores], criterion: str) -> list[float]:
    """Return each trial's score, its mean over the windows in which it is defined."""
    values = np.array([worth(each.table, criterion) for each in windows_of])
    known = np.isfinite(values)
    counts = known.sum(axis=0)
    sums = np.where(known, values, 0.0).sum(axis=0)
    means: list[float] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).tolist()
    return means


def _present(
    job: Job, inside: Sequence[TrialScores], outside: Sequence[TrialScores]
) -> tuple[float | None, float | None]:
    periods = figures.periods_of([each.symbol for each in job.candles])
    value = _means([_told(each, 0) for each in inside]).sharpe
    return value, figures.sharpe(_enough(np.concatenate([each.daily[0] for each in outside])), periods)


Curve = tuple[IntArray, FloatArray, int | None]


def _unseen(job: Job, span: Window, trial: Trial) -> Curve:
    """Return times, equity over opening cash, and when the kill switch tripped in an unseen window."""
    voices = list(job.setup.voices)
    voices[job.voice] = BacktestVoice(voices[job.voice].strategy, trial.packed, dict(trial.parameters))
    setup = replace(job.setup, voices=tuple(voices))
    candles = window(job.candles, span.test, setup.warmup)
    result = backtest(candles, setup, compiled() if job.machine else plain())
    return result.times_ms, result.equity / setup.cash, result.kill_switch_ms


def _summed(
    job: Job,
    grid: Grid,
    folds: Sequence[Fold],
    built: tuple[list[TrialScores], list[TrialScores], list[int]],
    curve: Sequence[Curve],
) -> WalkForward:
    inside, outside, chosen = built
    periods = figures.periods_of([each.symbol for each in job.candles])
    value = np.concatenate([each.daily[index] for each, index in zip(inside, chosen, strict=True)])
    daily = np.concatenate([each.daily[index] for each, index in zip(outside, chosen, strict=True)])
    everyone = np.concatenate([each.daily for each in outside], axis=1)
    times, equity = _stitched(curve)
    gain = float(np.mean(value))
    held = [each.between(folds[0].window.test[0], folds[-1].window.test[1]) for each in job.candles]
    _, holding = figures.hold_curve(held)
    return WalkForward(
        folds=tuple(folds),
        trials=len(grid.trials),
        skipped=grid.skipped,
        inside=_means([fold.inside for fold in folds]),
        outside=side(times, equity, daily, periods),
        present=(None, None),
        interval=figures.sharpe_interval(_enough(daily), periods),
        hold_return=float(holding[-1]) - 1 if len(holding) else None,
        efficiency=float(np.mean(daily)) / gain if gain > 0 else None,
        deflated=deflated(daily, everyone),
        overfit=overfit(everyone),
        times_ms=times,
        equity=equity,
        daily=daily,
    )


def _stitched(curve: Sequence[Curve]) -> tuple[IntArray, FloatArray]:
    parts, level = [], 1.0
    for _, equity, _ in curve:
        parts.append(equity * level)
        level = float(parts[-1][-1])
    return np.concatenate([times for times, _, _ in curve]), np.concatenate(parts)


def _means(scores: Sequence[Score]) -> SideFigures:
    def mean(name: str) -> float | None:
        values = np.array([getattr(score, name) for score in scores])
        return float(np.mean(values[~np.isnan(values)])) if not np.isnan(values).all() else None

    return SideFigures(None, mean("cagr"), mean("sharpe"), mean("calmar"), mean("max_drawdown"))


def side(times_ms: IntArray, equity: FloatArray, daily: FloatArray, periods: int) -> SideFigures:
    """Return the figures of a curve that begins at 1."""
    depth, _ = figures.drawdown(np.append(times_ms[:1], times_ms), np.append(1.0, equity))
    daily = _enough(daily)
    growth = figures.cagr(daily, periods)
    total = float(equity[-1]) - 1
    return SideFigures(total, growth, figures.sharpe(daily, periods), figures.calmar(growth, depth), depth)


def _enough(daily: FloatArray) -> FloatArray:
    """Return daily returns, none where they are too few to be stretched to a year."""
    return daily if len(daily) >= figures.LEAST_DAYS else daily[:0]


def deflated(daily: FloatArray, everyone: FloatArray) -> float | None:
    """Return the deflated Sharpe ratio of the days chosen among float64[trials, days], None if undefined.

    A trial that never traded counts as one with a Sharpe ratio of 0.
    """
    ratios = [figures.sharpe(row, 1) or 0.0 for row in everyone]
    if figures.sharpe(daily, 1) is None:
        return None
    return deflated_sharpe(daily, np.array(ratios))


def overfit(everyone: FloatArray) -> Pbo | None:
    """Return what CSCV finds in float64[trials, days].

    None with fewer than 2 trials that ever traded, for then there was nothing to choose, or too few days.
    """
    _, days = everyone.shape
    blocks = min(BLOCKS, MOST_BLOCKS, days // 4 * 2)
    if np.count_nonzero(everyone.any(axis=1)) < 2 or blocks < 2:
        return None
    return probability_of_overfitting(np.ascontiguousarray(everyone.T), blocks)

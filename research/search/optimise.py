"""A study: Optuna looks for parameters in the first part of the data; the rest is never shown to it.

The part it sees is cut into consecutive segments, each with a fresh account. After each the score of
all days so far is reported, and a trial that is worse than the median there is given up. A study can
be stopped and gone on with, by several processes at once; it belongs to its data, strategy and rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import optuna
from optuna.trial import TrialState

from domain.errors import BadInput
from domain.times import DAY_MS
from reasoning.kernels.features import PLAN, features_warmup
from research.data.candles import FloatArray
from research.engine.backtest import BacktestVoice, backtest
from research.engine.compiler import compiled, plain
from research.engine.result import Result
from research.search.grid import Trial, trial_of
from research.search.space import longest_warmup, size_of
from research.search.study import MOST_TRIALS, SEGMENTS, UNSEEN, Search, identity, open_study
from research.search.sweep import Done, Job, Span, Task, Worker, window
from research.statistics import ratios
from research.statistics.headline import Stopped, stopped
from research.statistics.metrics import Metrics, metrics
from research.statistics.overfit import deflated_sharpe
from research.statistics.scoring import CRITERIA

OVER = (TrialState.COMPLETE, TrialState.PRUNED)
UNDEFINED = float("-inf")


@dataclass(frozen=True, eq=False)
class Studied:
    """The result of a study: the best parameters with their figures on both sides of the cut.

    `value` is the best score over the segments. `counts` are the study's trials by what became of
    them. `deflated` is of the days in sample, for the number of trials made; None where undefined.
    `present` has the figures of the job's own parameters on both sides, `stopped` since when a limit let
    nothing be bought; `exhausted` where every combination there is was tried. `tried` are the finished
    trials with their scores, `results` the best one's on both sides.
    """

    best: Trial
    value: float
    counts: Mapping[str, int]
    inside: Metrics
    outside: Metrics
    stopped: tuple[Stopped | None, Stopped | None]
    deflated: float | None
    present: tuple[Metrics, Metrics]
    cut_ms: int
    interrupted: bool
    exhausted: bool = False
    tried: tuple[tuple[Mapping[str, Any], float], ...] = ()
    results: tuple[Result, ...] = ()


class _Interrupted(Exception):
    """Ctrl-C inside a trial."""


def optimise(job: Job, search: Search, done: Done = lambda _count: None) -> Studied:
    """Go on with a study until it has its trials, or time or Ctrl-C ends it; what is done is kept.

    Raises BadInput when the storage cannot be used, the study belongs to something else, the data
    are too short, or no trial was finished.
    """
    _check(search)
    job = _warm(job, search)
    segments, unseen = cut(job)
    objective = _Objective(job, search, segments)
    objective.worker.work(Task(unseen, ()))  # too short is told before the first trial
    with open_study(search, identity(job, search)) as study:
        _search(study, objective, search, done)
        return _told(job, search, study, (segments, unseen), interrupted=objective.interrupted)


def _check(search: Search) -> None:
    if search.criterion not in CRITERIA:
        raise BadInput(f"score {search.criterion!r} is not one of {', '.join(CRITERIA)}")
    if search.seed < 0:
        raise BadInput(f"seed {search.seed} must be at least 0")
    if not 1 <= search.trials <= MOST_TRIALS:
        raise BadInput(
            f"trials {search.trials} must be at least 1 and at most {MOST_TRIALS}: each next trial weighs "
            "all that were made; a finer search is one of narrower ranges"
        )
    if search.timeout is not None and not search.timeout > 0:
        raise BadInput(f"timeout {search.timeout:g} s must be above 0")


def _warm(job: Job, search: Search) -> Job:
    strategy = job.setup.voices[job.voice].strategy
    longest = longest_warmup(strategy, search.space, search.base.model_dump())
    warmup = max(job.setup.warmup, longest, features_warmup(PLAN))
    return replace(job, setup=replace(job.setup, warmup=warmup))


def cut(job: Job) -> tuple[list[Span], Span]:
    """Return the segments that are searched and the span that is not, cut at midnight (UTC) if days allow.

    Raises BadInput when there are fewer candles than that needs.
    """
    behind = [each.time[job.setup.warmup :] for each in job.candles if len(each) > job.setup.warmup]
    if not behind or max(map(len, behind)) < 10 * SEGMENTS:
        longest = max(map(len, job.candles))
        raise BadInput(
            f"a study needs {10 * SEGMENTS} candles behind a warm-up of {job.setup.warmup}; there are "
            f"{longest} in all"
        )
    first, last = min(int(each[0]) for each in behind), max(int(each[-1]) for each in behind)
    turn = first + round((last - first) * (1 - UNSEEN))
    marks = [first + (turn - first) * index // SEGMENTS for index in range(SEGMENTS + 1)]
    if turn - first >= 2 * SEGMENTS * DAY_MS:
        marks = [marks[0], *(mark // DAY_MS * DAY_MS for mark in marks[1:])]
    return list(pairwise(marks)), (marks[-1], None)


def _search(study: optuna.Study, objective: "_Objective", search: Search, done: Done) -> None:
    there = _finished(study)
    if there >= search.trials or _exhausted(study, search):
        return

    def count(now: optuna.Study, _trial: Any) -> None:
        finished = _finished(now)
        done(min(finished, search.trials))
        if finished >= search.trials or _exhausted(now, search):
            now.stop()

    done(there)
    try:
        study.optimize(objective, timeout=search.timeout, callbacks=[count], catch=(_Interrupted,))
    except KeyboardInterrupt:
        objective.interrupted = True


def _finished(study: optuna.Study) -> int:
    """Count the trials that were made: not those with combinations that the strategy does not allow."""
    trials = study.get_trials(deepcopy=False, states=OVER)
    return sum("invalid" not in trial.user_attrs for trial in trials)


def _exhausted(study: optuna.Study, search: Search) -> bool:
    """Tell whether every combination was tried: to try one again would only count it as another."""
    most = size_of(search.space)
    if most > search.trials:
        return False
    trials = study.get_trials(deepcopy=False, states=OVER)
    return len({tuple(sorted(trial.params.items())) for trial in trials}) >= most


class _Objective:
    """The objective of a trial: the score over all segments, reported after each."""

    def __init__(self, job: Job, search: Search, segments: Sequence[Span]) -> None:
        self.worker = Worker(job, kept=len(segments) + 1)
        self.interrupted = False
        self._job, self._search, self._segments = job, search, segments
        self._periods = ratios.periods_of([each.symbol for each in job.candles])

    def __call__(self, trial: optuna.Trial) -> float:
        try:
            return self._value(trial)
        except KeyboardInterrupt:
            self.interrupted = True
            trial.study.stop()
            raise _Interrupted from None

    def _value(self, trial: optuna.Trial) -> float:
        built = suggested(
            self._job, self._search, {n: a.suggest(trial, n) for n, a in self._search.space.items()}
        )
        if built is None:
            trial.set_user_attr("invalid", True)
            raise optuna.TrialPruned
        daily, value = np.zeros(0), UNDEFINED
        for step, span in enumerate(self._segments):
            daily = np.append(daily, self.worker.work(Task(span, (built.packed,))).daily[0])
            value = running(daily, self._periods, self._search.criterion)
            trial.report(value, step)
            if step + 1 < len(self._segments) and trial.should_prune():
                self._keep(trial, daily)
                raise optuna.TrialPruned
        self._keep(trial, daily)
        return value

    @staticmethod
    def _keep(trial: optuna.Trial, daily: FloatArray) -> None:
        trial.set_user_attr("daily_sharpe", ratios.sharpe(daily, 1) or 0.0)


def suggested(job: Job, search: Search, values: Mapping[str, Any]) -> Trial | None:
    """Return a trial of these values, None when they are not allowed together."""
    return trial_of(job.setup.voices[job.voice].strategy, {**search.base.model_dump(), **values})


def running(daily: FloatArray, periods: int, criterion: str) -> float:
    """Return the score of daily returns so far, -inf where it is undefined."""
    if criterion == "sharpe":
        value = ratios.sharpe(daily, periods)
    elif criterion == "return":
        value = float(np.expm1(np.log1p(daily).sum()))
    else:
        worth = np.append(1.0, np.cumprod(1.0 + daily))
        value = ratios.calmar(ratios.cagr(daily, periods), ratios.drawdown(np.arange(len(worth)), worth)[0])
    return UNDEFINED if value is None else value


def _told(
    job: Job, search: Search, study: optuna.Study, parts: tuple[Sequence[Span], Span], *, interrupted: bool
) -> Studied:
    trials = study.get_trials(deepcopy=False)
    complete = [each for each in trials if each.state == TrialState.COMPLETE and each.value is not None]
    if not complete:
        raise BadInput(f"study {search.name!r} has no finished trial yet; run it longer")
    top = max(complete, key=lambda each: (each.value, -each.number))
    built = suggested(job, search, top.params)
    if built is None:
        raise BadInput(f"study {search.name!r}: trial {top.number} has parameters that are not allowed")
    segments, unseen = parts
    value = segments[0][0], segments[-1][1]
    inside, outside = (_run(job, built, span) for span in (value, unseen))
    voice = job.setup.voices[job.voice]
    own = Trial(tuple(search.base.model_dump().items()), voice.packed)
    ratios = [each.user_attrs["daily_sharpe"] for each in trials if "daily_sharpe" in each.user_attrs]
    return Studied(
        best=built,
        value=float(top.value or 0.0),
        counts=_counts(trials),
        inside=inside[0],
        outside=outside[0],
        stopped=(inside[1], outside[1]),
        deflated=None if inside[0].sharpe is None else deflated_sharpe(inside[2], np.array(ratios)),
        present=(_run(job, own, value)[0], _run(job, own, unseen)[0]),
        cut_ms=int(unseen[0] or 0),
        interrupted=interrupted,
        exhausted=_exhausted(study, search),
        tried=tuple((each.params, float(each.value or 0.0)) for each in complete),
        results=(inside[3], outside[3]),
    )


def _counts(trials: Sequence[Any]) -> dict[str, int]:
    invalid = sum("invalid" in each.user_attrs for each in trials)
    states = [each.state for each in trials]
    return {
        "complete": states.count(TrialState.COMPLETE),
        "pruned": states.count(TrialState.PRUNED) - invalid,
        "invalid": invalid,
        "failed": states.count(TrialState.FAIL),
        "running": states.count(TrialState.RUNNING),
    }


Told = tuple[Metrics, Stopped | None, FloatArray, Result]


def _run(job: Job, built: Trial, span: Span) -> Told:
    voices = list(job.setup.voices)
    voices[job.voice] = BacktestVoice(voices[job.voice].strategy, built.packed, dict(built.parameters))
    setup = replace(job.setup, voices=tuple(voices))
    candles = window(job.candles, span, setup.warmup)
    result = backtest(candles, setup, compiled() if job.machine else plain())
    every_day = ratios.periods_of(result.symbols) == ratios.CRYPTO_DAYS
    daily = ratios.daily_returns(result.times_ms, result.equity, float(setup.cash), every_day=every_day)
    return metrics(result, candles), stopped(result, setup.policy), daily, result

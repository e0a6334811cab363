"""A sweep: one strategy's parameters tried out on the same candles, under every rule of the loop.

All trials share one warm-up, the longest that any of them needs, so they trade the same instants and
can be compared. Results come sorted by parameters, whatever engine ran them in whatever order.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from domain.errors import BadInput
from reasoning.kernels.features import PLAN, features_warmup
from research.data.candles import Candles, FloatArray, IntArray
from research.engine.backtest import BacktestVoice, Setup
from research.engine.columns import squares, table_of
from research.search.grid import Trial
from research.search.trials import TrialInputs, TrialRunner
from research.statistics.scoring import FIELDS, Score, best

Span = tuple[int | None, int | None]
"""First instant at which may be traded and the instant after the last, in ms (UTC); None is open."""
Packed = tuple[Any, ...]
Done = Callable[[int], None]
KEPT = 2
"""Spans whose candles a worker keeps ready."""


@dataclass(frozen=True, eq=False)
class Job:
    """The inputs every worker needs once: candles, the rules, the voice tried out, the kind of code.

    `setup.warmup` holds for all trials; `machine` is machine code or plain Python.
    """

    candles: Sequence[Candles]
    setup: Setup
    voice: int = 0
    machine: bool = True

    def __post_init__(self) -> None:
        if self.setup.own_voices:
            symbol = next(iter(self.setup.own_voices))
            raise BadInput(
                f"pairs.{symbol}.reasoning: a search gives all pairs the same parameters, and this one has "
                "some of its own; search its candles alone, or take that section out of the settings"
            )


class Task(NamedTuple):
    """Trials to make on one span; `rows` are those of the answer where they go, in order unless told."""

    span: Span
    packs: tuple[Packed, ...]
    rows: IntArray | None = None


class TrialScores(NamedTuple):
    """One row per trial: scores float64[n, FIELDS] and daily returns float64[n, days]."""

    table: FloatArray
    daily: FloatArray


class Engine:
    """Whatever runs tasks; `done` is told how many trials are finished, of all tasks together."""

    def run(self, job: Job, tasks: Sequence[Task], done: Done) -> list[TrialScores]:
        """Return one answer per task, in the tasks' order."""
        raise NotImplementedError


class SpanInputs:
    """The last spans' candles made ready, for all workers of a process."""

    def __init__(self, job: Job, kept: int) -> None:
        self._job = job
        self._kept = kept
        self._lock = threading.Lock()
        self._by_span: dict[Span, TrialInputs] = {}

    def of(self, span: Span) -> TrialInputs:
        """Return a span's inputs. Raises BadInput when it holds no candle to trade."""
        with self._lock:
            if span not in self._by_span:
                make_room(self._by_span, self._kept)
                candles = window(self._job.candles, span, self._job.setup.warmup)
                inputs = TrialInputs(candles, self._job.setup, machine=self._job.machine)
                for shorter in self._by_span.values():
                    inputs.extend(shorter)
                self._by_span[span] = inputs
            return self._by_span[span]


class Worker:
    """One thread's hands: keeps the last spans' books between tasks."""

    def __init__(self, job: Job, kept: int = KEPT, beside: "Worker | None" = None) -> None:
        """Make trials of a job; `beside` is a worker of another thread, with whom candles are shared."""
        self._job = job
        self._kept = kept
        self.inputs: SpanInputs = SpanInputs(job, kept) if beside is None else beside.inputs
        self._runners: dict[Span, TrialRunner] = {}

    def work(self, task: Task) -> TrialScores:
        """Make the trials of a task. Raises BadInput when its span holds no candle to trade."""
        runner = self._runner(task.span)
        table, daily = np.zeros((len(task.packs), FIELDS)), np.zeros((len(task.packs), runner.days))
        voices = list(self._job.setup.voices)
        base = voices[self._job.voice]
        if runner.lean:  # to make a voice of each would take as long as a tenth of its trial
            runner.score_packs(base.strategy, task.packs, table, daily)
            return TrialScores(table, daily)
        trials = []
        for packed in task.packs:
            voices[self._job.voice] = BacktestVoice(base.strategy, packed)
            trials.append(tuple(voices))
        runner.score_all(trials, table, daily)
        return TrialScores(table, daily)

    def _runner(self, span: Span) -> TrialRunner:
        if span not in self._runners:
            make_room(self._runners, self._kept)
            self._runners[span] = TrialRunner(self.inputs.of(span), self._job.setup)
        return self._runners[span]


def make_room(kept: dict[Span, Any], most: int) -> None:
    """Drop the oldest until one more may be kept."""
    while len(kept) >= most:
        del kept[next(iter(kept))]


def window(candles: Sequence[Candles], span: Span, warmup: int) -> list[Candles]:
    """Return the candles of a span with the warm-up before it; nothing is traded before the span.

    A symbol that has no candle to trade in it is left out. Raises BadInput when none has.
    """
    start, end = span
    results = []
    for each in candles:
        first = 0 if start is None else max(int(np.searchsorted(each.time, start)) - warmup, 0)
        last = len(each) if end is None else int(np.searchsorted(each.time, end))
        if last - first > warmup:
            results.append(each[first:last])
    if not results:
        names = ", ".join(each.symbol for each in candles)
        raise BadInput(f"{names}: no candle is left to trade behind a warm-up of {warmup} candles")
    return results


def job_of(
    candles: Sequence[Candles], setup: Setup, trials: Sequence[Trial], *, voice: int = 0, machine: bool = True
) -> Job:
    """Return a job whose warm-up is long enough for every trial."""
    strategy = setup.voices[voice].strategy
    longest = max(strategy.warmup_for(trial.packed) for trial in trials)
    warmup = max(setup.warmup, longest, features_warmup(PLAN))
    return Job(candles, replace(setup, warmup=warmup), voice, machine)


@dataclass(frozen=True, eq=False)
class Scores:
    """A sweep's results: trial i has row i of `table` and of `daily`."""

    trials: tuple[Trial, ...]
    table: FloatArray
    daily: FloatArray

    def score(self, index: int) -> Score:
        """Return one trial's figures."""
        return Score(*self.table[index].tolist())

    def told(self, index: int) -> Score:
        """Return one trial's figures for people: none stretched to a year from too few days."""
        return self.score(index).told(self.daily.shape[1])

    def best(self, criterion: str) -> int:
        """Return the place of the best trial, the first of equals."""
        return best(self.table, criterion)


def sweep(engine: Engine, job: Job, trials: Sequence[Trial], done: Done = lambda _count: None) -> Scores:
    """Try every trial on all candles of the job."""
    ordered = tuple(sorted(trials, key=lambda each: each.parameters))
    # Tried in squares of the grid: each thread's piece reads few columns, and others than its neighbour's.
    near = squares(table_of([trial.packed for trial in ordered]))
    task = Task((None, None), tuple(ordered[index].packed for index in near.tolist()), near)
    return Scores(ordered, *engine.run(job, [task], done)[0])

"""The promise: a trial's score is its backtest's, and a grid holds what was asked for and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from domain.errors import BadInput
from reasoning.strategies.rsi import RSI
from reasoning.strategies.sma import SMA, SmaParams
from research.data.candles import Candles
from research.engine import columns
from research.engine.backtest import BacktestVoice, backtest
from research.engine.compiler import compiled
from research.search.executor_threads import One
from research.search.grid import default_grid, grid_of
from research.search.sweep import Job, Task, Worker, job_of, sweep, window
from research.search.trials import MOST_TRIALS
from research.statistics.metrics import metrics
from research.statistics.ratios import daily_returns
from research.statistics.scoring import Score
from tests.research.searching import HOUR_MS, bitcoin, setup_for, walk


def test_a_range_includes_its_end_and_has_no_rounding() -> None:
    grid = grid_of(RSI, ["lower=20:21:0.1", "period=7,14"])
    found = sorted({dict(trial.parameters)["lower"] for trial in grid.trials})
    assert found == [20.0, 20.1, 20.2, 20.3, 20.4, 20.5, 20.6, 20.7, 20.8, 20.9, 21.0]
    assert len(grid.trials) == 22
    assert grid.skipped == 0


def test_combinations_a_strategy_forbids_are_left_out_and_counted() -> None:
    grid = grid_of(SMA, ["fast=10:50:20", "slow=30,50"], SmaParams(stop_ppm=20_000))
    pairs = [(trial.packed.fast, trial.packed.slow) for trial in grid.trials]  # type: ignore[attr-defined]
    assert pairs == [(10, 30), (10, 50), (30, 50)]
    assert grid.skipped == 3
    assert {dict(trial.parameters)["stop_ppm"] for trial in grid.trials} == {20_000}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fast=1", "sma.fast = 1: must be at least 2"),
        ("fast=999:1001:1", "sma.fast = 1001: must be at most 1000"),
        ("fast=soon", "sma.fast = soon: must be a whole number"),
        ("fast=5:50:0", "step must be above 0"),
        ("fast=50:5:5", "end must not lie before the start"),
        ("fast=5:50", "a range is start:end:step"),
        ("fast=a:b:c", "must be numbers"),
        ("fast", "is not like"),
        ("quick=5", "sma has no parameter 'quick'; it has fast, slow, stop_ppm"),
        ("stop_ppm=100:1000100:0.5", "the limit is 1000000"),
        ("slow=3", "none of 1 combinations is allowed by sma"),
    ],
)
def test_a_bad_range_is_refused_with_field_value_and_limit(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said.replace("(", r"\(")):
        grid_of(SMA, [text])


def test_the_default_grid_stays_within_every_limit() -> None:
    for strategy in (SMA, RSI):
        grid = default_grid(strategy)
        assert 4 < len(grid.trials) < 82
        assert len(set(grid.trials)) == len(grid.trials)


@pytest.mark.parametrize("machine", [True, False])
@pytest.mark.parametrize("strategies", [("sma",), ("sma", "rsi")])
def test_a_score_is_that_of_the_backtest(strategies: tuple[str, ...], *, machine: bool) -> None:
    candles = [bitcoin(2_500)]
    grid = grid_of(SMA, ["fast=5,20", "slow=30,60"])
    job = job_of(candles, setup_for(candles, *strategies), grid.trials, machine=machine)
    _is_the_backtest(candles, job, sweep(One(), job, grid.trials))


def test_a_score_over_two_symbols_that_begin_apart_is_that_of_the_backtest() -> None:
    candles = [walk(1_500, 1), walk(1_400, 2, "ETH-USDT")[300:]]
    grid = grid_of(SMA, ["fast=5,20", "slow=30,60"])
    job = job_of(candles, setup_for(candles), grid.trials)
    scores = sweep(One(), job, grid.trials)
    _is_the_backtest(candles, job, scores)


def _is_the_backtest(candles: list[Candles], job: Job, scores: object) -> None:
    assert scores.trials == tuple(sorted(scores.trials))  # type: ignore[attr-defined]
    for place, trial in enumerate(scores.trials):  # type: ignore[attr-defined]
        voices = (BacktestVoice(SMA, trial.packed), *job.setup.voices[1:])
        result = backtest(candles, replace(job.setup, voices=voices), compiled())
        score: Score = scores.score(place)  # type: ignore[attr-defined]
        told = metrics(result, candles)
        assert (score.trades, score.cash) == (len(result.trades), result.cash)
        assert score.trades > 5
        figures = (told.total_return, told.cagr, told.sharpe, told.calmar, told.max_drawdown,
                   told.profit_factor, told.win_rate, told.exposure)  # fmt: skip
        shown = (*score[:7], score.exposure)
        assert shown == pytest.approx([np.nan if each is None else each for each in figures], nan_ok=True)
        daily = daily_returns(result.times_ms, result.equity, float(result.opening_cash), every_day=True)
        assert scores.daily[place] == pytest.approx(daily, abs=1e-15)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("symbols", "held"), [(1, columns.MOST_HELD), (2, columns.MOST_HELD), (2, 50_000)])
def test_trials_of_one_call_score_as_they_do_alone_however_many_find_room(
    monkeypatch: pytest.MonkeyPatch, symbols: int, held: int
) -> None:
    candles = [walk(900, 1), walk(800, 2, "ETH-USDT")][:symbols]
    trials = grid_of(SMA, ["fast=3:12:1", "slow=20:80:12"]).trials
    job = job_of(candles, setup_for(candles), trials)
    packs = [trial.packed for trial in trials]
    assert len(packs) > MOST_TRIALS
    expected = Worker(job).work(Task((None, None), tuple(packs)))
    monkeypatch.setattr(columns, "MOST_HELD", held)  # at the last a few columns: not those of all trials
    worker = Worker(job)
    alone = [worker.work(Task((None, None), (packed,))) for packed in packs]
    assert np.concatenate([each.table for each in alone]).tobytes() == expected.table.tobytes()
    assert np.concatenate([each.daily for each in alone]).tobytes() == expected.daily.tobytes()
    runner = worker._runner((None, None))
    for room in (1, 60, 200):  # below one trial's events, and a few trials'
        runner._size_books(room)
        assert worker.work(Task((None, None), tuple(packs))).table.tobytes() == expected.table.tobytes()
        assert runner.room >= room


def test_all_trials_trade_the_same_instants() -> None:
    candles = [walk(2_000)]
    grid = grid_of(SMA, ["fast=5", "slow=30,700"])
    job = job_of(candles, setup_for(candles), grid.trials)
    assert job.setup.warmup == 701
    assert sweep(One(), job, grid.trials).daily.shape == (2, 55)


def test_the_warm_up_lies_before_the_window() -> None:
    candles = walk(1_000)
    start, end = int(candles.time[400]), int(candles.time[600])
    (cut,) = window([candles], (start, end), 250)
    assert (cut.time[250], cut.time[-1]) == (start, end - HOUR_MS)
    with pytest.raises(BadInput, match="no candle is left to trade behind a warm-up of 250"):
        window([candles[:250]], (None, None), 250)


def test_a_score_that_is_not_known_is_refused() -> None:
    candles = [walk(600)]
    job = job_of(candles, setup_for(candles), grid_of(SMA, ["fast=5"]).trials)
    scores = sweep(One(), job, grid_of(SMA, ["fast=5,6"]).trials)
    with pytest.raises(BadInput, match="score 'luck' is not one of sharpe, return, calmar"):
        scores.best("luck")


def test_a_trial_leaves_no_trace_in_the_next() -> None:
    candles = [bitcoin(3_000)]
    grid = grid_of(SMA, ["fast=2,20", "slow=5,60"])
    worker = Worker(job_of(candles, setup_for(candles), grid.trials))
    packs = tuple(trial.packed for trial in grid.trials)
    there = worker.work(Task((None, None), packs))
    back = worker.work(Task((None, None), packs[::-1]))
    assert there.table.tobytes() == back.table[::-1].tobytes()
    assert there.daily.tobytes() == back.daily[::-1].tobytes()

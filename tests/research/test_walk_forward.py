"""The promise: parameters are chosen on the past alone, and only the unseen time after it counts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from domain.errors import BadInput
from reasoning.indicators.kind import IndicatorKind
from reasoning.strategies.sma import SMA
from research.data.candles import Candles
from research.engine import columns, fillers
from research.engine.backtest import BacktestVoice, backtest
from research.engine.compiler import compiled
from research.search.executor_threads import One
from research.search.grid import Grid, grid_of
from research.search.sweep import Job, job_of, window
from research.search.trials import TrialInputs
from research.search.walk_forward import WalkForward, overfit, walk_forward
from research.search.windows import Length, WindowPlan, length, windows
from research.statistics.metrics import metrics
from tests.agent.command import agent, told
from tests.research.searching import DAY_MS, HOUR_MS, START_MS, YEAR, bitcoin, setup_for, walk
from tests.seeded import saved

MONTH = WindowPlan(length("60d"), length("20d"), length("20d"))


def work(candles: Candles, **given: Any) -> tuple[Job, Grid]:
    grid = grid_of(SMA, ["fast=5,10,20", "slow=30,60,120"])
    return job_of([candles], setup_for([candles], **given), grid.trials), grid


def made(candles: Candles, plan: WindowPlan = MONTH, **given: Any) -> WalkForward:
    job, grid = work(candles, **given)
    return walk_forward(One(), job, grid, plan)


def test_rolling_windows_follow_each_other_and_anchored_ones_grow() -> None:
    candles = walk(24 * 130)
    first = START_MS + 11 * DAY_MS  # the midnight after 250 candles
    for anchored in (False, True):
        found = windows([candles], 250, MONTH._replace(anchored=anchored))
        assert [each.test for each in found] == [
            (first + start * DAY_MS, first + (start + 20) * DAY_MS) for start in (60, 80)
        ]
        assert [each.train[1] for each in found] == [each.test[0] for each in found]
        assert [each.train[0] for each in found] == [first, first if anchored else first + 20 * DAY_MS]


def test_windows_in_candles_count_candles_whatever_is_missing() -> None:
    candles = walk(1_000)
    keep = np.arange(1_000) % 7 != 3
    columns = (candles.time, candles.open, candles.high, candles.low, candles.close, candles.volume)
    holes = Candles(candles.symbol, HOUR_MS, *(column[keep] for column in columns))
    plan = WindowPlan(length("300c"), length("100c"), length("100c"))
    for train, test in windows([holes], 250, plan):
        assert len(holes.between(*train)) == 300
        assert len(holes.between(*test)) == 100


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (MONTH._replace(step=length("10d")), "step is shorter than test"),
        (MONTH._replace(step=length("500c")), "must all be in candles or all in time"),
        (MONTH._replace(train=length("900d")), r"train and test need 920 days; .* there are 30"),
    ],
)
def test_windows_that_cannot_be_are_refused(plan: WindowPlan, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        windows([walk(1_000)], 250, plan)


@pytest.mark.parametrize("text", ["180", "d", "0d", "1.5d", "180 d", "1w"])
def test_a_bad_length_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not like 180d"):
        length(text)
    assert length("12h") == Length(12 * HOUR_MS, candles=False)


def test_what_comes_after_a_window_s_train_changes_nothing_of_its_choice() -> None:
    whole = bitcoin(24 * 150)
    job, _ = work(whole)
    cut = windows(job.candles, job.setup.warmup, MONTH)[1].test[0]
    place = int(np.searchsorted(whole.time, cut or 0))
    other = walk(len(whole) - place, 9)
    prices: dict[str, Any] = {}
    for name in ("open", "high", "low", "close"):
        scaled = getattr(other, name) * whole.close[place - 1] / 1000.0
        prices[name] = np.concatenate([getattr(whole, name)[:place], scaled])
    changed = replace(whole, **prices)
    for one, two in zip(made(whole).folds[:2], made(changed).folds[:2], strict=True):
        assert one.trial == two.trial
        assert one.inside == two.inside
    assert made(whole).folds[1].outside != made(changed).folds[1].outside


def test_every_unseen_window_is_a_backtest_that_begins_warm_with_a_fresh_account() -> None:
    candles = bitcoin(24 * 150)
    job, _ = work(candles)
    found = made(candles)
    level, trades = 1.0, 0
    for fold in found.folds:
        setup = replace(job.setup, voices=(BacktestVoice(SMA, fold.trial.packed),))
        cut = window([candles], fold.window.test, setup.warmup)
        result = backtest(cut, setup, compiled())
        assert result.times_ms[0] == fold.window.test[0]
        assert len(cut[0].between(None, fold.window.test[0])) == setup.warmup
        assert (fold.outside.cash, fold.outside.trades) == (result.cash, len(result.trades))
        level *= int(result.equity[-1]) / setup.cash
        trades += len(result.trades)
    assert trades > 4
    assert found.equity[-1] == pytest.approx(level)
    assert found.outside.total_return == pytest.approx(level - 1)
    assert np.prod(1 + found.daily) == pytest.approx(level)


def test_the_chosen_parameters_are_the_best_in_sample() -> None:
    candles = bitcoin(24 * 150)
    job, grid = work(candles)
    fold = made(candles).folds[0]
    for trial in grid.trials:
        setup = replace(job.setup, voices=(BacktestVoice(SMA, trial.packed),))
        inside = made_score(candles, setup, fold.window.train)
        assert inside <= fold.inside.sharpe + 1e-12


def made_score(candles: Candles, setup: Any, span: tuple[int | None, int | None]) -> float:
    cut = window([candles], span, setup.warmup)
    sharpe = metrics(backtest(cut, setup, compiled()), cut).sharpe
    return -np.inf if sharpe is None else sharpe


def test_windows_that_grow_extend_their_columns_and_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    filled: list[int] = []
    fill = fillers.filler

    def counted(kind: IndicatorKind) -> Any:
        machine = fill(kind)

        def counting(memory: Any, *rest: Any) -> None:
            filled.append(len(rest[-1]))
            machine(memory, *rest)

        return counting

    monkeypatch.setattr(columns, "filler", counted)
    plan, candles = MONTH._replace(anchored=True), walk(24 * 200)
    grown, extended = made(candles, plan), sum(filled)
    del filled[:]
    monkeypatch.setattr(TrialInputs, "extend", lambda *_: None)
    anew = made(candles, plan)
    assert len(grown.folds) > 4
    assert grown.equity.tobytes() == anew.equity.tobytes()
    assert (grown.tried, grown.daily.tobytes()) == (anew.tried, anew.daily.tobytes())
    assert [each[:4] for each in grown.folds] == [each[:4] for each in anew.folds]
    assert extended < 0.7 * sum(filled)


def test_luck_is_not_taken_for_skill() -> None:
    found = made(walk(24 * 200, 5))
    assert found.overfit is not None
    assert found.overfit.trials == found.trials == 9
    assert found.deflated is not None
    assert found.deflated < 0.95


def test_a_kill_switch_that_trips_is_counted_for_its_window_only() -> None:
    found = made(bitcoin(24 * 150), risk={"daily_loss": 5, "min_confidence": 40})
    assert 0 < found.killed <= len(found.folds)
    for fold in found.folds:
        start, end = fold.window.test
        assert (fold.killed_ms is not None) == (fold.outside.killed == 1.0)
        if fold.killed_ms is not None:
            assert (start or 0) <= fold.killed_ms < (end or 0)


def test_the_command_shows_both_sides(tmp_path: Path) -> None:
    (data,) = saved(tmp_path, bitcoin(YEAR))
    words = ("walk-forward", "--strategy", "sma", "--data", data, "--timerange", "20200101-20201231",
             "--grid", "fast=10,20", "--grid", "slow=40,80", "--train", "90d")  # fmt: skip
    shown = told(tmp_path, *words, "--evidence-out", str(tmp_path / "evidence.json"))
    assert shown["trials"] == 4
    assert {"in_sample", "out_of_sample", "efficiency", "deflated_sharpe", "overfitting"} <= set(shown)
    assert all(each["train"][1] == each["test"][0] for each in shown["windows"])
    assert (tmp_path / "evidence.json").exists()
    refused = agent(tmp_path, *words, "--grid", "stop_ppm=5", check=2)
    assert "sma.stop_ppm = 5: must be at least 100" in refused.stderr


def test_overfitting_is_not_told_of_trials_that_never_traded() -> None:
    still = np.zeros((9, 90))
    one = still.copy()
    one[0] = np.random.default_rng(1).normal(0.0, 0.01, 90)
    assert overfit(still) is None
    assert overfit(one) is None
    one[1] = one[0][::-1]
    assert overfit(one) is not None

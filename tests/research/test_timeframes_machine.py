"""Several timeframes as machine code: the same bits as in plain Python, in a backtest and in a sweep."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from agent.settings.instruments import instrument
from agent.wiring.backtests import options_for, setup_of
from reasoning.declare.columns import candle
from reasoning.indicators.table import INDICATORS
from reasoning.kernels.strategy import ColumnKey
from research.engine.backtest import BacktestVoice, backtest
from research.engine.columns import ColumnCache
from research.engine.compiler import compiled, plain
from research.engine.recording import Recording
from research.search.executor_threads import One
from research.search.grid import grid_of
from research.search.sweep import job_of, sweep
from tests.research.test_parity_timeframes import registered, series, settings


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from registered(tmp_path_factory.mktemp("own"))


def test_machine_code_says_the_same_to_the_bit(frames: str) -> None:
    candles = [series(2_000)]
    options = options_for(settings(), candles)
    one, other = (backtest(candles, setup_of(options), engine()) for engine in (plain, compiled))
    assert one.trades.tolist() == other.trades.tolist()
    assert one.vetoes.tolist() == other.vetoes.tolist()
    assert one.equity.tolist() == other.equity.tolist()
    assert frames in other.strategies


def test_a_sweep_steps_it_to_the_same_trades_as_a_backtest(frames: str) -> None:
    candles = [series(2_000)]
    setup = setup_of(options_for(settings(), candles))
    strategy = setup.voices[0].strategy
    trials = grid_of(strategy, ["length=3,6"]).trials
    job = job_of(candles, setup, trials, machine=True)
    scores = sweep(One(), job, trials)
    for place, trial in enumerate(scores.trials):
        voices = (BacktestVoice(strategy, trial.packed),)
        result = backtest(candles, replace(job.setup, voices=voices), compiled())
        assert (scores.score(place).trades, scores.score(place).cash) == (len(result.trades), result.cash)
        assert len(result.trades) > 10
    assert frames in {voice.strategy.name for voice in setup.voices}


def test_an_indicator_that_knows_the_time_is_a_column_of_the_same_bits() -> None:
    prepared = Recording([series(1_500)], {"SOL-USDT": instrument("SOL-USDT", {})}, 20, compiled())
    columns = ColumnCache(prepared.tapes[0], prepared.series[0])
    for kind in ("vwap", "pivots"):
        made = INDICATORS[kind]
        key = ColumnKey(kind, (4, 0), tuple(map(candle, made.inputs)), made.outputs[0])
        rows = zip(*(columns.get(each).tolist() for each in key.inputs), strict=True)
        memory = [0.0] * made.size(4, 0)
        stepped: list[Any] = [made.step(memory, 0, 4, 0, *row) for row in rows]
        first = [each if kind == "vwap" else each[0] for each in stepped]
        assert columns.get(key).tolist() == first
        assert sum(each > 0 for each in first) > 1_000

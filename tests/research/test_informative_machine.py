"""Other symbols as machine code: the same bits as in plain Python, in a backtest and in a sweep."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from agent.wiring.backtests import options_for, setup_of
from research.engine import beside
from research.engine.backtest import BacktestVoice, backtest
from research.engine.compiler import compiled, plain
from research.search.executor_threads import One
from research.search.grid import grid_of
from research.search.sweep import job_of, sweep
from tests.leading import registered, with_holes
from tests.research.test_parity_informative import settings


@pytest.fixture(scope="module", autouse=True)
def lead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from registered(tmp_path_factory.mktemp("own"))


SOL, BTC, ETH = (
    with_holes(each, seed, 2_000) for seed, each in enumerate(("SOL-USDT", "BTC-USDT", "ETH-USDT"))
)


def test_machine_code_says_the_same_to_the_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "MOST", 600)  # so that stretches begin in the midst of the series
    options = options_for(settings(), [SOL], [BTC, ETH])
    setup = setup_of(options, (), [BTC, ETH])
    one, other = (backtest([SOL], setup, engine()) for engine in (plain, compiled))
    assert one.trades.tolist() == other.trades.tolist()
    assert one.vetoes.tolist() == other.vetoes.tolist()
    assert one.equity.tolist() == other.equity.tolist()
    assert len(one.trades) > 10


def test_a_sweep_steps_it_to_the_same_trades_as_a_backtest() -> None:
    setup = setup_of(options_for(settings(), [SOL], [BTC, ETH]), (), [BTC, ETH])
    strategy = setup.voices[0].strategy
    trials = grid_of(strategy, ["length=3,6"]).trials
    job = job_of([SOL], setup, trials, machine=True)
    scores = sweep(One(), job, trials)
    for place, trial in enumerate(scores.trials):
        voices = (BacktestVoice(strategy, trial.packed),)
        result = backtest([SOL], replace(job.setup, voices=voices), compiled())
        assert (scores.score(place).trades, scores.score(place).cash) == (len(result.trades), result.cash)
        assert len(result.trades) > 10

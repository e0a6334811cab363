"""Several timeframes as machine code: the same bits as in plain Python, in a backtest and in a sweep."""

from collections.abc import Iterator

import pytest

from agent.wiring.backtests import options_for, setup_of
from research.engine.backtest import backtest
from research.engine.compiler import compiled, plain
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

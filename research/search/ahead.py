"""Machine code made before it is needed: whatever a backtest and a search of a strategy would compile."""

from collections.abc import Sequence

from research.data.candles import Candles
from research.engine.backtest import BacktestVoice, Setup, backtest
from research.engine.compiler import compiled, with_every_rule
from research.search.trials import TrialInputs, TrialRunner


def compile_ahead(candles: Sequence[Candles], setup: Setup) -> None:
    """Run a strategy once each way over a few candles, by either pass. Raises BadInput as a backtest does."""
    for engine in (compiled(), with_every_rule()):
        backtest(candles, setup, engine)
    runner = TrialRunner(TrialInputs(candles, setup, machine=True), setup)
    for _ in range(2):  # stepped first, then asked at its columns
        runner.score([BacktestVoice(each.strategy, each.packed) for each in setup.voices])

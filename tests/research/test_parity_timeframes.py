"""The promise for several timeframes: a backtest is the loop, and later data change nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.settings.given import Settings
from agent.settings.user_strategies import LOADED, load_file
from agent.verify.parity import compare, run_loop
from agent.wiring.backtests import options_for, setup_of
from domain.errors import BadInput
from reasoning.strategies.registry import STRATEGIES
from research.data.candles import Candles
from research.engine.backtest import backtest
from research.engine.compiler import plain
from tests.research.test_parity import EAGER
from tests.seeded import market

SOURCE = """
from reasoning.declare import Declared, buy, crossed_above, crossed_below, integer, sell, timeframe
from reasoning.declare import ema, rsi, vwap


class Frames(Declared):
    name = "tested-frames"
    quarter = timeframe("15m")
    length = integer(4, 2, 12)
    trend = ema(length, on=quarter)
    wave = rsi(3, on="5m")
    session = vwap(1)
    quick = ema(3)

    def decide(self, now, last):
        if crossed_above(now.quick, now.trend) or crossed_above(now.close, now.session):
            return buy(stop=now.quarter.close * 0.985, target=now.close * 1.05, confidence=90)
        if crossed_below(now.quick, now.trend) and now.wave < 60:
            return sell(confidence=90)
"""
NAME = "tested-frames"


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from registered(tmp_path_factory.mktemp("own"))


def registered(folder: Path) -> Iterator[str]:
    """Load the strategy from a file of a folder, and forget it afterwards."""
    folder.chmod(0o700)
    path = Path(folder, "tested_frames.py")
    path.write_text(SOURCE)
    path.chmod(0o600)
    load_file(path)
    yield NAME
    LOADED.pop(NAME, None)
    STRATEGIES.pop(NAME, None)
    sys.modules.pop(path.stem, None)
    sys.path[:] = [each for each in sys.path if Path(each) != folder]


def settings(**given: Any) -> Settings:
    return Settings(reasoning={"strategies": (NAME,)}, risk=EAGER, perception={"warmup_candles": 70}, **given)


def series(count: int = 900, begin: int = 7) -> Candles:
    """A made market with gaps that begins inside a quarter of an hour."""
    return market("seeded/1m/SOL-USDT", begin + count)[begin:]


def test_it_trades_alike_in_loop_and_backtest(frames: str) -> None:
    candles = [series()]
    options = options_for(settings(), candles)
    result = backtest(candles, setup_of(options), plain())
    assert compare(run_loop(options, candles), result) is None
    assert len(result.trades) > 10
    assert frames in result.strategies
    assert result.parameters == {frames: {"length": 4}}


@pytest.mark.parametrize("cut", [451, 460, 700])
def test_what_was_done_before_a_cut_stays_in_loop_and_backtest(frames: str, cut: int) -> None:
    candles, part = [series()], [series()[:cut]]
    options = options_for(settings(), candles)
    whole, early = run_loop(options, candles), run_loop(options, part)
    assert early.equity == whole.equity[: len(early.equity)]
    assert early.trades == whole.trades[: len(early.trades)]
    assert early.vetoes == whole.vetoes[: len(early.vetoes)]
    tested = backtest(part, setup_of(options), plain())
    assert compare(early, tested) is None
    assert frames in tested.strategies
    assert len(early.trades) > 3


def test_candles_that_do_not_make_its_timeframe_are_refused_by_name(frames: str) -> None:
    with pytest.raises(BadInput, match=f"strategy {frames}: timeframe 5m is no multiple of its candles' 1h"):
        setup_of(options_for(settings(), [market("seeded/1h/BTC-USDT", 200)]))

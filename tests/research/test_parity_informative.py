"""The promise for other symbols' candles: a backtest is the loop, and later data change nothing."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from agent.settings.given import Settings
from agent.verify.parity import LoopRun, compare, run_loop
from agent.wiring.backtests import options_for, setup_of
from domain.errors import BadInput
from domain.times import MINUTE_MS
from reasoning import remembered
from research.data.candles import Candles
from research.engine.backtest import MEMORY, backtest
from research.engine.compiler import plain
from research.engine.in_parts import bytes_of
from research.engine.result import Result
from tests.leading import NAME, registered, with_holes
from tests.research.test_parity import EAGER

Series = Sequence[Candles]


@pytest.fixture(scope="module", autouse=True)
def lead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from registered(tmp_path_factory.mktemp("own"))


def settings() -> Settings:
    return Settings(reasoning={"strategies": (NAME,)}, risk=EAGER, perception={"warmup_candles": 70})


def both(candles: Series, beside: Series) -> tuple[LoopRun, Result]:
    options = options_for(settings(), candles, beside)
    result = backtest(candles, setup_of(options, (), beside), plain())
    return run_loop(options, candles, beside=beside), result


SOL, BTC, ETH = (with_holes(each, seed) for seed, each in enumerate(("SOL-USDT", "BTC-USDT", "ETH-USDT")))


@pytest.mark.parametrize(
    ("candles", "beside"),
    [
        ([SOL], [BTC, ETH]),
        ([SOL[300:]], [BTC, ETH]),
        ([SOL], [BTC[200:], ETH[100:700]]),
        ([BTC, SOL[500:]], [ETH]),
    ],
    ids=["beside", "they-began-before", "they-begin-later-and-end", "one-is-traded"],
)
def test_it_trades_alike_in_loop_and_backtest(candles: Series, beside: Series) -> None:
    loop, result = both(candles, beside)
    assert compare(loop, result) is None
    assert len(result.trades) > 3


def test_candles_that_a_long_silence_left_behind_are_passed_over_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remembered, "KEPT", 5)
    candles = [joined(SOL[:400], SOL[800:])]
    assert remembered.KEPT * 5 < 400
    loop, result = both(candles, [BTC, ETH])
    assert compare(loop, result) is None
    assert len(result.trades) > 3


def joined(*parts: Candles) -> Candles:
    columns = ("time", "open", "high", "low", "close", "volume")
    return Candles(
        "SOL-USDT", MINUTE_MS, *(np.concatenate([getattr(part, each) for part in parts]) for each in columns)
    )


@pytest.mark.parametrize("cut", [451, 700])
def test_what_was_done_before_a_cut_stays_in_loop_and_backtest(cut: int) -> None:
    last = int(SOL.time[cut - 1])
    part = [each.between(None, last + 1) for each in (SOL, BTC, ETH)]
    whole, _ = both([SOL], [BTC, ETH])
    early, tested = both(part[:1], part[1:])
    assert compare(early, tested) is None
    assert early.equity == whole.equity[: len(early.equity)]
    assert early.trades == whole.trades[: len(early.trades)]
    assert early.vetoes == whole.vetoes[: len(early.vetoes)]
    assert len(early.trades) > 1


def test_later_candles_of_the_other_symbols_change_nothing() -> None:
    longer = with_holes("BTC-USDT", 1, 1_400)
    parts = [longer, ETH], [longer.between(None, int(SOL.time[-1]) + 1), ETH]
    options = options_for(settings(), [SOL], parts[0])
    whole, early = (backtest([SOL], setup_of(options, (), each), plain()) for each in parts)
    assert whole.trades.tolist() == early.trades.tolist()
    assert whole.equity.tolist() == early.equity.tolist()
    assert len(whole.trades) > 3


def test_in_parts_of_days_it_does_the_same() -> None:
    candles = [with_holes("BTC-USDT", 1, 2_000), with_holes("SOL-USDT", 0, 2_000)]
    options = options_for(settings(), candles, [ETH])
    setup, memory = setup_of(options, (), [ETH]), 3_000_000
    assert bytes_of(candles, plain()) > memory
    whole, parts = (backtest(candles, setup, plain(), each) for each in (MEMORY, memory))
    assert whole.trades.tolist() == parts.trades.tolist()
    assert whole.equity.tolist() == parts.equity.tolist()
    assert len(whole.trades) > 10


def test_missing_candles_are_refused_with_file_and_line() -> None:
    options = options_for(settings(), [SOL])
    with pytest.raises(BadInput, match=r"^tested_lead\.py:7: looks at BTC-USDT, of which no candles are"):
        backtest([SOL], setup_of(options), plain())

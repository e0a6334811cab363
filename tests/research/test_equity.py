"""The promise: equity made when somebody asks for it is what a pass that writes every cycle writes."""

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.settings.given import Settings
from agent.wiring.backtests import options_for, setup_of
from research.data.candles import Candles
from research.engine import equity
from research.engine.backtest import backtest, events_of, live, opened, table_of
from research.engine.compiler import plain
from research.engine.equity import EquityParts, parts_of
from research.engine.exit_tables import no_exits
from research.engine.layout import TRADE_ROW, TRADES, TRADES_AT, Blocks
from research.engine.lone_pass import replay_lone
from research.engine.recording import Recording
from research.engine.result import Result
from tests.research.made import walk
from tests.research.test_parity import EAGER
from tests.research.test_stretches import market, recorded, setup, votes


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([2, 12, 60]),
    st.sampled_from([10**9, 10**15]),
    st.sampled_from([7, 64, 10**6]),
)
def test_equity_made_of_trades_is_what_every_cycle_comes_to(
    seed: int, count: int, daily_loss: int, at_once: int
) -> None:
    candles = market(seed)
    asked = setup(candles, daily_loss)
    prepared = recorded(candles, asked)
    event, confidence = votes(seed, prepared, count)
    whole, house = prepared.market, asked.house(prepared)
    walked, days = whole._replace(blocks=Blocks(whole.blocks.day, whole.blocks.after, [], [], [])), [0] * 99
    every = [0] * len(prepared.instants)
    beside = prepared.slips({}), prepared.unheard, no_exits(prepared)
    ints, floats = map(prepared.give, opened(prepared, asked, [count]))
    prepared.engine.replay(list(ints), list(floats), every, house, walked, event, confidence, *beside)
    replay_lone(ints, floats, days[: len(whole.blocks.after)], house, whole.blocks, event, confidence)
    trades = table_of(np.array(ints), TRADES_AT, TRADES, TRADE_ROW)
    parts = parts_of(prepared.tapes[0].turn_quote, asked.cash, trades, np.array(ints))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(equity, "AT_ONCE", at_once)
        assert parts.made().tolist() == every


def trading(candles: Candles) -> Any:
    """Return a setup with which much is bought and sold."""
    own = {"period": 3, "lower": 45, "upper": 55}
    chosen: dict[str, Any] = {"reasoning": {"strategies": ("rsi",), "rsi": own}, "risk": EAGER}
    return setup_of(options_for(Settings(**chosen), [candles]))


def is_made(result: Result) -> bool:
    return not isinstance(vars(result)["equity"], EquityParts)


def test_a_result_makes_its_equity_once_and_from_nothing_that_others_can_change() -> None:
    candles = walk("BTC-USDT", 1_500)
    asked = trading(candles)
    result = backtest([candles], asked, plain())
    assert not is_made(result)
    assert len(result.trades) > 20
    prepared = Recording([candles], asked.instruments, asked.warmup, plain())
    event, confidence, counts = events_of(prepared, asked)
    ints, floats = opened(prepared, asked, counts)
    every = [0] * len(prepared.instants)
    live(prepared, asked, (ints.tolist(), floats.tolist(), every), (event, confidence), prepared.unheard)
    candles.open[:] = candles.close[:] = 1.0
    result.trades["pnl"] = 0
    sent = pickle.loads(pickle.dumps(result))  # noqa: S301  # our own
    assert is_made(sent)
    assert sent.equity.tolist() == result.equity.tolist() == every
    assert is_made(result)
    assert result.equity is result.equity
    assert replace(result, held=0).equity is result.equity
    given_to = np.arange(3)
    assert replace(result, equity=given_to).equity is given_to


def test_equity_of_several_symbols_is_written_as_it_comes() -> None:
    candles = [walk(symbol, 400, seed=seed) for seed, symbol in enumerate(("BTC-USDT", "ETH-USDT"))]
    options = options_for(Settings(reasoning={"strategies": ("rsi",)}), candles)
    assert is_made(backtest(candles, setup_of(options), plain()))

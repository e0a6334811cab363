"""Money of an account quoted in a coin: 1e-12 of it is counted, exactly, by loop and backtest alike."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from agent.settings.given import Settings
from agent.settings.instruments import InstrumentSettings, instrument
from agent.state.state import State
from agent.verify.parity import compare, run_loop
from agent.wiring import counted_alike
from agent.wiring.backtests import options_for, setup_of
from domain.errors import BadInput
from domain.instrument import fitting_step
from domain.money import cash_decimals, cash_text, show_cash, to_cash
from learning.settings import LearningSettings
from research.data.candles import Candles
from research.engine.backtest import backtest
from research.engine.compiler import plain
from tests.agent.command import agent, told
from tests.research.made import walk
from tests.research.test_parity import EAGER

ETH_BTC = {"ETH-BTC": InstrumentSettings(tick_size="0.000001", step_size="0.001", min_notional="0.0001")}


def cross_pair(count: int) -> Candles:
    """Return a walk around 0.05 on a tick of 0.000001."""
    made = walk("ETH-BTC", count, first=50_000.0)
    o, h, l, c = (np.round(each / 1e6, 6) for each in (made.open, made.high, made.low, made.close))  # noqa: E741
    return Candles("ETH-BTC", made.timeframe_ms, made.time, o, h, l, c, made.volume)


def test_a_cross_pair_of_the_exchange_is_counted_in_finer_units() -> None:
    pair = instrument("ETH-BTC", ETH_BTC)
    assert pair.cash_factor == 1000  # 0.000001 x 0.001 BTC = 1e-9 BTC
    assert pair.min_cash == to_cash("0.0001", pair.cash_decimals) == 100_000_000
    assert instrument("ETH-USDT", {}).cash_factor == 100


@pytest.mark.parametrize(
    ("quote", "units", "exact", "shown"),
    [("BTC", 1_500_000_000_001, "1.500000000001", "1.500000"), ("USDT", 150_000_001, "1.50000001", "1.50")],
)
def test_amounts_are_told_in_the_unit_of_their_quote(quote: str, units: int, exact: str, shown: str) -> None:
    decimals = cash_decimals(quote)
    assert cash_text(units, decimals) == exact
    assert to_cash(exact, decimals) == units
    assert show_cash(units, decimals) == shown


@pytest.mark.parametrize(
    ("tick", "step", "decimals", "lot"),
    [
        ("0.00000001", "0.1", 8, "1"),  # BTTC-USDT
        ("0.00000001", "0.01", 8, "1"),  # LUNC-USDT
        ("0.01", "0.00001", 8, "0.00001"),
        ("0.000001", "0.001", 12, "0.001"),
        ("0.003", "0.0000001", 8, "0.00001"),
    ],
)
def test_a_lot_is_coarse_enough_to_be_worth_whole_units(
    tick: str, step: str, decimals: int, lot: str
) -> None:
    assert fitting_step(Decimal(tick), Decimal(step), decimals) == Decimal(lot)


def test_cash_beyond_the_unit_is_refused_with_the_limit() -> None:
    options = options_for(Settings(instruments=ETH_BTC, paper={"cash": "5000000"}), [cross_pair(10)])
    with pytest.raises(BadInput, match=r"paper.cash: amount 5000000 exceeds the largest notional 4000000"):
        setup_of(options)


def test_loop_and_backtest_agree_on_a_cross_pair_to_the_unit() -> None:
    candles = cross_pair(1_500)
    given: dict[str, Any] = {
        "instruments": ETH_BTC,
        "paper": {"cash": "10"},
        "reasoning": {"strategies": ("rsi",)},
    }
    options = options_for(Settings(**given, risk=EAGER | {"per_trade_loss": "0.05"}), [candles])
    result = backtest([candles], setup_of(options), plain())
    assert compare(run_loop(options, [candles]), result) is None
    assert len(result.trades) >= 3
    assert result.opening_cash == 10 * 10**12
    # Nothing is lost on the way: what is there is what came in, less what was paid, plus what is held.
    held = sum(each["lots"] * each["mark"] for each in result.open_positions) * 1000
    assert result.equity[-1] == result.cash + held


def test_a_paper_session_in_a_coin_shows_amounts_of_it(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[instruments.ETH-BTC]\ntick_size = "0.000001"\nstep_size = "0.001"\nmin_notional = "0.0001"\n'
        '[paper]\ncash = "10"\n'
    )
    words = ("--symbol", "ETH-BTC", "--provider", "simulated", "--cycles", "3", "--interval", "0")
    done = agent(tmp_path, "run", "--mode", "paper", "--config", str(config), *words)
    assert "equity    10.000000 BTC (opened with 10.000000)" in done.stdout
    assert told(tmp_path, "status")["account"]["cash"] == "10"


def test_a_journal_goes_on_in_the_unit_it_was_begun_with() -> None:
    state = State(LearningSettings(), 0)
    begun = structs.replace(instrument("ETH-BTC", {}), cash_decimals=8)
    state.ledger.open(to_cash(1), [begun])
    assert counted_alike({"ETH-BTC": instrument("ETH-BTC", {})}, state) == {"ETH-BTC": begun}
    with pytest.raises(BadInput, match="begin a new one with --fresh"):
        counted_alike({"ETH-BTC": instrument("ETH-BTC", ETH_BTC)}, state)

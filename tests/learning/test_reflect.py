"""A closed trade becomes a lesson whose figures are the account's own."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.account import Trade, apply_fill
from domain.errors import LocalFault
from domain.order import Fill, Side
from learning.reflect import reflect
from tests.learning.outcomes import BITCOIN, START, SYMBOL, context, patient

CLOSED = START + timedelta(minutes=90)


def trade(entry: int, leave: int, lots: int, fee: int = 0, slip: int = 0) -> Trade:
    """Buy and sell through the account's own arithmetic; prices in ticks."""
    bought = Fill("1", "in", SYMBOL, Side.BUY, lots, entry + slip, entry, fee, False, START)
    sold = Fill("2", "out", SYMBOL, Side.SELL, lots, leave - slip, leave, fee, False, CLOSED)
    position, _, _ = apply_fill(None, bought, BITCOIN.cash_factor)
    _, closed, _ = apply_fill(position, sold, BITCOIN.cash_factor)
    assert closed is not None
    return closed


def test_the_milestone_trade() -> None:
    """BUY 0.1 at 50,000, SELL at 52,000: 200 before costs; 6 a side in fees, 1 a coin of slippage."""
    closed = trade(5_000_000, 5_200_000, 10_000, fee=6 * 10**8, slip=100)
    learned = reflect(closed, context(), "target", BITCOIN, CLOSED)
    assert (learned.gross, learned.fees, learned.slippage) == (200 * 10**8, 12 * 10**8, 2 * 10**7)
    assert learned.pnl == 18_780_000_000
    assert learned.result == pytest.approx(187.8 / 5000.1)
    assert [learned.entry, learned.leave] == pytest.approx([50_001.0, 51_999.0])
    assert (learned.kind, learned.exit, learned.held_ms) == ("trade", "target", 90 * 60_000)
    assert (learned.context, learned.learned_at, learned.rule) == (context(), CLOSED, "")


@given(st.integers(1, 10**8), st.integers(1, 10**8), st.integers(1, 10**6), st.integers(0, 10**6))
@patient
def test_the_result_has_the_sign_of_the_profit_and_the_costs_add_up(
    entry: int, leave: int, lots: int, fee: int
) -> None:
    closed = trade(entry, leave, lots, fee)
    learned = reflect(closed, context(), "signal", BITCOIN, CLOSED)
    assert (learned.result > 0, learned.result < 0) == (closed.pnl > 0, closed.pnl < 0)
    assert learned.gross - learned.fees - learned.slippage == learned.pnl
    assert learned.result * closed.bought == pytest.approx(learned.pnl)
    assert [learned.entry, learned.leave] == pytest.approx([entry / 100, leave / 100])


@pytest.mark.parametrize("stranger", ["context", "instrument"])
def test_what_belongs_to_another_symbol_is_refused(stranger: str) -> None:
    other = context(symbol="ETH-USDT") if stranger == "context" else context()
    grid = msgspec.structs.replace(BITCOIN, symbol="ETH-USDT") if stranger == "instrument" else BITCOIN
    with pytest.raises(LocalFault, match="trade of BTC-USDT met"):
        reflect(trade(100, 110, 5), other, "signal", grid, CLOSED)

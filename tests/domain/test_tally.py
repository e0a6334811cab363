"""Results are counted by one set of rules; parity tests hold the ledger and the backtest to them."""

from hypothesis import given
from hypothesis import strategies as st

from domain.tally import below_peak, drawdown, new_day, outcome, streaks_after, won

CASH = st.integers(-(10**15), 10**15)


@given(st.lists(st.integers(-5, 5), max_size=30))
def test_streaks_are_the_trades_of_one_kind_at_the_end(results: list[int]) -> None:
    wins = losses = 0
    for pnl in results:
        wins, losses = streaks_after(wins, losses, pnl)
    row = [won(pnl) for pnl in results]
    last = next((place for place, win in enumerate(reversed(row)) if win != row[-1]), len(row))
    assert (wins, losses) == ((last, 0) if row and row[-1] else (0, last))


def test_a_trade_that_comes_to_nothing_is_lost() -> None:
    assert streaks_after(3, 0, 0) == (0, 1)
    assert streaks_after(0, 3, 1) == (1, 0)


@given(CASH, CASH)
def test_a_drawdown_is_the_share_of_the_peak_that_is_gone(equity: int, peak: int) -> None:
    fall = drawdown(equity, peak)
    assert fall >= 0.0
    assert (fall > 0.0) == (peak > 0 and equity < peak)
    assert drawdown(peak // 2, peak) <= 0.5 or peak % 2 or peak < 2


@given(CASH, CASH, CASH, CASH, st.integers(0, 10**12))
def test_what_a_trade_came_to_adds_up(bought: int, sold: int, paid: int, got: int, fees: int) -> None:
    came = outcome(bought, sold, paid, got, fees)
    assert came.gross - came.slippage - fees == came.pnl == sold - bought - fees


def test_a_day_begins_with_the_equity_there_is_and_nothing_used_up() -> None:
    assert new_day(7) == (7, 0, 0)
    assert (below_peak(5, 9), below_peak(9, 5)) == (4, 0)

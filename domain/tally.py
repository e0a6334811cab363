"""Tallies of results, on plain numbers: the rules that the ledger and the backtest's account both call.

Amounts in cash units. A win is a trade with a profit above 0 after all costs; one of exactly 0 is a loss.
"""

from typing import NamedTuple

from domain.kernel import kernel

RECENT = 64
"""Trades that protections look back on: the account's last so many."""


class Streaks(NamedTuple):
    """Trades in a row that were won, and that were lost: one of the two is 0."""

    wins: int
    losses: int


class Day(NamedTuple):
    """The counters of a day (UTC): equity as it began, entries made, trades lost in a row."""

    start_equity: int
    entries: int
    losses: int


class RoundTrip(NamedTuple):
    """The result of a round trip: before costs at reference prices, lost to slippage, and after all costs."""

    gross: int
    slippage: int
    pnl: int


@kernel
def won(pnl: int) -> bool:
    """Return whether a trade was won."""
    return pnl > 0


@kernel
def streaks_after(wins: int, losses: int, pnl: int) -> Streaks:
    """Return the streaks after a trade."""
    return Streaks(wins + 1, 0) if won(pnl) else Streaks(0, losses + 1)


@kernel
def is_recent(closed_ms: int, at_ms: int, window_ms: int) -> bool:
    """Return whether a trade closed within a window up to `at_ms`; one just as old as that did."""
    return at_ms - closed_ms <= window_ms


@kernel
def new_day(equity: int) -> Day:
    """Return a day's counters at its beginning.

    A streak of losses counts within a day: an agent that may not enter could never win it away.
    """
    return Day(equity, 0, 0)


@kernel
def drawdown(equity: int, peak: int) -> float:
    """Return how far equity lies below its peak, as a fraction of it; 0 where it was never worth anything."""
    return (peak - equity) / peak if peak > max(equity, 0) else 0.0


@kernel
def below_peak(profit: int, peak: int) -> int:
    """Return how far a profit lies below its peak, 0 at or above it."""
    return max(0, peak - profit)


@kernel
def outcome(bought: int, sold: int, bought_at_reference: int, sold_at_reference: int, fees: int) -> RoundTrip:
    """Return what buying and selling the same lots came to; fees are those of both ways."""
    gross = sold_at_reference - bought_at_reference
    realised = sold - bought
    return RoundTrip(gross, gross - realised, realised - fees)

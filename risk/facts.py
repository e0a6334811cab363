"""The facts the gate measures, as numbers: the feed, the entry wanted and the account.

The loop reads them from messages (risk.reading); a backtest fills in the same tuples from its own
arrays. Every cash amount must lie within plus or minus `domain.money.MAX_CASH` when compiled.
"""

from typing import NamedTuple

from risk.limits import Limits

NONE = -1
"""An age in ms that is not known, or of something that never happened."""

LIVE = 0
RECORDED = 1
CACHED = 2
SIMULATED = 3
"""Codes of domain.observation.Source, in its order."""


class Feed(NamedTuple):
    """The data behind a decision: source code, ages in ms (NONE when missing), breaker not closed (0, 1)."""

    source: int
    quote_age_ms: int
    candle_age_ms: int
    breaker_open: int


class Entry(NamedTuple):
    """The entry wanted: prices in ticks (0 for none), its instrument's grid and what one way costs.

    `fixed_lots` is the quantity under fixed sizing, else 0. `chance` and `payoff` are the edge a promoted
    voice sees, `payoff` 0 where there is none. `held_lots` is what earlier slices of the same entry bought,
    or what an addition is added to; `held_price` is then the average that was paid for it, else 0.
    """

    price: int
    stop: int
    target: int
    confidence: float
    atr_ratio: float
    fixed_lots: int
    cash_factor: int
    min_lots: int
    min_cash: int
    cost_ppm: int
    chance: float = 1.0
    payoff: float = 0.0
    held_lots: int = 0
    held_price: int = 0


class AccountFacts(NamedTuple):
    """The account in cash units and counts.

    `free` is cash less what entries on their way will take with costs; `class_fall` how far the
    asset class's profit is below its peak; `exposure` all positions at their marks and entries;
    `held` 1 when the symbol is among them; `unmarked` positions without a mark, counted at their
    cost; `loss_age_ms` the time since the last loss, NONE when there is none or a win followed;
    `blocked` 1 when the symbol's entries are. `exit_age_ms` is the time since the symbol's last trade closed,
    NONE where none did; `stops` how many trades lost at their stop, of all symbols, within `stop_guard_ms`;
    `symbol_trades` and `symbol_profit` how many of the symbol's closed within `low_profit_ms`, and the sum of
    their results as fractions of what was paid. All three of the last `domain.tally.RECENT` trades.
    `off_list` is 1 when the pair list keeps the symbol from being entered.
    """

    equity: int
    free: int
    day_start_equity: int
    peak_equity: int
    class_fall: int
    exposure: int
    symbol_exposure: int
    unmarked: int
    positions: int
    held: int
    entries_today: int
    loss_age_ms: int
    loss_streak: int
    win_streak: int
    unknown_orders: int
    kill_switch: int
    blocked: int
    exit_age_ms: int = NONE
    stops: int = 0
    symbol_trades: int = 0
    symbol_profit: float = 0.0
    off_list: int = 0


class Facts(NamedTuple):
    """All a rule may look at: the data behind an entry, the entry, its lots, the account and the limits."""

    feed: Feed
    entry: Entry
    lots: int
    book: AccountFacts
    limits: Limits

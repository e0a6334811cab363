"""The results of an account: equity and its peak, the day's counters, streaks, and the trades' totals."""

from dataclasses import dataclass, field
from datetime import datetime

from agent.state.holdings import Holdings
from domain.account import PastTrade, Trade
from domain.tally import RECENT, below_peak, drawdown, new_day, streaks_after, won


@dataclass(eq=False)
class Results(Holdings):
    """The results of holdings so far, in cash units; the ledger adds the orders."""

    equity: int = 0
    peak_equity: int = 0
    max_drawdown: float = 0.0
    day: int | None = None
    yesterday: tuple[int, int, int, int] | None = None
    day_start_equity: int = 0
    entries_today: int = 0
    last_loss_at: datetime | None = None
    loss_streak: int = 0
    win_streak: int = 0
    class_profit: dict[str, int] = field(default_factory=dict)
    class_peak: dict[str, int] = field(default_factory=dict)
    trades: int = 0
    wins: int = 0
    gross: int = 0
    fees: int = 0
    slippage: int = 0
    opening_cash: int = 0
    recent: list[PastTrade] = field(default_factory=list)

    def roll(self, at: datetime) -> None:
        """Begin a new day (UTC) when `at` lies in a later one; no day begins twice.

        Time that goes back to an earlier day shows that the last one began wrongly, by a clock that was set
        forward: what was used up before it counts again, and the day goes on until a later one begins. So a
        wrong clock costs entries at most; it never gives any.
        """
        day = at.toordinal()
        if self.day is None or day > self.day:
            if self.day is not None:
                self.yesterday = (self.day, self.entries_today, self.day_start_equity, self.loss_streak)
            self.day = day
            self.day_start_equity, self.entries_today, self.loss_streak = new_day(self.equity)
        elif self.yesterday is not None and day <= self.yesterday[0]:
            _, entries, start_equity, losses = self.yesterday
            self.yesterday = None
            self.entries_today += entries
            self.day_start_equity = max(self.day_start_equity, start_equity)
            self.loss_streak += losses

    def value(self) -> None:
        """Bring equity, its peak and the drawdowns up to the present marks."""
        equity = self.cash
        for symbol, position in self.positions.items():
            factor = self.instruments[symbol].cash_factor
            equity += position.value(self.marks.get(symbol), factor)
        if self.books > 1 and self.dust:
            equity += sum(self.dust_values().values())
        self.equity = equity
        if equity >= self.peak_equity:
            self.peak_equity = equity
        else:
            self.max_drawdown = max(self.max_drawdown, drawdown(equity, self.peak_equity))

    def count(self, trade: Trade, ending: str) -> None:
        """Add a closed trade, with how it ended, to the totals, the streaks, its class and the last ones."""
        self.recent = [*self.recent[1 - RECENT :], PastTrade.of(trade, ending)]
        self.trades += 1
        self.gross += trade.gross
        self.fees += trade.fees
        self.slippage += trade.slippage
        self.win_streak, self.loss_streak = streaks_after(self.win_streak, self.loss_streak, trade.pnl)
        self.wins += won(trade.pnl)
        self.last_loss_at = None if won(trade.pnl) else trade.closed_at
        group = self.instruments[trade.symbol].asset_class
        profit = self.class_profit.get(group, 0) + trade.pnl
        self.class_profit[group] = profit
        self.class_peak[group] = max(self.class_peak.get(group, 0), profit)

    def class_drawdown(self) -> dict[str, int]:
        """Return how far each asset class's profit, open positions included, lies below its peak."""
        now = dict(self.class_profit)
        for symbol, position in self.positions.items():
            instrument = self.instruments[symbol]
            open_profit = position.value(self.marks.get(symbol), instrument.cash_factor) - position.cost
            now[instrument.asset_class] = now.get(instrument.asset_class, 0) + open_profit
        return {group: below_peak(profit, self.class_peak.get(group, 0)) for group, profit in now.items()}

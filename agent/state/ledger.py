"""The account as the journal tells it: cash, positions, orders and the day's counters.

Theory of operation. The ledger is folded, by `agent.state.state` alone, from what venues said of our
orders. It is what the risk gate is told, what is compared with the venue and what a restart trades with.
Rules, each with its reason:

1. Cash changes only by fills, and by an operator's taking the account over. Whatever else "corrected" it
   would hide the difference that the comparison with the venue is there to find.
2. A fill counts once, by its order's client id and its trade id: venues tell fills twice, and late; an
   exchange that was reset numbers trades anew, so the trade id alone is not enough.
3. An order that is done never comes back. It is known for ever (`settled`), so that late news of it is known
   for what it is, and no id is given out twice.
4. An order is done when its state says so *and* no fill is missing. A venue says FILLED before it tells the
   fills; done too soon, the position would be off by what came after.
5. What cannot be (a state the table of orders does not allow, an unknown order, a sale of more than is
   held) is a contradiction: noted under the order's id, never raised and never guessed at. The row stays
   readable, so that what is held can still be sold; the agent halts until the account is taken over.
6. An exit that never reached the venue is *owed*, until a new one is intended or nothing is left to sell.
   The sale of a share is not: all would be sold in its place, and whoever asked for a share is told.
   An entry is never owed: nobody is hurt by one that was not made.
7. Equity values a position without a mark at its entry: worth nothing it would trip the kill switch.
8. What a venue takes of a holding is rounded to lots once (see `agent.state.dust`): each fee rounded by
   itself drifts away from what the venue holds.
9. Journals of the first version fold as they did. What is new counts from the first session that says
   `books` 2; money that was counted one way is not counted another way afterwards.

Warning to whoever edits: all amounts are integers of cash units, ticks and lots; a float here is a
difference with the venue a month later. `research/` holds the same account in flat arrays, and is compared
with this one trade by trade.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from agent.state.dust import step_units, too_small
from agent.state.holdings import BOOKS
from agent.state.order_states import OrderStates
from domain.account import Account, Trade
from domain.instrument import Instrument
from domain.money import DECIMALS
from domain.order import Fill, OrderStatus, Purpose, Side
from domain.regrid import Regrid

RESTORED = "restored"
"""What a journal put back from a backup is noted under, among the contradictions."""


@dataclass(eq=False)
class Ledger(OrderStates):
    """Mutable account, changed only through the methods below, all amounts in cash units.

    A checkpoint carries every field with its type, so a fact of the account is a field here and nowhere else.
    """

    def restored(self, seq: int) -> None:
        """Take note that rows after `seq` may be missing: what an account at a venue did then is not known.

        The halt is that of a contradiction, and ends as such a one does. A paper account lives in the journal
        alone.
        """
        if self.untracked is not None:
            why = f"the journal was restored from a backup and may lack what followed row {seq}"
            self.contradict(RESTORED, why)

    @property
    def cash_decimals(self) -> int:
        """Return the decimals of the account's cash unit, that of its one quote currency."""
        return next((each.cash_decimals for each in self.instruments.values()), DECIMALS)

    def open(self, cash: int, instruments: Iterable[Instrument], books: int = BOOKS) -> list[Regrid]:
        """Open the account with its cash, or add instruments to one that is open, under rules of `books`.

        Returns how what is held was carried over to new grids.
        """
        self.books = books
        changes = [change for each in instruments if (change := self.count_on(each)) is not None]
        if cash:
            self.cash += cash
            self.opening_cash += cash
            self.equity = self.peak_equity = self.day_start_equity = self.cash
        return changes

    def adopt_account(
        self,
        cash: int,
        untracked: dict[str, int],
        missing: dict[str, int],
        at: datetime,
        given_up: Iterable[str] = (),
    ) -> list[Trade]:
        """Take over what the venue holds; return the trades that count as closed by it.

        Lots that are `missing` count as sold at the last mark, without a fee; `cash` is what there is then.
        Nothing more is expected of orders `given_up`, and nothing that contradicted before counts.
        """
        self._give_up(given_up)
        self.contradictions.clear()
        closed = []
        for symbol, lots in missing.items():
            position = self.positions[symbol]
            mark = self.marks.get(symbol) or round(position.entry_ticks(self.instruments[symbol].cash_factor))
            number = f"adopted-{self.settled.fills}"
            sale = Fill(number, number, symbol, Side.SELL, lots, mark, mark, 0, maker=False, at=at)
            trade = self._fill(sale)
            if trade is not None:
                closed.append(trade)
        # Money that came or went without us is neither profit nor loss.
        shift = cash - self.cash
        self.opening_cash += shift
        self.peak_equity += shift
        self.day_start_equity += shift
        self.cash = cash
        self.untracked = self.forgive(untracked) if self.books > 1 else dict(untracked)
        self.value()
        return closed

    def write_off(self, symbol: str, lots: int, at: datetime, given_up: Iterable[str]) -> Trade | None:
        """Count lots of a position as sold at nothing; the asset itself lies aside from now on.

        Cash is what it was, and equity falls by what the lots were worth.
        """
        self._give_up(given_up)
        number = f"written-off-{self.settled.fills}"
        lost = self._fill(Fill(number, number, symbol, Side.SELL, lots, 0, 0, 0, maker=False, at=at))
        instrument = self.instruments[symbol]
        if self.untracked is not None:
            left = lots * step_units(instrument) + self.dust.pop(symbol, 0)
            self.untracked[instrument.base] = self.untracked.get(instrument.base, 0) + left
        self.pending_exits.pop(symbol, None)
        self.value()
        return lost

    def _give_up(self, names: Iterable[str]) -> None:
        for name in names:
            if self.open_orders.pop(name, None) is not None:
                self.given_up.add(name)
                self.settled.end(name, OrderStatus.ABSENT)

    def small(self, symbol: str) -> bool:
        """Say whether a position at a real venue is too small to be sold, and no order of it is under way."""
        if self.untracked is None or any(s.order.symbol == symbol for s in self.open_orders.values()):
            return False
        return too_small(self.positions[symbol], self.marks.get(symbol), self.instruments[symbol])

    def leftovers(self) -> dict[str, int]:
        """Return what is held and cannot be sold by itself, by symbol, in 1e-8 of the base asset."""
        left = {symbol: units for symbol, units in self.dust.items() if units}
        for symbol, position in self.positions.items():
            if self.small(symbol):
                left[symbol] = left.get(symbol, 0) + position.lots * step_units(self.instruments[symbol])
        return left

    def account(self, kill_switch: str | None, venue_blocks: Mapping[str, str] | None = None) -> Account:
        """Return what the risk gate is told, at this moment; `venue_blocks` where more is known by now."""
        return Account(
            cash=self.cash,
            equity=self.equity,
            day_start_equity=self.day_start_equity,
            peak_equity=self.peak_equity,
            positions=dict(self.positions),
            marks=dict(self.marks),
            entries=self._entries_under_way(),
            entries_today=self.entries_today,
            last_loss_at=self.last_loss_at,
            loss_streak=self.loss_streak,
            win_streak=self.win_streak,
            class_drawdown=self.class_drawdown(),
            kill_switch=kill_switch,
            unknown_orders=tuple(standing.order.client_id for standing in self.unresolved()),
            blocked=self.blocked(venue_blocks),
            dust=tuple(symbol for symbol in self.positions if self.small(symbol)),
            recent=tuple(self.recent),
            off_list=self.off_list,
        )

    def blocked(self, venue_blocks: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return why no entry is possible, by symbol ("" for every one): by these books and by the venue."""
        answer: dict[str, str] = {}
        for reasons in (self.unread(), self.venue_blocks if venue_blocks is None else venue_blocks):
            for symbol, reason in reasons.items():
                answer[symbol] = f"{answer[symbol]}; {reason}" if symbol in answer else reason
        return answer

    def _entries_under_way(self) -> dict[str, int]:
        under_way: dict[str, int] = {}
        for standing in self.open_orders.values():
            order = standing.order
            if order.purpose is Purpose.ENTRY:
                price = order.price or order.reference
                rest = price * (order.lots - standing.filled) * self.instruments[order.symbol].cash_factor
                under_way[order.symbol] = under_way.get(order.symbol, 0) + rest
        return under_way

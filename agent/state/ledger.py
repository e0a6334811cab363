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
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from agent.state.dust import step_units, too_small
from agent.state.holdings import BOOKS
from agent.state.results import Results
from agent.state.settled import Settled
from domain.account import Account, Trade
from domain.errors import IllegalTransition, LocalFault
from domain.instrument import Instrument
from domain.money import DECIMALS
from domain.order import (
    NOT_TRADING,
    OPEN,
    TERMINAL,
    UNRESOLVED,
    Fill,
    Order,
    OrderState,
    OrderStatus,
    Purpose,
    Receipt,
    Side,
    sells_share,
)
from domain.order_table import after
from domain.pairs import OffList
from domain.regrid import Regrid

RESTORED = "restored"
"""What a journal put back from a backup is noted under, among the contradictions."""


@dataclass(eq=False)
class Ledger(Results):
    """Mutable account, changed only through the methods below, all amounts in cash units.

    A checkpoint carries every field with its type, so a fact of the account is a field here and nowhere else.
    """

    open_orders: dict[str, OrderState] = field(default_factory=dict)
    settled: Settled = field(default_factory=Settled)
    pending_exits: dict[str, Order] = field(default_factory=dict)
    intended: int = 0
    venue_blocks: dict[str, str] = field(default_factory=dict)
    off_list: dict[str, OffList] = field(default_factory=dict)
    contradictions: dict[str, str] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)

    def contradict(self, what: str, why: str) -> None:
        """Take note of something that was told and cannot be, by an order's client id.

        It is folded like everything else, so a journal that holds it can be read; the agent halts on it
        until the account is adopted.
        """
        self.contradictions[what] = why

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

    def count_on(self, instrument: Instrument) -> Regrid | None:
        """Count on an instrument from now on, orders under way and owed included."""
        change = super().count_on(instrument)
        if change is None:
            return None
        for client_id, standing in self.open_orders.items():
            if standing.order.symbol == instrument.symbol:
                self.open_orders[client_id] = change.standing(standing)
        if instrument.symbol in self.pending_exits:
            self.pending_exits[instrument.symbol] = change.order(self.pending_exits[instrument.symbol])
        return change

    def intend(self, orders: Iterable[Order], at: datetime, sending_at: datetime | None = None) -> None:
        """Take note of orders that are about to be sent."""
        for order in orders:
            if order.client_id in self.open_orders or self.ended(order.client_id):
                self.contradict(order.client_id, f"client id {order.client_id} is used twice")
            sent_at = sending_at or at
            self.open_orders[order.client_id] = OrderState(order, OrderStatus.SENDING, at, sent_at=sent_at)
            self.intended += 1
            if order.purpose is Purpose.ENTRY:
                self.entries_today += 0 if order.slice_of and not order.addition else 1
            elif order.purpose is Purpose.EXIT and not sells_share(order):
                self.pending_exits.pop(order.symbol, None)

    def record_report(self, receipt: Receipt) -> list[tuple[Trade, str]]:
        """Take in what a venue said of an order; return trades it closed, each with how it ended.

        Whatever is told late, twice or out of order comes to the same. What cannot be, or is told of an order
        that was never intended, is a contradiction.
        """
        standing = self.open_orders.get(receipt.client_id)
        if receipt.client_id in self.given_up:
            return []  # what it did is in the balances that were taken over
        ended = None if standing else self.ended(receipt.client_id)
        if standing is None and ended is None:
            name = receipt.client_id
            self.contradict(name, f"{name} of {receipt.symbol} is no order of this journal")
            return []
        closed, imported = [], 0
        for fill in receipt.fills:
            if self.settled.counts(fill.client_id, fill.trade_id):
                continue
            imported += fill.lots
            ending = _ending(standing)
            trade = self._fill(fill, ending)
            if trade is not None:
                closed.append((trade, ending))
        if standing is not None:
            self._stand(standing, receipt, imported)
        elif ended is not None:
            self._after(receipt, ended)
        return closed

    def _after(self, receipt: Receipt, present: OrderStatus) -> OrderStatus:
        """Return an order's state after a receipt; it stays what it was where the two contradict."""
        try:
            return after(receipt.client_id, present, receipt.status)
        except IllegalTransition as error:
            self.contradict(receipt.client_id, str(error))
            return present

    def _stand(self, standing: OrderState, receipt: Receipt, imported: int) -> None:
        """Bring an order up to what was said; it is done when its state says so and no fill is missing."""
        order = standing.order
        status = self._after(receipt, standing.status)
        news = status is receipt.status
        now = msgspec.structs.replace(
            standing,
            status=status,
            at=receipt.at if news else standing.at,
            filled=max(standing.filled, receipt.filled),
            imported=standing.imported + imported,
            reason=receipt.reason if news else standing.reason,
        )
        self.open_orders[order.client_id] = now
        if status in TERMINAL and now.imported >= now.filled:
            del self.open_orders[order.client_id]
            self.settled.end(order.client_id, status)
            never = status in (OrderStatus.UNSENT, OrderStatus.ABSENT) or (
                status is OrderStatus.REJECTED and now.reason.startswith(NOT_TRADING)
            )
            owed = order.purpose is Purpose.EXIT and not sells_share(order)
            if never and owed and order.symbol in self.positions:
                self.pending_exits[order.symbol] = order

    def adopt_account(
        self,
        cash: int,
        untracked: dict[str, int],
        missing: dict[str, int],
        at: datetime,
        given_up: Iterable[str] = (),
    ) -> list[Trade]:
        """Take over what the venue holds; return the trades that count as closed by it.

        Lots that are `gone` count as sold at the last mark, without a fee; `cash` is what there is then.
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

    def ended(self, client_id: str) -> OrderStatus | None:
        """Return how an order ended, None where it is not done or none of this journal."""
        return self.settled.status(client_id)

    def _fill(self, fill: Fill, ending: str = "signal") -> Trade | None:
        self.settled.count(fill.client_id, fill.trade_id)
        try:
            trade = self.take(fill)
        except LocalFault as error:
            self.contradict(fill.client_id, str(error))
            return None
        if trade is not None:
            self.pending_exits.pop(fill.symbol, None)
            self.count(trade, ending)
        return trade

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

    def resting(self, symbol: str) -> list[OrderState]:
        """Return the orders of a symbol that rest at the venue, oldest first."""
        return [s for s in self.open_orders.values() if s.order.symbol == symbol and s.status in OPEN]

    def unresolved(self) -> list[OrderState]:
        """Return the orders whose fate nobody knows, or of which a fill is missing."""
        return [s for s in self.open_orders.values() if s.status in UNRESOLVED or s.imported < s.filled]


def _ending(standing: OrderState | None) -> str:
    return "signal" if standing is None else ending_of(standing.order)


def ending_of(order: Order) -> str:
    """Return how a position ended that an order closed: by its declared exit, else by its type."""
    return order.ending or {"STOP": "stop", "TAKE_PROFIT": "target"}.get(order.type, "signal")

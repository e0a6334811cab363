"""One symbol's orders: accepted, matched, cancelled, and reported as they change.

Deterministic: what happens follows from the orders and the market's moves alone. Trades of the account
do not move the market's price, and its orders never trade with one another.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

from platforms.sandbox.exchange.account import Balances
from platforms.sandbox.exchange.errors import rejected
from platforms.sandbox.exchange.market import Level, SandboxMarket
from platforms.sandbox.exchange.matching import (
    amounts,
    crosses,
    rests_within,
    sweep,
    sweep_value,
    triggers_at,
)
from platforms.sandbox.exchange.numbers import ZERO, down
from platforms.sandbox.exchange.order import ALGO, PRICED, Draft, ExchangeOrder, Execution, OrderList
from platforms.sandbox.exchange.play import PriceStep

Report = Callable[[ExchangeOrder, str, Execution | None], None]
WOULD_TRIGGER = "Stop price would trigger immediately."
WOULD_TAKE = "Order would immediately match and take."
RELATION = "The relationship of the prices for the orders is not correct."


class OrderBook:
    """The orders of one symbol.

    `report` hears of every change (NEW, TRADE, CANCELED, EXPIRED, REJECTED). `rate` is the commission,
    `share` the part of a candle's volume that resting orders may take.
    """

    def __init__(
        self, market: SandboxMarket, account: Balances, report: Report, rate: Decimal, share: Decimal
    ) -> None:
        self.market = market
        self.account = account
        self.resting: dict[int, ExchangeOrder] = {}
        self.lists: dict[int, OrderList] = {}
        self._report = report
        self._rate = rate
        self._share = share
        account.know(market.rules.base)
        account.know(market.rules.quote)

    def accept(self, order: ExchangeOrder, *, take: Decimal = Decimal(1)) -> None:
        """Let an order in: lock what it needs, trade what trades at once, rest or end.

        `take` is the share of it that finds a counterpart at once, below 1 for a thin market.
        Raises ApiError -2010 when the engine refuses it; nothing has changed then.
        """
        draft = order.draft
        self._admit(draft)
        if draft.type in PRICED or draft.type in ALGO:
            order.hold = self.account.hold(self._held_asset(draft), self._needed(order))
        else:
            self._afford(order)
        self._begin(order)
        if draft.type not in ALGO:
            self._work(order, take)

    def accept_list(self, pair: OrderList) -> None:
        """Let the two orders of a list in: one hold serves both. Raises ApiError -2010."""
        drafts = [order.draft for order in pair.orders]
        if not self._related(*drafts):
            raise rejected(RELATION)
        hold = self.account.hold(self._held_asset(drafts[0]), max(self._needed(o) for o in pair.orders))
        self.lists[pair.id] = pair
        for order in pair.orders:
            order.list_id, order.hold = pair.id, hold
        for order in pair.orders:
            self._begin(order)
            if order.draft.type not in ALGO:
                order.working_time = order.time

    def cancel(self, order: ExchangeOrder, now: int) -> None:
        """Cancel an order, and with it the other of its list."""
        for other in self._siblings(order):
            self._end(other, "CANCELED", now)

    def move(self, step: PriceStep, *, unlimited: bool = False) -> None:
        """Let the market go to a price: set off what waits on the way, then fill what rests there."""
        for price in self._way(step):
            self.market.price = price
            for order in self._waiting():
                if order.open and triggers_at(order, price):
                    self._trigger(order, step.time)
        self.market.price = step.price
        room = None if unlimited else down(step.volume * self._share, self.market.rules.step_size)
        self._fill_resting(step, room)

    def _admit(self, draft: Draft) -> None:
        probe = ExchangeOrder(0, draft, 0)
        if draft.type in ALGO and triggers_at(probe, self.market.price):
            raise rejected(WOULD_TRIGGER)
        best = self.market.best(asks=draft.buys)[0]
        if draft.type == "LIMIT_MAKER" and crosses(buys=draft.buys, limit=draft.price, price=best):
            raise rejected(WOULD_TAKE)

    def _related(self, above: Draft, below: Draft) -> bool:
        levels = [draft.stop_price or draft.price for draft in (above, below)]
        kinds = {
            "LIMIT_MAKER" if d.type == "LIMIT_MAKER" else d.type.removesuffix("_LIMIT")
            for d in (above, below)
        }
        targets = kinds & {"LIMIT_MAKER", "TAKE_PROFIT"}
        if len(targets) != 1 or "STOP_LOSS" not in kinds:
            return False
        stop_is_above = above.type.startswith("STOP_LOSS")
        return stop_is_above == above.buys and levels[0] > self.market.price > levels[1]

    def _afford(self, order: ExchangeOrder) -> None:
        draft = order.draft
        quantity, value = amounts(self._taken(order, None))
        if draft.buys:
            self.account.need(self.market.rules.quote, max(value, draft.quote_quantity))
        else:
            self.account.need(self.market.rules.base, max(quantity, draft.quantity))

    def _begin(self, order: ExchangeOrder) -> None:
        self.resting[order.id] = order
        order.update_time = order.time
        if order.draft.type not in ALGO:
            order.working_time = order.time
        self._report(order, "NEW", None)

    def _trigger(self, order: ExchangeOrder, now: int) -> None:
        for other in self._siblings(order):
            if other is not order:
                self._end(other, "EXPIRED", now)
        order.working_time = order.update_time = now
        if order.draft.type not in PRICED and not self._affordable(order):
            self._end(order, "EXPIRED", now)
            return
        self._work(order, Decimal(1), now)

    def _affordable(self, order: ExchangeOrder) -> bool:
        _, value = amounts(self._taken(order, None))
        held = order.hold.amount if order.hold else ZERO
        return not order.draft.buys or value <= held + self.account.free[self.market.rules.quote]

    def _work(self, order: ExchangeOrder, take: Decimal, now: int | None = None) -> None:
        """Take from the book what the order may, then let it rest or end."""
        draft, time = order.draft, order.time if now is None else now
        limit = draft.price if draft.type in PRICED else None
        taken = self._taken(order, limit, take)
        if draft.time_in_force == "FOK" and limit is not None and amounts(taken)[0] < order.left:
            taken = []
        for price, quantity in taken:
            self._fill(order, price, quantity, time, maker=False)
        if not order.open:
            return
        if limit is None or draft.time_in_force != "GTC":
            self._end(order, "EXPIRED", time)

    def _taken(self, order: ExchangeOrder, limit: Decimal | None, take: Decimal = Decimal(1)) -> list[Level]:
        draft, step = order.draft, self.market.rules.step_size
        levels = self.market.levels(asks=draft.buys)
        if draft.quote_quantity:
            taken = sweep_value(levels, draft.quote_quantity * take, step)
            order.quantity = order.quantity or amounts(taken)[0]
            return taken
        wanted = order.left if take == 1 else down(order.left * take, step)
        return sweep(levels, wanted, buys=draft.buys, limit=limit)

    def _fill_resting(self, step: PriceStep, room: Decimal | None) -> None:
        for order in sorted(self._on_book(), key=self._priority):
            if not order.open or not rests_within(order, step.price):
                continue
            quantity = order.left if room is None else min(order.left, room)
            if quantity <= 0:
                continue
            if room is not None:
                room -= quantity
            self._fill(order, order.draft.price, quantity, step.time, maker=True)

    def _fill(
        self, order: ExchangeOrder, price: Decimal, quantity: Decimal, now: int, *, maker: bool
    ) -> None:
        for other in self._siblings(order):
            if other is not order:
                self._end(other, "EXPIRED", now)
        value, rules = price * quantity, self.market.rules
        if order.draft.buys:
            fee = down(quantity * self._rate)
            self.account.pay(rules.quote, value, order.hold)
            self.account.receive(rules.base, quantity - fee)
        else:
            fee = down(value * self._rate)
            self.account.pay(rules.base, quantity, order.hold)
            self.account.receive(rules.quote, value - fee)
        asset = rules.base if order.draft.buys else rules.quote
        trade = Execution(self.market.take_id(), price, quantity, fee, asset, now, maker)
        order.trades.append(trade)
        order.executed += quantity
        order.spent += value
        order.update_time = now
        order.status = "PARTIALLY_FILLED" if order.left > 0 else "FILLED"
        self._settle(order)
        self._report(order, "TRADE", trade)

    def _end(self, order: ExchangeOrder, status: str, now: int) -> None:
        if order.open:
            order.status, order.update_time = status, now
            self._settle(order)
            self._report(order, status, None)

    def _settle(self, order: ExchangeOrder) -> None:
        """Give back what is no longer needed of the hold."""
        if not order.open:
            self.resting.pop(order.id, None)
        if order.hold:
            still = [self._needed(other) for other in self._siblings(order)]
            self.account.release(order.hold, max(still, default=ZERO))
        pair = self.lists.get(order.list_id)
        if pair and not pair.open:
            del self.lists[order.list_id]

    def _siblings(self, order: ExchangeOrder) -> list[ExchangeOrder]:
        pair = self.lists.get(order.list_id)
        return [other for other in (pair.orders if pair else (order,)) if other.open]

    def _needed(self, order: ExchangeOrder) -> Decimal:
        draft = order.draft
        return (draft.price or draft.stop_price) * order.left if draft.buys else order.left

    def _held_asset(self, draft: Draft) -> str:
        return self.market.rules.quote if draft.buys else self.market.rules.base

    def _way(self, step: PriceStep) -> list[Decimal]:
        """Return the prices at which something is set off between the last price and the next."""
        if step.leap:
            return [step.price]
        low, high = sorted((self.market.price, step.price))
        levels = {o.draft.stop_price for o in self._waiting() if low <= o.draft.stop_price <= high}
        return [*sorted(levels, reverse=step.price < self.market.price), step.price]

    def _waiting(self) -> list[ExchangeOrder]:
        return [order for order in self.resting.values() if not order.working]

    def _on_book(self) -> Iterable[ExchangeOrder]:
        return [order for order in self.resting.values() if order.working]

    @staticmethod
    def _priority(order: ExchangeOrder) -> tuple[Decimal, int]:
        price = order.draft.price
        return (-price if order.draft.buys else price), order.id

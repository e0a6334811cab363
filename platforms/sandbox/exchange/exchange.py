"""The exchange: an account, its orders and the markets they meet, moved by the time it is told.

No I/O, no clock, no randomness: the same moves, requests and times give the same exchange. Every public
method may be called from any thread; `lock` lets a caller do several things at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from platforms.sandbox.exchange.account import Balances
from platforms.sandbox.exchange.account_events import (
    AccountEvent,
    BalancesChanged,
    ListChanged,
    Moved,
    OrderChanged,
)
from platforms.sandbox.exchange.book import OrderBook
from platforms.sandbox.exchange.errors import RequestRefused, no_such_order, rejected, unknown_order
from platforms.sandbox.exchange.filters import check, check_room
from platforms.sandbox.exchange.markets import Markets
from platforms.sandbox.exchange.order import Draft, ExchangeOrder, Execution, OrderList
from platforms.sandbox.exchange.play import PriceStep
from platforms.sandbox.exchange.rules import SymbolRules

UserListener = Callable[[AccountEvent], None]
DUPLICATE = "Duplicate order sent."


@dataclass
class Requests:
    """The count of requests for an order of a client id, and of those that created one."""

    received: int = 0
    executed: int = 0


@dataclass(frozen=True)
class Terms:
    """The costs of trading, and the part of a candle's volume that resting orders may take."""

    commission: Decimal = Decimal("0.001")
    volume_share: Decimal = Decimal("0.1")


class Exchange(Markets):
    """Markets, one account and all its orders.

    `start_ms` is the time it opens at, `base_ms` the length of a played candle. `user_listeners` hear of
    the account's events, under the lock: hand over and return.
    """

    def __init__(
        self,
        rules: list[SymbolRules],
        balances: Mapping[str, Decimal],
        start_ms: int,
        base_ms: int = 60_000,
        terms: Terms | None = None,
    ) -> None:
        terms = terms or Terms()
        super().__init__(rules, start_ms, base_ms)
        self.account = Balances.of(balances)
        self.user_listeners: list[UserListener] = []
        self.orders: dict[int, ExchangeOrder] = {}
        self.lists: dict[int, OrderList] = {}
        self.requests: dict[str, Requests] = {}
        self.books = {
            symbol: OrderBook(market, self.account, self._report, terms.commission, terms.volume_share)
            for symbol, market in self.markets.items()
        }
        self.terms = terms
        self._by_client: dict[tuple[str, str], ExchangeOrder] = {}
        self._cancel_id: str | None = None
        self._next_order = self._next_list = self._next_client = 1

    def place(self, draft: Draft, *, foreign: bool = False, take: Decimal = Decimal(1)) -> ExchangeOrder:
        """Take in an order. Raises ApiError -1013 or -2010; nothing has changed then."""
        with self.lock:
            self.examine(draft)
            if self._open_id(draft.client_id):
                raise rejected(DUPLICATE)
            order = self._new(draft, foreign=foreign)
            self.books[draft.symbol].accept(order, take=take)
            self._keep(order)
            return order

    def place_list(self, client_id: str, drafts: tuple[Draft, ...]) -> OrderList:
        """Take in an OCO. Raises ApiError -1013 or -2010; nothing has changed then."""
        with self.lock:
            for draft in drafts:
                check(draft, self.rules(draft.symbol), self.markets[draft.symbol].average(self.now))
            self._room(drafts, lists=sum(pair.open for pair in self.lists.values()))
            ids = [draft.client_id for draft in drafts]
            if len(set(ids)) < len(ids) or any(map(self._open_id, ids)) or self._open_list(client_id):
                raise rejected(DUPLICATE)
            orders = tuple(self._new(draft) for draft in drafts)
            pair = OrderList(self._next_list, drafts[0].symbol, client_id, orders, self.time)
            self.lists[pair.id] = pair
            try:
                self.books[pair.symbol].accept_list(pair)
            except RequestRefused:
                del self.lists[pair.id]
                raise
            self._next_list += 1
            for order in orders:
                self._keep(order)
            self.requests.setdefault(client_id, Requests()).executed += 1
            return pair

    def examine(self, draft: Draft) -> None:
        """Check an order against the filters, as `order/test` does. Raises ApiError."""
        with self.lock:
            check(draft, self.rules(draft.symbol), self.markets[draft.symbol].average(self.now))
            self._room((draft,))

    def cancel(self, order: ExchangeOrder, cancel_id: str | None = None) -> list[ExchangeOrder]:
        """Cancel an open order and the other of its list; return all that ended. Raises ApiError -2011."""
        with self.lock:
            if not order.open:
                raise unknown_order()
            pair = self.lists.get(order.list_id)
            ended = [other for other in (pair.orders if pair else (order,)) if other.open]
            self._cancel_id = cancel_id
            try:
                self.books[order.symbol].cancel(order, self.time)
            finally:
                self._cancel_id = None
            return ended

    def find(self, symbol: str, order_id: int | None, client_id: str | None) -> ExchangeOrder:
        """Return an order by its number, else the latest with a client id. Raises ApiError -2013."""
        with self.lock:
            if order_id is not None:
                order = self.orders.get(order_id)
                if order and order.symbol == symbol and client_id in (None, order.draft.client_id):
                    return order
                raise no_such_order()
            result = self._by_client.get((symbol, client_id or ""))
            if result is None:
                raise no_such_order()
            return result

    def open_orders(self, symbol: str | None = None) -> list[ExchangeOrder]:
        """Return every order that rests."""
        with self.lock:
            books = [self.books[symbol]] if symbol else list(self.books.values())
            return sorted((o for book in books for o in book.resting.values()), key=lambda order: order.id)

    def deposit(self, asset: str, delta: Decimal) -> None:
        """Add to or take from the free balance. Raises ApiError -2010 when less is free."""
        with self.lock:
            self.account.know(asset)
            self.account.need(asset, -delta)
            self.account.free[asset] += delta
            self._emit(Moved(asset, delta, self.time))
            self._tell_balances(asset)

    def new_client_id(self) -> str:
        """Return a client id for an order that came without one."""
        with self.lock:
            self._next_client += 1
            return f"sandbox{self._next_client:015d}"

    def asked_for(self, client_id: str) -> None:
        """Count a request to place an order, whatever becomes of it."""
        with self.lock:
            self.requests.setdefault(client_id, Requests()).received += 1

    def _new(self, draft: Draft, *, foreign: bool = False) -> ExchangeOrder:
        self._next_order += 1
        return ExchangeOrder(self._next_order - 1, draft, self.time, foreign, quantity=draft.quantity)

    def _keep(self, order: ExchangeOrder) -> None:
        self.orders[order.id] = order
        self._by_client[order.symbol, order.draft.client_id] = order
        self.requests.setdefault(order.draft.client_id, Requests()).executed += 1

    def _room(self, drafts: tuple[Draft, ...], lists: int | None = None) -> None:
        symbol = drafts[0].symbol
        rules = self.rules(symbol)
        held = self.account.total(rules.base)
        check_room(drafts, rules, self.books[symbol].resting.values(), held=held, lists=lists)

    def _open_id(self, client_id: str) -> bool:
        return any(
            o.draft.client_id == client_id for book in self.books.values() for o in book.resting.values()
        )

    def _open_list(self, client_id: str) -> bool:
        return any(pair.open and pair.client_id == client_id for pair in self.lists.values())

    def _match(self, symbol: str, step: PriceStep, *, unlimited: bool) -> None:
        self.books[symbol].move(step, unlimited=unlimited)

    def _report(self, order: ExchangeOrder, kind: str, trade: Execution | None) -> None:
        cancel_id = self._cancel_id if kind == "CANCELED" else None
        time = max(order.update_time, order.time)
        self._emit(OrderChanged(order, kind, trade, time, cancel_id))
        self._tell_balances(*self._assets(order))
        pair = self.lists.get(order.list_id)
        if pair and ((kind == "NEW" and order is pair.orders[-1]) or not pair.open):
            self._emit(ListChanged(pair, time))

    def _assets(self, order: ExchangeOrder) -> tuple[str, str]:
        rules = self.markets[order.symbol].rules
        return rules.base, rules.quote

    def _tell_balances(self, *assets: str) -> None:
        account = self.account
        rows = {name: (account.free[name], account.locked[name]) for name in assets}
        self._emit(BalancesChanged(rows, self.time))

    def _emit(self, event: AccountEvent) -> None:
        for listener in self.user_listeners:
            listener(event)

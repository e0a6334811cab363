"""The exchange: an account, its orders and the markets they meet, moved by the time it is told.

No I/O, no clock, no randomness: the same moves, requests and times give the same exchange. Every public
method may be called from any thread; `lock` lets a caller do several things at once.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

from domain.candle import RawCandle
from platforms.sandbox.account import Account
from platforms.sandbox.book import Book
from platforms.sandbox.errors import ApiError, no_such_order, rejected, unknown_order
from platforms.sandbox.filters import check, check_room
from platforms.sandbox.intervals import opening
from platforms.sandbox.market import Market, MarketEvent
from platforms.sandbox.numbers import ZERO
from platforms.sandbox.order import Draft, ExchangeOrder, OrderList, Trade
from platforms.sandbox.play import Play, Step
from platforms.sandbox.render import account_position, balance_update, execution_report, list_status
from platforms.sandbox.rules import SymbolRules, changed

UserListener = Callable[[dict[str, Any]], None]
MarketListener = Callable[[MarketEvent], None]
DUPLICATE = "Duplicate order sent."


@dataclass
class Requests:
    """How often an order of a client id was asked for, and how often that created one."""

    received: int = 0
    executed: int = 0


@dataclass(frozen=True)
class Terms:
    """What trading costs, and the part of a candle's volume that resting orders may take."""

    commission: Decimal = Decimal("0.001")
    volume_share: Decimal = Decimal("0.1")


@dataclass
class Listeners:
    """Who hears of what happens. Called under the exchange's lock: hand over and return."""

    user: list[UserListener] = field(default_factory=list)
    market: list[MarketListener] = field(default_factory=list)


class Exchange:
    """Markets, one account and all its orders.

    `start_ms` is the time it opens at, `base_ms` the length of a played candle.
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
        self.lock = threading.RLock()
        self.now = start_ms
        self.offset_ms = 0
        self.base_ms = base_ms
        self.account = Account.of(balances)
        self.listeners = Listeners()
        self.orders: dict[int, ExchangeOrder] = {}
        self.lists: dict[int, OrderList] = {}
        self.requests: dict[str, Requests] = {}
        self.markets = {one.symbol: Market(one, base_ms) for one in rules}
        self.books = {
            symbol: Book(market, self.account, self._report, terms.commission, terms.volume_share)
            for symbol, market in self.markets.items()
        }
        self.terms = terms
        self._by_client: dict[tuple[str, str], ExchangeOrder] = {}
        self._plays: dict[str, Play] = {}
        self._cancel_id: str | None = None
        self._next_order = self._next_list = self._next_client = 1

    @property
    def time(self) -> int:
        """The exchange's own time in ms: what it stamps on orders and compares timestamps with."""
        return self.now + self.offset_ms

    @property
    def standing_still(self) -> bool:
        """Tell whether recorded candles were played and have all ended."""
        return bool(self._plays) and all(play.peek() is None for play in self._plays.values())

    @property
    def candles_played(self) -> dict[str, int]:
        """Candles played so far by symbol."""
        return {symbol: play.played for symbol, play in self._plays.items()}

    def open_market(
        self, symbol: str, rows: Iterator[RawCandle], history: int, *, driven: bool = True
    ) -> None:
        """Give a symbol its candles: the first `history` lie before now, the rest are played.

        `driven` plays them by the clock; otherwise only `skip` does.
        """
        with self.lock:
            market = self.markets[symbol]
            start = opening(self.now, self.base_ms)
            market.remember(islice(rows, history), start)
            self._plays[symbol] = Play(rows, market, start, driven=driven)
            if market.price == ZERO and (first := self._plays[symbol].peek()):
                market.price = first.price
            market.roll(self.now)

    def still_market(self, symbol: str, price: Decimal, history: int = 500) -> None:
        """Open a market at a price that only `set_price` moves, with a flat history."""
        flat = float(price)
        with self.lock:
            market = self.markets[symbol]
            row = RawCandle(0, flat, flat, flat, flat, 1.0)
            market.remember([row] * history, opening(self.now, self.base_ms))
            market.price = market.on_grid(price)
            market.roll(self.now)

    def advance(self, now_ms: int) -> None:
        """Let the markets go on to a time."""
        with self.lock:
            while True:
                due = [
                    (step.time, symbol) for symbol, play in self._plays.items() if (step := play.due(now_ms))
                ]
                if not due:
                    break
                symbol = min(due)[1]
                self._step(symbol, self._plays[symbol].pop())
            self.now = max(self.now, now_ms)
            for market in self.markets.values():
                self._tell_market(market, ())

    def set_price(self, symbol: str, price: Decimal | str | float, volume: Decimal | None = None) -> None:
        """Move a market to a price at once; without a volume every order it reaches is filled whole."""
        with self.lock:
            market = self.markets[symbol]
            step = Step(
                self.now, market.on_grid(price), volume if volume is not None else Decimal(1), leap=True
            )
            self._step(symbol, step, unlimited=volume is None)

    def skip(self, symbol: str, candles: int) -> int:
        """Play the next candles of the data at once, all in the present; return how many there were."""
        with self.lock:
            play = self._plays.get(symbol)
            done = 0
            while play and done < candles and (steps := play.at_once(self.now)):
                for step in steps:
                    self._step(symbol, step)
                done += 1
            return done

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
            except ApiError:
                del self.lists[pair.id]
                raise
            self._next_list += 1
            for order in orders:
                self._keep(order)
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
            found = self._by_client.get((symbol, client_id or ""))
            if found is None:
                raise no_such_order()
            return found

    def open_orders(self, symbol: str | None = None) -> list[ExchangeOrder]:
        """Return every order that rests."""
        with self.lock:
            books = [self.books[symbol]] if symbol else list(self.books.values())
            return sorted((o for book in books for o in book.resting.values()), key=lambda order: order.id)

    def rules(self, symbol: str) -> SymbolRules:
        """Return a symbol's rules. Raises ApiError -1121."""
        return self.market(symbol).rules

    def market(self, symbol: str) -> Market:
        """Return a symbol's market. Raises ApiError -1121."""
        if symbol not in self.markets:
            raise ApiError(-1121, "Invalid symbol.")
        return self.markets[symbol]

    def change_rules(self, symbol: str, fields: dict[str, Any]) -> None:
        """Change filters of a symbol from now on. Raises ValueError for a field that is not one."""
        with self.lock:
            market = self.market(symbol)
            market.rules = changed(market.rules, fields)

    def deposit(self, asset: str, delta: Decimal) -> None:
        """Add to or take from the free balance. Raises ApiError -2010 when less is free."""
        with self.lock:
            self.account.know(asset)
            self.account.need(asset, -delta)
            self.account.free[asset] += delta
            self._emit(balance_update(asset, delta, self.time))
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

    def _step(self, symbol: str, step: Step, *, unlimited: bool = False) -> None:
        self.now = max(self.now, step.time)
        market = self.markets[symbol]
        closed = market.roll(step.time)
        stamped = step._replace(time=step.time + self.offset_ms)
        falling = step.price < market.price
        self.books[symbol].move(stamped, unlimited=unlimited)
        done = (market.trade(step.time, step.price, step.volume, buyer_maker=falling),) if step.volume else ()
        self._tell_market(market, done, closed)

    def _tell_market(self, market: Market, prints: tuple[Any, ...], closed: tuple[Any, ...] = ()) -> None:
        closed += market.roll(self.now)
        if prints or closed:
            event = MarketEvent(market, self.now, prints, closed)
            for listener in self.listeners.market:
                listener(event)

    def _report(self, order: ExchangeOrder, kind: str, trade: Trade | None) -> None:
        cancel_id = self._cancel_id if kind == "CANCELED" else None
        time = max(order.update_time, order.time)
        self._emit(execution_report(order, kind, trade, time, cancel_id))
        self._tell_balances(*self._assets(order))
        pair = self.lists.get(order.list_id)
        if pair and ((kind == "NEW" and order is pair.orders[-1]) or not pair.open):
            self._emit(list_status(pair, time))

    def _assets(self, order: ExchangeOrder) -> tuple[str, str]:
        rules = self.markets[order.symbol].rules
        return rules.base, rules.quote

    def _tell_balances(self, *assets: str) -> None:
        account = self.account
        rows = {name: (account.free[name], account.locked[name]) for name in assets}
        self._emit(account_position(rows, self.time))

    def _emit(self, event: dict[str, Any]) -> None:
        for listener in self.listeners.user:
            listener(event)

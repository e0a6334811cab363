"""The measures of an order by filters: prices, holdings, what rests beside it, and the account's bounds."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, NamedTuple

import structlog

from domain.errors import BadAnswer, VenueFault
from domain.instrument import Instrument
from domain.order import Order, OrderType, Receipt, Side
from domain.ports import Clock
from platforms.binance import answers
from platforms.binance.client import Wire
from platforms.binance.filters import Filters, named
from platforms.binance.objections import FilterPrices
from platforms.binance.prices import Prices

STOPS = (OrderType.STOP, OrderType.TAKE_PROFIT)

log = structlog.get_logger()


class _Others(NamedTuple):
    """Open orders that are not ours: how many, how many stops and lists, and what purchases may bring."""

    orders: int = 0
    stops: int = 0
    lists: int = 0
    buying: Decimal = Decimal(0)


class OrderMeasures:
    """Prices, orders that are not ours, holdings, and how much an account may hold and have open.

    `held` are the quantities held by asset. All is as it was last read.
    """

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self.held: dict[str, Decimal] = {}
        self._wire = wire
        self._prices = Prices(wire, clock)
        self._others: dict[str, _Others] = {}
        self._most: dict[str, Decimal] = {}
        self._bounds = (0, 0)

    def read_prices(self, listed: Mapping[str, str], filters: Mapping[str, Filters]) -> None:
        """Read the price of each symbol that is listed; what cannot be read stays as it was."""
        for symbol, native in listed.items():
            try:
                self._prices.ask(native, filters[symbol].average_minutes)
            except VenueFault as fault:
                log.warning("price not read", symbol=symbol, error=str(fault))

    def read_most(self, natives: Iterable[str]) -> None:
        """Read what one order may move of an asset; an exchange that does not tell has no such limit."""
        for native in natives:
            try:
                answer = self._wire.call("get", "myFilters", {"symbol": native}, signed=True)
                for row in answers.rows(answer.get("assetFilters", [])):
                    if row.get("filterType") == "MAX_ASSET":
                        self._most[str(row.get("asset"))] = answers.number(row, "limit")
            except (VenueFault, AttributeError):
                return

    def read_bounds(self, rows: Any) -> None:
        """Read how many orders a whole account may have open. Raises VenueFault."""
        bounds = named(rows)
        self._bounds = (
            _bound(bounds.get("EXCHANGE_MAX_NUM_ORDERS"), "maxNumOrders"),
            _bound(bounds.get("EXCHANGE_MAX_NUM_ALGO_ORDERS"), "maxNumAlgoOrders"),
        )

    def seen(
        self, grid: Instrument, answer: Iterable[tuple[Receipt, Mapping[str, Any]]], ours: set[str]
    ) -> None:
        """Take in which orders rest, as the filters that count orders and positions need it."""
        count, stops, buying, lists = 0, 0, Decimal(0), set()
        for receipt, row in answer:
            if receipt.client_id in ours:
                continue
            count += 1
            stops += str(row.get("type", "")).startswith(("STOP_LOSS", "TAKE_PROFIT"))
            lists.add(row.get("orderListId", -1))
            if row.get("side") == Side.BUY:
                # A stranger's quantity that cannot be read must not hide our own orders.
                with suppress(BadAnswer):
                    left = answers.number(row, "origQty") - grid.quantity(receipt.filled)
                    buying += max(left, Decimal(0))
        self._others[grid.symbol] = _Others(count, stops, len(lists - {-1}), buying)

    def of(self, order: Order, grid: Instrument, native: str, ours: list[Order]) -> FilterPrices:
        """Return what the filters measure an order by, beside `ours`."""
        others = self._others.get(order.symbol, _Others())
        beside = [each for each in ours if each.symbol == order.symbol]
        buying = sum((grid.quantity(each.lots) for each in beside if each.side is Side.BUY), Decimal(0))
        price = self._prices.get(native)
        everywhere = (
            len(ours) + sum(each.orders for each in self._others.values()),
            _stops(ours) + sum(each.stops for each in self._others.values()),
        )
        return FilterPrices(
            reference=grid.price(order.reference) if price is None else price,
            open_orders=others.orders + len(beside),
            open_stops=others.stops + _stops(beside),
            held=self.held.get(grid.base, Decimal(0)) + buying + others.buying,
            open_lists=others.lists + len({each.oco for each in beside} - {None}),
            most=(self._most.get(grid.base, Decimal(0)), self._most.get(grid.quote, Decimal(0))),
            everywhere=everywhere,
            bounds=self._bounds,
        )


def _stops(orders: Iterable[Order]) -> int:
    return sum(each.type in STOPS for each in orders)


def _bound(row: Mapping[str, Any] | None, name: str) -> int:
    return answers.whole(row, name) if row is not None else 0

"""What the exchange lists: the filters of our symbols, kept up to date, and what they say of an order."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, NamedTuple

import structlog

from domain.errors import BadAnswer, BadInput, VenueFault
from domain.instrument import Instrument
from domain.order import Order, OrderType, Purpose, Receipt, Side
from domain.ports import Clock
from platforms.binance import answers, codes
from platforms.binance.client import ApiError, Wire
from platforms.binance.filters import Filters, parse
from platforms.binance.objections import Market, Sized, objection
from platforms.binance.prices import Prices

PRICE_SECONDS = 30.0
AGAIN_SECONDS = 30.0
"""How long to wait after filters could not be read."""
STOPS = (OrderType.STOP, OrderType.TAKE_PROFIT)

log = structlog.get_logger()


class _Others(NamedTuple):
    """Open orders that are not ours: how many, how many of them stops, and what purchases may bring."""

    orders: int = 0
    stops: int = 0
    buying: Decimal = Decimal(0)


class Listing:
    """Filters of some symbols. `grid` is the session's, as first read; `filters` are the present ones.

    Raises VenueFault when the exchange does not answer, BadInput for a symbol it does not trade.
    """

    def __init__(self, symbols: Iterable[str], wire: Wire, clock: Clock, minutes: float) -> None:
        self.wire = wire
        self.clock = clock
        self.names = {symbol: symbol.replace("-", "") for symbol in symbols}
        self.held: dict[str, Decimal] = {}
        self._seconds = minutes * 60
        self._others: dict[str, _Others] = {}
        self._prices = Prices(wire, clock)
        self._priced = float("-inf")
        self.filters = self._read()
        self.grid: dict[str, Instrument] = {name: each.instrument for name, each in self.filters.items()}
        self._due = clock.monotonic() + self._seconds

    def instrument(self, symbol: str) -> Instrument:
        """Return the grid of a symbol. Raises BadInput for one not traded here."""
        if symbol not in self.grid:
            raise BadInput(f"symbol {symbol} is not traded here, only {', '.join(self.grid)}")
        return self.grid[symbol]

    def native(self, symbol: str) -> str:
        """Return the exchange's name of a symbol. Raises BadInput for one not traded here."""
        self.instrument(symbol)
        return self.names[symbol]

    def outdated(self) -> None:
        """Have the filters read again at the next occasion."""
        self._due = self.clock.monotonic()

    def read(self) -> None:
        """Read the filters again. Raises VenueFault, BadInput; they then stay as they were."""
        self._take(self._read())
        self._due = self.clock.monotonic() + self._seconds

    def renew(self) -> None:
        """Read filters and prices that have become old; what cannot be read stays as it was."""
        now = self.clock.monotonic()
        try:
            if now >= self._due:
                self._due = now + AGAIN_SECONDS
                self.read()
            if now - self._priced >= PRICE_SECONDS:
                self._priced = now
                for symbol, native in self.names.items():
                    self._prices.ask(native, self.filters[symbol].average_minutes)
        except (VenueFault, BadInput) as fault:
            log.warning("filters or prices not read", error=str(fault))

    def seen(self, symbol: str, told: Iterable[tuple[Receipt, Mapping[str, Any]]], ours: set[str]) -> None:
        """Take in which orders rest, as the filters that count orders and positions need it."""
        instrument = self.grid[symbol]
        count, stops, buying = 0, 0, Decimal(0)
        for receipt, row in told:
            if receipt.client_id in ours:
                continue
            count += 1
            stops += str(row.get("type", "")).startswith(("STOP_LOSS", "TAKE_PROFIT"))
            if row.get("side") == Side.BUY:
                # A stranger's quantity that cannot be read must not hide our own orders.
                with suppress(BadAnswer):
                    left = answers.number(row, "origQty") - instrument.quantity(receipt.filled)
                    buying += max(left, Decimal(0))
        self._others[symbol] = _Others(count, stops, buying)

    def refusal(self, order: Order, as_sent: Sized, beside: Iterable[Order]) -> str | None:
        """Say which filter refuses an order, `beside` others of ours, or None.

        One that only reduces a position is measured by what cannot be out of date alone; where a filter
        refuses it, the filters are read again soon, for they may have changed.
        """
        found = objection(order, self.filters[order.symbol], self._market(order, list(beside)), as_sent)
        if found is not None and order.purpose is not Purpose.ENTRY:
            self.outdated()
        return found

    def _market(self, order: Order, beside: list[Order]) -> Market:
        grid, others = self.grid[order.symbol], self._others.get(order.symbol, _Others())
        buying = sum((grid.quantity(each.lots) for each in beside if each.side is Side.BUY), Decimal(0))
        price = self._prices.get(self.names[order.symbol])
        return Market(
            reference=grid.price(order.reference) if price is None else price,
            open_orders=others.orders + len(beside),
            open_stops=others.stops + sum(each.type in STOPS for each in beside),
            held=self.held.get(grid.base, Decimal(0)) + buying + others.buying,
        )

    def _read(self) -> dict[str, Filters]:
        told = self._exchange_info()
        rows = {
            str(answers.field(row, "symbol")): row for row in answers.rows(answers.field(told, "symbols"))
        }
        for symbol, native in self.names.items():
            if native not in rows:
                raise BadInput(f"the exchange does not trade {symbol}")
        for limit in answers.rows(told.get("rateLimits", [])):
            if (limit.get("rateLimitType"), limit.get("interval")) == ("REQUEST_WEIGHT", "MINUTE"):
                self.wire.weights.limit = answers.whole(limit, "limit")
        return {symbol: parse(rows[native], symbol) for symbol, native in self.names.items()}

    def _exchange_info(self) -> Any:
        wanted = ",".join(f'"{name}"' for name in self.names.values())
        try:
            return self.wire.call("get", "exchangeInfo", {"symbols": f"[{wanted}]"}, signed=False)
        except ApiError as error:
            if error.code != codes.BAD_SYMBOL:
                raise
            raise BadInput(f"the exchange does not trade all of {', '.join(self.names)}") from None

    def _take(self, read: dict[str, Filters]) -> None:
        for symbol, each in read.items():
            before = self.filters[symbol]
            if before.grid != each.grid:
                log.warning("grid changed", symbol=symbol, before=_shown(before), now=_shown(each))
        self.filters = read


def _shown(filters: Filters) -> str:
    return f"tick {filters.grid[0]}, step {filters.grid[1]}"

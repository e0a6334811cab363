"""The exchange's listing: the filters of our symbols, kept up to date, and their objections to an order.

One symbol's fault is one symbol's: what is not listed any more, or cannot be read, keeps the grid it is known
by, bars entries of that symbol and nothing else.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from domain.errors import BadAnswer, BadInput, VenueFault
from domain.instrument import Instrument
from domain.order import Order, Purpose
from domain.ports import Clock
from domain.regrid import finest
from platforms.binance import answers, codes, markets
from platforms.binance.client import ApiError, Wire
from platforms.binance.filters import Filters, parse, unread
from platforms.binance.measures import OrderMeasures
from platforms.binance.objections import Sized, objection

PRICE_SECONDS = 30.0
AGAIN_SECONDS = 30.0
"""How long to wait after filters could not be read."""

log = structlog.get_logger()


class ExchangeInfo:
    """Filters of some symbols; `filters` are the present ones, `grid` is what our books count on.

    The grid is as first read until `carry` or `changed` say otherwise: only then do the books know.

    `known` are instruments of earlier sessions: such a symbol may be missing or unreadable, any other must be
    listed. Raises VenueFault when the exchange does not answer, BadInput for a symbol it does not trade.
    """

    def __init__(
        self,
        symbols: Iterable[str],
        wire: Wire,
        clock: Clock,
        minutes: float,
        known: Mapping[str, Instrument] | None = None,
    ) -> None:
        self.wire = wire
        self.clock = clock
        self.names = {symbol: symbol.replace("-", "") for symbol in symbols}
        self.known = known or {}
        self.states = markets.States(clock)
        self._seconds = minutes * 60
        self.measures = OrderMeasures(wire, clock)
        self._priced = float("-inf")
        self._seen: list[answers.OffGrid] = []
        self.filters: dict[str, Filters] = {}
        read = self._first()
        self.grid: dict[str, Instrument] = {name: each.instrument for name, each in self.filters.items()}
        self._due = clock.monotonic() + (self._seconds if read else AGAIN_SECONDS)

    def instrument(self, symbol: str) -> Instrument:
        """Return the grid of a symbol. Raises BadInput for one not traded here."""
        if symbol not in self.grid:
            raise BadInput(f"symbol {symbol} is not traded here, only {', '.join(self.grid)}")
        return self.grid[symbol]

    def carry(self, known: Mapping[str, Instrument]) -> None:
        """Count on with the grids the books have: as they are, or finer where the exchange's is."""
        for symbol, each in known.items():
            if symbol in self.grid:
                self.grid[symbol] = finest(each, self.filters[symbol].instrument)

    def finer(self, value: answers.OffGrid) -> None:
        """Have the grid hold a quantity or price that the exchange told, from the next `changed` on."""
        self._seen.append(value)

    def changed(self) -> list[Instrument]:
        """Return the instruments that are no longer as the books have them; from now on they are `grid`."""
        grid = {symbol: finest(each, self.filters[symbol].instrument) for symbol, each in self.grid.items()}
        value, self._seen = self._seen, []
        for each in value:
            report = self.filters[each.symbol].instrument
            grid[each.symbol] = finest(grid[each.symbol], report, quantity=each.quantity, price=each.price)
        results = [each for symbol, each in grid.items() if each != self.grid[symbol]]
        self.grid |= {each.symbol: each for each in results}
        return results

    def native(self, symbol: str) -> str:
        """Return the exchange's name of a symbol. Raises BadInput for one not traded here."""
        self.instrument(symbol)
        return self.names[symbol]

    def listed(self) -> dict[str, str]:
        """Return the symbols the exchange still lists, with its names for them."""
        return {symbol: name for symbol, name in self.names.items() if symbol not in self.states.missing}

    def grain(self, symbol: str) -> int:
        """Return the present step in lots of the session's grid, 1 where it is not coarser."""
        present = self.filters.get(symbol)
        if present is None:
            return 1
        return max(1, int(present.instrument.step_size / self.grid[symbol].step_size))

    def outdated(self) -> None:
        """Have the filters read again at the next occasion."""
        self._due = self.clock.monotonic()

    def read(self) -> None:
        """Read the filters again. Raises VenueFault; they then stay as they were."""
        self._take(self._rows(), self.names)
        self._due = self.clock.monotonic() + self._seconds

    def _first(self) -> bool:
        """Read the filters for the first time; say whether they could be.

        Where they cannot and every symbol is known, each goes by its grid: exits wait for no listing.
        """
        try:
            self._take(self._rows(), self.names)
        except VenueFault as fault:
            for symbol in self.names:
                self._lacking(symbol, fault)
                self.states.unreadable(symbol, "", str(fault))
            return False
        return True

    def look(self, symbol: str) -> None:
        """Read the filters of one symbol again. Raises VenueFault."""
        self._take(self._row(self.names[symbol], vital=True), (symbol,))

    def renew(self) -> None:
        """Read filters and prices that have become old; what cannot be read stays as it was."""
        now = self.clock.monotonic()
        try:
            if now >= self._due:
                self._due = now + AGAIN_SECONDS
                self.read()
                self.measures.read_most(self.listed().values())
            for symbol in self.names:
                if self.states.halted(symbol) and self.states.look_due(symbol):
                    self.look(symbol)
        except VenueFault as fault:
            log.warning("filters not read", error=str(fault))
        if now - self._priced >= PRICE_SECONDS:
            self._priced = now
            self.measures.read_prices(self.listed(), self.filters)

    def refusal(self, order: Order, as_sent: Sized, beside: Iterable[Order]) -> str | None:
        """Say which filter refuses an order, `beside` others of ours, or None.

        One that only reduces a position is measured by what cannot be out of date alone; where a filter
        refuses it, the filters are read again soon, for they may have changed.
        """
        given = self.measures.of(order, self.grid[order.symbol], self.names[order.symbol], list(beside))
        result = objection(order, self.filters[order.symbol], given, as_sent)
        if result is not None and order.purpose is not Purpose.ENTRY:
            self.outdated()
        return result

    def _rows(self) -> dict[str, Any]:
        """Return what the exchange tells of our symbols, by its names; one by one where it knows not all."""
        wanted = ",".join(f'"{name}"' for name in self.names.values())
        try:
            answer = self.wire.call("get", "exchangeInfo", {"symbols": f"[{wanted}]"}, signed=False)
        except ApiError as error:
            if error.code != codes.BAD_SYMBOL:
                raise
            return {name: row for each in self.names.values() for name, row in self._row(each).items()}
        return self._listed(answer)

    def _row(self, native: str, *, vital: bool = False) -> dict[str, Any]:
        try:
            answer = self.wire.call("get", "exchangeInfo", {"symbol": native}, signed=False, vital=vital)
        except ApiError as error:
            if error.code != codes.BAD_SYMBOL:
                raise
            return {native: None}
        return self._listed(answer)

    def _listed(self, answer: Any) -> dict[str, Any]:
        rows = answers.rows(answers.field(answer, "symbols"))
        try:
            self._read_limits(answer)
        except VenueFault as fault:
            log.warning("limits of the exchange not read, they stay as they were", error=str(fault))
        return {str(row.get("symbol")): row for row in rows}

    def _read_limits(self, answer: Any) -> None:
        """Read what bounds the whole account. Raises VenueFault."""
        for limit in answers.rows(answer.get("rateLimits", [])):
            if (limit.get("rateLimitType"), limit.get("interval")) == ("REQUEST_WEIGHT", "MINUTE"):
                self.wire.weights.limit = answers.whole(limit, "limit")
        self.measures.read_bounds(answer.get("exchangeFilters", []))

    def _take(self, rows: Mapping[str, Any], symbols: Iterable[str]) -> None:
        """Take in what was read of some symbols, each for itself.

        A symbol that an answer merely leaves out may still be sold: the exchange's own word, -1121, says that
        it is gone. Raises BadInput for one neither listed nor known, BadAnswer for one not understood.
        """
        for symbol in symbols:
            native = self.names[symbol]
            row = rows.get(native)
            if row is None:
                self._lacking(symbol, BadInput(f"the exchange does not trade {symbol}"))
                if native in rows:
                    self.states.gone(symbol)
                else:
                    self.states.unreadable(symbol, "", "it is left out")
                continue
            try:
                read = self._same(parse(row, symbol))
            except (VenueFault, TypeError, ValueError, ArithmeticError) as error:
                markets.refuse_futures(row, symbol)
                self._lacking(symbol, BadAnswer(f"{symbol}: {error}"))
                self.states.unreadable(symbol, str(row.get("status", ""))[:20], str(error))
                continue
            before = self.filters.get(symbol, read)
            if before.grid != read.grid:
                log.warning("grid changed", symbol=symbol, before=_shown(before), now=_shown(read))
            self.filters[symbol] = read
            self.states.told(symbol, read.status, spot=read.spot)

    def _same(self, read: Filters) -> Filters:
        """Return filters of a symbol that trades the assets it is known to. Raises BadAnswer for others."""
        now = read.instrument
        known = self.known.get(now.symbol, now)
        if (known.base, known.quote) != (now.base, now.quote):
            raise BadAnswer(f"it trades {now.base[:20]} for {now.quote[:20]}")
        return read

    def _lacking(self, symbol: str, error: Exception) -> None:
        """Go by what a symbol is known by. Raises `error` where it is not known at all."""
        if symbol not in self.filters:
            if symbol not in self.known:
                raise error
            self.filters[symbol] = unread(self.known[symbol])


def _shown(filters: Filters) -> str:
    return f"tick {filters.grid[0]}, step {filters.grid[1]}"
